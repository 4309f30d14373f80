/* SPDX-License-Identifier: MIT */
#include "join.h"

void ray_join_none(ray_join *joins, int32_t n_layers)
{
    for (int32_t i = 0; i < n_layers; i++)
        joins[i] = (ray_join){ .head = i, .tail = i, .scale = RAY_NO_ID, .add = RAY_NO_ID,
                               .limit = RAY_NO_ID, .added = RAY_NO_ID };
}

/* The other input of a sum of two that have the same shape, RAY_NO_ID: it is no such sum. */
static int32_t other_summand(const ray_graph *graph, const ray_graph_layer *sum, int32_t from)
{
    if (sum->info.n_in != 2)
        return RAY_NO_ID;
    int32_t other = sum->in[sum->in[0] == from];
    int64_t size = graph->activations[sum->out].size;
    bool whole = graph->activations[from].size == size && graph->activations[other].size == size;
    return whole && other != from ? other : RAY_NO_ID;
}

/* Layer `next` reads what `head` makes so far and joins it, if a kernel can do that after what it
 * does already. */
static bool join(ray_join *joins, const ray_graph *graph, int32_t head, int32_t next)
{
    const ray_graph_layer *layer = &graph->layers[next];
    ray_join *j = &joins[head];
    uint32_t how = layer->kind->joins & graph->layers[head].kind->finishes;
    if (!how || joins[next].head != next || j->limit != RAY_NO_ID
        || (how < RAY_JOIN_LIMIT && j->add != RAY_NO_ID)
        || (how == RAY_JOIN_SCALE && j->scale != RAY_NO_ID))
        return false;
    if (how == RAY_JOIN_ADD) {
        j->added = other_summand(graph, layer, graph->layers[j->tail].out);
        if (j->added == RAY_NO_ID)
            return false;
        j->add = next;
    } else {
        *(how == RAY_JOIN_SCALE ? &j->scale : &j->limit) = next;
    }
    j->tail = next;
    joins[next].head = head;
    return true;
}

void ray_join_find(ray_join *joins, const ray_graph *graph, const bool *passing)
{
    for (int32_t i = 0; i < graph->n_layers; i++) {
        if (joins[i].head != i || !graph->layers[i].kind->finishes)
            continue;
        int32_t a = graph->layers[i].out;
        while (passing[a] && join(joins, graph, i, graph->activations[a].consumers[0]))
            a = graph->layers[joins[i].tail].out;
    }
}
