/* SPDX-License-Identifier: MIT */
/* explain.c - one request: several methods on one batch of images, with one shared forward pass. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fingerprint.h"
#include "request.h"
#include "result.h"

enum { MOST_COPIES = 8 };       /* of an item for its targets: more is hardly faster */

typedef struct explainer {
    const ray_network *network;
    const ray_methods *methods;
    const ray_request *request;
    ray_result        *result;
    ray_session       *sessions;    /* request->n_methods of them */
    ray_exec           exec;
    bool               forwarded;
    bool               checked;     /* look for NaN at every layer */
    ray_checkpoint     checkpoint;  /* path NULL: none */
    ray_error         *error;
} explainer;

static int open_sessions(explainer *e)
{
    for (int i = 0; i < e->request->n_methods; i++) {
        const char *asked = e->request->methods[i];
        for (int j = 0; j < i; j++)
            if (!strcmp(asked, e->request->methods[j]))
                return ray_fail(e->error, "rule \"%s\" is named twice", asked);
        const ray_method *method = ray_methods_find(e->methods, asked, e->error);
        if (!method || ray_session_open(&e->sessions[i], e->network, method, asked, e->request,
                                        e->error))
            return -1;
        e->sessions[i].shared = &e->exec;
        e->sessions[i].forwarded = &e->forwarded;
        e->sessions[i].checkpoint = e->checkpoint.path ? &e->checkpoint : NULL;
        if (ray_session_choose_batch(&e->sessions[i]))
            return -1;
    }
    return ray_request_check_settings(e->sessions, e->request, e->error)
           || ray_request_check_layer(e->sessions, e->request, e->error);
}

static int open_checkpoint(explainer *e)
{
    ray_fingerprint fingerprint;
    if (!e->request->checkpoint || e->checkpoint.path)
        return 0;
    return ray_fingerprint_make(e->network, e->request, &fingerprint, e->error)
           || ray_checkpoint_open(&e->checkpoint, e->request->checkpoint, fingerprint, e->error);
}

/* ---- The common forward pass ---- */

/* As many as the input has; of a single one as many copies as a call for its targets takes. */
static int64_t choose_items(const explainer *e, const ray_wishes *wishes)
{
    const ray_request *request = e->request;
    int64_t most = request->batch ? request->batch : MOST_COPIES;
    bool copies = false;
    for (int i = 0; i < request->n_methods; i++)
        copies = copies || ray_session_takes_copies(&e->sessions[i]);
    if (!copies || request->n_targets < 2)
        return request->input.dim[0];
    return ray_wishes_fit(wishes, &e->sessions[0],
                          most < request->n_targets ? most : request->n_targets);
}

static int create_exec(explainer *e)
{
    ray_wishes wishes;
    if (ray_wishes_create(&wishes, &e->network->graph, e->error))
        return -1;
    wishes.ends[e->network->graph.output] = true;
    for (int i = 0; i < e->request->n_methods; i++)
        ray_wishes_add(&wishes, &e->sessions[i]);
    ray_demand demand = ray_wishes_demand(&wishes, choose_items(e, &wishes), e->checked);
    int failed = !demand.batch || ray_exec_create(&e->exec, e->network, &demand, e->error);
    ray_wishes_free(&wishes);
    if (failed)
        return -1;
    ray_exec_set_items(&e->exec, e->request->input.dim[0]);
    e->exec.check = e->checked;
    e->exec.memory = e->request->memory;
    e->exec.listener = &e->request->listener;
    return 0;
}

static int run_forward(explainer *e)
{
    double start = ray_clock();
    if (ray_session_forward_shared(&e->sessions[0]))
        return -1;
    e->result->forward_seconds = ray_clock() - start;
    return ray_tensor_copy(&e->exec.value[e->network->graph.output], &e->result->output, e->error);
}

/* As many maps as items, or as targets of a single item. */
static int choose_targets(explainer *e)
{
    const ray_request *request = e->request;
    ray_result *result = e->result;
    int64_t items = request->input.dim[0];
    result->n_targets = items > request->n_targets ? items : request->n_targets;
    result->targets = ray_alloc((size_t)result->n_targets, sizeof *result->targets);
    if (!result->targets)
        return ray_fail_memory(e->error);
    for (int64_t i = 0; i < result->n_targets; i++) {
        if (request->n_targets)
            result->targets[i] = request->targets[request->n_targets > 1 ? i : 0];
        else if (!ray_output_top(&result->output, i, 1, &result->targets[i]))
            return ray_fail(e->error, "the output has no top class: it holds NaN");
    }
    return 0;
}

