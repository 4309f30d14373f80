/* SPDX-License-Identifier: MIT */
/* bars.h - bars below each other, each with a name and a length. */
#ifndef RAY_WRITE_BARS_H
#define RAY_WRITE_BARS_H

#include <stdint.h>

#include "base/error.h"

enum { RAY_MOST_BARS = 64 };

typedef struct ray_bars {
    const char        *title, *note;    /* lines above; NULL: none */
    const char        *unit;            /* of the values: "milliseconds" */
    const char *const *series;          /* what the parts of a bar are */
    const char *const *names;           /* of the bars */
    const double      *values;          /* bars x series, finite, 0 or more */
    int64_t            n_bars, n_series;        /* each at least 1 */
} ray_bars;

/* The parts of a bar follow one another, and what they add up to stands at its end.  Of more than
 * RAY_MOST_BARS the longest, in their order; a line says how much the others are. */
int ray_bars_write(const char *path, const ray_bars *bars, ray_error *error);

#endif
