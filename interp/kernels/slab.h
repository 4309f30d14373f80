/* SPDX-License-Identifier: MIT */
/* slab.h - the source of a convolution copied with its padding, so that each tap reads it at one
 * distance.
 *
 * A band of the source of one group is copied into a slab, split into phases: source index =
 * index * step + phase - lead along each axis.  Rows of a phase follow one another, so that a band
 * of results is one flat run of columns,
 *     flat[i] = sum over channels and taps of weight * slab[channel][i + shift of the tap],
 * without any border; columns between the end of a row of results and the next row are of no use.
 * Output: step is the stride.  Gradient: the source is dy, step is 1, and results fall into as many
 * phases as the stride, each with taps of its own. */
#ifndef RAY_KERNELS_SLAB_H
#define RAY_KERNELS_SLAB_H

#include "conv_methods.h"

enum { RAY_SLAB_TAPS = 256, RAY_SLAB_PHASES = 64 };

typedef struct ray_slab_axis {
    int64_t source, step, lead, phases, length; /* length: of one phase in the slab */
    int64_t result, result_phases, count;       /* count: results of the longest phase */
} ray_slab_axis;

typedef struct ray_slab {
    const ray_conv_job *job;
    ray_slab_axis axes[RAY_CONV_AXES];
    int64_t sources;                /* channels of a group */
    int64_t band, bands;            /* rows of results (counted within a phase) at a time */
    int64_t rows;                   /* of the slab, per phase and depth */
    int64_t phase_size, size;       /* numbers of one phase, from one channel to the next */
    int64_t begin[RAY_SLAB_PHASES]; /* of the source in a line, by phase of the width */
    int64_t end[RAY_SLAB_PHASES];
    int64_t phases;                     /* of the result, all axes */
    int64_t start[RAY_SLAB_PHASES + 1]; /* taps of each phase of the result */
    int64_t shift[RAY_SLAB_TAPS], tap[RAY_SLAB_TAPS];
} ray_slab;

/* Whether a slab can describe the job, and loses little between rows. */
bool ray_slab_suits(const ray_conv_job *job);

/* Bands as high as `numbers` numbers of a slab allow. */
void ray_slab_make(ray_slab *slab, const ray_conv_job *job, int64_t numbers);

/* Bands of so many rows. */
void ray_slab_cut(ray_slab *slab, int64_t band);

/* Columns of a band of so many rows. */
int64_t ray_slab_columns(const ray_slab *slab, int64_t band);

/* Fills a slab from the channels of one group of an item, results from row `first` on. */
void ray_slab_fill(const ray_slab *slab, const RAY_REAL *source, int64_t first, RAY_REAL *to);

/* Results of phase r of an axis. */
static inline int64_t ray_slab_count(const ray_slab_axis *x, int64_t r)
{
    return r < x->result ? (x->result - r + x->result_phases - 1) / x->result_phases : 0;
}

#endif
