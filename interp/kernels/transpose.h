/* SPDX-License-Identifier: MIT */
/* transpose.h - `lanes` rows to one row of vectors, and back.  Only for machine_variant.c. */
#ifndef RAY_KERNELS_TRANSPOSE_H
#define RAY_KERNELS_TRANSPOSE_H

#include "machine.h"
#include "simd.h"

/* Vectors of floats as they stand in registers: a transposition moves bits. */
typedef float floats __attribute__((vector_size(BYTES)));

/* Step n of a transposition exchanges runs of n numbers between vectors i and i + n. */
#define LOW(l, n) ((l) & (n) ? BYTES / 4 + (l) - (n) : (l))
#define HIGH(l, n) ((l) & (n) ? BYTES / 4 + (l) : (l) + (n))
#define FOUR(side, l, n) side(l, n), side((l) + 1, n), side((l) + 2, n), side((l) + 3, n)
#if defined(__AVX512F__)
#define ALL(side, n) FOUR(side, 0, n), FOUR(side, 4, n), FOUR(side, 8, n), FOUR(side, 12, n)
#elif defined(__AVX2__)
#define ALL(side, n) FOUR(side, 0, n), FOUR(side, 4, n)
#else
#define ALL(side, n) FOUR(side, 0, n)
#endif

#define EXCHANGE(v, n) \
    _Pragma("GCC unroll 16") \
    for (int i = 0; i < BYTES / 4; i++) { \
        if (i & (n)) \
            continue; \
        floats a = v[i], b = v[i + (n)]; \
        v[i] = __builtin_shufflevector(a, b, ALL(LOW, n)); \
        v[i + (n)] = __builtin_shufflevector(a, b, ALL(HIGH, n)); \
    }

INLINE void transpose_vectors(floats *v)
{
#if defined(__AVX512F__)
    EXCHANGE(v, 8)
#endif
#if defined(__AVX2__)
    EXCHANGE(v, 4)
#endif
    EXCHANGE(v, 2)
    EXCHANGE(v, 1)
}

INLINE void interleave_block(const RAY_REAL *rows, int64_t step, RAY_REAL *to)
{
    floats v[BYTES / 4];
    #pragma GCC unroll 16
    for (int r = 0; r < LANES; r++)
        v[r] = (floats)LOAD(rows + r * step);
    transpose_vectors(v);
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
    interleave_block(rows + last, step, to + last * LANES);
}

INLINE void spread_block(const RAY_REAL *from, RAY_REAL *rows, int64_t step)
{
    floats v[BYTES / 4];
    #pragma GCC unroll 16
    for (int r = 0; r < LANES; r++)
        v[r] = (floats)LOAD(from + r * LANES);
    transpose_vectors(v);
    #pragma GCC unroll 16
    for (int r = 0; r < LANES; r++)
        STORE(rows + r * step, (vec)v[r]);
}

static void spread_some(const RAY_REAL *from, int64_t n, RAY_REAL *rows, int64_t step,
                        int64_t count)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t r = 0; r < count; r++)
            rows[r * step + i] = from[i * LANES + r];
    }
}

static void spread(const RAY_REAL *from, int64_t n, RAY_REAL *rows, int64_t step, int64_t count)
{
    int64_t i = 0, last = n - LANES;
    if (sizeof(RAY_REAL) == 8 || last < 0 || count < LANES) {
        spread_some(from, n, rows, step, count);
        return;
    }
    for (; i < last; i += LANES)
        spread_block(from + i * LANES, rows + i, step);
    spread_block(from + last * LANES, rows + last, step);
}

#endif
