/* SPDX-License-Identifier: MIT */
/* chart.h - curves over the steps in which they were found. */
#ifndef RAY_WRITE_CHART_H
#define RAY_WRITE_CHART_H

#include "base/error.h"

typedef struct ray_chart {
    const char        *title, *steps;   /* what is counted: "iterations"; both may be NULL */
    const char *const *names;           /* of the curves */
    const float       *values;          /* plots x steps x curves, each at least 1 */
    int64_t            n_plots, n_steps, n_curves;
} ray_chart;

/* At most 16 plots below each other; a last line says how many there are.  Curves of a plot share
 * one pair of axes as long as that hides none of them, at most six do; the others get axes of their
 * own below, over the same steps.  This is decided for all plots at once.  Steps count from 1.
 * Where a value is not finite a curve ends, or has a gap. */
int ray_chart_write(const char *path, const ray_chart *chart, ray_error *error);

#endif
