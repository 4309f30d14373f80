/* SPDX-License-Identifier: MIT */
/* winograd_tiles.h - the three transforms of Winograd's F(4x4, 3x3) and F(6x6, 3x3) on vectors of
 * channels.  Only for machine_variant.c.
 *
 * An output tile is A' [(G g G') * (B' d B)] A for a kernel g of 3 x 3 and an input tile d that is
 * two wider and higher.  Interpolation points, chosen for the smallest rounding errors:
 *     F(4x4)   0, +-sqrt(1/2), +-sqrt(2), infinity
 *     F(6x6)   0, +-1, +-2, +-1/2, infinity */
#ifndef RAY_KERNELS_WINOGRAD_TILES_H
#define RAY_KERNELS_WINOGRAD_TILES_H

#include "machine.h"
#include "simd.h"

enum { SMALL = 4, LARGE = 6, MOST_IN = LARGE + 2, MOST_POINTS = MOST_IN * MOST_IN };

static const RAY_REAL ROOT_HALF = (RAY_REAL)0.70710678118654752440L;
static const RAY_REAL ROOT_TWO = (RAY_REAL)1.41421356237309504880L;

/* to[0] = even + odd, to[1] = even - odd, by odd = factor * rest. */
INLINE void put_pair(vec even, vec rest, RAY_REAL factor, vec *to)
{
    to[0] = even + factor * rest;
    to[1] = even - factor * rest;
}

/* ---- B' d: inputs `step` apart to as many points ---- */

INLINE void input_small(const vec *d, const int step, vec *to)
{
    const RAY_REAL half = (RAY_REAL)0.5, sum = (RAY_REAL)2.5;
    vec d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    to[0] = d[0] + d4 - sum * d2;
    put_pair(d4 - 2 * d2, d3 - 2 * d1, ROOT_HALF, to + 1);
    put_pair(d4 - half * d2, d3 - half * d1, ROOT_TWO, to + 3);
    to[5] = d1 + d[5 * step] - sum * d3;
}

INLINE void input_large(const vec *d, const int step, vec *to)
{
    const RAY_REAL half = (RAY_REAL)0.5, quarter = (RAY_REAL)0.25, sum = (RAY_REAL)5.25;
    const RAY_REAL sum1 = (RAY_REAL)4.25, sum2 = (RAY_REAL)1.25;
    vec d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    vec d6 = d[6 * step];
    to[0] = d[0] - d6 + sum * (d4 - d2);
    put_pair(d6 + d2 - sum1 * d4, d5 + d1 - sum1 * d3, 1, to + 1);
    put_pair(d6 - sum2 * d4 + quarter * d2, d5 - sum2 * d3 + quarter * d1, 2, to + 3);
    put_pair(d6 - 5 * d4 + 4 * d2, d5 - 5 * d3 + 4 * d1, half, to + 5);
    to[7] = d[7 * step] - d1 + sum * (d3 - d5);
}

INLINE void input_transform(const int tile, const vec *d, const int step, vec *to)
{
    if (tile == SMALL)
        input_small(d, step, to);
    else
        input_large(d, step, to);
}

/* ---- A' m: points to outputs ---- */

INLINE void output_small(const vec *m, const int step, vec *to)
{
    const RAY_REAL half = (RAY_REAL)0.5;
    vec s1 = m[step] + m[2 * step], t1 = ROOT_HALF * (m[step] - m[2 * step]);
    vec s2 = m[3 * step] + m[4 * step], t2 = ROOT_TWO * (m[3 * step] - m[4 * step]);
    to[0] = m[0] + s1 + s2;
    to[1] = t1 + t2;
    to[2] = half * s1 + 2 * s2;
    to[3] = m[5 * step] + half * t1 + 2 * t2;
}

INLINE void output_large(const vec *m, const int step, vec *to)
{
    const RAY_REAL half = (RAY_REAL)0.5, power2 = half * half, power3 = power2 * half;
    const RAY_REAL power4 = power2 * power2, power5 = power4 * half;
    vec s1 = m[step] + m[2 * step], t1 = m[step] - m[2 * step];
    vec s2 = m[3 * step] + m[4 * step], t2 = m[3 * step] - m[4 * step];
    vec s3 = m[5 * step] + m[6 * step], t3 = m[5 * step] - m[6 * step];
    to[0] = m[0] + s1 + s2 + s3;
    to[1] = t1 + 2 * t2 + half * t3;
    to[2] = s1 + 4 * s2 + power2 * s3;
    to[3] = t1 + 8 * t2 + power3 * t3;
    to[4] = s1 + 16 * s2 + power4 * s3;
    to[5] = m[7 * step] + t1 + 32 * t2 + power5 * t3;
}

INLINE void output_transform(const int tile, const vec *m, const int step, vec *to)
{
    if (tile == SMALL)
        output_small(m, step, to);
    else
        output_large(m, step, to);
}

/* ---- G g: three taps to points ---- */

/* The points +-p of factor * (g0 + square * g2 +- p * g1). */
INLINE void kernel_pair(vec g0, vec g1, vec g2, RAY_REAL p, RAY_REAL square, RAY_REAL factor,
                        vec *to)
{
    put_pair(factor * g0 + factor * square * g2, g1, factor * p, to);
}

