/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include <string.h>

#include "base/text.h"

void ray_graph_free(ray_graph *graph)
{
    if (!graph)
        return;
    ray_arena_free(&graph->arena);
    *graph = (ray_graph){ 0 };
}

int32_t ray_graph_find(const ray_graph *graph, const char *name, ray_error *error)
{
    if (!*name)
        return 0;
    ray_nearest nearest = ray_nearest_start(name);
    char hint[160];
    for (int32_t a = 0; a < graph->first_weight; a++) {
        if (!strcmp(graph->activations[a].name, name))
            return a;
        ray_nearest_offer(&nearest, graph->activations[a].name);
    }
    ray_fail(error, "there is no layer \"%s\"%s", name,
             ray_nearest_hint(&nearest, hint, sizeof hint));
    return RAY_NO_ID;
}

void ray_graph_spread(const ray_graph *graph, bool *on_path)
{
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_graph_layer *layer = &graph->layers[i];
        for (int32_t k = 0; k < layer->info.n_in; k++)
            if (on_path[layer->in[k]])
                on_path[layer->out] = true;
    }
}

void ray_graph_gather(const ray_graph *graph, bool *leads)
{
    for (int32_t i = graph->n_layers - 1; i >= 0; i--) {
        const ray_graph_layer *layer = &graph->layers[i];
        for (int32_t k = 0; leads[layer->out] && k < layer->info.n_in; k++)
            leads[layer->in[k]] = true;
    }
}
