/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* What the command line says, else the graph's default for the method, else the input. */
static int choose_layer(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    bool at_input = session->method->flags & RAY_EXPLAINS_INPUT;
    const char *name = at_input ? NULL : session->request->layer;
    if (!name)
        name = ray_session_default_layer(session);
    if (name && at_input)
        return ray_fail(session->error, "%s: defaults: method \"%s\" explains the input; it has no "
                        "`layer`", graph->path, session->method->name);
    if (!name && (session->method->flags & RAY_NEEDS_LAYER))
        return ray_fail(session->error, "method \"%s\" needs a saliency layer: give --layer NAME "
                        "(`rayinterp show %s` lists them) or `defaults:` in the graph",
                        session->method->name, graph->path);
    session->layer = ray_graph_find(graph, name ? name : "", session->error);
    if (session->layer == RAY_NO_ID)
        return ray_fail_prefix(session->error, "--layer: %s: ", graph->path);
    session->run.layer = session->layer ? graph->activations[session->layer].name : "";
    return 0;
}

/* Probes lie on the way of the pass, or prolong it. */
static int keep_probes(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    for (int i = 0; i < session->request->n_probes; i++) {
        const char *name = session->request->probes[i];
        int32_t id = !strcmp(name, "all") ? 0 : ray_graph_find(graph, name, session->error);
        if (id == RAY_NO_ID)
            return ray_fail_prefix(session->error, "--probe: %s: ", graph->path);
        if (strcmp(name, "all"))
            session->probed[id] = true;
        else
            memset(session->probed, true, (size_t)graph->first_weight * sizeof *session->probed);
    }
    return 0;
}

static int prepare(ray_session *session)
{
    session->preparing = true;
    int failed = session->method->prepare ? session->method->prepare(&session->run) : 0;
    session->preparing = false;
    if (failed)
        return ray_fail(session->error, "method \"%s\" failed without saying why", session->asked);
    return 0;
}

static int open_session(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    size_t n = (size_t)graph->first_weight;
    session->kept = ray_arena_alloc(&session->arena, n, sizeof *session->kept);
    session->probed = ray_arena_alloc(&session->arena, n, sizeof *session->probed);
    session->run.state = ray_arena_alloc(&session->arena, 1, session->method->state_size + 1);
    if (!session->kept || !session->probed || !session->run.state)
        return ray_fail_memory(session->error);
    if (ray_session_read_options(session) || choose_layer(session) || keep_probes(session)
        || ray_session_match_rules(session) || prepare(session))
        return -1;
    return ray_session_caution_rules(session);
}

int ray_session_open(ray_session *session, const ray_network *network, const ray_method *method,
                     const char *asked, const ray_request *request, ray_error *error)
{
    const ray_activation *output = &network->graph.activations[network->graph.output];
    *session = (ray_session){ .run = { .host = &ray_host_services, .image = &session->image,
                                       .n_targets = request->input.dim[0],
                                       .output = output->name },
                              .method = method, .asked = asked, .network = network,
                              .request = request, .image = request->input,
                              .end = network->graph.output, .error = error };
    ray_random_seed(&session->random, request->random_seed);
    if (!open_session(session))
        return 0;
    ray_session_close(session);
    return -1;
}

void ray_session_close(ray_session *session)
{
    if (session->method && session->method->finish && session->run.state)
        session->method->finish(&session->run);
    if (session->own.network)
        ray_exec_destroy(&session->own);
    ray_scratch_free(&session->scratch);
    for (int32_t i = 0; i < session->n_arrays; i++) {
        ray_tensor_free(session->arrays[i]);
        free(session->arrays[i]);
    }
    free(session->arrays);
    free(session->cautions);
    ray_arena_free(&session->arena);
    *session = (ray_session){ 0 };
}

int ray_session_forward_shared(ray_session *session)
{
    ray_exec *exec = session->shared;
    session->current = exec;
    if (*session->forwarded)
        return 0;
    memcpy(exec->value[0].data, session->run.image->data,
           (size_t)ray_tensor_size(session->run.image) * sizeof *exec->value[0].data);
    if (ray_exec_forward(exec, session->error))
        return -1;
    *session->forwarded = true;
    return 0;
}

void ray_session_forget(ray_session *session)
{
    size_t n = (size_t)session->network->graph.first_weight;
    memset(session->shared->reached, 0, n * sizeof *session->shared->reached);
    session->current = NULL;
}

/* ---- What happens without callbacks ---- */

static int sum_channels(const ray_tensor *p, ray_tensor *map)
{
    int64_t channels = p->dim[1], positions = ray_tensor_item_size(p) / channels;
    for (int64_t n = 0; n < p->dim[0]; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t u = 0; u < positions; u++)
                map->data[n * positions + u] += p->data[(n * channels + c) * positions + u];
    return 0;
}

static int explain_by_backward(ray_session *session, ray_tensor *map)
{
    const ray_host *host = session->run.host;
    if (host->forward(&session->run) || host->backward(&session->run, NULL))
        return -1;
    const ray_tensor *x = host->value(&session->run, session->run.layer);
    const ray_tensor *p = host->signal(&session->run, session->run.layer);
    if (!x || !p)
        return -1;
    if (session->method->saliency)
        return session->method->saliency(&session->run, x, p, map);
    return sum_channels(p, map);
}

/* What goes on does so in batches of the size in which it was begun, for the same bytes. */
static void recall_batch(ray_session *session)
{
    const ray_entry *entry = session->checkpoint && !session->shared->check
        ? ray_checkpoint_find(session->checkpoint, session->asked, session->part) : NULL;
    if (entry && !session->request->batch)
        session->run.batch_max = entry->batch;
}

int ray_session_explain(ray_session *session, ray_tensor *map)
{
    int32_t used = session->scratch.used;
    session->n_blocks = 0;
    session->done = session->total = 0;
    recall_batch(session);
    ray_random_seed(&session->random, session->request->random_seed);
    int failed = session->method->explain ? session->method->explain(&session->run, map)
                                          : explain_by_backward(session, map);
    session->scratch.used = used;
    if (session->error->text[0])        /* said, and perhaps taken for a wish to stop */
        return -1;
    if (failed && !session->stopped)
        ray_fail(session->error, "method \"%s\" failed without saying why", session->asked);
    return failed ? -1 : 0;
}
