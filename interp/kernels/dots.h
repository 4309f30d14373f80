/* SPDX-License-Identifier: MIT */
/* dots.h - products of rows of weights with a few vectors, as fast as the weights arrive.  Only for
 * machine_variant.c.  A sum is taken in one order, whatever the rows and items beside it. */
#ifndef RAY_KERNELS_DOTS_H
#define RAY_KERNELS_DOTS_H

#include "machine.h"
#include "simd.h"

/* Items `step` apart into vectors: `lanes` numbers of each in turn. */
static void stack(const RAY_REAL *x, int64_t step, int64_t items, int64_t n, RAY_REAL *to)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int64_t item = 0; item < items; item++, to += LANES)
            STORE(to, LOAD(x + item * step + i));
    }
    for (int64_t item = 0; i < n && item < items; item++, to += LANES) {
        for (int64_t k = 0; k < n - i; k++)
            to[k] = x[item * step + i + k];
    }
}

/* And back, added to what the items hold. */
static void unstack(const RAY_REAL *from, int64_t items, int64_t n, RAY_REAL *x, int64_t step)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int64_t item = 0; item < items; item++, from += LANES)
            STORE(x + item * step + i, LOAD(x + item * step + i) + LOAD(from));
    }
    for (int64_t item = 0; i < n && item < items; item++, from += LANES) {
        for (int64_t k = 0; k < n - i; k++)
            x[item * step + i + k] += from[k];
    }
}

/* Weights as they arrive: v, or positive parts of v or -v. */
INLINE vec sign_of(ray_clamp clamp)
{
    const vec zero = { 0 };
    return clamp == RAY_CLAMP_NEGATIVE ? -zero : zero;
}

INLINE vec arriving(vec v, const bool clamps, vec sign)
{
    return clamps ? positive((vec)((mask)v ^ (mask)sign)) : v;
}

INLINE RAY_REAL clamped_number(RAY_REAL w, ray_clamp clamp)
{
    if (clamp == RAY_CLAMP_NONE)
        return w;
    w = clamp == RAY_CLAMP_POSITIVE ? w : -w;
    return w > 0 ? w : 0;
}

/* Their sums fit in 16 registers together with the rows. */
enum { DOT_ROWS = RAY_DOT_ROWS, DOT_ITEMS = 4, SUM_ROWS = 4, SUM_ITEMS = 2 };

/* Where sums of item and row begin. */
INLINE RAY_REAL *lanes_of_sum(const ray_dots *d, RAY_REAL *sum, int item, int row)
{
    return sum + (item * d->sum_item + row) * LANES;
}

/* `rows`, `items` and `clamps` are constants wherever this is called.  ahead: what is fetched. */
INLINE void dot_block(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, RAY_REAL *sums,
                      const RAY_REAL *ahead, const int rows, const int items, const bool clamps)
{
    const vec sign = sign_of(d->clamp);
    vec sum[DOT_ROWS * DOT_ITEMS];
    const int64_t w_row = d->w_row, together = d->items, n = d->n;
    int64_t i = 0;
    #pragma GCC unroll 12
    for (int s = 0; s < rows * items; s++)
        sum[s] = LOAD(lanes_of_sum(d, sums, s / rows, s % rows));
    for (; i + LANES <= n; i += LANES) {
        vec row[DOT_ROWS];
        #pragma GCC unroll 3
        for (int r = 0; r < rows; r++) {
            row[r] = arriving(LOAD(w + r * w_row + i), clamps, sign);
            if (items > 1)
                __builtin_prefetch(ahead + r * w_row + i, 0, 2);
        }
        #pragma GCC unroll 12
        for (int s = 0; s < rows * items; s++)
            sum[s] += row[s % rows] * LOAD(x + i * together + s / rows * LANES);
    }
    #pragma GCC unroll 12
    for (int s = 0; s < rows * items; s++)
        STORE(lanes_of_sum(d, sums, s / rows, s % rows), sum[s]);
    for (int s = 0; i < n && s < rows * items; s++) {
        const RAY_REAL *a = w + s % rows * w_row + i, *b = x + i * together + s / rows * LANES;
        RAY_REAL *lane = lanes_of_sum(d, sums, s / rows, s % rows);
        for (int64_t k = 0; k < n - i; k++)
            lane[k] += clamped_number(a[k], d->clamp) * b[k];
    }
}

#define DOT(rows, items) \
    static void dot_##rows##_##items(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, \
                                     RAY_REAL *sums, const RAY_REAL *ahead) \
    { \
        if (d->clamp == RAY_CLAMP_NONE) \
            dot_block(d, w, x, sums, ahead, rows, items, false); \
        else \
            dot_block(d, w, x, sums, ahead, rows, items, true); \
    }

