/* SPDX-License-Identifier: MIT */
/* planes.h - filters of 3x3 and 5x5 taps over single planes.  Only for machine_variant.c.  A sum is
 * taken tap after tap, whatever the columns and rows beside it. */
#ifndef RAY_KERNELS_PLANES_H
#define RAY_KERNELS_PLANES_H

#include <string.h>

#include "endings.h"
#include "machine.h"
#include "simd.h"

/* Rows of results at a time: of one vector, of two, of rows of the slab that are spread. */
enum { TOWER_ROWS = RAY_PLANE_ROWS, PAIR_ROWS = 4, SPREAD_ROWS = 2,
       MOST_KERNEL = RAY_PLANE_KERNEL };

/* ---- Lines ---- */

/* Numbers in one piece, wherever they lie. */
typedef RAY_REAL four_anywhere
    __attribute__((vector_size(4 * sizeof(RAY_REAL)), aligned(sizeof(RAY_REAL)), may_alias));
typedef RAY_REAL eight_anywhere
    __attribute__((vector_size(8 * sizeof(RAY_REAL)), aligned(sizeof(RAY_REAL)), may_alias));

/* n numbers, fewer than 16, in pieces that may overlap. */
INLINE void copy_some(const RAY_REAL *from, int64_t n, RAY_REAL *to)
{
    if (LANES > 8 && n >= 8) {
        *(eight_anywhere *)to = *(const eight_anywhere *)from;
        *(eight_anywhere *)(to + n - 8) = *(const eight_anywhere *)(from + n - 8);
    } else if (n >= 4) {
        *(four_anywhere *)to = *(const four_anywhere *)from;
        *(four_anywhere *)(to + n - 4) = *(const four_anywhere *)(from + n - 4);
    } else if (n > 0) {
        to[0] = from[0];
        to[n / 2] = from[n / 2];
        to[n - 1] = from[n - 1];
    }
}

static void copy_line(const RAY_REAL *from, int64_t n, RAY_REAL *to)
{
    if (n < LANES) {
        copy_some(from, n, to);
        return;
    }
    for (int64_t i = 0; i + LANES <= n; i += LANES)
        STORE(to + i, LOAD(from + i));
    STORE(to + n - LANES, LOAD(from + n - LANES));
}

/* Two vectors of floats: their even and odd numbers, and back. */
typedef float lane_floats __attribute__((vector_size(BYTES)));
#if defined(__AVX512F__)
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define FRONT 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define BACK 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#define FRONT 0, 8, 1, 9, 2, 10, 3, 11
#define BACK 4, 12, 5, 13, 6, 14, 7, 15
#else
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#define FRONT 0, 4, 1, 5
#define BACK 2, 6, 3, 7
#endif

