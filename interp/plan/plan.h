/* SPDX-License-Identifier: MIT */
/* plan.h - where activations, signals and scratch of one batch lie in memory. */
#ifndef RAY_PLAN_PLAN_H
#define RAY_PLAN_PLAN_H

#include "join.h"

/* What is wanted of a run.  Arrays belong to the caller. */
typedef struct ray_demand {
    int64_t        batch;
    const bool    *keep_value;      /* by activation: its value stays until the next forward */
    const bool    *want_signal;     /* by activation: backward goes here, and the signal stays */
    const uint8_t *reads;           /* by layer: RAY_READS_* of its backward function, if run */
    const bool    *ends;            /* by activation: evaluated, kept, and a backward pass may start
                                     * there; NULL: the network's output alone */
    const bool    *replaced;        /* by layer: a function other than the kind's own may run
                                     * backward; NULL: none */
    bool           join;            /* layers may join others, and share memory with them: only what
                                     * is asked for above is sure to be there */
} ray_demand;

/* Offsets are in numbers, multiples of 16; RAY_NO_ID: no place, not needed or inside of a joined
 * group.  Activations share a place where the one is made of the other number by number. */
typedef struct ray_plan {
    int64_t  batch;
    int64_t *value;                 /* by activation */
    int64_t *signal;                /* by activation; those on the way to a wanted one too */
    bool    *needed;                /* by activation: leads to an end or to a value that is kept */
    bool    *stays;                 /* by activation: its place keeps a value until the next forward */
    ray_join *joins;                /* by layer */
    bool    *turns;                 /* by layer: its backward function turns the signal at its output
                                     * into that at its input in one place, wanted by nobody before */
    int64_t  values_size, signals_size;
    int64_t  spare_size;            /* the second signal of an activation with several readers */
    int64_t  work_size;             /* the largest workspace of a layer */
} ray_plan;

/* Whether the layer's own backward function can add to the signals that others left, by its finish. */
bool ray_layer_adds(const ray_graph_layer *layer, bool replaced);

/* Bytes of all blocks. */
double ray_plan_bytes(const ray_plan *plan);

int  ray_plan_make(ray_plan *plan, const ray_graph *graph, const ray_demand *demand,
                   ray_error *error);
void ray_plan_free(ray_plan *plan);

#endif
