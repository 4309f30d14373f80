/* SPDX-License-Identifier: MIT */
#include "bench.h"

/* The name of the layer that computes layer i together with its own, or NULL. */
static const char *find_joined(const ray_exec *exec, int32_t i)
{
    int32_t head = exec->plan.joins[i].head;
    return head == i ? NULL : exec->network->graph.layers[head].info.name;
}

static ray_op operands(const ray_exec *exec, const ray_graph_layer *layer, ray_tensor *weight)
{
    for (int32_t k = 0; k < layer->info.n_in; k++)
        exec->in[k] = exec->value[layer->in[k]];
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        weight[w] = layer->weight[w] != RAY_NO_ID ? exec->value[layer->weight[w]]
                                                  : (ray_tensor){ 0 };
    return (ray_op){ .options = layer->options, .in = exec->in, .n_in = layer->info.n_in,
                     .weight = weight, .out = &exec->value[layer->out] };
}

void ray_bench_describe_layers(ray_bench *bench, const ray_exec *exec)
{
    for (int32_t i = 0; i < bench->n_layers; i++) {
        const ray_graph_layer *layer = &exec->network->graph.layers[i];
        ray_bench_layer *out = &bench->layers[i];
        ray_tensor weight[RAY_MAX_WEIGHTS];
        out->joined = find_joined(exec, i);
        out->algorithm = out->reason = out->back_algorithm = out->back_reason = "";
        if (!layer->kind->algorithm)
            continue;
        ray_op op = operands(exec, layer, weight);
        out->algorithm = layer->kind->algorithm(&op, false, &out->reason);
        out->back_algorithm = layer->kind->algorithm(&op, true, &out->back_reason);
    }
}
