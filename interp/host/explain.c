/* SPDX-License-Identifier: MIT */
/* explain.c - one request: several methods on one batch of images, with one shared forward pass. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "request.h"
#include "result.h"

typedef struct explainer {
    const ray_network *network;
    const ray_methods *methods;
    const ray_request *request;
    ray_result        *result;
    ray_session       *sessions;    /* request->n_methods of them */
    ray_exec           exec;
    bool               forwarded;
    bool               checked;     /* look for NaN at every layer */
    ray_error         *error;
} explainer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

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
    }
    return ray_request_check_settings(e->sessions, e->request, e->error);
}

/* ---- The common forward pass ---- */

static int create_exec(explainer *e)
{
    const ray_graph *graph = &e->network->graph;
    size_t n = (size_t)graph->first_weight;
    bool *keep_value = ray_alloc(n, sizeof *keep_value);
    bool *want_signal = ray_alloc(n, sizeof *want_signal);
    uint8_t *reads = ray_alloc(n, sizeof *reads);
    int failed = keep_value && want_signal && reads ? 0 : ray_fail_memory(e->error);
    for (int i = 0; !failed && i < e->request->n_methods; i++)
        ray_session_demand(&e->sessions[i], keep_value, want_signal, reads);
    ray_demand demand = { e->request->input.dim[0], keep_value, want_signal, reads };
    failed = failed || ray_exec_create(&e->exec, e->network, &demand, e->error);
    e->exec.check = e->checked;
    free(keep_value);
    free(want_signal);
    free(reads);
    return failed;
}

static int run_forward(explainer *e)
{
    double start = now();
    if (ray_session_forward_shared(&e->sessions[0]))
        return -1;
    e->result->forward_seconds = now() - start;
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

/* ---- Maps ---- */

/* Methods that make one map at a time are asked once for each target of a single item. */
static int explain_targets(explainer *e, ray_session *session, ray_map *out)
{
    const ray_result *result = e->result;
    bool together = result->n_targets == e->request->input.dim[0]
                    || (session->method->flags & RAY_MANY_TARGETS);
    int64_t step = together ? result->n_targets : 1;
    for (int64_t first = 0; first < result->n_targets; first += step) {
        ray_tensor map = out->map;
        map.dim[0] = step;
        map.data += first * ray_tensor_item_size(&map);
        session->run.target = result->targets + first;
        session->run.n_targets = step;
        ray_session_forget(session);
        if (ray_session_explain(session, &map))
            return -1;
        ray_map_collect_probes(out, session, first);
    }
    return 0;
}

static int check_map(const explainer *e, const ray_session *session, const ray_map *out)
{
    if (ray_tensor_finite(&out->map))
        return 0;
    return ray_fail(e->error, "%s: the map holds NaN or infinity, though no activation or signal "
                    "does: it arose in the method", session->asked);
}

static int explain_method(explainer *e, int i)
{
    ray_session *session = &e->sessions[i];
    ray_map *out = &e->result->maps[e->result->n_maps++];
    double start = now();
    if (ray_map_create(out, session, e->result->n_targets) || explain_targets(e, session, out)
        || check_map(e, session, out) || ray_map_finish(out, e->request, e->error))
        return -1;
    out->seconds = now() - start;
    return 0;
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
    if (open_sessions(e) || create_exec(e) || run_forward(e) || choose_targets(e))
        return -1;
    for (int i = 0; i < e->request->n_methods; i++)
        if (explain_method(e, i))
            return -1;
    for (int i = 0; i < e->request->n_methods; i++)
        if (ray_session_tell_cautions(&e->sessions[i]))
            return -1;
    return 0;
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
    explainer e = { .network = network, .methods = methods, .request = request, .error = error };
    int before = omp_get_max_threads();
    *out = NULL;
    if (error)
        error->text[0] = '\0';
    if (ray_request_check(network, request, error)
        || ray_request_check_defaults(network, methods, request, error))
        return -1;
    if (request->threads > 0)
        omp_set_num_threads(request->threads);
    int failed = explain_watched(&e);
    omp_set_num_threads(before);
    finish(&e, !failed);
    *out = e.result;
    return failed ? -1 : 0;
}
