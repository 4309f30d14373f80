/* SPDX-License-Identifier: MIT */
#include "exec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int allocate_block(RAY_REAL **block, int64_t size, ray_error *error)
{
    *block = ray_alloc_aligned(((size_t)size + 16) * sizeof **block);
    return *block ? 0 : ray_fail(error, "out of memory: %.1f GB are needed for one batch",
                                 (double)size * sizeof **block * 1e-9);
}

static int allocate_tables(ray_exec *exec, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    int32_t widest = 1;
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (graph->layers[i].info.n_in > widest)
            widest = graph->layers[i].info.n_in;
    exec->value = ray_alloc((size_t)graph->n_activations, sizeof *exec->value);
    exec->signal = ray_alloc((size_t)graph->first_weight, sizeof *exec->signal);
    exec->reached = ray_alloc((size_t)graph->first_weight, sizeof *exec->reached);
    exec->reads = ray_alloc((size_t)graph->n_layers, sizeof *exec->reads);
    exec->in = ray_alloc((size_t)widest, sizeof *exec->in);
    exec->din = ray_alloc((size_t)widest, sizeof *exec->din);
    if (!exec->value || !exec->signal || !exec->reached || !exec->reads || !exec->in || !exec->din)
        return ray_fail_memory(error);
    return 0;
}

static void shape_tensors(ray_exec *exec)
{
    const ray_graph *graph = &exec->network->graph;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        const ray_shape *shape = &graph->activations[a].shape;
        ray_tensor tensor = { .dim = { exec->plan.batch }, .rank = shape->rank + 1 };
        memcpy(tensor.dim + 1, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
        exec->value[a] = exec->signal[a] = tensor;
        exec->value[a].data = exec->values + exec->plan.value[a];
        if (exec->plan.signal[a] != RAY_NO_ID)
            exec->signal[a].data = exec->signals + exec->plan.signal[a];
    }
    for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
        exec->value[a] = exec->network->weights[a - graph->first_weight];
}

/* Said before the machine is brought to its knees. */
static int check_memory(const ray_plan *plan, ray_error *error)
{
    double needed = ray_plan_bytes(plan);
    double there = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (there <= 0 || needed <= there)
        return 0;
    return ray_fail(error, "%.1f GB are needed for a batch of %lld; this machine has %.1f GB",
                    needed * 1e-9, (long long)plan->batch, there * 1e-9);
}

static int create(ray_exec *exec, const ray_demand *demand, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    if (ray_plan_make(&exec->plan, graph, demand, error) || check_memory(&exec->plan, error)
        || allocate_tables(exec, error)
        || allocate_block(&exec->values, exec->plan.values_size, error)
        || allocate_block(&exec->signals, exec->plan.signals_size, error)
        || allocate_block(&exec->spare, exec->plan.spare_size, error)
        || allocate_block(&exec->work, exec->plan.work_size, error))
        return -1;
    memcpy(exec->reads, demand->reads, (size_t)graph->n_layers * sizeof *exec->reads);
    shape_tensors(exec);
    return 0;
}

int ray_exec_create(ray_exec *exec, const ray_network *network, const ray_demand *demand,
                    ray_error *error)
{
    *exec = (ray_exec){ .network = network };
    if (!create(exec, demand, error))
        return 0;
    ray_exec_destroy(exec);
    return -1;
}

void ray_exec_destroy(ray_exec *exec)
{
    ray_plan_free(&exec->plan);
    free(exec->values);
    free(exec->signals);
    free(exec->spare);
    free(exec->work);
    free(exec->value);
    free(exec->signal);
    free(exec->reached);
    free(exec->reads);
    free(exec->in);
    free(exec->din);
    *exec = (ray_exec){ 0 };
}

void ray_exec_set_items(ray_exec *exec, int64_t items)
{
    for (int32_t a = 0; a < exec->network->graph.first_weight; a++)
        exec->value[a].dim[0] = exec->signal[a].dim[0] = items;
}

bool ray_tensor_finite(const ray_tensor *tensor)
{
    int64_t n = ray_tensor_size(tensor);
    int bad = 0;
    #pragma omp parallel for reduction(| : bad) if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        bad |= !(tensor->data[i] - tensor->data[i] == 0);
    return !bad;
}

static int check_finite(const ray_exec *exec, const ray_graph_layer *layer,
                        const ray_tensor *tensor, const char *what, ray_error *error)
{
    if (!exec->check || !tensor->data || ray_tensor_finite(tensor))
        return 0;
    return ray_fail(error, "%s:%d:%d: %s \"%s\": %s", exec->network->graph.path, layer->mark.line,
                    layer->mark.column, layer->info.kind, layer->info.name, what);
}

/* ---- Forward ---- */

void ray_layer_forward(const ray_graph_layer *layer, const ray_op *op)
{
    if (!layer->kind->view)
        layer->kind->forward(op);
    else if (op->out->data != op->in[0].data)
        memcpy(op->out->data, op->in[0].data,
               (size_t)ray_tensor_size(op->out) * sizeof *op->out->data);
}

static void gather_weights(const ray_exec *exec, const ray_graph_layer *layer, ray_tensor *weight)
{
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++) {
        if (layer->weight[w] != RAY_NO_ID)
            weight[w] = exec->value[layer->weight[w]];
        else
            weight[w] = (ray_tensor){ 0 };
    }
}

int ray_exec_forward(ray_exec *exec, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    ray_tensor weight[RAY_MAX_WEIGHTS];
    if (exec->check && !ray_tensor_finite(&exec->value[0]))
        return ray_fail(error, "the input holds NaN or infinity");
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_graph_layer *layer = &graph->layers[i];
        if (!exec->plan.needed[layer->out])
            continue;
        for (int32_t k = 0; k < layer->info.n_in; k++)
            exec->in[k] = exec->value[layer->in[k]];
        gather_weights(exec, layer, weight);
        ray_op op = { .options = layer->options, .in = exec->in, .n_in = layer->info.n_in,
                      .weight = weight, .out = &exec->value[layer->out], .work = exec->work };
        ray_layer_forward(layer, &op);
        if (check_finite(exec, layer, op.out, "NaN or infinity first arose in its output", error))
            return -1;
    }
    return 0;
}

/* ---- Backward ---- */

void ray_layer_backward(const ray_graph_layer *layer, const ray_op *op)
{
    if (!layer->kind->view)
        layer->kind->backward(op);
    else if (op->din[0].data)
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
    gather_weights(exec, layer, weight);
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
    if (send_back(exec, how, i, on_path, &op))
        return -1;
    for (int32_t k = 0; k < layer->info.n_in; k++)
        if (on_path[layer->in[k]]
            && check_finite(exec, layer, &exec->signal[layer->in[k]],
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
    for (int32_t a = how->from; a >= 0; a--) {
        if (!on_path[a])
            continue;
        if (visit(exec, how, a))
            return -1;
        int32_t i = graph->activations[a].producer;
        if (i != RAY_NO_ID && reads_path(&graph->layers[i], on_path)
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
