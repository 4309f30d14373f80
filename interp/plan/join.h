/* SPDX-License-Identifier: MIT */
/* join.h - layers that others compute on their way out.
 *
 * A head (a convolution, say) is followed by layers that change each number of its result by itself:
 * scaled by channel (a batch norm), summed with another activation, limited (a ReLU).  Where nobody
 * else wants the numbers between, the head's kernel does all of it and writes the last layer's
 * output only.  A joined group is evaluated when its last layer's turn comes. */
#ifndef RAY_PLAN_JOIN_H
#define RAY_PLAN_JOIN_H

#include "graph/graph.h"

/* By layer. */
typedef struct ray_join {
    int32_t head;                   /* that computes this layer; itself where nothing is joined */
    int32_t tail;                   /* of a head: the last layer of its group */
    int32_t scale, add, limit;      /* of a head: layers that joined so, or RAY_NO_ID */
    int32_t added;                  /* of a head: the activation that add adds */
} ray_join;

/* Nothing joined. */
void ray_join_none(ray_join *joins, int32_t n_layers);

/* passing: by activation, whether its value is wanted by a single layer and by nobody later, so
 * that it need not be in memory.  A value that is made in a joined group is no longer there. */
void ray_join_find(ray_join *joins, const ray_graph *graph, const bool *passing);

/* The step at which a layer reads its inputs and writes its output. */
static inline int32_t ray_join_step(const ray_join *joins, int32_t layer)
{
    return joins[joins[layer].head].tail;
}

/* Whether a layer's output is inside of a joined group, and so in no memory. */
static inline bool ray_join_hides(const ray_join *joins, int32_t layer)
{
    return ray_join_step(joins, layer) != layer;
}

#endif
