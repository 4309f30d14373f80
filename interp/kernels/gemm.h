/* SPDX-License-Identifier: MIT */
/* gemm.h - products of matrices on the calling thread alone: through OpenBLAS, or through the inner
 * loops of this room, which read B where it lies and finish C while they hold it. */
#ifndef RAY_KERNELS_GEMM_H
#define RAY_KERNELS_GEMM_H

#include "machine.h"

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

/* What happens to C beside the product. */
typedef struct ray_gemm_finish {
    bool            add;        /* to what C holds */
    const RAY_REAL *bias;       /* a number for each row to add, or NULL */
} ray_gemm_finish;

/* Whether ray_gemm_panels is the better one for so many columns: the last panel nearly full. */
bool ray_gemm_panels_suit(const ray_machine *machine, int64_t columns);

/* C = op(A) B, finished. */
void ray_gemm_panels(const ray_machine *machine, ray_gemm_sizes sizes, ray_matrix a,
                     const RAY_REAL *b, int64_t b_stride, const ray_gemm_finish *finish,
                     RAY_REAL *c, int64_t c_stride);

#endif
