/* SPDX-License-Identifier: MIT */
/* machine.h - the inner loops that are built once for each kind of processor, and which to use.
 *
 * machine_variant.c is compiled once a kind, with that kind's instructions; everything else in this
 * room calls it through the table below.  Numbers travel in vectors of `lanes`; a product has two
 * vectors of columns. */
#ifndef RAY_KERNELS_MACHINE_H
#define RAY_KERNELS_MACHINE_H

#include <stdbool.h>

#include "ray_types.h"

enum {
    RAY_TILE = 4,                               /* Winograd: outputs of a tile along an axis */
    RAY_TILE_IN = 6,                            /* inputs that they read */
    RAY_TILE_POINTS = RAY_TILE_IN * RAY_TILE_IN,
    RAY_TAPS = 9,
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

/* Tiles of one strip (`lanes` channels, one vector a position): ny x nx of them. */
typedef struct ray_tiles {
    int64_t ny, nx;
    int64_t strip_row;                          /* positions in a row of the strip */
    int64_t point;                              /* numbers from one point's matrix to the next's */
    int64_t row;                                /* from one tile to the next in a matrix */
} ray_tiles;

/* y[item * y_item + row] += W[row] . x[item] over n columns. */
typedef struct ray_dots {
    const RAY_REAL *w, *x;
    RAY_REAL       *y;
    int64_t         w_row, x_item, y_item;      /* numbers from one to the next */
    int64_t         rows, items, n;
} ray_dots;

typedef struct ray_machine {
    const char *name;
    int32_t lanes;                              /* numbers of a vector */
    int32_t rows;                               /* of C that fit in registers */
    bool  (*works)(void);                       /* on this processor */

    void  (*multiply)(const ray_product *product);
    void  (*dot)(const ray_dots *dots);
    /* sum[i] += g[0] W[0][i] + ... + g[rows - 1] W[rows - 1][i], in the order of the rows as multiply
     * takes its depth; rows of W are `stride` apart, n is a multiple of lanes. */
    void  (*sum_rows)(const RAY_REAL *w, int64_t stride, const RAY_REAL *g, int64_t rows, int64_t n,
                      RAY_REAL *sum);

    /* to[i * lanes + r] = rows[r * step + i] for r below `count`, 0 for the other lanes; and back,
     * only lanes below `count`. */
    void  (*interleave)(const RAY_REAL *rows, int64_t step, int64_t count, int64_t n, RAY_REAL *to);
    void  (*spread)(const RAY_REAL *from, int64_t n, RAY_REAL *rows, int64_t step, int64_t count);

    /* Winograd F(4x4, 3x3): a strip to the points of its tiles; points to a strip, plus bias[r],
     * negative numbers made 0 with `relu`; n kernels (each 9 vectors) to their points, `step`
     * numbers from one kernel to the next, taps in reverse order with `turned`. */
    void  (*tiles_in)(const ray_tiles *tiles, const RAY_REAL *strip, RAY_REAL *points);
    void  (*tiles_out)(const ray_tiles *tiles, const RAY_REAL *points, const RAY_REAL *bias,
                       bool relu, RAY_REAL *strip);
    void  (*kernels_in)(const RAY_REAL *taps, int64_t n, bool turned, ray_clamp clamp,
                        RAY_REAL *points, int64_t point, int64_t step);
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
