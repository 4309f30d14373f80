/* SPDX-License-Identifier: MIT */
/* scale.h - which numbers of a map are shown by which colours. */
#ifndef RAY_WRITE_SCALE_H
#define RAY_WRITE_SCALE_H

#include <stddef.h>
#include <stdint.h>

#include "colour.h"

/* From start to most, signed: from -most to most.  low, high: what the map really reaches, maybe
 * beyond. */
typedef struct ray_scale { double start, most, low, high; bool is_signed; } ray_scale;

/* Signed when there are negative values that one could see.  NaN and infinity do not count.  A few
 * extreme values do not darken all others: where the largest magnitude is more than twice what
 * 99.5 % of the positions stay below, the scale ends there.  Unsigned, it starts at 0, or at the
 * least value of a map that stays above a quarter of `most` and varies by 1/40 of it or more. */
ray_scale  ray_scale_of(const float *map, int64_t n);
ray_colour ray_scale_colour(const ray_scale *scale, double value);
/* Some values lie beyond the end of the scale. */
bool       ray_scale_is_cut(const ray_scale *scale);
/* Where a value lies on the scale, 0 ... 1; a map of zeros: at 0. */
double     ray_scale_position(const ray_scale *scale, double value);
/* How much it counts, 0 ... 1: its distance from the scale's start, signed: from 0. */
double     ray_scale_strength(const ray_scale *scale, double value);
/* The colour that far along the scale. */
ray_colour ray_scale_colour_at(const ray_scale *scale, double share);

enum { RAY_MOST_TICKS = 5 };
/* Round numbers within the scale, ascending, 0 among them unless the scale starts above.  Returns
 * how many. */
int ray_scale_ticks(const ray_scale *scale, double tick[RAY_MOST_TICKS]);

enum { RAY_NUMBER_SIZE = 16 };
/* Three significant digits in few characters and in any locale: "0.25", "-1200", "2.5e-7". */
const char *ray_number_text(double value, char text[RAY_NUMBER_SIZE]);
/* The same with another number of significant digits, 1 ... 8. */
const char *ray_number_digits(double value, int digits, char text[RAY_NUMBER_SIZE]);
/* With at most so many decimals (0 ... 10): "10.25".  For numbers below 1e7, cut to what fits. */
const char *ray_number_fixed(double value, int decimals, char text[RAY_NUMBER_SIZE]);

#endif