/* Eight numbers that begin with number `at` of a line. */
INLINE void split_eight(const RAY_REAL *from, int64_t at, RAY_REAL *even, RAY_REAL *odd)
{
    four_anywhere a = *(const four_anywhere *)(from + at);
    four_anywhere b = *(const four_anywhere *)(from + at + 4);
    RAY_REAL *first = at % 2 ? odd : even, *second = at % 2 ? even : odd;
    *(four_anywhere *)(first + at / 2) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    *(four_anywhere *)(second + (at + 1) / 2) = __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

static void split_line(const RAY_REAL *from, int64_t n, RAY_REAL *even, RAY_REAL *odd)
{
    int64_t i = 0;
    for (; sizeof(RAY_REAL) == 4 && i + 2 * LANES <= n; i += 2 * LANES) {
        lane_floats a = (lane_floats)LOAD(from + i), b = (lane_floats)LOAD(from + i + LANES);
        STORE(even + i / 2, (vec)__builtin_shufflevector(a, b, EVEN));
        STORE(odd + i / 2, (vec)__builtin_shufflevector(a, b, ODD));
    }
    for (; i + 8 <= n; i += 8)
        split_eight(from, i, even, odd);
    if (i < n && n >= 8) {
        split_eight(from, n - 8, even, odd);
        return;
    }
    for (; i < n; i++)
        (i % 2 ? odd : even)[i / 2] = from[i];
}

/* even[0], odd[0], even[1], ...: two vectors. */
INLINE void merge(vec even, vec odd, vec *to)
{
    if (sizeof(RAY_REAL) == 4) {
        lane_floats a = (lane_floats)even, b = (lane_floats)odd;
        to[0] = (vec)__builtin_shufflevector(a, b, FRONT);
        to[1] = (vec)__builtin_shufflevector(a, b, BACK);
        return;
    }
    for (int l = 0; l < 2 * LANES; l++)
        to[l / LANES][l % LANES] = l % 2 ? odd[l / 2] : even[l / 2];
}

/* ---- Results ---- */

INLINE vec load_some(const RAY_REAL *from, int64_t n)
{
    RAY_REAL number[LANES] = { 0 };
    copy_some(from, n, number);
    return LOAD(number);
}

/* The first n numbers of a vector that hangs over the end of a row. */
static void put_some(const ray_plane *p, int64_t at, vec v, int64_t n)
{
    const ray_finish *f = p->finish;
    RAY_REAL number[LANES];
    if (f->add)
        v += load_some(f->add + at, n);
    if (f->limit)
        v = limited(v, f->low, f->high);
    if (f->gate)
        v = gated(v, load_some(f->gate + at, n), f->low, f->high);
    STORE(number, v);
    copy_some(number, n, p->result + at);
}

/* `rows` rows of `vectors` vectors `gap` columns apart, as far as they lie within the result. */
static void put_block(const ray_plane *p, const vec *sum, int64_t rows, int64_t vectors,
                      int64_t gap, int64_t y, int64_t x)
{
    const vec zero = { 0 };
    const vec scale = p->scale - zero, shift = p->shift - zero;
    for (int64_t r = 0; r < rows && y + r < p->rows; r++) {
        int64_t at = p->at + (y + r) * p->columns + x, n = p->columns - x;
        for (int64_t i = 0; i < vectors && n > 0; i++, at += gap, n -= gap) {
            vec v = sum[r * vectors + i] * scale + shift;
            if (n >= LANES)
                STORE(p->result + at, end_vector(p->finish, at, v));
            else
                put_some(p, at, v, n);
        }
    }
}

/* Whether vectors of results may overlap: not when results are what is added. */
INLINE bool may_overlap(const ray_plane *p)
{
    return p->finish->add != p->result;
}

/* ---- Filters ---- */

/* The sums of some rows and of `vectors` vectors of columns, `gap` apart.  Column after column of
 * taps, which stay in registers together with the sums. */
INLINE void filter_sums(const ray_plane *p, const vec *w, const int size, const int step,
                        const int rows, const int vectors, const RAY_REAL *from, int64_t gap,
                        vec *to)
{
    const int64_t line = p->line;
    vec sum[TOWER_ROWS * 2], zero = { 0 };
    #pragma GCC unroll 8
    for (int i = 0; i < rows * vectors; i++)
        sum[i] = zero;
    #pragma GCC unroll 5
    for (int kx = 0; kx < size; kx++) {
        const RAY_REAL *tap = from + kx % step * p->phase + kx / step;
        #pragma GCC unroll 17
        for (int row = 0; row < (rows - 1) * step + size; row++, tap += line) {
            vec v[2];
            #pragma GCC unroll 2
            for (int i = 0; i < vectors; i++)
                v[i] = LOAD(tap + i * gap);
            #pragma GCC unroll 7
            for (int r = 0; r < rows; r++) {
                const int ky = row - r * step;
                if (ky < 0 || ky >= size)
                    continue;
                #pragma GCC unroll 2
                for (int i = 0; i < vectors; i++)
                    sum[r * vectors + i] += w[ky * size + kx] * v[i];
            }
        }
    }
    #pragma GCC unroll 8
    for (int i = 0; i < rows * vectors; i++)
        to[i] = sum[i];
}

typedef void filter(const ray_plane *p, const vec *w, const RAY_REAL *from, int64_t gap, vec *to);

/* Functions of their own, lest the compiler gathers the weights of several. */
#define FILTER(size, step) \
    static __attribute__((noinline)) void tall_##size##_##step( \
        const ray_plane *p, const vec *w, const RAY_REAL *from, int64_t gap, vec *to) \
    { \
        filter_sums(p, w, size, step, TOWER_ROWS, 1, from, gap, to); \
    } \
    static __attribute__((noinline)) void wide_##size##_##step( \
        const ray_plane *p, const vec *w, const RAY_REAL *from, int64_t gap, vec *to) \
    { \
        filter_sums(p, w, size, step, PAIR_ROWS, 2, from, gap, to); \
    }

FILTER(3, 1) FILTER(3, 2) FILTER(5, 1) FILTER(5, 2)

/* Columns from x on: `vectors` vectors, `gap` apart. */
static void filter_columns(const ray_plane *p, const vec *w, filter *block, int64_t rows,
                           int64_t vectors, int64_t x, int64_t gap)
{
    vec sum[TOWER_ROWS * 2];
    for (int64_t y = 0; y < p->rows; y += rows) {
        block(p, w, p->slab + y * p->step * p->line + x, gap, sum);
        put_block(p, sum, rows, vectors, gap, y, x);
    }
}

