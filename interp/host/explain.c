/* SPDX-License-Identifier: MIT */
/* explain.c - one request: several methods on one batch of images, with one forward pass between them. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "map/map.h"
#include "session.h"

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

/* ---- The request checked ---- */

static int check_seed(const explainer *e)
{
    const ray_tensor *seed = e->request->seed;
    ray_tensor out;
    ray_network_output(e->network, &out);
    if (!seed)
        return 0;
    int64_t items = e->request->input.dim[0];
    const ray_graph *graph = &e->network->graph;
    char shape[128];
    if (seed->rank != out.rank || (seed->dim[0] != 1 && seed->dim[0] != items)
        || memcmp(seed->dim + 1, out.dim + 1, (size_t)(out.rank - 1) * sizeof *out.dim))
        return ray_fail(e->error, "signal: its shape must be that of the output, %lldx%s",
                        (long long)items,
                        ray_shape_text(&graph->activations[graph->output].shape, shape));
    return ray_tensor_finite(seed) ? 0 : ray_fail(e->error, "signal: it holds NaN or infinity");
}

static int check_targets(const explainer *e)
{
    const ray_request *request = e->request;
    int64_t items = request->input.dim[0], n = request->n_targets;
    const ray_graph *graph = &e->network->graph;
    int64_t classes = graph->activations[graph->output].shape.dim[0];
    if (n > 1 && items > 1 && n != items)
        return ray_fail(e->error, "target: %lld targets for %lld items; give one for all or one for each",
                        (long long)n, (long long)items);
    for (int64_t i = 0; i < n; i++)
        if (request->targets[i] < 0 || request->targets[i] >= classes)
            return ray_fail(e->error, "target %lld is out of range; the output has %lld classes, 0 to %lld",
                            (long long)request->targets[i], (long long)classes,
                            (long long)classes - 1);
    return 0;
}

static int check_request(const explainer *e)
{
    const ray_request *request = e->request;
    if (request->n_methods < 1)
        return ray_fail(e->error, "no method is asked for");
    if (!(request->smooth >= 0 && request->smooth <= 1))
        return ray_fail(e->error, "smooth: %g is out of range; a fraction of the map's longer side, 0 to 1",
                        request->smooth);
    return ray_network_check_runnable(e->network, e->error)
           || ray_network_check_input(e->network, &request->input, e->error)
           || check_targets(e) || check_seed(e);
}

/* A setting without a method's name must mean something to at least one of several methods. */
static int check_setting(const explainer *e, const char *setting)
{
    for (int i = 0; i < e->request->n_methods; i++) {
        const char *key = ray_session_setting_key(&e->sessions[i], setting);
        const ray_option *p = e->sessions[i].method->params;
        if (key && key != setting)
            return 0;       /* by name: checked where it was read */
        for (; key && p && p->name; p++)
            if (!strncmp(p->name, key, strlen(p->name)) && key[strlen(p->name)] == '=')
                return 0;
    }
    return ray_fail(e->error, "--set %s: no method of this command has such a parameter; `rayinterp rules "
                    "NAME` lists them", setting);
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
    for (int i = 0; i < e->request->n_settings; i++)
        if (check_setting(e, e->request->settings[i]))
            return -1;
    return 0;
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

static int copy_tensor(const ray_tensor *from, ray_tensor *to, ray_error *error)
{
    size_t bytes = (size_t)ray_tensor_size(from) * sizeof *from->data;
    *to = *from;
    to->data = ray_alloc(bytes + 1, 1);
    if (!to->data)
        return ray_fail_memory(error);
    memcpy(to->data, from->data, bytes);
    return 0;
}

static int run_forward(explainer *e)
{
    double start = now();
    if (ray_session_forward_shared(&e->sessions[0]))
        return -1;
    e->result->forward_seconds = now() - start;
    return copy_tensor(&e->exec.value[e->network->graph.output], &e->result->output, e->error);
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

/* N x 1 x H x W; a row of positions is 1 x W, a vector 1 x 1. */
static int allocate_map(const ray_session *session, int64_t n, ray_tensor *map)
{
    const ray_shape *shape = &session->network->graph.activations[session->layer].shape;
    int32_t positions = shape->rank - 1, lead = positions < 2 ? 2 - positions : 0;
    *map = (ray_tensor){ .dim = { n, 1, 1, 1 }, .rank = 2 + lead + positions };
    memcpy(map->dim + 2 + lead, shape->dim + 1, (size_t)positions * sizeof *shape->dim);
    map->data = ray_alloc((size_t)ray_tensor_size(map) + 1, sizeof *map->data);
    return map->data ? 0 : ray_fail_memory(session->error);
}

static int create_probes(explainer *e, const ray_session *session, ray_map *out)
{
    const ray_graph *graph = &e->network->graph;
    int n = 0;
    for (int32_t a = 0; a < graph->first_weight; a++)
        n += session->probed[a];
    out->probes = ray_alloc((size_t)n + 1, sizeof *out->probes);
    if (!out->probes)
        return ray_fail_memory(e->error);
    for (int32_t a = 0; a < graph->first_weight; a++) {
        if (!session->probed[a])
            continue;
        ray_probe *probe = &out->probes[out->n_probes++];
        probe->signal = e->exec.signal[a];
        probe->signal.dim[0] = e->result->n_targets;
        probe->signal.data = ray_alloc((size_t)ray_tensor_size(&probe->signal) + 1,
                                       sizeof *probe->signal.data);
        probe->layer = ray_string_copy(graph->activations[a].name);
        if (!probe->layer || !probe->signal.data
            || copy_tensor(&e->exec.value[a], &probe->value, e->error))
            return ray_fail_memory(e->error);
    }
    return 0;
}

/* The signals of the pass that made the maps from `first` on. */
static void collect_probes(const explainer *e, const ray_session *session, ray_map *out,
                           int64_t first)
{
    int at = 0;
    for (int32_t a = 0; a < e->network->graph.first_weight; a++) {
        if (!session->probed[a])
            continue;
        ray_probe *probe = &out->probes[at++];
        const ray_tensor *signal = &e->exec.signal[a];
        bool there = session->current == &e->exec && e->exec.reached[a] && signal->data;
        if (there && probe->signal.data)
            memcpy(probe->signal.data + first * ray_tensor_item_size(signal), signal->data,
                   (size_t)ray_tensor_size(signal) * sizeof *signal->data);
        else
            ray_tensor_free(&probe->signal);
    }
}

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
        collect_probes(e, session, out, first);
    }
    return 0;
}

