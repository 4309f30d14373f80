/* SPDX-License-Identifier: MIT */
/* shifted.h - products of packed rows with columns that lie in a slab, once for each tap at a shift
 * of its own, the sums in registers; and how rows are packed.  Only for machine_variant.c. */
#ifndef RAY_KERNELS_SHIFTED_H
#define RAY_KERNELS_SHIFTED_H

#include <string.h>

#include "machine.h"
#include "transpose.h"

enum {
    AHEAD = 16, /* rows fetched before they are packed */
    WIDE = 4,   /* vectors of columns where rows are few */
    WIDE_ROWS = MOST_ROWS / 2 < 6 ? MOST_ROWS / 2 : 6
};

/* One tile; `rows` and `vectors` are constants wherever this is called. */
INLINE void shifted_tile(const ray_shifted *p, const RAY_REAL *a, const RAY_REAL *b,
                         const RAY_REAL *bias, RAY_REAL *c, const RAY_REAL *fetch, const int rows,
                         const int vectors)
{
    vec sum[rows * vectors], zero = { 0 };
    if (fetch) {
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
            __builtin_prefetch(fetch + r * p->fetch_row, 1);
    }
    const int64_t *step = p->steps, *const end = step + p->depth, c_row = p->c_row;
#pragma GCC unroll 32
    for (int i = 0; i < rows * vectors; i++)
        sum[i] = zero;
    for (; step < end; step++, a += MOST_ROWS) {
        vec column[WIDE];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            column[v] = LOAD(b + *step + v * LANES);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
            vec x = a[r] - zero;
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                sum[r * vectors + v] += x * column[v];
        }
    }
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++) {
        vec start = zero + (bias ? bias[r] : 0);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            RAY_REAL *to = c + r * c_row + v * LANES;
            STORE(to, sum[r * vectors + v] + (p->add ? LOAD(to) : start));
        }
    }
}

#define SHIFTED_KERNEL(rows, vectors) \
    static void shifted_##rows##_##vectors(const ray_shifted *p, const RAY_REAL *a, \
                                           const RAY_REAL *b, const RAY_REAL *bias, RAY_REAL *c, \
                                           const RAY_REAL *fetch) \
    { \
        shifted_tile(p, a, b, bias, c, fetch, rows, vectors); \
    }

#define SHIFTED_KERNELS(rows) SHIFTED_KERNEL(rows, 1) SHIFTED_KERNEL(rows, 2)

SHIFTED_KERNELS(1)
SHIFTED_KERNELS(2) SHIFTED_KERNELS(3) SHIFTED_KERNELS(4) SHIFTED_KERNEL(1, 4) SHIFTED_KERNEL(2, 4)
#if defined(__AVX2__)
    SHIFTED_KERNELS(5) SHIFTED_KERNELS(6) SHIFTED_KERNEL(3, 4)
#endif
#if defined(__AVX512F__)
        SHIFTED_KERNELS(7) SHIFTED_KERNELS(8) SHIFTED_KERNELS(9) SHIFTED_KERNELS(10)
            SHIFTED_KERNELS(11) SHIFTED_KERNELS(12) SHIFTED_KERNELS(13) SHIFTED_KERNELS(14)
                SHIFTED_KERNEL(4, 4) SHIFTED_KERNEL(5, 4) SHIFTED_KERNEL(6, 4)
#endif

                    typedef void shifted_kernel(const ray_shifted *p, const RAY_REAL *a,
                                                const RAY_REAL *b, const RAY_REAL *bias,
                                                RAY_REAL *c, const RAY_REAL *fetch);

#define SHIFTED_ROW(rows) \
    { \
        shifted_##rows##_1, shifted_##rows##_2 \
    }

/* By rows, then by vectors less 1. */
static shifted_kernel *const shifted_kernels[MOST_ROWS + 1][2] = {
    { NULL, NULL },  SHIFTED_ROW(1),  SHIFTED_ROW(2),  SHIFTED_ROW(3),  SHIFTED_ROW(4),
#if defined(__AVX2__)
    SHIFTED_ROW(5),  SHIFTED_ROW(6),
#endif
#if defined(__AVX512F__)
    SHIFTED_ROW(7),  SHIFTED_ROW(8),  SHIFTED_ROW(9),  SHIFTED_ROW(10), SHIFTED_ROW(11),
    SHIFTED_ROW(12), SHIFTED_ROW(13), SHIFTED_ROW(14),
#endif
};

static shifted_kernel *const shifted_wide[WIDE_ROWS + 1] = {
    NULL,        shifted_1_4, shifted_2_4,
#if defined(__AVX2__)
    shifted_3_4,
#endif
#if defined(__AVX512F__)
    shifted_4_4, shifted_5_4, shifted_6_4,
#endif
};

/* Vectors of the next tile, where `rest` columns are left for `rows` rows. */
static int64_t shifted_vectors(int64_t rest, int64_t rows)
{
    if (rows <= WIDE_ROWS && rest > 2 * LANES)
        return WIDE;
    return rest > LANES ? 2 : 1;
}

