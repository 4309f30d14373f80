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
    bool             *passing;      /* by activation: see join.h */
    int32_t          *root;         /* by activation: whose place it shares */
    int32_t          *last;         /* by activation: the last step that reads its value */
    ray_buffer       *buffers;      /* by activation */
    ray_error        *error;
} planner;

static bool is_end(const planner *p, int32_t activation)
{
    return p->demand->ends ? p->demand->ends[activation] : activation == p->graph->output;
}

static bool is_replaced(const planner *p, int32_t layer)
{
    return p->demand->replaced && p->demand->replaced[layer];
}

static bool is_view(const planner *p, int32_t layer)
{
    return layer != RAY_NO_ID && p->graph->layers[layer].kind->view;
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

static void take_later(int32_t *step, int32_t other)
{
    if (*step < other)
        *step = other;
}

/* ---- How long values are wanted ---- */

/* Values that a backward function or the caller reads later stay to the end. */
static void keep_values(planner *p)
{
    int32_t end = p->graph->n_layers;
    p->last[0] = end;
    for (int32_t a = 0; a < p->graph->first_weight; a++)
        if (p->demand->keep_value[a] || is_end(p, a))
            p->last[a] = end;
    for (int32_t i = 0; i < p->graph->n_layers; i++) {
        const ray_graph_layer *layer = &p->graph->layers[i];
        if (!layer_on_path(p, layer))
            continue;
        for (int32_t k = 0; (p->demand->reads[i] & RAY_READS_IN) && k < layer->info.n_in; k++)
            p->last[layer->in[k]] = end;
        if (p->demand->reads[i] & RAY_READS_OUT)
            p->last[layer->out] = end;
    }
}

static void find_passing(planner *p)
{
    const ray_graph *graph = p->graph;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        const ray_activation *activation = &graph->activations[a];
        p->passing[a] = p->last[a] < graph->n_layers && p->plan->needed[a]
                        && activation->n_consumers == 1
                        && p->plan->needed[graph->layers[activation->consumers[0]].out];
    }
}

/* What reads a value reads it when its group is evaluated; a view is read as what it views. */
static void find_last(planner *p)
{
    const ray_graph *graph = p->graph;
    for (int32_t a = graph->first_weight - 1; a >= 0; a--) {
        for (int32_t k = 0; k < graph->activations[a].n_consumers; k++) {
            int32_t i = graph->activations[a].consumers[k];
            if (!p->plan->needed[graph->layers[i].out])
                continue;
            take_later(&p->last[a], ray_join_step(p->plan->joins, i));
            if (is_view(p, i))
                take_later(&p->last[a], p->last[graph->layers[i].out]);
        }
    }
}

/* ---- Where values lie ---- */

/* The activation whose place a layer may take over for its result, when nobody reads that later: it
 * replaces number by number.  RAY_NO_ID: none. */
static int32_t find_predecessor(const planner *p, int32_t i)
{
    const ray_graph_layer *layer = &p->graph->layers[i];
    const ray_graph_layer *head = &p->graph->layers[p->plan->joins[i].head];
    int32_t a = p->plan->joins[p->plan->joins[i].head].added;
    if (head == layer)
        a = layer->kind->in_place ? layer->in[0] : RAY_NO_ID;
    if (!p->demand->join || a == RAY_NO_ID || p->last[a] != i || p->buffers[p->root[a]].last != i
        || p->graph->activations[a].size != p->graph->activations[layer->out].size)
        return RAY_NO_ID;
    for (int32_t k = head == layer; k < head->info.n_in; k++)
        if (p->root[head->in[k]] == p->root[a])
            return RAY_NO_ID;
    return a;
}

static int place_value(planner *p, int32_t a)
{
    int32_t i = p->graph->activations[a].producer;
    int32_t from = RAY_NO_ID;
    p->root[a] = a;
    p->buffers[a] = (ray_buffer){ .first = i, .last = p->last[a] > i ? p->last[a] : i };
    if (!p->plan->needed[a] || (i != RAY_NO_ID && ray_join_hides(p->plan->joins, i)))
        return 0;
    if (i != RAY_NO_ID)
        from = is_view(p, i) ? p->graph->layers[i].in[0] : find_predecessor(p, i);
    if (from == RAY_NO_ID)
        return batch_size(p, a, &p->buffers[a].size);
    p->root[a] = p->root[from];
    take_later(&p->buffers[p->root[a]].last, p->buffers[a].last);
    return 0;
}

