/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <string.h>

typedef struct checker {
    const ray_network *network;
    const ray_request *request;
    ray_error         *error;
} checker;

static int check_seed(const checker *c)
{
    const ray_tensor *seed = c->request->seed;
    ray_tensor out;
    ray_network_output(c->network, &out);
    if (!seed)
        return 0;
    int64_t items = c->request->input.dim[0];
    const ray_graph *graph = &c->network->graph;
    char shape[128];
    if (seed->rank != out.rank || (seed->dim[0] != 1 && seed->dim[0] != items)
        || memcmp(seed->dim + 1, out.dim + 1, (size_t)(out.rank - 1) * sizeof *out.dim))
        return ray_fail(c->error, "signal: its shape must be that of the output, %lldx%s",
                        (long long)items,
                        ray_shape_text(&graph->activations[graph->output].shape, shape));
    return ray_tensor_finite(seed) ? 0 : ray_fail(c->error, "signal: it holds NaN or infinity");
}

static int check_targets(const checker *c)
{
    const ray_request *request = c->request;
    int64_t items = request->input.dim[0], n = request->n_targets;
    const ray_graph *graph = &c->network->graph;
    int64_t classes = graph->activations[graph->output].shape.dim[0];
    if (n > 1 && items > 1 && n != items)
        return ray_fail(c->error, "target: %lld targets for %lld items; give one for all or one "
                        "for each", (long long)n, (long long)items);
    for (int64_t i = 0; i < n; i++)
        if (request->targets[i] < 0 || request->targets[i] >= classes)
            return ray_fail(c->error, "target %lld is out of range; the output has %lld classes, 0 "
                            "to %lld", (long long)request->targets[i], (long long)classes,
                            (long long)classes - 1);
    return 0;
}

int ray_request_check(const ray_network *network, const ray_request *request, ray_error *error)
{
    const checker c = { network, request, error };
    if (request->n_methods < 1)
        return ray_fail(error, "no method is asked for");
    if (!(request->smooth >= 0 && request->smooth <= 1))
        return ray_fail(error, "smooth: %g is out of range; a fraction of the map's longer side, 0 "
                        "to 1", request->smooth);
    if (request->batch < 0)
        return ray_fail(error, "batch: %lld is out of range; 1 or more, or 0: as memory allows",
                        (long long)request->batch);
    if (request->memory < 0)
        return ray_fail(error, "memory: %lld is out of range; bytes, or 0: half of what is free",
                        (long long)request->memory);
    return ray_network_check_runnable(network, error)
           || ray_network_check_input(network, &request->input, error)
           || check_targets(&c) || check_seed(&c);
}

/* A setting without a method's name must mean something to at least one of several methods. */
static int check_setting(const ray_session *sessions, const ray_request *request,
                         const char *setting, ray_error *error)
{
    for (int i = 0; i < request->n_methods; i++) {
        const char *key = ray_session_setting_key(&sessions[i], setting);
        const ray_option *p = sessions[i].method->params;
        if (key && key != setting)
            return 0;       /* by name: checked where it was read */
        for (; key && p && p->name; p++)
            if (!strncmp(p->name, key, strlen(p->name)) && key[strlen(p->name)] == '=')
                return 0;
    }
    return ray_fail(error, "--set %s: no method of this command has such a parameter; `rayinterp "
                    "rules NAME` lists them", setting);
}

int ray_request_check_settings(const ray_session *sessions, const ray_request *request,
                               ray_error *error)
{
    for (int i = 0; i < request->n_settings; i++)
        if (check_setting(sessions, request, request->settings[i], error))
            return -1;
    return 0;
}

int ray_request_check_layer(const ray_session *sessions, const ray_request *request,
                            ray_error *error)
{
    for (int i = 0; request->layer && i < request->n_methods; i++)
        if (!(sessions[i].method->flags & RAY_EXPLAINS_INPUT))
            return 0;
    return request->layer
           ? ray_fail(error, "--layer %s: method \"%s\" explains the input; it takes no layer",
                      request->layer, sessions[0].asked)
           : 0;
}

/* A slip in a method's name under `defaults:` would go unnoticed. */
int ray_request_check_defaults(const ray_network *network, const ray_methods *methods,
                               const ray_request *request, ray_error *error)
{
    const ray_description *d = &network->description;
    for (int32_t i = 0; i < d->n_defaults; i++) {
        ray_word method = d->defaults[i].method;
        char hint[160], line[1024];
        ray_error unused = { "" };
        if (ray_methods_find(methods, method.text, &unused)
            || !*ray_methods_hint(methods, method.text, hint, sizeof hint))
            continue;
        snprintf(line, sizeof line, "%s:%d:%d: defaults: no plugin brings a method \"%.64s\"%s",
                 d->yaml.path, method.mark.line, method.mark.column, method.text, hint);
        if (request->strict)
            return ray_fail(error, "%s (an error because of --strict)", line);
        if (request->listener.notice)
            request->listener.notice(request->listener.context, RAY_WARNING, line);
    }
    return 0;
}
