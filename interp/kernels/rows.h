/* SPDX-License-Identifier: MIT */
/* rows.h - rows of numbers filled, and copied with a step. */
#ifndef RAY_KERNELS_ROWS_H
#define RAY_KERNELS_ROWS_H

#include "ray_types.h"

void ray_row_fill(RAY_REAL *to, int64_t n, RAY_REAL value);

/* to[i] = from[i * step] */
void ray_row_gather(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step);

/* to[i * step] = from[i] */
void ray_row_scatter(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step);

/* to[i * step] += from[i] */
void ray_row_add(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step);

#endif
