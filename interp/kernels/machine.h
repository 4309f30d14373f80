/* SPDX-License-Identifier: MIT */
/* machine.h - the inner loops that are built once for each kind of processor, and which to use.
 *
 * machine_variant.c is compiled once a kind, with that kind's instructions; everything else in this
 * room calls it through the table below.  Numbers travel in vectors of `lanes`; a product has two
 * vectors of columns. */
#ifndef RAY_KERNELS_MACHINE_H
#define RAY_KERNELS_MACHINE_H

#include <stdbool.h>

#include "finish.h"

enum {
    RAY_TAPS = 9,                               /* of a kernel of Winograd's */
    RAY_PLANE_KERNEL = 5,                       /* depthwise: kernels of 3x3 or 5x5 */
    RAY_PLANE_ROWS = 7,                         /* most rows of results at a time */
    RAY_DOT_ROWS = 3,                           /* rows of a dot product at a time */
    RAY_MOST_LANES = 16,
    RAY_MOST_ROWS = 14
};

/* What is done to weights on their way in: nothing, max(w, 0), max(-w, 0). */
typedef enum ray_clamp { RAY_CLAMP_NONE, RAY_CLAMP_POSITIVE, RAY_CLAMP_NEGATIVE } ray_clamp;

/* One product: C (rows x 2 lanes) = A (rows x depth) B (depth x 2 lanes). */
typedef struct ray_product {
    const RAY_REAL *a, *b;
    RAY_REAL       *c;
    int64_t         a_row, a_step;              /* A(r, d) = a[r * a_row + d * a_step]; one of them
                                                 * is 1 */
    int64_t         b_step, c_row;              /* B(d, j) = b[d * b_step + j] */
    int64_t         rows, depth;                /* any number of rows */
    bool            add;                        /* to what C holds */
    const RAY_REAL *bias;                       /* a number for each row to add, or NULL */
} ray_product;

/* Rows dealt out to slivers evenly, at most `rows` of the machine to one; first ... last - 1 of the
 * slivers are meant. */
typedef struct ray_slivers { int64_t rows, slivers, first, last; } ray_slivers;

/* The first row of a sliver. */
static inline int64_t ray_sliver_row(const ray_slivers *s, int64_t sliver)
{
    return sliver * s->rows / s->slivers;
}

/* Products of packed rows with columns of a slab: C (rows of slivers, columns) =
 * the sums over d of A(row, d) B(d, column). */
typedef struct ray_shifted {
    const RAY_REAL *a;                          /* slivers from `first` on, as pack makes them */
    const RAY_REAL *b;                          /* B(d, j) = b[steps[d] + j] */
    const int64_t  *steps;
    const RAY_REAL *bias;                       /* a number for each row of all slivers to add when
                                                 * not `add`, or NULL */
    RAY_REAL       *c;                          /* of the first row of sliver `first` */
    const RAY_REAL *fetch;                      /* where results will be written that lie like C, to
                                                 * be brought near meanwhile, or NULL */
    int64_t         c_row, fetch_row, depth;
    ray_slivers     slivers;
    int64_t         columns;                    /* whole vectors are read and written: four lanes
                                                 * beyond may be touched */
    bool            add;                        /* to what C holds */
} ray_shifted;

/* Tiles of one strip (`lanes` channels, one vector a position): ny x nx of them. */
typedef struct ray_tiles {
    int64_t ny, nx;
    int64_t strip_row;                          /* positions in a row of the strip */
    int64_t point;                              /* numbers from one point's matrix to the next's */
    int64_t row;                                /* from one tile to the next in a matrix */
} ray_tiles;

/* Kernels of `lanes` channels, 9 vectors each. */
typedef struct ray_kernels {
    int64_t   count;
    bool      turned;                           /* taps in reverse order */
    ray_clamp clamp;
    int64_t   point, step;                      /* numbers from one matrix, kernel to the next */
} ray_kernels;

/* Winograd's F(tile x tile, 3x3), (tile + 2) x (tile + 2) points: a strip to the points of its
 * tiles; points to a strip, times scale[r] plus shift[r]; kernels to their points. */
typedef struct ray_tiling {
    int64_t tile;
    void  (*tiles_in)(const ray_tiles *tiles, const RAY_REAL *strip, RAY_REAL *points);
    void  (*tiles_out)(const ray_tiles *tiles, const RAY_REAL *points, const RAY_REAL *scale,
                       const RAY_REAL *shift, RAY_REAL *strip);
    void  (*kernels_in)(const ray_kernels *kernels, const RAY_REAL *taps, RAY_REAL *points);
} ray_tiling;

/* Numbers of items that stand in vectors: `lanes` of the first item, as many of the next, ..., then
 * the next `lanes` of the first; item after item would have them meet in one cache set.  For one
 * item, as they are.
 *
 * sum[item * sum_item + row] += W[row] . x[item] over n columns, W clamped; x stands in vectors.  A
 * sum lies in `lanes` numbers, to be added up after the last columns; before them, n is a multiple
 * of lanes. */
