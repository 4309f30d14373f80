/* SPDX-License-Identifier: MIT */
/* dots.h - products of rows of weights with a few vectors, as fast as the weights arrive.  Only for
 * machine_variant.c.  A sum is taken in one order, whatever the rows and items beside it. */
#ifndef RAY_KERNELS_DOTS_H
#define RAY_KERNELS_DOTS_H

#include "machine.h"
#include "simd.h"

/* Their sums fit in 16 registers together with the rows. */
enum { DOT_ROWS = RAY_DOT_ROWS, DOT_ITEMS = 4 };

/* `rows` and `items` are constants wherever this is called. */
INLINE void dot_block(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, RAY_REAL *y,
                      const int rows, const int items)
{
    vec sum[DOT_ROWS * DOT_ITEMS], zero = { 0 };
    const int64_t w_row = d->w_row, x_item = d->x_item, n = d->n;
    int64_t i = 0;
    #pragma GCC unroll 12
    for (int s = 0; s < rows * items; s++)
        sum[s] = zero;
    for (; i + LANES <= n; i += LANES) {
        vec row[DOT_ROWS];
        #pragma GCC unroll 3
        for (int r = 0; r < rows; r++) {
            row[r] = LOAD(w + r * w_row + i);
            if (items > 1)
                __builtin_prefetch(w + (rows + r) * w_row + i, 0, 2);   /* of the next rows */
        }
        #pragma GCC unroll 12
        for (int s = 0; s < rows * items; s++)
            sum[s] += row[s % rows] * LOAD(x + s / rows * x_item + i);
    }
    for (int s = 0; s < rows * items; s++) {
        const RAY_REAL *a = w + s % rows * w_row, *b = x + s / rows * x_item;
        RAY_REAL total = 0;
        for (int l = 0; l < LANES; l++)
            total += sum[s][l];
        for (int64_t k = i; k < n; k++)
            total += a[k] * b[k];
        y[s / rows * d->y_item + s % rows] += total;
    }
}

#define DOT(rows, items) \
    static void dot_##rows##_##items(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, \
                                     RAY_REAL *y) \
    { \
        dot_block(d, w, x, y, rows, items); \
    }

DOT(1, 1) DOT(1, 2) DOT(1, 3) DOT(1, 4)
DOT(2, 1) DOT(2, 2) DOT(2, 3) DOT(2, 4)
DOT(3, 1) DOT(3, 2) DOT(3, 3) DOT(3, 4)

typedef void dot_kernel(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, RAY_REAL *y);

static dot_kernel *const dot_kernels[DOT_ROWS][DOT_ITEMS] = {
    { dot_1_1, dot_1_2, dot_1_3, dot_1_4 },
    { dot_2_1, dot_2_2, dot_2_3, dot_2_4 },
    { dot_3_1, dot_3_2, dot_3_3, dot_3_4 },
};

static void dot(const ray_dots *d)
{
    for (int64_t row = 0, rows; row < d->rows; row += rows) {
        rows = d->rows - row < DOT_ROWS ? d->rows - row : DOT_ROWS;
        for (int64_t item = 0, items; item < d->items; item += items) {
            items = d->items - item < DOT_ITEMS ? d->items - item : DOT_ITEMS;
            dot_kernels[rows - 1][items - 1](d, d->w + row * d->w_row, d->x + item * d->x_item,
                                             d->y + item * d->y_item + row);
        }
    }
}

/* `rows` is a constant wherever this is called. */
INLINE void sum_block(const RAY_REAL *w, int64_t stride, const RAY_REAL *g, const int rows,
                      int64_t n, RAY_REAL *sum)
{
    const vec zero = { 0 };
    for (int64_t i = 0; i < n; i += LANES) {
        vec s = LOAD(sum + i);
        #pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            s += (g[r] - zero) * LOAD(w + r * stride + i);
        STORE(sum + i, s);
        #pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            __builtin_prefetch(w + (rows + r) * stride + i);
    }
}

static void sum_rows(const RAY_REAL *w, int64_t stride, const RAY_REAL *g, int64_t rows, int64_t n,
                     RAY_REAL *sum)
{
    enum { FOUR = 4 };
    for (; rows >= FOUR; rows -= FOUR, w += FOUR * stride, g += FOUR)
        sum_block(w, stride, g, FOUR, n, sum);
    for (; rows > 0; rows--, w += stride, g++)
        sum_block(w, stride, g, 1, n, sum);
}

#endif