static int plan_values(planner *p)
{
    const ray_graph *graph = p->graph;
    keep_values(p);
    find_passing(p);
    if (p->demand->join)
        ray_join_find(p->plan->joins, graph, p->passing);
    find_last(p);
    for (int32_t a = 0; a < graph->first_weight; a++)
        if (place_value(p, a))
            return -1;
    if (ray_buffers_place(p->buffers, graph->first_weight, &p->plan->values_size, p->error))
        return -1;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        const ray_buffer *buffer = &p->buffers[p->root[a]];
        p->plan->value[a] = buffer->size || !p->demand->join ? buffer->offset : RAY_NO_ID;
        p->plan->stays[a] = p->root[a] == a && buffer->size && buffer->last == graph->n_layers;
    }
    return 0;
}

/* ---- Where signals lie ---- */

/* Whether the backward function of a layer may turn its signal into that of its input in place. */
static bool turns_in_place(const planner *p, const ray_graph_layer *layer, int32_t i)
{
    return p->demand->join && (layer->kind->in_place || layer->kind->view) && !is_replaced(p, i)
           && layer->info.n_in == 1 && p->graph->activations[layer->in[0]].n_consumers == 1
           && !p->demand->want_signal[layer->out];
}

bool ray_layer_adds(const ray_graph_layer *layer, bool replaced)
{
    return layer->kind->finishes && !replaced && layer->info.n_in == 1;
}

/* Room for the signal of a reader that cannot add its own to those before it. */
static void plan_spare(planner *p, int32_t a, int64_t size)
{
    const ray_activation *activation = &p->graph->activations[a];
    for (int32_t k = 0; k < activation->n_consumers - 1; k++) {
        int32_t i = activation->consumers[k];
        if (p->demand->join && ray_layer_adds(&p->graph->layers[i], is_replaced(p, i)))
            continue;
        if (size > p->plan->spare_size)
            p->plan->spare_size = size;
    }
}

/* A signal lives from the backward step of its last reader to that of its producer. */
static int place_signal(planner *p, int32_t a)
{
    const ray_activation *activation = &p->graph->activations[a];
    int32_t n = p->graph->n_layers, readers = activation->n_consumers;
    int32_t reader = readers ? activation->consumers[readers - 1] : RAY_NO_ID;
    ray_buffer buffer = { .first = readers ? n - 1 - reader : RAY_NO_ID };
    buffer.last = p->demand->want_signal[a] ? n : n - 1 - activation->producer;
    if (batch_size(p, a, &buffer.size))
        return -1;
    plan_spare(p, a, buffer.size);
    p->root[a] = a;
    if (readers && p->on_path[p->graph->layers[reader].out]
        && turns_in_place(p, &p->graph->layers[reader], reader)) {
        p->plan->turns[reader] = true;
        p->root[a] = p->root[p->graph->layers[reader].out];
        take_later(&p->buffers[p->root[a]].last, buffer.last);
    } else {
        p->buffers[a] = buffer;
    }
    return 0;
}

static int plan_signals(planner *p)
{
    const ray_graph *graph = p->graph;
    memset(p->buffers, 0, (size_t)graph->first_weight * sizeof *p->buffers);
    for (int32_t a = graph->first_weight - 1; a >= 0; a--)
        if (p->on_path[a] && place_signal(p, a))
            return -1;
    if (ray_buffers_place(p->buffers, graph->first_weight, &p->plan->signals_size, p->error))
        return -1;
    for (int32_t a = 0; a < graph->first_weight; a++)
        p->plan->signal[a] = p->on_path[a] ? p->buffers[p->root[a]].offset : RAY_NO_ID;
    return 0;
}

/* ---- Working memory ---- */

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
    p->plan->stays = ray_alloc(n, sizeof *p->plan->stays);
    p->plan->joins = ray_alloc(n, sizeof *p->plan->joins);
    p->plan->turns = ray_alloc(n, sizeof *p->plan->turns);
    p->on_path = ray_alloc(n, sizeof *p->on_path);
    p->passing = ray_alloc(n, sizeof *p->passing);
    p->root = ray_alloc(n, sizeof *p->root);
    p->last = ray_alloc(n, sizeof *p->last);
    p->buffers = ray_alloc(n, sizeof *p->buffers);
    if (!p->plan->value || !p->plan->signal || !p->plan->needed || !p->plan->stays
        || !p->plan->joins || !p->plan->turns || !p->on_path || !p->passing || !p->root || !p->last || !p->buffers)
        return ray_fail_memory(p->error);
    ray_join_none(p->plan->joins, p->graph->n_layers);
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
    free(p.passing);
    free(p.root);
    free(p.last);
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
    free(plan->stays);
    free(plan->joins);
    free(plan->turns);
    *plan = (ray_plan){ 0 };
}

double ray_plan_bytes(const ray_plan *plan)
{
    return (double)(plan->values_size + plan->signals_size + plan->spare_size + plan->work_size)
           * sizeof(RAY_REAL);
}
