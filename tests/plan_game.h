/* SPDX-License-Identifier: MIT */
/* plan_game.h - a plan played through with labels in place of numbers: every label must still be
 * there when it is read, layers join and share memory only where they may. */
#ifndef RAY_TESTS_PLAN_GAME_H
#define RAY_TESTS_PLAN_GAME_H

#include "plan/plan.h"
#include "testing.h"

typedef struct game {
    const ray_graph  *graph;
    const ray_demand *demand;
    ray_plan          plan;
    int32_t          *values, *signals;     /* whose number lies in a place: activation + 1, or 0 */
    bool             *needed;               /* leads to an end or to a value that is kept */
    bool             *to_end;               /* its value is read after the last layer */
    bool             *on_path;              /* of the pass at hand */
    const char       *name;                 /* of the case, for messages */
    int               broken;
    char              fault[256];           /* the first */
} game;

static inline void game_break(game *g, const char *what, int32_t activation)
{
    if (!g->broken++)
        snprintf(g->fault, sizeof g->fault, "%s: \"%s\"", what,
                 g->graph->activations[activation].name);
}

static inline int64_t game_numbers(const game *g, int32_t a)
{
    return g->graph->activations[a].size * g->demand->batch;
}

/* An activation that only views another is labelled as that one. */
static inline int32_t game_root(const game *g, int32_t a)
{
    int32_t producer = g->graph->activations[a].producer;
    while (producer != RAY_NO_ID && g->graph->layers[producer].kind->view) {
        a = g->graph->layers[producer].in[0];
        producer = g->graph->activations[a].producer;
    }
    return a;
}

static inline bool game_is_end(const game *g, int32_t a)
{
    return g->demand->ends ? g->demand->ends[a] : a == g->graph->output;
}

static inline bool game_is_replaced(const game *g, int32_t i)
{
    return g->demand->replaced && g->demand->replaced[i];
}

/* ---- What is wanted, worked out anew ---- */

static inline void game_find_to_end(game *g)
{
    size_t n = (size_t)g->graph->first_weight;
    bool *path = calloc(n, 1);
    memcpy(path, g->demand->want_signal, n);
    ray_graph_spread(g->graph, path);
    for (size_t a = 0; a < n; a++)
        g->to_end[a] = a == 0 || g->demand->keep_value[a] || game_is_end(g, (int32_t)a);
    for (int32_t i = 0; i < g->graph->n_layers; i++) {
        const ray_graph_layer *layer = &g->graph->layers[i];
        bool passed = false;
        for (int32_t k = 0; k < layer->info.n_in; k++)
            passed = passed || (path[layer->in[k]] && path[layer->out] && g->needed[layer->out]);
        for (int32_t k = 0; passed && k < layer->info.n_in; k++)
            g->to_end[layer->in[k]] |= (g->demand->reads[i] & RAY_READS_IN) != 0;
        g->to_end[layer->out] |= passed && (g->demand->reads[i] & RAY_READS_OUT);
    }
    free(path);
}

static inline void game_find_needed(game *g)
{
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        g->needed[a] = a == 0 || game_is_end(g, a) || g->demand->keep_value[a];
    ray_graph_gather(g->graph, g->needed);
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (g->needed[a] != g->plan.needed[a])
            game_break(g, "needed", a);
}

/* ---- Who joined whom ---- */

/* The layer reads the activation, once; it alone does, and nobody wants it later. */
static inline bool game_passes(const game *g, int32_t a, int32_t reader)
{
    const ray_activation *activation = &g->graph->activations[a];
    return activation->n_consumers == 1 && activation->consumers[0] == reader && !g->to_end[a];
}

/* One more layer of a group, which has `made` that so far; counts it, and returns what it makes. */
static inline int32_t game_check_joined(game *g, int32_t head, int32_t made, int32_t i,
                                        uint32_t how, int *members)
{
    const ray_graph_layer *layer = &g->graph->layers[i];
    if (!game_passes(g, made, i))
        game_break(g, "joined, but others want what it reads", layer->out);
    if (layer->kind->joins != how || !(g->graph->layers[head].kind->finishes & how)
        || g->plan.joins[i].head != head)
        game_break(g, "joined what it cannot", layer->out);
    ++*members;
    return layer->out;
}

