/* SPDX-License-Identifier: MIT */
/* microkernel.h - the product of a few rows with two vectors of columns, its sums in registers.
 * Only for machine_variant.c.  A sum is taken in the order of the depth, whatever the rows. */
#ifndef RAY_KERNELS_MICROKERNEL_H
#define RAY_KERNELS_MICROKERNEL_H

#include "machine.h"
#include "simd.h"

enum { LINE = 64 / sizeof(RAY_REAL) };      /* numbers of a line of the cache */

INLINE void finish_rows(const ray_product *p, int64_t row, const int rows, vec *low, vec *high)
{
    const int64_t c_row = p->c_row;
    RAY_REAL *c = p->c + row * c_row;
    if (p->add) {
        #pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
            low[r] += LOAD(c + r * c_row);
            high[r] += LOAD(c + r * c_row + LANES);
        }
    }
    if (p->bias) {
        #pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
            low[r] += p->bias[row + r];
            high[r] += p->bias[row + r];
        }
    }
    #pragma GCC unroll 14
    for (int r = 0; r < rows; r++) {
        STORE(c + r * c_row, low[r]);
        STORE(c + r * c_row + LANES, high[r]);
    }
}

/* `rows` and `a_step` are constants wherever this is called. */
INLINE void multiply_rows(const ray_product *p, int64_t row, const int rows, const int64_t a_row,
                          const int64_t a_step)
{
    const RAY_REAL *a = p->a + row * a_row;
    vec low[MOST_ROWS], high[MOST_ROWS], zero = { 0 };
    const RAY_REAL *b = p->b;
    const int64_t b_step = p->b_step;
    #pragma GCC unroll 14
    for (int r = 0; r < rows; r++)
        low[r] = high[r] = zero;
    for (int64_t d = p->depth; d > 0; d--, a += a_step, b += b_step) {
        if (a_step == 1 && d % LINE == 0) {
            #pragma GCC unroll 14
            for (int r = 0; r < rows; r++)
                __builtin_prefetch(a + (rows + r) * a_row);     /* of the next rows */
        }
        vec b0 = LOAD(b), b1 = LOAD(b + LANES);
        #pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
            vec x = a[r * a_row] - zero;
            low[r] += x * b0;
            high[r] += x * b1;
        }
    }
    finish_rows(p, row, rows, low, high);
}

/* Rows of A one after another in memory (steps of any size), or each with its depth in a run. */
#define KERNEL(rows) \
    static void multiply_##rows(const ray_product *p, int64_t row) \
    { \
        if (p->a_row == 1) \
            multiply_rows(p, row, rows, 1, p->a_step); \
        else \
            multiply_rows(p, row, rows, p->a_row, 1); \
    }

KERNEL(1) KERNEL(2) KERNEL(3) KERNEL(4)
#if defined(__AVX2__)
KERNEL(5) KERNEL(6)
#endif
#if defined(__AVX512F__)
KERNEL(7) KERNEL(8) KERNEL(9) KERNEL(10) KERNEL(11) KERNEL(12) KERNEL(13) KERNEL(14)
#endif

typedef void kernel(const ray_product *p, int64_t row);

static kernel *const kernels[MOST_ROWS + 1] = {
    NULL, multiply_1, multiply_2, multiply_3, multiply_4,
#if defined(__AVX2__)
    multiply_5, multiply_6,
#endif
#if defined(__AVX512F__)
    multiply_7, multiply_8, multiply_9, multiply_10, multiply_11, multiply_12, multiply_13,
    multiply_14,
#endif
};

/* Rows in pieces of nearly one size: 7 rows are 4 and 3, not 6 and 1. */
static void multiply(const ray_product *p)
{
    int64_t pieces = (p->rows + MOST_ROWS - 1) / MOST_ROWS;
    for (int64_t row = 0, n; row < p->rows; row += n, pieces--) {
        n = (p->rows - row + pieces - 1) / pieces;
        kernels[n](p, row);
    }
}

#endif
