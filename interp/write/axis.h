/* SPDX-License-Identifier: MIT */
/* axis.h - the numbers of a chart's axis: a range, and round numbers (ticks) in it. */
#ifndef RAY_WRITE_AXIS_H
#define RAY_WRITE_AXIS_H

#include <stdbool.h>

#include "scale.h"

/* Ticks are step * first, step * (first + 1), ... step * last, all within low ... high. */
typedef struct ray_axis {
    double  low, high, step;
    int64_t first, last;
} ray_axis;

/* From low to high, both finite, or a little beyond: both ends are ticks, with at most `most` (3 or
 * more) steps between them.  What differs by less than a hundred-thousandth of itself counts as
 * constant and gets an axis a tenth of its value long. */
ray_axis ray_axis_around(double low, double high, int most);

/* From 0 to n, at least 1; ticks are whole numbers. */
ray_axis ray_axis_count(int64_t n, int most);

/* Where a value lies on the axis, 0 ... 1 within its ends. */
double ray_axis_position(const ray_axis *axis, double value);

/* Tick first <= i <= last in as many digits as tell it from its neighbours. */
const char *ray_axis_text(const ray_axis *axis, int64_t i, char text[RAY_NUMBER_SIZE]);

/* The least of the round numbers 1, 2, 2.5, 5, 10, 20, ... that is above x > 0; and the least
 * whole one of them. */
double ray_round_above(double x);
double ray_round_whole(double x);

#endif
