/* SPDX-License-Identifier: MIT */
/* gemm.h - products of matrices on the calling thread alone, through OpenBLAS: the simple way, for
 * whatever has no inner loops of its own. */
#ifndef RAY_KERNELS_GEMM_H
#define RAY_KERNELS_GEMM_H

#include <stdbool.h>

#include "ray_types.h"

/* A matrix in row-major order: rows `stride` numbers apart; transposed: op() exchanges its axes. */
typedef struct ray_matrix {
    const RAY_REAL *data;
    int64_t         stride;
    bool            transposed;
} ray_matrix;

/* op(A) is rows x depth, op(B) depth x columns, C rows x columns.  Every size is below 2^31. */
typedef struct ray_gemm_sizes { int64_t rows, columns, depth; } ray_gemm_sizes;

/* C = op(A) op(B) + beta C.  beta 0: what C holds does not count. */
void ray_gemm(ray_gemm_sizes sizes, ray_matrix a, ray_matrix b, RAY_REAL beta, RAY_REAL *c,
              int64_t c_stride);

#endif
