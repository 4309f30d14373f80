/* SPDX-License-Identifier: MIT */
/* defaults.c - the saliency layers that a graph file names for methods: they must be its own. */
#include "network.h"

static int check_layer(const ray_graph *graph, const ray_node *layer, ray_error *error)
{
    if (layer->type != RAY_SCALAR || ray_node_is_null(layer))
        return ray_fail_at(error, graph->path, layer->mark,
                           "layer: the name of a layer is expected");
    if (ray_graph_find(graph, layer->text, error) == RAY_NO_ID)
        return ray_fail_prefix(error, "%s:%d:%d: ", graph->path, layer->mark.line,
                               layer->mark.column);
    return 0;
}

int ray_defaults_check(const ray_network *network, ray_error *error)
{
    const ray_description *d = &network->description;
    for (int32_t i = 0; i < d->n_defaults; i++) {
        const ray_node *layer = ray_node_find(d->defaults[i].values, "layer");
        if (layer && check_layer(&network->graph, layer, error))
            return -1;
    }
    return 0;
}
