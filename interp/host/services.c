/* SPDX-License-Identifier: MIT */
/* services.c - what a plugin can ask of the host: the functions behind ray_host. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* ---- Words ---- */

static int fail(ray_run *run, const char *format, ...)
{
    char text[sizeof(ray_error)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return ray_fail(ray_session_of(run)->error, "%s: %s", ray_session_of(run)->asked, text);
}

static int note(ray_run *run, const char *format, ...)
{
    const ray_session *session = ray_session_of(run);
    const ray_listener *listener = &session->request->listener;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = snprintf(text, sizeof text, "%s: ", session->asked);
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    if (listener->notice)
        listener->notice(listener->context, RAY_NOTE, text);
    return 0;
}

static int caution(ray_run *run, const ray_layer *layer, const char *text)
{
    return ray_session_caution(ray_session_of(run), layer, text);
}

static int progress(ray_run *run, int64_t done, int64_t total)
{
    const ray_listener *listener = &ray_session_of(run)->request->listener;
    if (!listener->progress || !listener->progress(listener->context, done, total))
        return 0;
    return fail(run, "stopped at %lld of %lld", (long long)done, (long long)total);
}

/* ---- Means ---- */

static ray_tensor *scratch(ray_run *run, int32_t rank, const int64_t *dim)
{
    ray_tensor *tensor = ray_scratch_take(&ray_session_of(run)->scratch, rank, dim);
    if (!tensor)
        ray_fail_memory(ray_session_of(run)->error);
    return tensor;
}

static uint32_t next_random(ray_run *run)
{
    return ray_random_next(&ray_session_of(run)->random);
}

/* ---- Layers ---- */

static int layer_forward(ray_run *run, const ray_call *call, const ray_tensor *in,
                         const ray_tensor *weight, ray_tensor *out)
{
    const ray_graph_layer *layer = ray_graph_layer_of(call->layer);
    ray_op op = { .options = layer->options, .in = in, .n_in = call->n_in, .weight = weight,
                  .out = out, .work = ray_session_of(run)->current->work };
    ray_layer_forward(layer, &op);
    return 0;
}

static int layer_backward(ray_run *run, const ray_call *call, const ray_tensor *in,
                          const ray_tensor *out, const ray_tensor *weight, const ray_tensor *dout,
                          ray_tensor *din)
{
    const ray_graph_layer *layer = ray_graph_layer_of(call->layer);
    ray_op op = { .options = layer->options, .in = in, .n_in = call->n_in, .weight = weight,
                  .out = out, .dout = dout, .din = din,
                  .work = ray_session_of(run)->current->work };
    if (((layer->kind->reads & RAY_READS_IN) && !in[0].data)
        || ((layer->kind->reads & RAY_READS_OUT) && !out->data))
        return fail(run, "the backward function of %s \"%s\" reads an activation that the rule "
                    "said it would not", layer->info.kind, layer->info.name);
    ray_layer_backward(layer, &op);
    return 0;
}

static const ray_layer *layer_at(ray_run *run, int32_t index)
{
    const ray_graph *graph = &ray_session_of(run)->network->graph;
    return index >= 0 && index < graph->n_layers ? &graph->layers[index].info : NULL;
}

static const ray_layer *layer_named(ray_run *run, const char *name)
{
    const ray_graph *graph = &ray_session_of(run)->network->graph;
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (!strcmp(graph->layers[i].info.name, name))
            return &graph->layers[i].info;
    return NULL;
}

/* ---- Evaluation ---- */

static int32_t find_activation(ray_session *session, const char *name)
{
    const ray_graph *graph = &session->network->graph;
    int32_t id = ray_graph_find(graph, name, session->error);
    if (id == RAY_NO_ID)
        ray_fail_prefix(session->error, "%s: %s: ", session->asked, graph->path);
    return id;
}

static int keep(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    if (!session->preparing)
        return fail(run, "keep() is for prepare() alone");
    int32_t id = *activation ? find_activation(session, activation) : session->layer;
    if (id == RAY_NO_ID)
        return -1;
    session->kept[id] = true;
    return 0;
}

/* The method's own exec: what the shared one has, for batches of its choice. */
static int create_own(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    size_t n = (size_t)graph->first_weight;
    bool *keep_value = ray_arena_alloc(&session->arena, n, sizeof *keep_value);
    bool *want_signal = ray_arena_alloc(&session->arena, n, sizeof *want_signal);
    uint8_t *reads = ray_arena_alloc(&session->arena, n, sizeof *reads);
    if (!keep_value || !want_signal || !reads)
        return ray_fail_memory(session->error);
    ray_session_demand(session, keep_value, want_signal, reads);
    ray_demand demand = { session->run.batch_max, keep_value, want_signal, reads };
    if (ray_exec_create(&session->own, session->network, &demand, session->error))
        return -1;
    session->own.check = session->shared->check;
    return 0;
}

static ray_tensor *batch(ray_run *run, int64_t n)
{
    ray_session *session = ray_session_of(run);
    if (n < 1 || n > run->batch_max) {
        fail(run, "a batch of %lld items was asked for; 1 to %lld are possible", (long long)n,
             (long long)run->batch_max);
        return NULL;
    }
    if (!session->own.network && create_own(session))
        return NULL;
    ray_exec_set_items(&session->own, n);
    session->current = &session->own;
    return &session->own.value[0];
}

static int forward(ray_run *run)
{
    ray_session *session = ray_session_of(run);
    if (session->current && session->current == &session->own)
        return ray_exec_forward(session->current, session->error);
    return ray_session_forward_shared(session);
}

static const ray_tensor *output(ray_run *run)
{
    const ray_session *session = ray_session_of(run);
    return session->current ? &session->current->value[session->network->graph.output] : NULL;
}

static const ray_tensor *value(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    int32_t id = find_activation(session, activation);
    if (id == RAY_NO_ID)
        return NULL;
    bool asked = id == session->layer || id == session->network->graph.output || session->kept[id];
    if (!asked || !session->current) {
        fail(run, "the value of \"%s\" is not there: ask for it with keep(), then forward()",
             activation);
        return NULL;
    }
    return &session->current->value[id];
}

static const ray_tensor *signal_at(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    int32_t id = find_activation(session, activation);
    if (id == RAY_NO_ID)
        return NULL;
    bool asked = id == session->layer || session->kept[id];
    if (!asked || !session->current || !session->current->reached[id]) {
        fail(run, "there is no signal at \"%s\": ask for it with keep() and send one back",
             activation);
        return NULL;
    }
    return &session->current->signal[id];
}

/* ---- The backward pass ---- */

static int call_rule(void *context, int32_t i, const ray_op *op)
{
    ray_session *session = context;
    const ray_graph_layer *layer = &session->network->graph.layers[i];
    const ray_rule *rule = session->rule[i];
    if (!rule || !rule->backward) {
        ray_layer_backward(layer, op);
        return 0;
    }
    ray_call call = { .layer = &layer->info, .in = op->in, .out = op->out, .weight = op->weight,
                      .dout = op->dout, .din = op->din, .n_in = op->n_in,
                      .n_weights = layer->info.n_weights };
    int32_t used = session->scratch.used;
    int failed = rule->backward(&session->run, &call);
    session->scratch.used = used;
    return failed;
}

static int call_visit(void *context, int32_t activation, ray_tensor *signal)
{
    ray_session *session = context;
    if (!session->method->visit || !session->kept[activation])
        return 0;
    const char *name = session->network->graph.activations[activation].name;
    int32_t used = session->scratch.used;
    int failed = session->method->visit(&session->run, activation ? name : "",
                                        &session->current->value[activation], signal);
    session->scratch.used = used;
    return failed;
}

static int write_seed(ray_session *session, const ray_pass *pass)
{
    ray_exec *exec = session->current;
    const ray_tensor *out = &exec->value[session->network->graph.output];
    ray_tensor *dout = &exec->signal[session->network->graph.output];
    if (!dout->data)
        return fail(&session->run, "a method with RAY_FORWARD_ONLY may not send a signal back");
    if (!pass || !pass->seed)
        return session->method->seed ? session->method->seed(&session->run, out, dout)
                                     : ray_seed_default(session, out, dout);
    if (ray_tensor_size(pass->seed) != ray_tensor_size(dout))
        return fail(&session->run, "the seed of a backward pass must have the output's shape");
    memcpy(dout->data, pass->seed->data, (size_t)ray_tensor_size(dout) * sizeof *dout->data);
    return 0;
}

static int32_t refuse_end(ray_run *run, const char *activation)
{
    fail(run, "a backward pass cannot end at \"%s\": ask for it with keep()", activation);
    return RAY_NO_ID;
}

static int backward(ray_run *run, const ray_pass *pass)
{
    ray_session *session = ray_session_of(run);
    const ray_graph *graph = &session->network->graph;
    if (!session->current)
        return fail(run, "backward() before forward()");
    bool *wanted = ray_alloc((size_t)graph->first_weight, sizeof *wanted);
    if (!wanted)
        return ray_fail_memory(session->error);
    int32_t to = pass && pass->to ? find_activation(session, pass->to) : session->layer;
    if (to != RAY_NO_ID && to != session->layer && !session->kept[to])
        to = refuse_end(run, pass->to);
    for (int32_t a = 0; (!pass || !pass->to) && a < graph->first_weight; a++)
        wanted[a] = session->kept[a] || session->probed[a];
    int failed = to == RAY_NO_ID || write_seed(session, pass);
    if (!failed) {
        wanted[to] = true;
        ray_backward how = { .wanted = wanted, .layer = call_rule, .visit = call_visit,
                             .context = session };
        failed = ray_exec_backward(session->current, &how, session->error);
    }
    free(wanted);
    return failed;
}

const ray_host ray_host_services = {
    .fail = fail, .note = note, .caution = caution, .scratch = scratch, .random = next_random,
    .progress = progress, .layer_forward = layer_forward, .layer_backward = layer_backward,
    .layer_at = layer_at, .layer_named = layer_named, .keep = keep, .batch = batch,
    .forward = forward, .backward = backward, .output = output, .value = value,
    .signal = signal_at,
};
