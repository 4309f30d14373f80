/* SPDX-License-Identifier: MIT */
/* transpose.h - `lanes` rows to one row of vectors, and back.  Only for machine_variant.c. */
#ifndef RAY_KERNELS_TRANSPOSE_H
#define RAY_KERNELS_TRANSPOSE_H

#include "endings.h"
#include "machine.h"
#include "simd.h"

/* Vectors of floats as they stand in registers: a transposition moves bits. */
typedef float floats __attribute__((vector_size(BYTES)));
typedef float quad __attribute__((vector_size(16)));
typedef float quad_anywhere __attribute__((vector_size(16), aligned(4), may_alias));

enum { QUADS = BYTES / 16 };

/* Four numbers of row `row` of `count`, the last one in place of those beyond. */
INLINE quad load_quad(const float *from, int64_t step, int64_t row, int64_t count)
{
    return *(const quad_anywhere *)(from + (row < count ? row : count - 1) * step);
}

/* Four numbers of rows `row`, row + 4, row + 8 ... below one another, `step` numbers from row to
 * row. */
INLINE floats load_quads(const float *from, int64_t step, int64_t row, int64_t count)
{
#if defined(__AVX2__)
    typedef float octet __attribute__((vector_size(32)));
    quad a = load_quad(from, step, row, count), b = load_quad(from, step, row + 4, count);
    octet low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
#if defined(__AVX512F__)
    a = load_quad(from, step, row + 8, count);
    b = load_quad(from, step, row + 12, count);
    octet high = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    return low;
#endif
#else
    return load_quad(from, step, row, count);
#endif
}

/* The same choice in every quad: 0 ... 3 of the first vector, SECOND + 0 ... 3 of the other. */
enum { SECOND = BYTES / 4 };
#define QUAD(q, a, b, c, d) (q) + (a), (q) + (b), (q) + (c), (q) + (d)
#if defined(__AVX512F__)
#define CHOOSE(v, w, ...) __builtin_shufflevector(v, w, QUAD(0, __VA_ARGS__), \
    QUAD(4, __VA_ARGS__), QUAD(8, __VA_ARGS__), QUAD(12, __VA_ARGS__))
#elif defined(__AVX2__)
#define CHOOSE(v, w, ...) __builtin_shufflevector(v, w, QUAD(0, __VA_ARGS__), QUAD(4, __VA_ARGS__))
#else
#define CHOOSE(v, w, ...) __builtin_shufflevector(v, w, QUAD(0, __VA_ARGS__))
#endif

/* `lanes` numbers of `count` rows, `step` apart, to their columns; rows beyond are like the last. */
INLINE void transpose_rows(const float *from, int64_t step, int64_t count, floats *to)
{
    #pragma GCC unroll 4
    for (int q = 0; q < QUADS; q++, from += 4, to += 4) {
        floats a = load_quads(from, step, 0, count), b = load_quads(from, step, 1, count);
        floats c = load_quads(from, step, 2, count), d = load_quads(from, step, 3, count);
        floats ab = CHOOSE(a, b, 0, SECOND, 1, SECOND + 1);
        floats cd = CHOOSE(c, d, 0, SECOND, 1, SECOND + 1);
        to[0] = CHOOSE(ab, cd, 0, 1, SECOND, SECOND + 1);
        to[1] = CHOOSE(ab, cd, 2, 3, SECOND + 2, SECOND + 3);
        ab = CHOOSE(a, b, 2, SECOND + 2, 3, SECOND + 3);
        cd = CHOOSE(c, d, 2, SECOND + 2, 3, SECOND + 3);
        to[2] = CHOOSE(ab, cd, 0, 1, SECOND, SECOND + 1);
        to[3] = CHOOSE(ab, cd, 2, 3, SECOND + 2, SECOND + 3);
    }
}

INLINE void transpose_block(const float *from, int64_t step, floats *to)
{
    transpose_rows(from, step, BYTES / 4, to);
}

INLINE void interleave_block(const RAY_REAL *rows, int64_t step, RAY_REAL *to)
{
    floats v[BYTES / 4];
    transpose_block((const float *)rows, step, v);
    #pragma GCC unroll 16
    for (int r = 0; r < LANES; r++)
        STORE(to + r * LANES, (vec)v[r]);
}

static void interleave_some(const RAY_REAL *rows, int64_t step, int64_t count, int64_t n,
                            RAY_REAL *to)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t r = 0; r < LANES; r++)
            to[i * LANES + r] = r < count ? rows[r * step + i] : 0;
    }
}

/* The last block may overlap the one before it. */
static void interleave(const RAY_REAL *rows, int64_t step, int64_t count, int64_t n, RAY_REAL *to)
{
    int64_t i = 0, last = n - LANES;
    if (sizeof(RAY_REAL) == 8 || last < 0 || count < LANES) {
        interleave_some(rows, step, count, n, to);
        return;
    }
    for (; i < last; i += LANES)
        interleave_block(rows + i, step, to + i * LANES);
    if (n - i > 2)
        interleave_block(rows + last, step, to + last * LANES);
    else
        interleave_some(rows + i, step, count, n - i, to + i * LANES);
}

INLINE void spread_block(const RAY_REAL *from, const ray_finish *finish, int64_t at, int64_t step,
                         RAY_REAL *result)
{
    floats v[BYTES / 4];
    transpose_block((const float *)from, LANES, v);
    #pragma GCC unroll 16
    for (int r = 0; r < LANES; r++, at += step)
        STORE(result + at, end_vector(finish, at, (vec)v[r]));
}

static void spread_some(const RAY_REAL *from, int64_t n, int64_t count, const ray_finish *finish,
                        int64_t at, int64_t step, RAY_REAL *result)
{
    for (int64_t r = 0; r < count; r++, at += step) {
        for (int64_t i = 0; i < n; i++)
            result[at + i] = end_number(finish, at + i, from[i * LANES + r]);
    }
}

/* Where a block overlaps the one before it, the result must not be what is added. */
static void spread(const RAY_REAL *from, int64_t n, int64_t count, const ray_finish *finish,
                   int64_t at, int64_t step, RAY_REAL *result)
{
    int64_t i = 0, last = n - LANES;
    if (sizeof(RAY_REAL) == 8 || last < 0 || count < LANES) {
        spread_some(from, n, count, finish, at, step, result);
        return;
    }
    for (; i <= last; i += LANES)
        spread_block(from + i * LANES, finish, at + i, step, result);
    if (i < n && finish->add != result)
        spread_block(from + last * LANES, finish, at + last, step, result);
    else if (i < n)
        spread_some(from + i * LANES, n - i, count, finish, at + i, step, result);
}

#endif
