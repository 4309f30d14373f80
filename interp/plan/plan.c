/* SPDX-License-Identifier: MIT */
/* plan.c - lifetimes.  Step i evaluates layer i; values wanted by a backward pass live to the last
 * step.  In the backward pass step i sends signals through layer n - 1 - i. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "place.h"

typedef struct planner {
    const ray_graph  *graph;
    const ray_demand *demand;
    ray_plan         *plan;
    bool             *on_path;      /* by activation: a wanted signal lies at or before it */
    int32_t          *root;         /* by activation: whose memory its value shares (views) */
    ray_buffer       *buffers;      /* by activation */
    ray_error        *error;
} planner;

static bool is_end(const planner *p, int32_t activation)
{
    return p->demand->ends ? p->demand->ends[activation] : activation == p->graph->output;
}

static bool layer_on_path(const planner *p, const ray_graph_layer *layer)
{
    for (int32_t k = 0; p->on_path[layer->out] && k < layer->info.n_in; k++)
        if (p->on_path[layer->in[k]])
            return true;
    return false;
}

static int batch_size(const planner *p, int32_t activation, int64_t *size)
{
    if (!ray_multiply_checked(p->graph->activations[activation].size, p->demand->batch, size))
        return ray_fail(p->error, "a batch of %lld items is too large for the activation \"%s\"",
                        (long long)p->demand->batch, p->graph->activations[activation].name);
    *size = (*size + 15) / 16 * 16;
    return 0;
}

static void live_until(planner *p, int32_t activation, int32_t step)
{
    ray_buffer *buffer = &p->buffers[p->root[activation]];
    if (buffer->last < step)
        buffer->last = step;
}

/* Values that a backward function or the caller reads later stay to the end. */
static void extend_kept(planner *p)
{
    int32_t end = p->graph->n_layers;
    live_until(p, 0, end);
    for (int32_t a = 0; a < p->graph->first_weight; a++)
        if (p->demand->keep_value[a] || is_end(p, a))
            live_until(p, a, end);
    for (int32_t i = 0; i < p->graph->n_layers; i++) {
        const ray_graph_layer *layer = &p->graph->layers[i];
        if (!layer_on_path(p, layer))
            continue;
        for (int32_t k = 0; (p->demand->reads[i] & RAY_READS_IN) && k < layer->info.n_in; k++)
            live_until(p, layer->in[k], end);
        if (p->demand->reads[i] & RAY_READS_OUT)
            live_until(p, layer->out, end);
    }
}

static int plan_values(planner *p)
{
    const ray_graph *graph = p->graph;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        int32_t i = graph->activations[a].producer;
        bool view = i != RAY_NO_ID && graph->layers[i].kind->view;
        p->root[a] = view ? p->root[graph->layers[i].in[0]] : a;
        p->buffers[a] = (ray_buffer){ .first = i, .last = i };
        if (!p->plan->needed[a])
            continue;
        if (!view && batch_size(p, a, &p->buffers[a].size))
            return -1;
        for (int32_t k = 0; k < graph->activations[a].n_consumers; k++)
            if (p->plan->needed[graph->layers[graph->activations[a].consumers[k]].out])
                live_until(p, a, graph->activations[a].consumers[k]);
        live_until(p, a, i);
    }
    extend_kept(p);
    if (ray_buffers_place(p->buffers, graph->first_weight, &p->plan->values_size, p->error))
        return -1;
    for (int32_t a = 0; a < graph->first_weight; a++)
        p->plan->value[a] = p->buffers[p->root[a]].offset;
    return 0;
}

/* A signal lives from the backward step of its last reader to that of its producer. */
static int plan_signals(planner *p)
{
    const ray_graph *graph = p->graph;
    int32_t n = graph->n_layers;
    memset(p->buffers, 0, (size_t)graph->first_weight * sizeof *p->buffers);
    for (int32_t a = 0; a < graph->first_weight; a++) {
        const ray_activation *activation = &graph->activations[a];
        p->plan->signal[a] = RAY_NO_ID;
        if (!p->on_path[a])
            continue;
        int32_t readers = activation->n_consumers;
        ray_buffer *buffer = &p->buffers[a];
        buffer->first = readers ? n - 1 - activation->consumers[readers - 1] : RAY_NO_ID;
        buffer->last = p->demand->want_signal[a] ? n : n - 1 - activation->producer;
        if (batch_size(p, a, &buffer->size))
            return -1;
        if (readers > 1 && buffer->size > p->plan->spare_size)
            p->plan->spare_size = buffer->size;
    }
    if (ray_buffers_place(p->buffers, graph->first_weight, &p->plan->signals_size, p->error))
        return -1;
    for (int32_t a = 0; a < graph->first_weight; a++)
        if (p->on_path[a])
            p->plan->signal[a] = p->buffers[a].offset;
    return 0;
}

