/* SPDX-License-Identifier: MIT */
/* rules.c - which rule is which layer's, and what must be said about it aloud. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static bool rule_fits(const ray_rule *rule, const ray_layer *layer)
{
    return (!rule->kind || !fnmatch(rule->kind, layer->kind, 0))
           && (layer->traits & rule->traits) == rule->traits
           && (!rule->layers || !fnmatch(rule->layers, layer->name, 0));
}

static const ray_rule *find_rule(const ray_rule *rules, const ray_layer *layer)
{
    for (const ray_rule *rule = rules; rule->kind || rule->traits || rule->layers; rule++)
        if (rule_fits(rule, layer))
            return rule;
    return NULL;
}

int ray_session_match_rules(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    session->rule = ray_arena_alloc(&session->arena, (size_t)graph->n_layers,
                                    sizeof *session->rule);
    if (!session->rule)
        return ray_fail_memory(session->error);
    for (int32_t i = 0; session->method->rules && i < graph->n_layers; i++)
        session->rule[i] = find_rule(session->method->rules, &graph->layers[i].info);
    return 0;
}

static ray_caution *find_caution(ray_session *session, const char *text)
{
    for (int32_t i = 0; i < session->n_cautions; i++)
        if (!strcmp(session->cautions[i].text, text))
            return &session->cautions[i];
    ray_caution *grown = ray_grow(session->cautions, (size_t)session->n_cautions + 1,
                                  sizeof *grown);
    if (!grown)
        return NULL;
    session->cautions = grown;
    ray_caution *caution = &session->cautions[session->n_cautions];
    *caution = (ray_caution){ .text = ray_arena_copy(&session->arena, text) };
    caution->layers = ray_arena_alloc(&session->arena, (size_t)session->network->graph.n_layers,
                                      sizeof *caution->layers);
    if (!caution->text || !caution->layers)
        return NULL;
    session->n_cautions++;
    return caution;
}

int ray_session_caution(ray_session *session, const ray_layer *layer, const char *text)
{
    ray_caution *caution = find_caution(session, text);
    if (!caution)
        return ray_fail_memory(session->error);
    for (int32_t i = 0; i < caution->n; i++)
        if (caution->layers[i] == layer)
            return 0;
    caution->layers[caution->n++] = layer;
    return 0;
}

static int caution_layer(ray_session *session, int32_t i)
{
    const ray_layer *layer = &session->network->graph.layers[i].info;
    const ray_rule *rule = session->rule[i];
    if (rule && rule->caution)
        return ray_session_caution(session, layer, rule->caution);
    if (!rule && session->method->rules)
        return ray_session_caution(session, layer, "knows nothing about this type of layer; the "
                                   "ordinary gradient is used");
    return 0;
}

int ray_session_caution_rules(ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    if (session->method->flags & RAY_FORWARD_ONLY)
        return 0;
    size_t n = (size_t)graph->first_weight;
    bool *on_path = ray_arena_alloc(&session->arena, n, sizeof *on_path);
    bool *leads = ray_arena_alloc(&session->arena, n, sizeof *leads);
    if (!on_path || !leads)
        return ray_fail_memory(session->error);
    for (int32_t a = 0; a < graph->first_weight; a++)
        on_path[a] = session->kept[a] || session->probed[a];
    on_path[session->layer] = true;
    leads[session->end] = true;
    ray_graph_spread(graph, on_path);
    ray_graph_gather(graph, leads);
    for (int32_t i = 0; i < graph->n_layers; i++) {
        bool met = false;
        for (int32_t k = 0; leads[graph->layers[i].out] && k < graph->layers[i].info.n_in; k++)
            met = met || on_path[graph->layers[i].in[k]];
        if (met && caution_layer(session, i))
            return -1;
    }
    return 0;
}

/* "guided_backprop: is not defined for ...: silu "act1", silu "act2" and 7 more" */
static void write_caution(const ray_session *session, const ray_caution *caution, char *line,
                          size_t size)
{
    enum { MOST_NAMED = 8 };
    size_t used = (size_t)snprintf(line, size, "%s: %s:", session->asked, caution->text);
    for (int32_t i = 0; i < caution->n && i < MOST_NAMED && used < size; i++)
        used += (size_t)snprintf(line + used, size - used, "%s %s \"%s\"", i ? "," : "",
                                 caution->layers[i]->kind, caution->layers[i]->name);
    if (caution->n > MOST_NAMED && used < size)
        snprintf(line + used, size - used, " and %d more", caution->n - MOST_NAMED);
}

int ray_session_tell_cautions(const ray_session *session)
{
    const ray_listener *listener = &session->request->listener;
    char line[1024];
    for (int32_t i = 0; i < session->n_cautions; i++) {
        write_caution(session, &session->cautions[i], line, sizeof line);
        if (session->request->strict)
            return ray_fail(session->error, "%s (an error because of --strict)", line);
        if (listener->notice)
            listener->notice(listener->context, RAY_WARNING, line);
    }
    return 0;
}