/* Columns of a tile stay in the nearest cache while the slivers pass. */
static void shifted(const ray_shifted *p)
{
    const ray_slivers *all = &p->slivers;
    int64_t before = ray_sliver_row(all, all->first);
    for (int64_t j = 0, vectors; j < p->columns; j += vectors * LANES) {
        vectors = shifted_vectors(p->columns - j, all->slivers == 1 ? all->rows : MOST_ROWS);
        const RAY_REAL *a = p->a;
        for (int64_t s = all->first; s < all->last; s++, a += p->depth * MOST_ROWS) {
            int64_t row = ray_sliver_row(all, s), rows = ray_sliver_row(all, s + 1) - row;
            shifted_kernel *body =
                vectors == WIDE ? shifted_wide[rows] : shifted_kernels[rows][vectors - 1];
            body(p, a, p->b + j, p->bias ? p->bias + row : NULL,
                 p->c + (row - before) * p->c_row + j,
                 p->fetch ? p->fetch + (row - before) * p->fetch_row + j : NULL);
        }
    }
}

/* ---- Packing ---- */

static void pack_some(const RAY_REAL *rows, int64_t row, int64_t step, int64_t count, int64_t n,
                      RAY_REAL *to)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t r = 0; r < MOST_ROWS; r++)
            to[i * MOST_ROWS + r] = r < count ? rows[r * row + i * step] : 0;
    }
}

/* Step by step, for each line of the weights holds numbers of many slivers.  What a vector writes
 * beyond its sliver's step is overwritten next; at the last step nothing is. */
static void deal(const ray_slivers *all, const RAY_REAL *rows, int64_t step, int64_t n,
                 RAY_REAL *to)
{
    int64_t base = ray_sliver_row(all, all->first), high = ray_sliver_row(all, all->last) - base;
    int64_t whole = (int)LANES < (int)MOST_ROWS || 2 * step < LANES ? 0 : n - 2;
    for (int64_t i = 0; i < whole; i++, rows += step) {
        for (int64_t r = 0; r < high; r += LINE)
            __builtin_prefetch(rows + AHEAD * step + r);
        for (int64_t s = all->first; s < all->last; s++)
            STORE(to + ((s - all->first) * n + i) * MOST_ROWS,
                  LOAD(rows + ray_sliver_row(all, s) - base));
    }
    int64_t done = whole > 0 ? whole : 0;
    for (int64_t s = all->first; s < all->last; s++) {
        int64_t row = ray_sliver_row(all, s);
        pack_some(rows + row - base, 1, step, ray_sliver_row(all, s + 1) - row, n - done,
                  to + ((s - all->first) * n + done) * MOST_ROWS);
    }
}

/* LANES numbers of each row; the last of them in place of a whole vector when it is the `end`. */
INLINE void pack_block(const RAY_REAL *rows, int64_t row, int64_t count, const bool fetch,
                       const bool end, RAY_REAL *to)
{
    floats v[BYTES / 4];
    for (int64_t r = 0; fetch && r < count; r++)
        __builtin_prefetch(rows + r * row + 2 * LINE);
    transpose_rows((const float *)rows, row, count, v);
#pragma GCC unroll 16
    for (int i = 0; i < LANES - 1; i++)
        STORE(to + i * MOST_ROWS, (vec)v[i]);
    if (end)
        memcpy(to + (LANES - 1) * MOST_ROWS, &v[LANES - 1], MOST_ROWS * sizeof *to);
    else
        STORE(to + (LANES - 1) * MOST_ROWS, (vec)v[LANES - 1]);
}

static void pack(const RAY_REAL *rows, int64_t row, int64_t count, int64_t n, RAY_REAL *to)
{
    int64_t i = 0, last = n - LANES;
    if (sizeof(RAY_REAL) == 8 || last < 0) {
        pack_some(rows, row, 1, count, n, to);
        return;
    }
    for (; i + 2 * LINE < last; i += LANES)
        pack_block(rows + i, row, count, true, false, to + i * MOST_ROWS);
    for (; i < last; i += LANES)
        pack_block(rows + i, row, count, false, false, to + i * MOST_ROWS);
    pack_block(rows + last, row, count, false, true, to + last * MOST_ROWS);
}

static void pick(const RAY_REAL *from, const int64_t *index, int64_t n, RAY_REAL *to)
{
    int64_t whole = (int)LANES < (int)MOST_ROWS ? 0 : n - 1;
    for (int64_t i = 0; i < whole; i++)
        STORE(to + i * MOST_ROWS, LOAD(from + index[i] * MOST_ROWS));
    for (int64_t i = whole; i < n; i++)
        memcpy(to + i * MOST_ROWS, from + index[i] * MOST_ROWS, MOST_ROWS * sizeof *to);
}

#endif