static int check_map(const explainer *e, const ray_session *session, const ray_map *out)
{
    if (ray_tensor_finite(&out->map))
        return 0;
    return ray_fail(e->error, "%s: the map holds NaN or infinity, though no activation or signal does: "
                    "it arose in the method", session->asked);
}

static int finish_map(const explainer *e, ray_map *out)
{
    const ray_request *request = e->request;
    ray_tensor input = request->input;
    bool plane = out->map.rank == 4;
    if ((request->resize || request->smooth > 0) && !plane)
        return ray_fail(e->error, "%s: its map at \"%s\" is not a picture, so it cannot be resized or "
                        "smoothed", out->method, out->layer);
    if (request->resize && !request->resize_height && input.rank != 4)
        return ray_fail(e->error, "resize: the input is not a picture; give a size, WxH");
    if (request->resize) {
        ray_tensor small = out->map;
        int64_t h = request->resize_height ? request->resize_height : input.dim[2];
        int64_t w = request->resize_height ? request->resize_width : input.dim[3];
        out->map.data = NULL;
        int failed = ray_map_resize(&small, h, w, request->resize_mode, &out->map, e->error);
        ray_tensor_free(&small);
        if (failed)
            return -1;
    }
    int64_t longer = out->map.dim[2] > out->map.dim[3] ? out->map.dim[2] : out->map.dim[3];
    return request->smooth > 0 ? ray_map_blur(&out->map, request->smooth * (double)longer,
                                              RAY_BORDER_REPLICATE, e->error)
                               : 0;
}

static int explain_method(explainer *e, int i)
{
    ray_session *session = &e->sessions[i];
    ray_map *out = &e->result->maps[e->result->n_maps++];
    double start = now();
    out->method = ray_string_copy(session->asked);
    out->layer = ray_string_copy(session->run.layer);
    if (!out->method || !out->layer)
        return ray_fail_memory(e->error);
    if (allocate_map(session, e->result->n_targets, &out->map) || create_probes(e, session, out)
        || explain_targets(e, session, out) || check_map(e, session, out)
        || finish_map(e, out) || ray_session_tell_cautions(session))
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
        finite = finite && result->maps[i].map.data && ray_tensor_finite(&result->maps[i].map);
    return finite;
}

/* NaN costs nothing to look for until one has come out: then all is done again, watched layer by layer. */
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
    if (check_request(&e))
        return -1;
    if (request->threads > 0)
        omp_set_num_threads(request->threads);
    int failed = explain_watched(&e);
    omp_set_num_threads(before);
    finish(&e, !failed);
    *out = e.result;
    return failed ? -1 : 0;
}

void ray_result_free(ray_result *result)
{
    if (!result)
        return;
    for (int i = 0; i < result->n_maps; i++) {
        ray_map *map = &result->maps[i];
        for (int k = 0; k < map->n_probes; k++) {
            free((char *)map->probes[k].layer);
            ray_tensor_free(&map->probes[k].value);
            ray_tensor_free(&map->probes[k].signal);
        }
        free(map->probes);
        free((char *)map->method);
        free((char *)map->layer);
        ray_tensor_free(&map->map);
    }
    free(result->maps);
    free(result->targets);
    ray_tensor_free(&result->output);
    free(result);
}