static void shape_tensor(const planner *p, int32_t id, ray_tensor *tensor)
{
    const ray_shape *shape = &p->graph->activations[id].shape;
    bool is_weight = id >= p->graph->first_weight;
    *tensor = (ray_tensor){ .dim = { p->demand->batch }, .rank = shape->rank + !is_weight };
    memcpy(tensor->dim + !is_weight, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
}

static void plan_layer_work(planner *p, const ray_graph_layer *layer, ray_tensor *in)
{
    ray_tensor weight[RAY_MAX_WEIGHTS] = { { 0 } }, out;
    for (int32_t k = 0; k < layer->info.n_in; k++)
        shape_tensor(p, layer->in[k], &in[k]);
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        if (layer->weight[w] != RAY_NO_ID)
            shape_tensor(p, layer->weight[w], &weight[w]);
    shape_tensor(p, layer->out, &out);
    ray_op op = { .options = layer->options, .in = in, .n_in = layer->info.n_in, .weight = weight,
                  .out = &out };
    int64_t size = layer->kind->workspace(&op);
    if (size > p->plan->work_size)
        p->plan->work_size = size;
}

static int plan_work(planner *p)
{
    int32_t most = 1;
    for (int32_t i = 0; i < p->graph->n_layers; i++)
        if (p->graph->layers[i].info.n_in > most)
            most = p->graph->layers[i].info.n_in;
    ray_tensor *in = ray_alloc((size_t)most, sizeof *in);
    if (!in)
        return ray_fail_memory(p->error);
    for (int32_t i = 0; i < p->graph->n_layers; i++)
        if (p->graph->layers[i].kind->workspace)
            plan_layer_work(p, &p->graph->layers[i], in);
    free(in);
    return 0;
}

static void find_needed(planner *p)
{
    for (int32_t a = 0; a < p->graph->first_weight; a++)
        p->plan->needed[a] = a == 0 || is_end(p, a) || p->demand->keep_value[a];
    ray_graph_gather(p->graph, p->plan->needed);
}

static void find_path(planner *p)
{
    for (int32_t a = 0; a < p->graph->first_weight; a++)
        p->on_path[a] = p->demand->want_signal[a];
    ray_graph_spread(p->graph, p->on_path);
    for (int32_t a = 0; a < p->graph->first_weight; a++)
        p->on_path[a] = p->on_path[a] && p->plan->needed[a];
}

static int make(planner *p)
{
    size_t n = (size_t)p->graph->first_weight;
    p->plan->batch = p->demand->batch;
    p->plan->value = ray_alloc(n, sizeof *p->plan->value);
    p->plan->signal = ray_alloc(n, sizeof *p->plan->signal);
    p->plan->needed = ray_alloc(n, sizeof *p->plan->needed);
    p->on_path = ray_alloc(n, sizeof *p->on_path);
    p->root = ray_alloc(n, sizeof *p->root);
    p->buffers = ray_alloc(n, sizeof *p->buffers);
    if (!p->plan->value || !p->plan->signal || !p->plan->needed || !p->on_path || !p->root
        || !p->buffers)
        return ray_fail_memory(p->error);
    find_needed(p);
    find_path(p);
    return plan_values(p) || plan_signals(p) || plan_work(p);
}

int ray_plan_make(ray_plan *plan, const ray_graph *graph, const ray_demand *demand,
                  ray_error *error)
{
    *plan = (ray_plan){ 0 };
    planner p = { .graph = graph, .demand = demand, .plan = plan, .error = error };
    int failed = make(&p);
    free(p.on_path);
    free(p.root);
    free(p.buffers);
    if (failed)
        ray_plan_free(plan);
    return failed;
}

void ray_plan_free(ray_plan *plan)
{
    free(plan->value);
    free(plan->signal);
    free(plan->needed);
    *plan = (ray_plan){ 0 };
}

double ray_plan_bytes(const ray_plan *plan)
{
    return (double)(plan->values_size + plan->signals_size + plan->spare_size + plan->work_size)
           * sizeof(RAY_REAL);
}
