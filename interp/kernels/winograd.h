/* SPDX-License-Identifier: MIT */
/* winograd.h - convolutions of 3x3 kernels with stride 1 by Winograd's F(m x m, 3x3): (m + 2)^2
 * products of matrices for m^2 outputs of a channel instead of 9 m^2.
 *
 * Rounding errors grow with the constants of the transforms: of the largest output, they stay below
 * 5e-6 with F(4x4) at 512 channels and below 2e-5 with F(6x6) at 128, where a plain sum stays below
 * 2e-6.
 *
 * strip    `lanes` channels of a block, one vector a position: made from planes, and made planes
 * block    a rectangle of tiles of one item: what a strip covers
 * group    blocks whose points are held at once: [chunk][matrix][tile][channel in of the chunk]
 * panel    two vectors of output channels: [matrix][tile][2 lanes], a product for each matrix
 * chunk    channels in whose transformed kernels of one panel stay in a thread's cache
 *
 * own      few channels: each task takes a block from its planes to its planes, in its cache, with
 *          kernels transformed before; one chunk
 * shared   many channels: all tasks transform a group, then each makes a panel of its outputs with
 *          kernels that it transforms: four times fewer numbers to read, whose transformed ones no
 *          cache would hold */
#ifndef RAY_KERNELS_WINOGRAD_H
#define RAY_KERNELS_WINOGRAD_H

#include "conv_methods.h"

/* One convolution of stride 1 being computed. */
typedef struct ray_winograd {
    const ray_conv_job *job;
    const ray_machine  *machine;
    const ray_tiling   *tiling;
    int64_t tile, matrices;             /* outputs of a tile along an axis; points of a tile */
    bool    shared;
    int64_t tiles_y, tiles_x;           /* of an item */
    int64_t block_y, block_x;           /* tiles of a block */
    int64_t blocks_y, blocks_x, blocks; /* of an item; of all items */
    int64_t together;                   /* blocks of a group */
    int64_t strips, panels;
    int64_t channels;                   /* in, those that fill up strips included */
    int64_t chunk, chunks;              /* channels in of a chunk: numbers of a tile's row */
    int64_t width;                      /* numbers of a panel's row */
    int64_t point, chunk_points;        /* numbers of a matrix of input points, of a chunk's */
    int64_t kernel;                     /* of a matrix of a panel's kernels, of a chunk */
    int64_t panel_point;                /* of a matrix of output points */
    int64_t strip_size, points_size, kernels_size, panel_size, lane_size;
    /* what is being computed */
    int64_t group;                      /* of channels */
    int64_t first, count;               /* blocks */
    const RAY_REAL *kernels;            /* transformed, of this group of channels; NULL: each panel of
                                         * a shared block makes its own */
    RAY_REAL *points;                   /* shared */
    RAY_REAL *lanes;
} ray_winograd;

/* The cut of a job whose method is Winograd's and whose stride is 1. */
ray_winograd ray_winograd_plan(const ray_conv_job *job);

/* Kernels of one panel and one chunk, from channel in `first` on: [matrix][channel in][2 lanes]. */
void ray_winograd_panel_kernels(const ray_winograd *w, int64_t panel, int64_t first, RAY_REAL *to);

/* Numbers of all kernels transformed, of one group of channels. */
int64_t ray_winograd_kernels(const ray_winograd *w);

/* Transforms those of all groups: panel after panel, each chunk after chunk. */
void ray_winograd_all_kernels(const ray_winograd *w, RAY_REAL *to);

#endif
