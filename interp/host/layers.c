/* SPDX-License-Identifier: MIT */
/* layers.c - services that list layers and run their own arithmetic. */
#include <string.h>

#include "services.h"

int ray_service_layer_forward(ray_run *run, const ray_call *call, const ray_tensor *in,
                              const ray_tensor *weight, ray_tensor *out)
{
    const ray_graph_layer *layer = ray_graph_layer_of(call->layer);
    ray_op op = { .options = layer->options, .in = in, .n_in = call->n_in, .weight = weight,
                  .out = out, .work = ray_session_of(run)->current->work };
    ray_layer_forward(layer, &op);
    return 0;
}

int ray_service_layer_backward(ray_run *run, const ray_call *call, const ray_tensor *in,
                               const ray_tensor *out, const ray_tensor *weight,
                               const ray_tensor *dout, ray_tensor *din)
{
    const ray_graph_layer *layer = ray_graph_layer_of(call->layer);
    ray_op op = { .options = layer->options, .in = in, .n_in = call->n_in, .weight = weight,
                  .out = out, .dout = dout, .din = din,
                  .work = ray_session_of(run)->current->work };
    if (((layer->kind->reads & RAY_READS_IN) && !in[0].data)
        || ((layer->kind->reads & RAY_READS_OUT) && !out->data))
        return ray_service_fail(run, "the backward function of %s \"%s\" reads an activation that "
                                "the rule said it would not", layer->info.kind, layer->info.name);
    ray_layer_backward(layer, &op);
    return 0;
}

const ray_layer *ray_service_layer_at(ray_run *run, int32_t index)
{
    const ray_graph *graph = &ray_session_of(run)->network->graph;
    return index >= 0 && index < graph->n_layers ? &graph->layers[index].info : NULL;
}

const ray_layer *ray_service_layer_named(ray_run *run, const char *name)
{
    const ray_graph *graph = &ray_session_of(run)->network->graph;
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (!strcmp(graph->layers[i].info.name, name))
            return &graph->layers[i].info;
    return NULL;
}

const ray_layer *ray_service_layer_input(ray_run *run, const ray_layer *info, int32_t k)
{
    const ray_graph *graph = &ray_session_of(run)->network->graph;
    const ray_graph_layer *layer = ray_graph_layer_of(info);
    int32_t producer = k < 0 || k >= info->n_in ? RAY_NO_ID
                                                : graph->activations[layer->in[k]].producer;
    return producer == RAY_NO_ID ? NULL : &graph->layers[producer].info;
}

/* ---- A layer that scales channels ---- */

/* The factors that the layer would join another with; in work. */
static void find_factors(ray_session *session, const ray_graph_layer *layer, ray_tensor *work,
                         ray_finish *finish)
{
    const ray_exec *exec = session->current ? session->current : session->shared;
    ray_tensor weight[RAY_MAX_WEIGHTS], in = exec->value[layer->in[0]];
    ray_exec_gather_weights(exec, layer, weight);
    ray_op op = { .options = layer->options, .in = &in, .n_in = 1, .weight = weight,
                  .out = &exec->value[layer->out], .work = work->data };
    layer->kind->join(&op, finish);
}

const ray_tensor *ray_service_layer_scale(ray_run *run, const ray_layer *info)
{
    ray_session *session = ray_session_of(run);
    const ray_graph_layer *layer = ray_graph_layer_of(info);
    if (layer->kind->joins != RAY_JOIN_SCALE || session->preparing) {
        ray_service_fail(run, "layer_scale() is for batch normalisation, once the network is "
                         "evaluated; %s \"%s\"", info->kind, info->name);
        return NULL;
    }
    const int64_t channels = session->network->graph.activations[layer->out].shape.dim[0];
    const int64_t dim[] = { 2, channels };
    ray_tensor *factors = ray_scratch_take(&session->scratch, 2, dim);
    ray_tensor *work = ray_scratch_take(&session->scratch, 2, dim);
    if (!factors || !work) {
        ray_fail_memory(session->error);
        return NULL;
    }
    ray_finish finish = { 0 };
    find_factors(session, layer, work, &finish);
    memcpy(factors->data, finish.scale, (size_t)channels * sizeof *factors->data);
    memcpy(factors->data + channels, finish.shift, (size_t)channels * sizeof *factors->data);
    return factors;
}

/* ---- With clamped weights ---- */

enum { MOST_WEIGHTS = RAY_MAX_WEIGHTS };

/* Weights that the layer's kernel cannot clamp on their way in. */
static int clamp_copy(ray_session *session, ray_clamp clamp, ray_tensor *weight)
{
    ray_tensor *copy = ray_scratch_take(&session->scratch, weight->rank, weight->dim);
    if (!copy)
        return ray_fail_memory(session->error);
    RAY_REAL sign = clamp == RAY_CLAMP_POSITIVE ? 1 : -1;
    int64_t n = ray_tensor_size(weight);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        copy->data[i] = sign * weight->data[i] > 0 ? sign * weight->data[i] : 0;
    *weight = *copy;
    return 0;
}

/* The first weight alone, clamped, and room for the kernel. */
static int prepare_clamped(ray_session *session, const ray_call *call, int sign, ray_op *op,
                           ray_tensor weight[MOST_WEIGHTS])
{
    const ray_graph_layer *layer = ray_graph_layer_of(call->layer);
    ray_clamp clamp = sign < 0 ? RAY_CLAMP_NEGATIVE : RAY_CLAMP_POSITIVE;
    bool weighted = call->n_weights > 0 && call->weight[0].data;
    memset(weight, 0, MOST_WEIGHTS * sizeof *weight);
    if (weighted)
        weight[0] = call->weight[0];
    if (weighted && !layer->kind->clamps && clamp_copy(session, clamp, &weight[0]))
        return -1;
    *op = (ray_op){ .options = layer->options, .in = call->in, .n_in = call->n_in,
                    .weight = weight, .out = call->out };
    if (layer->kind->clamps)
        op->clamp = clamp;
    const int64_t size = layer->kind->workspace ? layer->kind->workspace(op) + 1 : 1;
    const ray_tensor *work = ray_scratch_take(&session->scratch, 1, &size);
    if (!work)
        return ray_fail_memory(session->error);
    op->work = work->data;
    return 0;
}

int ray_service_clamped_forward(ray_run *run, const ray_call *call, int sign, const ray_tensor *in,
                                ray_tensor *out)
{
    ray_session *session = ray_session_of(run);
    ray_tensor weight[MOST_WEIGHTS];
    int32_t used = session->scratch.used;
    ray_op op;
    if (prepare_clamped(session, call, sign, &op, weight))
        return -1;
    op.in = in;
    op.out = out;
    ray_layer_forward(ray_graph_layer_of(call->layer), &op);
    session->scratch.used = used;
    return 0;
}

int ray_service_clamped_backward(ray_run *run, const ray_call *call, int sign,
                                 const ray_tensor *dout, ray_tensor *din)
{
    ray_session *session = ray_session_of(run);
    ray_tensor weight[MOST_WEIGHTS];
    int32_t used = session->scratch.used;
    ray_op op;
    if (prepare_clamped(session, call, sign, &op, weight))
        return -1;
    op.dout = dout;
    op.din = din;
    ray_layer_backward(ray_graph_layer_of(call->layer), &op);
    session->scratch.used = used;
    return 0;
}
