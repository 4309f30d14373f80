/* SPDX-License-Identifier: MIT */
/* backward.c - the backward pass. */
#include <stdlib.h>
#include <string.h>

#include "exec.h"

void ray_layer_backward(const ray_graph_layer *layer, const ray_op *op)
{
    if (!layer->kind->view)
        layer->kind->backward(op);
    else if (op->din[0].data && op->din[0].data != op->dout->data)
        memcpy(op->din[0].data, op->dout->data,
               (size_t)ray_tensor_size(op->dout) * sizeof *op->dout->data);
}

static void add_signal(RAY_REAL *sum, const RAY_REAL *more, int64_t n)
{
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        sum[i] += more[i];
}

static int run_layer(ray_exec *exec, const ray_backward *how, int32_t i, const ray_op *op)
{
    if (how->layer)
        return how->layer(how->context, i, op);
    ray_layer_backward(&exec->network->graph.layers[i], op);
    return 0;
}

/* ---- A layer that does the work of those before it ---- */

/* No layer that is still to come sends a signal to the activation. */
static bool is_last(const ray_exec *exec, const bool *on_path, int32_t activation, int32_t layer)
{
    const ray_graph *graph = &exec->network->graph;
    const ray_activation *a = &graph->activations[activation];
    for (int32_t k = 0; k < a->n_consumers && a->consumers[k] < layer; k++)
        if (on_path[graph->layers[a->consumers[k]].out])
            return false;
    return true;
}

/* The layer that makes an activation, if it joins so and may be skipped. */
static int32_t find_joining(const ray_exec *exec, const bool *on_path, int32_t activation,
                            uint32_t how)
{
    const ray_graph *graph = &exec->network->graph;
    int32_t i = graph->activations[activation].producer;
    bool fits = i != RAY_NO_ID && graph->layers[i].kind->joins == how && exec->plan.turns[i]
                && on_path[graph->layers[i].in[0]];
    return fits ? i : RAY_NO_ID;
}

/* What the kernel does to the signal that layer i sends to its single input: add it to what others
 * sent; as the last of them, let it pass a limit and a scale before that input. */
static void finish_signal(ray_exec *exec, const bool *on_path, int32_t i, ray_finish *finish)
{
    const ray_graph *graph = &exec->network->graph;
    int32_t a = graph->layers[i].in[0];
    *finish = (ray_finish){ .add = exec->reached[a] ? exec->signal[a].data : NULL };
    if (!is_last(exec, on_path, a, i))
        return;
    int32_t limit = find_joining(exec, on_path, a, RAY_JOIN_LIMIT);
    if (limit != RAY_NO_ID) {
        finish->gate = exec->value[a].data;
        finish->low = exec->finish[limit].low;
        finish->high = exec->finish[limit].high;
        exec->skipped[limit] = true;
        a = graph->layers[limit].in[0];
    }
    int32_t scale = finish->add ? RAY_NO_ID : find_joining(exec, on_path, a, RAY_JOIN_SCALE);
    if (scale != RAY_NO_ID) {
        finish->scale = exec->finish[scale].scale;
        exec->skipped[scale] = true;
    }
}

static int send_back_finished(ray_exec *exec, const ray_backward *how, int32_t i,
                              const bool *on_path, ray_op *op)
{
    int32_t a = exec->network->graph.layers[i].in[0];
    ray_finish finish;
    finish_signal(exec, on_path, i, &finish);
    exec->din[0] = exec->signal[a];
    op->finish = finish.add || finish.gate || finish.scale ? &finish : NULL;
    if (run_layer(exec, how, i, op))
        return -1;
    exec->reached[a] = true;
    return 0;
}

/* ---- A layer by itself ---- */

/* Where the layer writes for its input k: the signal itself for the first writer, else aside. */
static RAY_REAL *choose_target(const ray_exec *exec, const ray_graph_layer *layer,
                               const bool *on_path, int32_t k, bool *first)
{
    int32_t a = layer->in[k];
    *first = false;
    if (!on_path[a])
        return NULL;
    *first = !exec->reached[a];
    for (int32_t j = 0; j < k; j++)
        *first = *first && layer->in[j] != a;
    return *first ? exec->signal[a].data : exec->spare;
}

