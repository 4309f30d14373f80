/* SPDX-License-Identifier: MIT */
/* winograd_tiles.h - the three transforms of Winograd's F(4x4, 3x3) on vectors of channels.  Only
 * for machine_variant.c.
 *
 * An output tile of 4 x 4 is A' [(G g G') * (B' d B)] A for a kernel g of 3 x 3 and an input tile d
 * of 6 x 6, with interpolation points 0, 1, -1, 2, -2 and infinity. */
#ifndef RAY_KERNELS_WINOGRAD_TILES_H
#define RAY_KERNELS_WINOGRAD_TILES_H

#include "machine.h"
#include "simd.h"

/* B' d: six numbers, `step` apart, to six. */
INLINE void input_transform(const vec *d, const int step, vec *to)
{
    vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    vec a = d4 - 4 * d2, b = d3 - 4 * d1, c = d4 - d2, e = 2 * (d3 - d1);
    to[0] = 4 * d0 - 5 * d2 + d4;
    to[1] = a + b;
    to[2] = a - b;
    to[3] = c + e;
    to[4] = c - e;
    to[5] = 4 * d1 - 5 * d3 + d[5 * step];
}

/* A' m: six to four. */
INLINE void output_transform(const vec *m, const int step, vec *to)
{
    vec a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    vec c = m[3 * step] + m[4 * step], e = m[3 * step] - m[4 * step];
    to[0] = m[0] + a + c;
    to[1] = b + 2 * e;
    to[2] = a + 4 * c;
    to[3] = b + 8 * e + m[5 * step];
}

/* G g: three to six. */
INLINE void kernel_transform(const vec *g, const int step, vec *to)
{
    const RAY_REAL sixth = (RAY_REAL)1 / 6;
    vec g0 = g[0], g1 = g[step], g2 = g[2 * step];
    vec a = (g0 + g2) * -sixth, b = g1 * sixth;
    vec c = g0 * (sixth / 4) + g2 * sixth, e = g1 * (sixth / 2);
    to[0] = g0 * (RAY_REAL)0.25;
    to[1] = a - b;
    to[2] = a + b;
    to[3] = c + e;
    to[4] = c - e;
    to[5] = g2;
}

INLINE void tile_in(const RAY_REAL *from, int64_t row, RAY_REAL *points, int64_t point)
{
    vec half[RAY_TILE_POINTS];
    #pragma GCC unroll 6
    for (int x = 0; x < RAY_TILE_IN; x++) {
        vec d[RAY_TILE_IN];
        #pragma GCC unroll 6
        for (int y = 0; y < RAY_TILE_IN; y++)
            d[y] = LOAD(from + y * row + x * LANES);
        input_transform(d, 1, half + x * RAY_TILE_IN);
    }
    #pragma GCC unroll 6
    for (int y = 0; y < RAY_TILE_IN; y++) {
        vec v[RAY_TILE_IN];
        input_transform(half + y, RAY_TILE_IN, v);
        #pragma GCC unroll 6
        for (int x = 0; x < RAY_TILE_IN; x++)
            STORE(points + (y * RAY_TILE_IN + x) * point, v[x]);
    }
}

static void tiles_in(const ray_tiles *t, const RAY_REAL *strip, RAY_REAL *points)
{
    for (int64_t y = 0; y < t->ny; y++) {
        const RAY_REAL *from = strip + y * RAY_TILE * t->strip_row * LANES;
        for (int64_t x = 0; x < t->nx; x++, points += t->row)
            tile_in(from + x * RAY_TILE * LANES, t->strip_row * LANES, points, t->point);
    }
}

INLINE void tile_out(const RAY_REAL *points, int64_t point, vec bias, const bool relu, RAY_REAL *to,
                     int64_t row)
{
    vec half[RAY_TILE * RAY_TILE_IN];
    #pragma GCC unroll 6
    for (int x = 0; x < RAY_TILE_IN; x++) {
        vec m[RAY_TILE_IN];
        #pragma GCC unroll 6
        for (int y = 0; y < RAY_TILE_IN; y++)
            m[y] = LOAD(points + (y * RAY_TILE_IN + x) * point);
        output_transform(m, 1, half + x * RAY_TILE);
    }
    #pragma GCC unroll 4
    for (int y = 0; y < RAY_TILE; y++) {
        vec v[RAY_TILE];
        output_transform(half + y, RAY_TILE, v);
        #pragma GCC unroll 4
        for (int x = 0; x < RAY_TILE; x++) {
            vec sum = v[x] + bias;
            STORE(to + y * row + x * LANES, relu ? positive(sum) : sum);
        }
    }
}

static void tiles_out(const ray_tiles *t, const RAY_REAL *points, const RAY_REAL *bias, bool relu,
                      RAY_REAL *strip)
{
    vec b = LOAD(bias);
    int64_t row = t->strip_row * LANES;
    for (int64_t y = 0; y < t->ny; y++) {
        RAY_REAL *to = strip + y * RAY_TILE * row;
        for (int64_t x = 0; x < t->nx; x++, points += t->row, to += RAY_TILE * LANES) {
            if (relu)
                tile_out(points, t->point, b, true, to, row);
            else
                tile_out(points, t->point, b, false, to, row);
        }
    }
}

INLINE vec clamped(vec v, ray_clamp clamp)
{
    if (clamp == RAY_CLAMP_NONE)
        return v;
    return positive(clamp == RAY_CLAMP_POSITIVE ? v : -v);
}

static void kernels_in(const RAY_REAL *taps, int64_t n, bool turned, ray_clamp clamp,
                       RAY_REAL *points, int64_t point, int64_t step)
{
    for (int64_t i = 0; i < n; i++, taps += RAY_TAPS * LANES, points += step) {
        vec g[RAY_TAPS], half[3 * RAY_TILE_IN];
        for (int t = 0; t < RAY_TAPS; t++)
            g[t] = clamped(LOAD(taps + (turned ? RAY_TAPS - 1 - t : t) * LANES), clamp);
        #pragma GCC unroll 3
        for (int x = 0; x < 3; x++)
            kernel_transform(g + x, 3, half + x * RAY_TILE_IN);
        #pragma GCC unroll 6
        for (int y = 0; y < RAY_TILE_IN; y++) {
            vec v[RAY_TILE_IN];
            kernel_transform(half + y, RAY_TILE_IN, v);
            #pragma GCC unroll 6
            for (int x = 0; x < RAY_TILE_IN; x++)
                STORE(points + (y * RAY_TILE_IN + x) * point, v[x]);
        }
    }
}

#endif
