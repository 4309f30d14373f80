/* SPDX-License-Identifier: MIT */
/* conv_slab.h - how a convolution is computed from slabs: the plan, and the weights for it. */
#ifndef RAY_KERNELS_CONV_SLAB_H
#define RAY_KERNELS_CONV_SLAB_H

#include "slab.h"

enum { RAY_SLAB_STEPS = 640 }; /* most steps of a product */

typedef struct ray_slab_plan {
    const ray_conv_job *job;
    const ray_machine *machine;
    ray_slab slab;
    bool flat;                /* kernel 1, stride 1: columns are positions, of all items if there is
                               * one group */
    bool merged;              /* phases of the result are rows of one product */
    int64_t sources, results; /* channels of a group */
    int64_t products;         /* matrices of packed rows: phases, or 1 */
    int64_t start[RAY_SLAB_PHASES + 1];               /* taps of each product */
    int64_t shift[RAY_SLAB_TAPS], tap[RAY_SLAB_TAPS]; /* tap: not with merged */
    int64_t rows, slivers;                            /* of each product */
    int64_t chunk;                /* sources whose products are summed in registers */
    int64_t run;                  /* slivers whose sums are held at once */
    int64_t parts, bands, blocks; /* tasks: parts x bands of columns x blocks of slivers */
    int64_t tiles;                /* flat: tiles of columns of a part, dealt out to bands */
    int64_t columns;              /* flat: of a part */
    int64_t c_row, c_size;        /* sums: numbers of a row, of a product */
    int64_t slab_numbers, lane_numbers;
    int64_t packed_group;   /* numbers of packed weights of a group */
    const RAY_REAL *packed; /* NULL: tasks pack what they need */
    bool fresh;             /* they do, if nothing is prepared: few tasks use the same weights */
    int64_t fresh_numbers;
} ray_slab_plan;

void ray_slab_plan_make(ray_slab_plan *plan, const ray_conv_job *job);

/* Weights of some slivers for `count` sources from number `source` on, all products. */
typedef struct ray_slab_chunk {
    int64_t group, source, count;
    ray_slivers slivers;
    RAY_REAL *to[RAY_SLAB_PHASES];            /* of each product: where to pack */
    const RAY_REAL *weights[RAY_SLAB_PHASES]; /* and where they lie, packed before or now */
} ray_slab_chunk;

void ray_slab_pack_chunk(const ray_slab_plan *plan, const ray_slab_chunk *chunk);

/* All weights: for each group and product, for each chunk of sources, slivers one after another. */
int64_t ray_slab_packed(const ray_slab_plan *plan);
void ray_slab_pack(const ray_slab_plan *plan, RAY_REAL *to);

/* Of a product: numbers before it in the weights of a group. */
static inline int64_t ray_slab_product(const ray_slab_plan *plan, int64_t product)
{
    return plan->start[product] * plan->sources * plan->slivers * plan->machine->rows;
}

#endif