typedef struct ray_dots {
    const RAY_REAL *w, *x;
    RAY_REAL       *sum;
    int64_t         w_row, sum_item;            /* numbers, sums from one to the next */
    int64_t         rows, items, n;
    ray_clamp       clamp;
} ray_dots;

/* sum[item][i] += g[item][row] W[row][i] for n columns, row after row, W clamped.  sum stands in
 * vectors. */
typedef struct ray_sums {
    const RAY_REAL *w, *g;
    RAY_REAL       *sum;
    int64_t         w_row, g_item;              /* numbers from one to the next */
    int64_t         rows, items, n;
    ray_clamp       clamp;
} ray_sums;

/* Some rows of one depthwise channel.  The slab holds what they read, borders included; weight is
 * kernel x kernel.
 * A filter: result(y, x) = sum over ky, kx of weight[ky][kx] slab(y step + ky, x step + kx), where
 * slab(r, c) = slab[r * line + c % step * phase + c / step].
 * spread, a gradient of stride 2: result(y, x) = sum over those ky, kx of weight[ky][kx] slab(r, c)
 * for which 2 (r - (kernel - 1) / 2) = y + odd_y - ky, 2 (c - (kernel - 1) / 2) = x + odd_x - kx.
 * Lines are read up to two vectors beyond their end, rows up to RAY_PLANE_ROWS results beyond. */
typedef struct ray_plane {
    const RAY_REAL   *slab, *weight;
    RAY_REAL         *result;                   /* the whole result of a convolution */
    const ray_finish *finish;                   /* never NULL; scale and shift: those below */
    int64_t           line, phase;
    int64_t           at, rows, columns;        /* the first row's first number in the result */
    int32_t           kernel, step;
    bool              spread, odd_y, odd_x;     /* spread: a gradient of stride 2 */
    RAY_REAL          scale, shift;
} ray_plane;

typedef struct ray_machine {
    const char *name;
    int32_t lanes;                              /* numbers of a vector */
    int32_t rows;                               /* of C that fit in registers */
    bool  (*works)(void);                       /* on this processor */

    void  (*multiply)(const ray_product *product);
    void  (*shifted)(const ray_shifted *product);
    /* One sliver: to[i * R + r] = rows[r * row + i] for i below n, R the machine's `rows` and r below
     * `count`.  Other numbers of it are anything. */
    void  (*pack)(const RAY_REAL *rows, int64_t row, int64_t count, int64_t n, RAY_REAL *to);
    /* Some slivers whose rows lie side by side, n steps of each, one sliver after another. */
    void  (*deal)(const ray_slivers *slivers, const RAY_REAL *rows, int64_t step, int64_t n,
                  RAY_REAL *to);
    /* to[i * R + r] = from[index[i] * R + r]; a vector beyond `from` may be read. */
    void  (*pick)(const RAY_REAL *from, const int64_t *index, int64_t n, RAY_REAL *to);
    void  (*dot)(const ray_dots *dots);
    void  (*sum_rows)(const ray_sums *sums);
    /* n numbers of each item, items `step` apart, into vectors; and back, added to the items. */
    void  (*stack)(const RAY_REAL *x, int64_t step, int64_t items, int64_t n, RAY_REAL *to);
    void  (*unstack)(const RAY_REAL *from, int64_t items, int64_t n, RAY_REAL *x, int64_t step);

    void  (*plane)(const ray_plane *plane);
    void  (*copy_line)(const RAY_REAL *from, int64_t n, RAY_REAL *to);
    /* even[i] = from[2 i], odd[i] = from[2 i + 1], n numbers in all. */
    void  (*split_line)(const RAY_REAL *from, int64_t n, RAY_REAL *even, RAY_REAL *odd);

    /* to[i * lanes + r] = rows[r * step + i] for r below `count`, 0 for the other lanes. */
    void  (*interleave)(const RAY_REAL *rows, int64_t step, int64_t count, int64_t n, RAY_REAL *to);
    /* And back: result[at + r * step + i] from from[i * lanes + r], what `finish` says done to it
     * except scale and shift. */
    void  (*spread)(const RAY_REAL *from, int64_t n, int64_t count, const ray_finish *finish,
                    int64_t at, int64_t step, RAY_REAL *result);

    const ray_tiling *small, *large;            /* F(4x4, 3x3), F(6x6, 3x3) */
} ray_machine;

/* The best one for this processor, unless ray_machine_use named another. */
const ray_machine *ray_machine_get(void);

/* All that were built, by position, whether or not they work here; NULL past the end. */
const ray_machine *ray_machine_at(int index);

/* For the whole process, before any work: the machine named so, or "plain": NULL from
 * ray_machine_get, so that every kernel takes its simplest way; NULL: the best again.
 * Returns -1 when there is none of that name that works here. */
int ray_machine_use(const char *name);

#endif
