/* SPDX-License-Identifier: MIT */
/* entries.c - a request for several methods taken apart into one for each: the methods are timed
 * one by one, but what is asked for is checked as for an explanation with all of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "host/request.h"

/* Sessions that are not open: names and methods alone are looked at. */
static int find_methods(ray_session *sessions, const ray_methods *methods,
                        const ray_request *request, ray_error *error)
{
    for (int i = 0; i < request->n_methods; i++) {
        const char *asked = request->methods[i];
        for (int j = 0; j < i; j++)
            if (!strcmp(asked, request->methods[j]))
                return ray_fail(error, "rule \"%s\" is named twice", asked);
        sessions[i].asked = asked;
        sessions[i].method = ray_methods_find(methods, asked, error);
        if (!sessions[i].method)
            return -1;
    }
    return 0;
}

static bool has_parameter(const ray_method *method, const char *key)
{
    size_t length = strcspn(key, "=");
    for (const ray_option *p = method->params; p && p->name; p++)
        if (strlen(p->name) == length && !strncmp(p->name, key, length))
            return true;
    return false;
}

static bool is_meant(const ray_session *session, const char *setting, bool alone)
{
    const char *key = ray_session_setting_key(session, setting);
    return key && (alone || key != setting || has_parameter(session->method, key));
}

static int take_settings(ray_turn *turn, const ray_session *session, const ray_request *request,
                         ray_error *error)
{
    turn->settings = ray_alloc((size_t)request->n_settings + 1, sizeof *turn->settings);
    if (!turn->settings)
        return ray_fail_memory(error);
    turn->request.settings = turn->settings;
    for (int i = 0; i < request->n_settings; i++)
        if (is_meant(session, request->settings[i], request->n_methods == 1))
            turn->settings[turn->request.n_settings++] = request->settings[i];
    return 0;
}

static int create_turn(ray_turn *turn, const ray_session *session, const ray_request *request,
                       ray_error *error)
{
    bool at_input = session->method->flags & RAY_EXPLAINS_INPUT;
    turn->name = session->asked;
    turn->request = (ray_request){ .methods = &turn->name, .n_methods = 1,
                                   .layer = at_input ? NULL : request->layer,
                                   .threads = request->threads, .memory = request->memory };
    return take_settings(turn, session, request, error);
}

static int check(const ray_session *sessions, const ray_network *network,
                 const ray_request *request, ray_error *error)
{
    if (request->layer && ray_graph_find(&network->graph, request->layer, error) == RAY_NO_ID)
        return ray_fail_prefix(error, "--layer: %s: ", network->graph.path);
    if (request->n_methods > 1 && ray_request_check_settings(sessions, request, error))
        return -1;
    return ray_request_check_layer(sessions, request, error);
}

int ray_turns_create(ray_turn *turns, const ray_network *network, const ray_methods *methods,
                     const ray_request *request, ray_error *error)
{
    ray_session *sessions = ray_alloc((size_t)request->n_methods + 1, sizeof *sessions);
    if (!sessions)
        return ray_fail_memory(error);
    int failed = find_methods(sessions, methods, request, error)
                 || check(sessions, network, request, error);
    for (int i = 0; !failed && i < request->n_methods; i++)
        failed = create_turn(&turns[i], &sessions[i], request, error);
    free(sessions);
    return failed ? -1 : 0;
}

void ray_turn_free(ray_turn *turn)
{
    free(turn->settings);
    ray_samples_free(&turn->samples);
}