/* What was asked for and had no effect. */
static int say_idle(const explainer *e, const char *format, const char *of)
{
    const ray_listener *listener = &e->request->listener;
    char line[1024];
    snprintf(line, sizeof line, format, of);
    if (e->request->strict)
        return ray_fail(e->error, "%s (an error because of --strict)", line);
    if (listener->notice)
        listener->notice(listener->context, RAY_WARNING, line);
    return 0;
}

static int warn_of_idle(const explainer *e)
{
    bool seeded = !e->request->seed && !e->request->pointing;
    for (int i = 0; i < e->request->n_methods; i++)
        seeded = seeded || e->sessions[i].seeded;
    if (e->result->stopped)
        return 0;
    if (!seeded && say_idle(e, "--signal %s: no method of this command sends it back",
                            e->request->seed ? "FILE" : "pointing"))
        return -1;
    return e->checkpoint.path && !e->checkpoint.used
           ? say_idle(e, "--checkpoint %s: no method of this command saves its work",
                      e->checkpoint.path)
           : 0;
}

static int explain(explainer *e)
{
    e->result = ray_alloc(1, sizeof *e->result);
    e->sessions = ray_alloc((size_t)e->request->n_methods, sizeof *e->sessions);
    if (!e->result || !e->sessions)
        return ray_fail_memory(e->error);
    e->result->maps = ray_alloc((size_t)e->request->n_methods, sizeof *e->result->maps);
    if (!e->result->maps)
        return ray_fail_memory(e->error);
    if (open_checkpoint(e) || open_sessions(e) || create_exec(e) || run_forward(e)
        || choose_targets(e))
        return -1;
    for (int i = 0; i < e->request->n_methods && !e->result->stopped; i++)
        if (ray_session_make_maps(&e->sessions[i], e->result))
            return -1;
    for (int i = 0; i < e->request->n_methods; i++)
        if (ray_session_tell_cautions(&e->sessions[i]))
            return -1;
    e->result->checkpointed = e->checkpoint.used;
    return warn_of_idle(e);
}

static void finish(explainer *e, bool keep_result)
{
    for (int i = 0; e->sessions && i < e->request->n_methods; i++)
        ray_session_close(&e->sessions[i]);
    free(e->sessions);
    e->sessions = NULL;
    if (e->exec.network)
        ray_exec_destroy(&e->exec);
    e->forwarded = false;
    if (!keep_result) {
        ray_result_free(e->result);
        e->result = NULL;
    }
}

static bool result_is_finite(const ray_result *result)
{
    bool finite = ray_tensor_finite(&result->output);
    for (int i = 0; i < result->n_maps; i++)
        finite = finite && (!result->maps[i].map.data || ray_tensor_finite(&result->maps[i].map));
    return finite;
}

/* NaN costs nothing to look for until one comes out: then all is done again, watched by layer. */
static int explain_watched(explainer *e)
{
    ray_error first = { "" }, *told = e->error;
    e->error = &first;
    int failed = explain(e);
    bool finite = e->result && e->result->maps && e->result->output.data
                  ? result_is_finite(e->result) : true;
    e->error = told;
    if (failed && finite)
        return ray_fail(told, "%s", first.text);
    if (!failed && finite)
        return 0;
    finish(e, false);
    e->checked = true;
    return explain(e);
}

int ray_explain(const ray_network *network, const ray_methods *methods, const ray_request *request,
                ray_result **out, ray_error *error)
{
    ray_error unheard;
    error = error ? error : &unheard;
    explainer e = { .network = network, .methods = methods, .request = request, .error = error };
    int before = omp_get_max_threads();
    *out = NULL;
    error->text[0] = '\0';
    if (ray_request_check(network, request, error)
        || ray_request_check_defaults(network, methods, request, error))
        return -1;
    if (request->threads > 0)
        omp_set_num_threads(request->threads);
    int failed = explain_watched(&e);
    omp_set_num_threads(before);
    ray_checkpoint_close(&e.checkpoint);
    finish(&e, !failed);
    *out = e.result;
    return failed ? -1 : 0;
}
