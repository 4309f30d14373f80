/* SPDX-License-Identifier: MIT */
/* gemm.c - products of matrices through OpenBLAS, always on one thread: the callers deal out the
 * work themselves, so that it is cut the same way whatever the number of threads. */
#include "gemm.h"

#include <cblas.h>
#include <omp.h>
#include <pthread.h>

#define IS_DOUBLE (sizeof(RAY_REAL) == sizeof(double))

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool           follows_openmp;   /* this OpenBLAS takes its threads from OpenMP */

static void prepare(void)
{
    follows_openmp = openblas_get_parallel() == OPENBLAS_OPENMP;
    if (!follows_openmp)
        openblas_set_num_threads(1);
}

static void multiply(ray_gemm_sizes s, ray_matrix a, ray_matrix b, RAY_REAL beta, RAY_REAL *c,
                     int64_t c_stride)
{
    enum CBLAS_TRANSPOSE op_a = a.transposed ? CblasTrans : CblasNoTrans;
    enum CBLAS_TRANSPOSE op_b = b.transposed ? CblasTrans : CblasNoTrans;
    blasint m = (blasint)s.rows, n = (blasint)s.columns, k = (blasint)s.depth;
    blasint lda = (blasint)a.stride, ldb = (blasint)b.stride, ldc = (blasint)c_stride;
    const void *pa = a.data, *pb = b.data;
    void *pc = c;
    if (IS_DOUBLE)
        cblas_dgemm(CblasRowMajor, op_a, op_b, m, n, k, 1, pa, lda, pb, ldb, (double)beta, pc, ldc);
    else
        cblas_sgemm(CblasRowMajor, op_a, op_b, m, n, k, 1, pa, lda, pb, ldb, (float)beta, pc, ldc);
}

void ray_gemm(ray_gemm_sizes sizes, ray_matrix a, ray_matrix b, RAY_REAL beta, RAY_REAL *c,
              int64_t c_stride)
{
    pthread_once(&once, prepare);
    if (!follows_openmp || omp_in_parallel()) {
        multiply(sizes, a, b, beta, c, c_stride);
        return;
    }
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    multiply(sizes, a, b, beta, c, c_stride);
    omp_set_num_threads(threads);
}