INLINE void kernel_transform(const int tile, const vec *g, const int step, vec *to)
{
    const RAY_REAL one = 1, half = (RAY_REAL)0.5, quarter = (RAY_REAL)0.25;
    vec g0 = g[0], g1 = g[step], g2 = g[2 * step];
    to[0] = g0;
    to[tile + 1] = g2;
    if (tile == SMALL) {
        kernel_pair(g0, g1, g2, ROOT_HALF, half, one * -2 / 3, to + 1);
        kernel_pair(g0, g1, g2, ROOT_TWO, 2, one / 6, to + 3);
    } else {
        kernel_pair(g0, g1, g2, 1, 1, one * -2 / 9, to + 1);
        kernel_pair(g0, g1, g2, 2, 4, one / 90, to + 3);
        kernel_pair(g0, g1, g2, half, quarter, one * 32 / 45, to + 5);
    }
}

/* ---- Tiles ---- */

INLINE void tile_in(const int tile, const RAY_REAL *from, int64_t row, RAY_REAL *points,
                    int64_t point)
{
    const int in = tile + 2;
    vec half[MOST_POINTS];
    #pragma GCC unroll 8
    for (int x = 0; x < in; x++) {
        vec d[MOST_IN];
        #pragma GCC unroll 8
        for (int y = 0; y < in; y++)
            d[y] = LOAD(from + y * row + x * LANES);
        input_transform(tile, d, 1, half + x * in);
    }
    #pragma GCC unroll 8
    for (int y = 0; y < in; y++) {
        vec v[MOST_IN];
        input_transform(tile, half + y, in, v);
        #pragma GCC unroll 8
        for (int x = 0; x < in; x++)
            STORE(points + (y * in + x) * point, v[x]);
    }
}

INLINE void tiles_in(const int tile, const ray_tiles *t, const RAY_REAL *strip, RAY_REAL *points)
{
    for (int64_t y = 0; y < t->ny; y++) {
        const RAY_REAL *from = strip + y * tile * t->strip_row * LANES;
        for (int64_t x = 0; x < t->nx; x++, points += t->row)
            tile_in(tile, from + x * tile * LANES, t->strip_row * LANES, points, t->point);
    }
}

INLINE void tile_out(const int tile, const RAY_REAL *points, int64_t point, vec scale, vec shift,
                     RAY_REAL *to, int64_t row)
{
    const int in = tile + 2;
    vec half[LARGE * MOST_IN];
    #pragma GCC unroll 8
    for (int x = 0; x < in; x++) {
        vec m[MOST_IN];
        #pragma GCC unroll 8
        for (int y = 0; y < in; y++)
            m[y] = LOAD(points + (y * in + x) * point);
        output_transform(tile, m, 1, half + x * tile);
    }
    #pragma GCC unroll 6
    for (int y = 0; y < tile; y++) {
        vec v[LARGE];
        output_transform(tile, half + y, tile, v);
        #pragma GCC unroll 6
        for (int x = 0; x < tile; x++)
            STORE(to + y * row + x * LANES, v[x] * scale + shift);
    }
}

INLINE void tiles_out(const int tile, const ray_tiles *t, const RAY_REAL *points,
                      const RAY_REAL *scale, const RAY_REAL *shift, RAY_REAL *strip)
{
    vec by = LOAD(scale), plus = LOAD(shift);
    int64_t row = t->strip_row * LANES;
    for (int64_t y = 0; y < t->ny; y++) {
        RAY_REAL *to = strip + y * tile * row;
        for (int64_t x = 0; x < t->nx; x++, points += t->row, to += tile * LANES)
            tile_out(tile, points, t->point, by, plus, to, row);
    }
}

INLINE vec clamped(vec v, ray_clamp clamp)
{
    if (clamp == RAY_CLAMP_NONE)
        return v;
    return positive(clamp == RAY_CLAMP_POSITIVE ? v : -v);
}

INLINE void kernels_in(const int tile, const ray_kernels *k, const RAY_REAL *taps,
                       RAY_REAL *points)
{
    const int in = tile + 2;
    for (int64_t i = 0; i < k->count; i++, taps += RAY_TAPS * LANES, points += k->step) {
        vec g[RAY_TAPS], half[3 * MOST_IN];
        for (int t = 0; t < RAY_TAPS; t++)
            g[t] = clamped(LOAD(taps + (k->turned ? RAY_TAPS - 1 - t : t) * LANES), k->clamp);
        #pragma GCC unroll 3
        for (int x = 0; x < 3; x++)
            kernel_transform(tile, g + x, 3, half + x * in);
        #pragma GCC unroll 8
        for (int y = 0; y < in; y++) {
            vec v[MOST_IN];
            kernel_transform(tile, half + y, in, v);
            #pragma GCC unroll 8
            for (int x = 0; x < in; x++)
                STORE(points + (y * in + x) * k->point, v[x]);
        }
    }
}

/* ---- Both sizes ---- */

#define TILING(size, tile) \
    static void tiles_in_##size(const ray_tiles *t, const RAY_REAL *strip, RAY_REAL *points) \
    { \
        tiles_in(tile, t, strip, points); \
    } \
    static void tiles_out_##size(const ray_tiles *t, const RAY_REAL *points, \
                                 const RAY_REAL *scale, const RAY_REAL *shift, RAY_REAL *strip) \
    { \
        tiles_out(tile, t, points, scale, shift, strip); \
    } \
    static void kernels_in_##size(const ray_kernels *k, const RAY_REAL *taps, RAY_REAL *points) \
    { \
        kernels_in(tile, k, taps, points); \
    } \
    static const ray_tiling size = { tile, tiles_in_##size, tiles_out_##size, kernels_in_##size };

TILING(small, SMALL)
TILING(large, LARGE)

#endif
