/* SPDX-License-Identifier: MIT */
/* random_weights.c - weights for benchmarks and tests.  Weights of rank 2 and more are uniform with
 * variance 2 / fan-in (He et al., "Delving deep into rectifiers", ICCV 2015); scales and variances
 * are near 1, offsets near 0.  Each number depends on seed, tensor and position alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): position in, well mixed bits out. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void fill_uniform(RAY_REAL *data, int64_t n, uint64_t key, double low, double high)
{
    #pragma omp parallel for schedule(static) if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        data[i] = (RAY_REAL)(low + (high - low) * (double)(mix(key + (uint64_t)i) >> 40) * 0x1p-24);
}

static void fill_weight(RAY_REAL *data, const ray_activation *weight, const char *role,
                        uint64_t key)
{
    const ray_shape *shape = &weight->shape;
    if (shape->rank >= 2) {
        double bound = sqrt(6.0 * (double)shape->dim[0] / (double)weight->size);
        fill_uniform(data, weight->size, key, -bound, bound);
    } else if (!strcmp(role, "weight") || !strcmp(role, "running_var")) {
        fill_uniform(data, weight->size, key, 0.75, 1.25);
    } else {
        fill_uniform(data, weight->size, key, -0.1, 0.1);
    }
}

/* The name by which the first layer that reads a weight knows it. */
static const char *find_role(const ray_graph *graph, int32_t id)
{
    const ray_graph_layer *layer = &graph->layers[graph->activations[id].consumers[0]];
    for (int32_t w = 0; w < layer->info.n_weights; w++)
        if (layer->weight[w] == id)
            return layer->kind->weights[w];
    return "";
}

static int64_t round_up(int64_t n)
{
    return (n + 15) / 16 * 16;
}

int ray_weights_randomize(ray_network *network, uint64_t seed, ray_error *error)
{
    const ray_graph *graph = &network->graph;
    int32_t n = graph->n_activations - graph->first_weight;
    int64_t total = 0;
    for (int32_t i = 0; i < n; i++)
        total += round_up(graph->activations[graph->first_weight + i].size);
    network->weights = ray_alloc((size_t)n + 1, sizeof *network->weights);
    network->random = ray_alloc_aligned(((size_t)total + 16) * sizeof *network->random);
    if (!network->weights || !network->random)
        return ray_fail_memory(error);
    RAY_REAL *at = network->random;
    for (int32_t i = 0; i < n; i++) {
        const ray_activation *weight = &graph->activations[graph->first_weight + i];
        ray_tensor *tensor = &network->weights[i];
        tensor->data = at;
        tensor->rank = weight->shape.rank;
        memcpy(tensor->dim, weight->shape.dim, (size_t)tensor->rank * sizeof *tensor->dim);
        fill_weight(at, weight, find_role(graph, graph->first_weight + i),
                    mix(seed) + mix((uint64_t)i + 1));
        at += round_up(weight->size);
    }
    return 0;
}