static inline void game_check_added(game *g, const ray_join *join, int32_t made)
{
    const ray_graph_layer *sum = &g->graph->layers[join->add];
    const int64_t size = game_numbers(g, sum->out);
    if (sum->info.n_in != 2 || join->added != sum->in[sum->in[0] == made] || join->added == made
        || game_numbers(g, made) != size || game_numbers(g, join->added) != size)
        game_break(g, "joined, but is no plain sum of two", sum->out);
}

/* Head, scale, sum and limit one behind the other. */
static inline void game_check_group(game *g, int32_t head, int *members)
{
    const ray_join *join = &g->plan.joins[head];
    int32_t made = g->graph->layers[head].out;
    if (join->scale != RAY_NO_ID)
        made = game_check_joined(g, head, made, join->scale, RAY_JOIN_SCALE, members);
    if (join->add != RAY_NO_ID) {
        game_check_added(g, join, made);
        made = game_check_joined(g, head, made, join->add, RAY_JOIN_ADD, members);
    }
    if (join->limit != RAY_NO_ID)
        made = game_check_joined(g, head, made, join->limit, RAY_JOIN_LIMIT, members);
    if (g->graph->activations[made].producer != join->tail)
        game_break(g, "does not end where it should", made);
    if ((join->add == RAY_NO_ID) != (join->added == RAY_NO_ID))
        game_break(g, "adds what it should not", made);
}

static inline void game_check_groups(game *g)
{
    int members = 0;
    for (int32_t i = 0; i < g->graph->n_layers; i++) {
        if (g->plan.joins[i].head == i)
            game_check_group(g, i, &members);
        members += g->plan.joins[i].head == i;
        if (!g->demand->join && g->plan.joins[i].tail != i)
            game_break(g, "joined, but none may", i + 1);
    }
    if (members != g->graph->n_layers)
        game_break(g, "layers of no group", 0);
}

/* ---- Forward ---- */

static inline void game_put(game *g, int32_t *memory, int64_t size, int64_t offset, int32_t a)
{
    if (offset < 0 || offset % 16 || offset + game_numbers(g, a) > size) {
        game_break(g, "out of the block", a);
        return;
    }
    for (int64_t i = 0; i < game_numbers(g, a); i++)
        memory[offset + i] = a + 1;
}

static inline void game_expect_value(game *g, int32_t a)
{
    int64_t offset = g->plan.value[a];
    bool there = offset >= 0;
    for (int64_t i = 0; there && i < game_numbers(g, a); i++)
        there = g->values[offset + i] == game_root(g, a) + 1;
    if (!there)
        game_break(g, "its value is not there", a);
}

/* Places of a and b lie apart in one of the two blocks. */
static inline bool game_apart(const game *g, const int64_t *place, int32_t a, int32_t b)
{
    return place[a] + game_numbers(g, a) <= place[b] || place[b] + game_numbers(g, b) <= place[a];
}

static inline bool game_together(const game *g, const int64_t *place, int32_t a, int32_t b)
{
    return place[a] == place[b] && game_numbers(g, a) == game_numbers(g, b);
}

/* What is written lies apart from what is read, but where a layer replaces number by number. */
static inline void game_check_places(game *g, int32_t i)
{
    const ray_join *join = &g->plan.joins[g->plan.joins[i].head];
    const ray_graph_layer *layer = &g->graph->layers[i], *head = &g->graph->layers[join->head];
    const int64_t *place = g->plan.value;
    bool alone = head == layer;
    for (int32_t k = 0; k < head->info.n_in; k++) {
        bool may = alone && k == 0
                   && (layer->kind->view || (g->demand->join && layer->kind->in_place));
        bool together = game_together(g, place, head->in[k], layer->out);
        if (!(may && together) && !game_apart(g, place, head->in[k], layer->out))
            game_break(g, "overwrites what it reads", layer->out);
        if (alone && layer->kind->view && !together)
            game_break(g, "views another place", layer->out);
    }
    if (join->add != RAY_NO_ID && !game_together(g, place, join->added, layer->out)
        && !game_apart(g, place, join->added, layer->out))
        game_break(g, "overlaps what it adds", layer->out);
}

