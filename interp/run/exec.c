/* SPDX-License-Identifier: MIT */
#include "exec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

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
    exec->replaced = ray_alloc((size_t)graph->n_layers, sizeof *exec->replaced);
    exec->skipped = ray_alloc((size_t)graph->n_layers, sizeof *exec->skipped);
    exec->finish = ray_alloc((size_t)graph->n_layers, sizeof *exec->finish);
    exec->in = ray_alloc((size_t)widest, sizeof *exec->in);
    exec->din = ray_alloc((size_t)widest, sizeof *exec->din);
    if (!exec->value || !exec->signal || !exec->reached || !exec->reads || !exec->replaced
        || !exec->skipped || !exec->finish || !exec->in || !exec->din)
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
        if (exec->plan.value[a] != RAY_NO_ID)
            exec->value[a].data = exec->values + exec->plan.value[a];
        if (exec->plan.signal[a] != RAY_NO_ID)
            exec->signal[a].data = exec->signals + exec->plan.signal[a];
    }
    for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
        exec->value[a] = exec->network->weights[a - graph->first_weight];
}

/* ---- What layers that may join others do ---- */

static int64_t factors_of(const ray_exec *exec, const ray_graph_layer *layer)
{
    const ray_op op = { .options = layer->options, .out = &exec->value[layer->out] };
    return layer->kind->join && layer->kind->workspace ? layer->kind->workspace(&op) : 0;
}

static int prepare_joins(ray_exec *exec, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    ray_tensor weight[RAY_MAX_WEIGHTS];
    int64_t size = 0;
    for (int32_t i = 0; i < graph->n_layers; i++)
        size += factors_of(exec, &graph->layers[i]);
    exec->factors = ray_alloc((size_t)size + 1, sizeof *exec->factors);
    if (!exec->factors)
        return ray_fail_memory(error);
    RAY_REAL *room = exec->factors;
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_graph_layer *layer = &graph->layers[i];
        ray_exec_gather_weights(exec, layer, weight);
        const ray_op op = { .options = layer->options, .weight = weight,
                            .out = &exec->value[layer->out], .work = room };
        if (layer->kind->join)
            layer->kind->join(&op, &exec->finish[i]);
        room += factors_of(exec, layer);
    }
    return 0;
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
    if (demand->replaced)
        memcpy(exec->replaced, demand->replaced, (size_t)graph->n_layers * sizeof *exec->replaced);
    shape_tensors(exec);
    exec->joins = demand->join;
    return exec->joins ? prepare_joins(exec, error) : 0;
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
    ray_free_aligned(exec->values);
    ray_free_aligned(exec->signals);
    ray_free_aligned(exec->spare);
    ray_free_aligned(exec->work);
    free(exec->value);
    free(exec->signal);
    free(exec->reached);
    free(exec->reads);
    free(exec->replaced);
    free(exec->skipped);
    free(exec->finish);
    free(exec->factors);
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

void ray_exec_gather_weights(const ray_exec *exec, const ray_graph_layer *layer, ray_tensor *weight)
{
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++) {
        if (layer->weight[w] != RAY_NO_ID)
            weight[w] = exec->value[layer->weight[w]];
        else
            weight[w] = (ray_tensor){ 0 };
    }
}

const RAY_REAL *ray_exec_prepared(const ray_exec *exec, int32_t layer, const ray_op *op,
                                  bool gradient)
{
    return ray_prepared_get(exec->network->prepared, layer, exec->network->graph.layers[layer].kind,
                            op, gradient, exec->memory);
}

int ray_exec_check(const ray_exec *exec, const ray_graph_layer *layer, const ray_tensor *tensor,
                   const char *what, ray_error *error)
{
    if (!exec->check || !tensor->data || ray_tensor_finite(tensor))
        return 0;
    return ray_fail(error, "%s:%d:%d: %s \"%s\": %s", exec->network->graph.path, layer->mark.line,
                    layer->mark.column, layer->info.kind, layer->info.name, what);
}

static bool is_timed(const ray_exec *exec)
{
    return exec->listener && exec->listener->layer;
}

double ray_exec_start(const ray_exec *exec)
{
    return is_timed(exec) ? ray_clock() : 0;
}

void ray_exec_stop(const ray_exec *exec, int32_t layer, bool backward, double start)
{
    if (!is_timed(exec))
        return;
    const ray_layer_run run = { layer, backward, exec->value[0].dim[0], ray_clock() - start };
    exec->listener->layer(exec->listener->context, &run);
}

void ray_exec_repeat(ray_exec *exec, int64_t items)
{
    const ray_graph *graph = &exec->network->graph;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        int64_t size = graph->activations[a].size;
        RAY_REAL *item = exec->value[a].data;
        for (int64_t i = exec->repeated; exec->plan.stays[a] && i < items; i++)
            memcpy(item + i * size, item, (size_t)size * sizeof *item);
    }
    if (items > exec->repeated)
        exec->repeated = items;
    ray_exec_set_items(exec, items);
}