static void filter_plane(const ray_plane *p, const vec *w, filter *tall, filter *wide)
{
    int64_t x = 0, columns = p->columns;
    for (; x + LANES < columns; x += 2 * LANES) {
        int64_t gap = x + 2 * LANES > columns && may_overlap(p) ? columns - x - LANES : LANES;
        filter_columns(p, w, wide, PAIR_ROWS, 2, x, gap);
    }
    if (x < columns)
        filter_columns(p, w, tall, TOWER_ROWS, 1,
                       columns >= LANES && may_overlap(p) ? columns - LANES : x, LANES);
}

/* ---- Gradients of stride 2: a number of the slab reaches results of both parities ---- */

/* The tap by which row or column `at` of the slab reaches row 0 or 1 of the results; none where it
 * lies outside of the kernel. */
#define TAP_AT(size, odd, parity, at) ((parity) + (odd) - 2 * ((at) - ((size) - 1) / 2))

/* The sums that SPREAD_ROWS rows of the slab and a vector of columns reach: two rows of two vectors
 * for each. */
INLINE void spread_sums(const ray_plane *p, const vec *w, const int size, const int odd_y,
                         const int odd_x, const RAY_REAL *from, vec *to)
{
    const int64_t line = p->line;
    const int reach = (size - 1) / 2 + 2;
    vec sum[SPREAD_ROWS * 4], zero = { 0 };
    #pragma GCC unroll 8
    for (int i = 0; i < SPREAD_ROWS * 4; i++)
        sum[i] = zero;
    #pragma GCC unroll 5
    for (int row = 0; row < SPREAD_ROWS - 1 + reach; row++, from += line) {
        #pragma GCC unroll 4
        for (int column = 0; column < reach; column++) {
            vec v = LOAD(from + column);
            #pragma GCC unroll 8
            for (int i = 0; i < SPREAD_ROWS * 4; i++) {
                const int ky = TAP_AT(size, odd_y, i / 2 % 2, row - i / 4);
                const int kx = TAP_AT(size, odd_x, i % 2, column);
                if (row >= i / 4 && ky >= 0 && ky < size && kx >= 0 && kx < size)
                    sum[i] += w[ky * size + kx] * v;
            }
        }
    }
    #pragma GCC unroll 4
    for (int r = 0; r < SPREAD_ROWS * 2; r++)
        merge(sum[2 * r], sum[2 * r + 1], to + 2 * r);
}

#define SPREAD(size, odd_y, odd_x) \
    static __attribute__((noinline)) void spread_##size##_##odd_y##odd_x( \
        const ray_plane *p, const vec *w, const RAY_REAL *from, vec *to) \
    { \
        spread_sums(p, w, size, odd_y, odd_x, from, to); \
    }

SPREAD(3, 0, 0) SPREAD(3, 0, 1) SPREAD(3, 1, 0) SPREAD(3, 1, 1)
SPREAD(5, 0, 0) SPREAD(5, 0, 1) SPREAD(5, 1, 0) SPREAD(5, 1, 1)

typedef void spreader(const ray_plane *p, const vec *w, const RAY_REAL *from, vec *to);

static void spread_plane(const ray_plane *p, const vec *w, spreader *block)
{
    vec sum[SPREAD_ROWS * 4];
    int64_t columns = p->columns;
    for (int64_t y = 0; 2 * y < p->rows; y += SPREAD_ROWS) {
        for (int64_t x = 0; 2 * x < columns; x += LANES) {
            bool over = 2 * (x + LANES) > columns && columns >= 2 * LANES && columns % 2 == 0;
            int64_t at = over && may_overlap(p) ? columns / 2 - LANES : x;
            block(p, w, p->slab + y * p->line + at, sum);
            put_block(p, sum, 2 * SPREAD_ROWS, 2, LANES, 2 * y, 2 * at);
        }
    }
}

static void plane(const ray_plane *p)
{
    static filter *const talls[2][2] = { { tall_3_1, tall_3_2 }, { tall_5_1, tall_5_2 } };
    static filter *const wides[2][2] = { { wide_3_1, wide_3_2 }, { wide_5_1, wide_5_2 } };
    static spreader *const spreads[2][2][2] = {
        { { spread_3_00, spread_3_01 }, { spread_3_10, spread_3_11 } },
        { { spread_5_00, spread_5_01 }, { spread_5_10, spread_5_11 } },
    };
    vec w[MOST_KERNEL * MOST_KERNEL], zero = { 0 };
    int large = p->kernel == MOST_KERNEL;
    for (int t = 0; t < p->kernel * p->kernel; t++)
        w[t] = p->weight[t] - zero;
    if (p->spread)
        spread_plane(p, w, spreads[large][p->odd_y][p->odd_x]);
    else
        filter_plane(p, w, talls[large][p->step - 1], wides[large][p->step - 1]);
}

#endif