static inline void game_play_layer(game *g, int32_t i)
{
    const ray_join *join = &g->plan.joins[g->plan.joins[i].head];
    const ray_graph_layer *layer = &g->graph->layers[i], *head = &g->graph->layers[join->head];
    for (int32_t k = 0; k < head->info.n_in; k++)
        game_expect_value(g, head->in[k]);
    if (join->added != RAY_NO_ID)
        game_expect_value(g, join->added);
    game_check_places(g, i);
    if (!layer->kind->view)
        game_put(g, g->values, g->plan.values_size, g->plan.value[layer->out], layer->out);
}

static inline void game_play_forward(game *g)
{
    game_put(g, g->values, g->plan.values_size, g->plan.value[0], 0);
    for (int32_t i = 0; i < g->graph->n_layers; i++) {
        int32_t out = g->graph->layers[i].out;
        bool hidden = ray_join_hides(g->plan.joins, i);
        if (g->needed[out] && !hidden)
            game_play_layer(g, i);
        if (g->demand->join && (g->plan.value[out] == RAY_NO_ID) != (hidden || !g->needed[out]))
            game_break(g, "has a place, or has none", out);
    }
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (g->to_end[a])
            game_expect_value(g, a);
}

/* Each value that is read after the last layer has one place that stays; no other place does. */
static inline void game_check_stays(game *g)
{
    int32_t n = g->graph->first_weight;
    for (int32_t a = 0; a < n; a++) {
        int32_t stays = 0, wanted = 0;
        for (int32_t b = 0; b < n; b++) {
            stays += g->to_end[a] && g->plan.stays[b] && game_together(g, g->plan.value, a, b);
            wanted += g->to_end[b] && g->plan.stays[a] && game_together(g, g->plan.value, a, b);
        }
        if (stays != g->to_end[a])
            game_break(g, "its place does not stay, or does twice", a);
        if (g->plan.stays[a] && !wanted)
            game_break(g, "its place stays for nothing", a);
    }
}

/* ---- Backward ---- */

static inline void game_expect_signal(game *g, int32_t a)
{
    bool there = true;
    for (int64_t i = 0; there && i < game_numbers(g, a); i++)
        there = g->signals[g->plan.signal[a] + i] == a + 1;
    if (!there)
        game_break(g, "its signal is not there", a);
}

/* The last layer that sends a signal to an activation in the pass at hand: the first to write. */
static inline int32_t game_last_reader(const game *g, int32_t a)
{
    const ray_activation *activation = &g->graph->activations[a];
    for (int32_t k = activation->n_consumers - 1; k >= 0; k--)
        if (g->on_path[g->graph->layers[activation->consumers[k]].out])
            return activation->consumers[k];
    return RAY_NO_ID;
}

/* A layer turns a signal where it is one input's, wanted by nobody before; else it writes apart. */
static inline void game_check_turn(game *g, int32_t i)
{
    const ray_graph_layer *layer = &g->graph->layers[i];
    if (!g->plan.turns[i]) {
        for (int32_t k = 0; k < layer->info.n_in; k++)
            if (g->on_path[layer->in[k]]
                && !game_apart(g, g->plan.signal, layer->in[k], layer->out))
                game_break(g, "overwrites the signal that it reads", layer->out);
        return;
    }
    if (!g->demand->join || game_is_replaced(g, i) || layer->info.n_in != 1
        || !(layer->kind->in_place || layer->kind->view) || g->demand->want_signal[layer->out]
        || g->graph->activations[layer->in[0]].n_consumers != 1
        || !game_together(g, g->plan.signal, layer->in[0], layer->out))
        game_break(g, "turns the signal, but must not", layer->out);
}

