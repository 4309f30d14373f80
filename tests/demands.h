/* SPDX-License-Identifier: MIT */
/* demands.h - what tests want of a run: made up, or by the names of layers. */
#ifndef RAY_TESTS_DEMANDS_H
#define RAY_TESTS_DEMANDS_H

#include "random_graph.h"
#include "run/exec.h"

typedef struct wishes { bool *keep, *want, *ends, *replaced; uint8_t *reads; } wishes;

/* Nothing but the output; backward functions read what their kinds do. */
static inline wishes wishes_create(const ray_graph *graph)
{
    size_t n = (size_t)graph->first_weight;
    wishes w = { calloc(n, 1), calloc(n, 1), calloc(n, 1), calloc(n, 1), calloc(n, 1) };
    w.ends[graph->output] = true;
    for (int32_t i = 0; i < graph->n_layers; i++)
        w.reads[i] = (uint8_t)graph->layers[i].kind->reads;
    return w;
}

static inline void wishes_free(wishes *w)
{
    free(w->keep);
    free(w->want);
    free(w->ends);
    free(w->replaced);
    free(w->reads);
}

static inline ray_demand wishes_demand(const wishes *w, int64_t batch, bool join)
{
    return (ray_demand){ .batch = batch, .keep_value = w->keep, .want_signal = w->want,
                         .ends = w->ends, .reads = w->reads, .replaced = w->replaced,
                         .join = join };
}

/* One in so many: values kept, signals wanted, other ends than the output, functions replaced.
 * 0: none; 1: all. */
typedef struct odds { int keep, want, ends, replaced; } odds;

static inline bool odds_fall(uint32_t *seed, int one_in)
{
    return one_in && random_below(seed, one_in) == 0;
}

/* With other ends the output may be none.  A function in the place of another reads anything. */
static inline wishes wishes_make_up(const ray_graph *graph, const odds *o, uint32_t seed)
{
    wishes w = wishes_create(graph);
    w.ends[graph->output] = !o->ends || odds_fall(&seed, 2);
    for (int32_t a = 0; a < graph->first_weight; a++) {
        w.keep[a] = odds_fall(&seed, o->keep);
        w.want[a] = odds_fall(&seed, o->want);
        w.ends[a] |= odds_fall(&seed, o->ends);
    }
    for (int32_t i = 0; i < graph->n_layers; i++) {
        w.replaced[i] = odds_fall(&seed, o->replaced);
        if (w.replaced[i])
            w.reads[i] = (uint8_t)random_below(&seed, 4);
    }
    return w;
}

#endif
