/* SPDX-License-Identifier: MIT */
/* finish.h - what a kernel does to the numbers of its result while it still holds them, in place of
 * layers that would read and write them once more. */
#ifndef RAY_KERNELS_FINISH_H
#define RAY_KERNELS_FINISH_H

#include <stdbool.h>

#include "ray_types.h"

/* r = sum * scale + shift + add, then: limit: moved into low ... high; gate: 0 where the gate's
 * number does not lie between low and high, both excluded.  NaN stays NaN with limit. */
typedef struct ray_finish {
    const RAY_REAL *scale, *shift;      /* by channel of the result (of all groups); NULL: 1 and 0 */
    const RAY_REAL *add;                /* as many numbers as the result, and may be the result
                                         * itself, at which a kernel then adds; NULL: none */
    const RAY_REAL *gate;               /* as many numbers as the result; NULL: none */
    bool            limit;              /* never with gate */
    RAY_REAL        low, high;          /* -INFINITY, INFINITY: none */
} ray_finish;

/* n numbers of one channel of a result: result[at + i] from sum[i], which may be the same place.
 * finish NULL: as they are. */
void ray_finish_row(const ray_finish *finish, int64_t channel, const RAY_REAL *sum, int64_t n,
                    int64_t at, RAY_REAL *result);

/* A whole result, items x channels x size, that holds its sums; add is not the result itself. */
void ray_finish_all(const ray_finish *finish, int64_t items, int64_t channels, int64_t size,
                    RAY_REAL *result);

#endif