static inline void game_send_to(game *g, int32_t i, int32_t k)
{
    int32_t a = g->graph->layers[i].in[k];
    bool first = g->signals[g->plan.signal[a]] != a + 1;
    bool adds = g->demand->join && ray_layer_adds(&g->graph->layers[i], game_is_replaced(g, i));
    if (first != (game_last_reader(g, a) == i) && k == 0)
        game_break(g, "the signals before it are lost", a);
    if (!first && !adds && game_numbers(g, a) > g->plan.spare_size)
        game_break(g, "no room for its second signal", a);
    game_put(g, g->signals, g->plan.signals_size, g->plan.signal[a], a);
}

/* Values and signal that the backward function of a layer reads; the signals that it writes. */
static inline void game_play_backward_layer(game *g, int32_t i)
{
    const ray_graph_layer *layer = &g->graph->layers[i];
    game_expect_signal(g, layer->out);
    if (g->demand->reads[i] & RAY_READS_OUT)
        game_expect_value(g, layer->out);
    for (int32_t k = 0; (g->demand->reads[i] & RAY_READS_IN) && k < layer->info.n_in; k++)
        game_expect_value(g, layer->in[k]);
    game_check_turn(g, i);
    for (int32_t k = 0; k < layer->info.n_in; k++)
        if (g->on_path[layer->in[k]])
            game_send_to(g, i, k);
}

static inline void game_find_path(game *g, int32_t from)
{
    size_t n = (size_t)g->graph->first_weight;
    bool *leads = calloc(n, 1);
    leads[from] = true;
    ray_graph_gather(g->graph, leads);
    memcpy(g->on_path, g->demand->want_signal, n);
    ray_graph_spread(g->graph, g->on_path);
    for (size_t a = 0; a < n; a++)
        g->on_path[a] = g->on_path[a] && leads[a];
    free(leads);
}

static inline void game_play_backward(game *g, int32_t from)
{
    game_find_path(g, from);
    if (!g->on_path[from])
        return;
    memset(g->signals, 0, (size_t)g->plan.signals_size * sizeof *g->signals);
    game_put(g, g->signals, g->plan.signals_size, g->plan.signal[from], from);
    for (int32_t i = g->graph->n_layers - 1; i >= 0; i--) {
        bool reads_path = false;
        for (int32_t k = 0; k < g->graph->layers[i].info.n_in; k++)
            reads_path = reads_path || g->on_path[g->graph->layers[i].in[k]];
        if (reads_path && g->on_path[g->graph->layers[i].out])
            game_play_backward_layer(g, i);
    }
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (g->demand->want_signal[a] && g->on_path[a])
            game_expect_signal(g, a);
}

/* ---- All of it ---- */

static inline void game_play_planned(game *g)
{
    g->values = calloc((size_t)g->plan.values_size + 1, sizeof *g->values);
    g->signals = calloc((size_t)g->plan.signals_size + 1, sizeof *g->signals);
    game_find_needed(g);
    game_find_to_end(g);
    game_check_groups(g);
    game_play_forward(g);
    game_check_stays(g);
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (game_is_end(g, a))
            game_play_backward(g, a);
    CHECK_CASE(!g->broken, "%s: %d faults, the first: %s", g->name, g->broken, g->fault);
    free(g->values);
    free(g->signals);
}

/* Plans, plays, and fails the running test where the plan is wrong. */
static inline void game_play(const ray_graph *graph, const ray_demand *demand, const char *name)
{
    size_t n = (size_t)graph->first_weight;
    game g = { .graph = graph, .demand = demand, .name = name, .on_path = calloc(n, 1),
               .needed = calloc(n, 1), .to_end = calloc(n, 1) };
    ray_error error = { "" };
    int failed = ray_plan_make(&g.plan, graph, demand, &error);
    CHECK_CASE(!failed, "%s: %s", name, error.text);
    if (!failed)
        game_play_planned(&g);
    ray_plan_free(&g.plan);
    free(g.to_end);
    free(g.needed);
    free(g.on_path);
}

#endif
