/* SPDX-License-Identifier: MIT */
/* evaluation.c - services that evaluate the network: on the request's input, which all methods
 * share, or on batches of the method's own; and that send signals back. */
#include <stdlib.h>
#include <string.h>

#include "result.h"
#include "services.h"

static int32_t find_activation(ray_session *session, const char *name)
{
    const ray_graph *graph = &session->network->graph;
    int32_t id = ray_graph_find(graph, name, session->error);
    if (id == RAY_NO_ID)
        ray_fail_prefix(session->error, "%s: %s: ", session->asked, graph->path);
    return id;
}

/* ---- In prepare ---- */

int ray_service_keep(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    if (!session->preparing)
        return ray_service_fail(run, "keep() is for prepare() alone");
    int32_t id = *activation ? find_activation(session, activation) : session->layer;
    if (id == RAY_NO_ID)
        return -1;
    session->kept[id] = true;
    return 0;
}

int ray_service_end_at(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    if (!session->preparing)
        return ray_service_fail(run, "end_at() is for prepare() alone");
    int32_t id = find_activation(session, activation);
    if (id == RAY_NO_ID)
        return -1;
    session->end = id;
    run->output = session->network->graph.activations[id].name;
    return 0;
}

/* ---- Forward ---- */

ray_tensor *ray_service_batch(ray_run *run, int64_t n)
{
    ray_session *session = ray_session_of(run);
    if (n < 1 || n > run->batch_max) {
        ray_service_fail(run, "a batch of %lld items was asked for; 1 to %lld are possible",
                         (long long)n, (long long)run->batch_max);
        return NULL;
    }
    if (session->own.network && session->own.plan.batch < n)
        ray_exec_destroy(&session->own);
    if (!session->own.network && ray_session_create_own(session, n, session->shared->check))
        return NULL;
    ray_exec_set_items(&session->own, n);
    session->current = &session->own;
    return &session->own.value[0];
}

/* The batch at hand again, in an evaluation that looks at the numbers of every layer. */
static int forward_own_watched(ray_session *session)
{
    ray_exec *exec = &session->own;
    ray_tensor input;
    if (ray_tensor_copy(&exec->value[0], &input, session->error))
        return -1;
    ray_exec_destroy(exec);
    int failed = ray_session_create_own(session, input.dim[0], true);
    if (!failed)
        memcpy(exec->value[0].data, input.data,
               (size_t)ray_tensor_size(&input) * sizeof *input.data);
    ray_tensor_free(&input);
    return failed || ray_exec_forward(exec, session->error) ? -1 : 0;
}

/* NaN is looked for where it would come out; when it does, all is done again to name the layer. */
static int forward_own(ray_session *session)
{
    ray_exec *exec = session->current;
    if (ray_exec_forward(exec, session->error))
        return -1;
    if (ray_tensor_finite(&exec->value[session->end]))
        return 0;
    if (forward_own_watched(session))
        return -1;
    return ray_service_fail(&session->run, "NaN or infinity came out of the network");
}

/* An item by itself, where the shared evaluation has several. */
static int forward_item(ray_session *session)
{
    ray_tensor *input = ray_service_batch(&session->run, 1);
    if (!input)
        return -1;
    memcpy(input->data, session->run.image->data,
           (size_t)ray_tensor_size(input) * sizeof *input->data);
    return forward_own(session);
}

int ray_service_forward(ray_run *run)
{
    ray_session *session = ray_session_of(run);
    if (session->preparing)
        return ray_service_fail(run, "forward() is not for prepare()");
    if (session->current && session->current == &session->own)
        return forward_own(session);
    if (run->image->dim[0] != session->shared->value[0].dim[0])
        return forward_item(session);
    return ray_session_forward_shared(session);
}

const ray_tensor *ray_service_output(ray_run *run)
{
    const ray_session *session = ray_session_of(run);
    return session->current ? &session->current->value[session->end] : NULL;
}

const ray_tensor *ray_service_value(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    int32_t id = find_activation(session, activation);
    if (id == RAY_NO_ID)
        return NULL;
    bool asked = id == session->layer || id == session->end || session->kept[id];
    if (!asked || !session->current) {
        ray_service_fail(run, "the value of \"%s\" is not there: ask for it with keep(), then "
                         "forward()", activation);
        return NULL;
    }
    return &session->current->value[id];
}

const ray_tensor *ray_service_signal(ray_run *run, const char *activation)
{
    ray_session *session = ray_session_of(run);
    int32_t id = find_activation(session, activation);
    if (id == RAY_NO_ID)
        return NULL;
    bool asked = id == session->layer || session->kept[id];
    if (!asked || !session->current || !session->current->reached[id]) {
        ray_service_fail(run, "there is no signal at \"%s\": ask for it with keep() and send one "
                         "back", activation);
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
    const ray_tensor *out = &exec->value[session->end];
    ray_tensor *dout = &exec->signal[session->end];
    if (!dout->data)
        return ray_service_fail(&session->run,
                                "a method with RAY_FORWARD_ONLY may not send a signal back");
    if (!pass || !pass->seed)
        return session->method->seed ? session->method->seed(&session->run, out, dout)
                                     : ray_seed_default(session, out, dout);
    if (ray_tensor_size(pass->seed) != ray_tensor_size(dout))
        return ray_service_fail(&session->run,
                                "the seed of a backward pass must have the output's shape");
    memcpy(dout->data, pass->seed->data, (size_t)ray_tensor_size(dout) * sizeof *dout->data);
    return 0;
}

static int send_back(ray_session *session, const ray_pass *pass, const bool *wanted)
{
    ray_backward how = { .from = session->end, .wanted = wanted, .layer = call_rule,
                         .visit = call_visit, .context = session };
    return write_seed(session, pass) || ray_exec_backward(session->current, &how, session->error);
}

/* A method's own batches are many: NaN is looked for in each, where it would do harm. */
static int send_back_watched(ray_session *session, const ray_pass *pass, const bool *wanted,
                             int32_t to)
{
    ray_exec *exec = session->current;
    if (send_back(session, pass, wanted))
        return -1;
    if (exec != &session->own || exec->check || ray_tensor_finite(&exec->signal[to]))
        return 0;
    if (forward_own_watched(session) || send_back(session, pass, wanted))
        return -1;
    return ray_service_fail(&session->run, "NaN or infinity came out of a backward pass");
}

static int32_t find_end(ray_session *session, const ray_pass *pass)
{
    int32_t to = pass && pass->to ? find_activation(session, pass->to) : session->layer;
    if (to == RAY_NO_ID || to == session->layer || session->kept[to])
        return to;
    ray_service_fail(&session->run, "a backward pass cannot end at \"%s\": ask for it with keep()",
                     pass->to);
    return RAY_NO_ID;
}

int ray_service_backward(ray_run *run, const ray_pass *pass)
{
    ray_session *session = ray_session_of(run);
    const ray_graph *graph = &session->network->graph;
    if (!session->current)
        return ray_service_fail(run, "backward() before forward()");
    bool *wanted = ray_alloc((size_t)graph->first_weight, sizeof *wanted);
    if (!wanted)
        return ray_fail_memory(session->error);
    int32_t to = find_end(session, pass);
    for (int32_t a = 0; (!pass || !pass->to) && a < graph->first_weight; a++)
        wanted[a] = session->kept[a] || session->probed[a];
    if (to != RAY_NO_ID)
        wanted[to] = true;
    int failed = to == RAY_NO_ID || send_back_watched(session, pass, wanted, to);
    free(wanted);
    return failed;
}