/* Inputs that share the spare block are written one at a time. */
static int send_back(ray_exec *exec, const ray_backward *how, int32_t i, const bool *on_path,
                     ray_op *op)
{
    const ray_graph_layer *layer = &exec->network->graph.layers[i];
    int32_t done = 0;
    while (done < layer->info.n_in) {
        int32_t adding = RAY_NO_ID, end = done;
        for (int32_t k = 0; k < layer->info.n_in; k++)
            exec->din[k].data = NULL;
        for (bool first; end < layer->info.n_in; end++) {
            RAY_REAL *target = choose_target(exec, layer, on_path, end, &first);
            if (target && !first && adding != RAY_NO_ID)
                break;
            adding = target && !first ? end : adding;
            exec->din[end] = exec->signal[layer->in[end]];
            exec->din[end].data = target;
        }
        if (run_layer(exec, how, i, op))
            return -1;
        if (adding != RAY_NO_ID)
            add_signal(exec->signal[layer->in[adding]].data, exec->spare,
                       ray_tensor_size(&exec->din[adding]));
        done = end;
    }
    for (int32_t k = 0; k < layer->info.n_in; k++)
        exec->reached[layer->in[k]] = on_path[layer->in[k]];
    return 0;
}

static int backward_layer(ray_exec *exec, const ray_backward *how, int32_t i, const bool *on_path,
                          ray_error *error)
{
    const ray_graph_layer *layer = &exec->network->graph.layers[i];
    ray_tensor weight[RAY_MAX_WEIGHTS], out = exec->value[layer->out];
    ray_exec_gather_weights(exec, layer, weight);
    for (int32_t k = 0; k < layer->info.n_in; k++) {
        exec->in[k] = exec->value[layer->in[k]];
        if (!(exec->reads[i] & RAY_READS_IN))
            exec->in[k].data = NULL;
    }
    if (!(exec->reads[i] & RAY_READS_OUT))
        out.data = NULL;
    ray_op op = { .options = layer->options, .in = exec->in, .n_in = layer->info.n_in,
                  .weight = weight, .out = &out, .dout = &exec->signal[layer->out],
                  .din = exec->din, .work = exec->work };
    if (!exec->replaced[i])
        op.prepared = ray_exec_prepared(exec, i, &op, true);
    double start = ray_exec_start(exec);
    bool finishes = exec->joins && ray_layer_adds(layer, exec->replaced[i]);
    if (finishes ? send_back_finished(exec, how, i, on_path, &op)
                 : send_back(exec, how, i, on_path, &op))
        return -1;
    ray_exec_stop(exec, i, true, start);
    for (int32_t k = 0; k < layer->info.n_in; k++)
        if (on_path[layer->in[k]]
            && ray_exec_check(exec, layer, &exec->signal[layer->in[k]],
                            "NaN or infinity first arose in its backward function", error))
            return -1;
    return 0;
}

static bool reads_path(const ray_graph_layer *layer, const bool *on_path)
{
    for (int32_t k = 0; k < layer->info.n_in; k++)
        if (on_path[layer->in[k]])
            return true;
    return false;
}

static int visit(ray_exec *exec, const ray_backward *how, int32_t activation)
{
    exec->reached[activation] = true;
    return how->visit ? how->visit(how->context, activation, &exec->signal[activation]) : 0;
}

static int backward(ray_exec *exec, const ray_backward *how, const bool *on_path, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    memset(exec->reached, 0, (size_t)graph->first_weight * sizeof *exec->reached);
    memset(exec->skipped, 0, (size_t)graph->n_layers * sizeof *exec->skipped);
    for (int32_t a = how->from; a >= 0; a--) {
        if (!on_path[a])
            continue;
        if (visit(exec, how, a))
            return -1;
        int32_t i = graph->activations[a].producer;
        if (i != RAY_NO_ID && !exec->skipped[i] && reads_path(&graph->layers[i], on_path)
            && backward_layer(exec, how, i, on_path, error))
            return -1;
    }
    return 0;
}

/* Activations between those that are wanted and the one where the pass starts. */
static int find_path(const ray_graph *graph, const ray_backward *how, bool **on_path)
{
    size_t n = (size_t)graph->first_weight;
    bool *leads = ray_alloc(n, sizeof *leads);
    *on_path = ray_alloc(n, sizeof **on_path);
    if (leads && *on_path) {
        memcpy(*on_path, how->wanted, n * sizeof **on_path);
        ray_graph_spread(graph, *on_path);
        leads[how->from] = true;
        ray_graph_gather(graph, leads);
        for (size_t a = 0; a < n; a++)
            (*on_path)[a] = (*on_path)[a] && leads[a];
    }
    free(leads);
    return leads && *on_path ? 0 : -1;
}

int ray_exec_backward(ray_exec *exec, const ray_backward *how, ray_error *error)
{
    bool *on_path = NULL;
    int failed = find_path(&exec->network->graph, how, &on_path)
                 ? ray_fail_memory(error) : backward(exec, how, on_path, error);
    free(on_path);
    return failed;
}
