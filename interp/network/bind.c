/* SPDX-License-Identifier: MIT */
/* bind.c - tensors of a weights file to the weights of a graph. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "network.h"

/* "file.yaml:12:7: conv2d "c3": " before the message that is there. */
static int fail_weight(const ray_network *network, int32_t id, ray_error *error)
{
    const ray_graph *graph = &network->graph;
    const ray_graph_layer *layer = &graph->layers[graph->activations[id].consumers[0]];
    return ray_fail_prefix(error, "%s:%d:%d: %s \"%s\": ", graph->path, layer->mark.line,
                           layer->mark.column, layer->info.kind, layer->info.name);
}

static bool is_weight(const ray_graph *graph, const char *name)
{
    for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
        if (!strcmp(graph->activations[a].name, name))
            return true;
    return false;
}

/* The slip, if it is one, is among the tensors that are nobody's. */
static int missing_weight(const ray_network *network, int32_t id, ray_error *error)
{
    const char *name = network->graph.activations[id].name;
    ray_nearest nearest = ray_nearest_start(name);
    char hint[160];
    for (int i = 0; i < ray_weights_count(network->file); i++)
        if (!is_weight(&network->graph, ray_weights_name(network->file, i)))
            ray_nearest_offer(&nearest, ray_weights_name(network->file, i));
    ray_fail(error, "parameter \"%s\" is missing from %s%s", name,
             ray_weights_path(network->file), ray_nearest_hint(&nearest, hint, sizeof hint));
    return fail_weight(network, id, error);
}

static bool same_shape(const ray_tensor *tensor, const ray_shape *shape)
{
    return tensor->rank == shape->rank
           && !memcmp(tensor->dim, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
}

static int wrong_shape(const ray_network *network, int32_t id, const ray_tensor *found,
                       ray_error *error)
{
    const ray_activation *weight = &network->graph.activations[id];
    ray_shape have = { .rank = found->rank < RAY_MAX_RANK ? found->rank : RAY_MAX_RANK - 1 };
    char a[128], b[128];
    memcpy(have.dim, found->dim, (size_t)have.rank * sizeof *have.dim);
    ray_fail(error, "parameter \"%s\" has shape %s in %s; %s is needed", weight->name,
             ray_shape_text(&have, a), ray_weights_path(network->file),
             ray_shape_text(&weight->shape, b));
    return fail_weight(network, id, error);
}

static int bind_weight(ray_network *network, int32_t id, bool *used, ray_error *error)
{
    const ray_activation *weight = &network->graph.activations[id];
    int index = ray_weights_find(network->file, weight->name);
    if (index < 0)
        return missing_weight(network, id, error);
    ray_tensor shape;
    ray_weights_shape(network->file, index, &shape);
    if (!same_shape(&shape, &weight->shape))
        return wrong_shape(network, id, &shape, error);
    used[index] = true;
    return ray_weights_take(network->file, index,
                            &network->weights[id - network->graph.first_weight], error);
}

/* A tensor that its layer knows and does not need, such as a counter of training batches. */
static bool is_ignored_by_layer(const ray_graph *graph, const char *tensor)
{
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_graph_layer *layer = &graph->layers[i];
        size_t n = strlen(layer->info.name);
        if (layer->kind->ignored && !strncmp(tensor, layer->info.name, n) && tensor[n] == '.'
            && !strcmp(tensor + n + 1, layer->kind->ignored))
            return true;
    }
    return false;
}

static bool is_ignored(const ray_network *network, const char *tensor)
{
    const ray_description *d = &network->description;
    for (int32_t i = 0; i < d->n_ignored_weights; i++)
        if (!fnmatch(d->ignored_weights[i].text, tensor, 0))
            return true;
    return is_ignored_by_layer(&network->graph, tensor);
}

static int check_unused(const ray_network *network, const bool *used, ray_error *error)
{
    const ray_graph *graph = &network->graph;
    for (int i = 0; i < ray_weights_count(network->file); i++) {
        const char *name = ray_weights_name(network->file, i);
        if (used[i] || is_ignored(network, name))
            continue;
        ray_nearest nearest = ray_nearest_start(name);
        char hint[160];
        for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
            ray_nearest_offer(&nearest, graph->activations[a].name);
        return ray_fail(error, "%s: tensor \"%s\" is used by no layer of %s%s; list it in "
                        "`ignore_weights:` if that is meant", ray_weights_path(network->file), name,
                        graph->path, ray_nearest_hint(&nearest, hint, sizeof hint));
    }
    return 0;
}

static int open_file(ray_network *network, const char *path, ray_error *error)
{
    return path ? ray_weights_open(&network->file, path, error)
                : ray_onnx_import_weights(&network->file, network->imported, error);
}

int ray_weights_bind(ray_network *network, const char *path, ray_error *error)
{
    if (open_file(network, path, error))
        return -1;
    const ray_graph *graph = &network->graph;
    int32_t n = graph->n_activations - graph->first_weight;
    bool *used = ray_alloc((size_t)ray_weights_count(network->file) + 1, sizeof *used);
    network->weights = ray_alloc((size_t)n + 1, sizeof *network->weights);
    int failed = used && network->weights ? 0 : ray_fail_memory(error);
    for (int32_t i = 0; !failed && i < n; i++)
        failed = bind_weight(network, graph->first_weight + i, used, error);
    if (!failed)
        failed = check_unused(network, used, error);
    free(used);
    return failed;
}