DOT(1, 1) DOT(1, 2) DOT(1, 3) DOT(1, 4)
DOT(2, 1) DOT(2, 2) DOT(2, 3) DOT(2, 4)
DOT(3, 1) DOT(3, 2) DOT(3, 3) DOT(3, 4)

typedef void dot_kernel(const ray_dots *d, const RAY_REAL *w, const RAY_REAL *x, RAY_REAL *sums,
                        const RAY_REAL *ahead);

static dot_kernel *const dot_kernels[DOT_ROWS][DOT_ITEMS] = {
    { dot_1_1, dot_1_2, dot_1_3, dot_1_4 },
    { dot_2_1, dot_2_2, dot_2_3, dot_2_4 },
    { dot_3_1, dot_3_2, dot_3_3, dot_3_4 },
};

/* The next rows are fetched while the first items are multiplied. */
static void dot(const ray_dots *d)
{
    for (int64_t row = 0, rows; row < d->rows; row += rows) {
        rows = d->rows - row < DOT_ROWS ? d->rows - row : DOT_ROWS;
        const RAY_REAL *w = d->w + row * d->w_row, *ahead = w + rows * d->w_row;
        for (int64_t item = 0, items; item < d->items; item += items, ahead = w) {
            items = d->items - item < DOT_ITEMS ? d->items - item : DOT_ITEMS;
            dot_kernels[rows - 1][items - 1](d, w, d->x + item * LANES,
                                             d->sum + (item * d->sum_item + row) * LANES, ahead);
        }
    }
}

/* Columns that do not fill a vector, one after another as the others. */
INLINE void sum_rest(const ray_sums *s, const RAY_REAL *w, const RAY_REAL *g, const int rows,
                     int64_t first, RAY_REAL *sum)
{
    sum += first * s->items;
    for (int64_t k = 0; k < s->n - first; k++) {
        for (int r = 0; r < rows; r++)
            sum[k] += g[r] * clamped_number(w[r * s->w_row + first + k], s->clamp);
    }
}

/* `rows`, `items`, `clamps` and `fetches` (the next rows) are constants wherever this is called. */
INLINE void sum_block(const ray_sums *s, const RAY_REAL *w, const RAY_REAL *g, RAY_REAL *sum,
                      const int rows, const int items, const bool clamps, const bool fetches)
{
    const int64_t w_row = s->w_row, together = s->items, n = s->n;
    const vec sign = sign_of(s->clamp), zero = { 0 };
    vec by[SUM_ROWS * SUM_ITEMS];
    int64_t i = 0;
    #pragma GCC unroll 8
    for (int k = 0; k < rows * items; k++)
        by[k] = g[k / rows * s->g_item + k % rows] - zero;
    for (; i + LANES <= n; i += LANES) {
        vec v[SUM_ROWS];
        #pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            v[r] = arriving(LOAD(w + r * w_row + i), clamps, sign);
        #pragma GCC unroll 2
        for (int item = 0; item < items; item++) {
            vec total = LOAD(sum + i * together + item * LANES);
            #pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                total += by[item * rows + r] * v[r];
            STORE(sum + i * together + item * LANES, total);
        }
        if (!fetches)
            continue;
        #pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            __builtin_prefetch(w + (rows + r) * w_row + i);
    }
    for (int item = 0; item < items; item++)
        sum_rest(s, w, g + item * s->g_item, rows, i, sum + item * LANES);
}

#define SUM(rows, items) \
    static void sum_##rows##_##items(const ray_sums *s, const RAY_REAL *w, const RAY_REAL *g, \
                                     RAY_REAL *sum, bool fetches) \
    { \
        if (s->clamp == RAY_CLAMP_NONE && fetches) \
            sum_block(s, w, g, sum, rows, items, false, true); \
        else if (s->clamp == RAY_CLAMP_NONE) \
            sum_block(s, w, g, sum, rows, items, false, false); \
        else \
            sum_block(s, w, g, sum, rows, items, true, true); \
    }

SUM(1, 1) SUM(1, 2) SUM(4, 1) SUM(4, 2)

typedef void sum_kernel(const ray_sums *s, const RAY_REAL *w, const RAY_REAL *g, RAY_REAL *sum,
                        bool fetches);

static void sum_rows(const ray_sums *s)
{
    static sum_kernel *const kernels[2][SUM_ITEMS] = { { sum_1_1, sum_1_2 }, { sum_4_1, sum_4_2 } };
    for (int64_t row = 0, rows; row < s->rows; row += rows) {
        rows = s->rows - row >= SUM_ROWS ? SUM_ROWS : 1;
        for (int64_t item = 0, items; item < s->items; item += items) {
            items = s->items - item < SUM_ITEMS ? s->items - item : SUM_ITEMS;
            kernels[rows > 1][items - 1](s, s->w + row * s->w_row, s->g + item * s->g_item + row,
                                         s->sum + item * LANES, item == 0);
        }
    }
}

#endif
