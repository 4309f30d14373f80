/* SPDX-License-Identifier: MIT */
/* info.c - what a caller can learn about a network and about layer types. */
#include <string.h>

#include "network.h"

const char *ray_version(void)
{
    return RAY_VERSION;
}

int ray_network_layer(const ray_network *network, int index, ray_layer_info *info)
{
    const ray_graph *graph = &network->graph;
    if (index < 0 || index >= graph->n_layers)
        return -1;
    const ray_graph_layer *layer = &graph->layers[index];
    const ray_shape *shape = &graph->activations[layer->out].shape;
    *info = (ray_layer_info){ .name = layer->info.name, .kind = layer->info.kind,
        .n_inputs = layer->info.n_in, .shape = { .dim = { 1 }, .rank = shape->rank + 1 },
        .macs = layer->macs, .line = layer->mark.line };
    memcpy(info->shape.dim + 1, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        if (layer->weight[w] != RAY_NO_ID)
            info->parameters += graph->activations[layer->weight[w]].size;
    return 0;
}

const char *ray_network_layer_input(const ray_network *network, int index, int k)
{
    const ray_graph *graph = &network->graph;
    if (index < 0 || index >= graph->n_layers || k < 0 || k >= graph->layers[index].info.n_in)
        return NULL;
    return graph->activations[graph->layers[index].in[k]].name;
}

const char *ray_network_input_name(const ray_network *network)
{
    return network->graph.activations[0].name;
}

const char *ray_network_output_name(const ray_network *network)
{
    return network->graph.activations[network->graph.output].name;
}

static void fill_kind_info(const ray_kind *kind, ray_kind_info *info)
{
    *info = (ray_kind_info){ .name = kind->name, .summary = kind->summary, .traits = kind->traits,
                             .options = kind->options, .weights = kind->weights };
}

int ray_kind_info_at(int index, ray_kind_info *info)
{
    const ray_kind *kind = ray_kind_at(index);
    if (!kind)
        return -1;
    fill_kind_info(kind, info);
    return 0;
}

int ray_kind_info_find(const char *name, ray_kind_info *info, ray_error *error)
{
    const ray_kind *kind = ray_kind_find(name);
    if (!kind)
        return ray_kind_unknown(name, error);
    fill_kind_info(kind, info);
    return 0;
}
