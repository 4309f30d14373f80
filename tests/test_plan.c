/* SPDX-License-Identifier: MIT */
/* test_plan.c - memory by lifetime: a pass is played through with labels in place of numbers, and
 * every label must still be there when it is read. */
#include <omp.h>

#include "check_text.h"
#include "plan/place.h"
#include "random_graph.h"
#include "run/exec.h"

enum { SEEDS = 150 };

/* ---- A pass played through ---- */

typedef struct game {
    const ray_graph  *graph;
    const ray_demand *demand;
    ray_plan          plan;
    int32_t          *values, *signals;     /* whose number lies in a place: activation + 1, or 0 */
    bool             *needed;               /* leads to an end or to a value that is kept */
    bool             *on_path;              /* of the pass at hand */
    const char       *name;                 /* of the case, for messages */
    int               broken;
} game;

static int64_t numbers_of(const game *g, int32_t a)
{
    return g->graph->activations[a].size * g->demand->batch;
}

/* An activation that only views another lies in that one's memory. */
static int32_t root_of(const game *g, int32_t a)
{
    int32_t producer = g->graph->activations[a].producer;
    while (producer != RAY_NO_ID && g->graph->layers[producer].kind->view) {
        a = g->graph->layers[producer].in[0];
        producer = g->graph->activations[a].producer;
    }
    return a;
}

static void put(game *g, int32_t *memory, int64_t size, int64_t offset, int32_t a)
{
    if (offset < 0 || offset % 16 || offset + numbers_of(g, a) > size)
        g->broken++;
    else
        for (int64_t i = 0; i < numbers_of(g, a); i++)
            memory[offset + i] = a + 1;
}

static void expect(game *g, const int32_t *memory, int64_t offset, int32_t a)
{
    for (int64_t i = 0; i < numbers_of(g, a); i++)
        if (memory[offset + i] != root_of(g, a) + 1) {
            g->broken++;
            return;
        }
}

static void expect_signal(game *g, int32_t a)
{
    for (int64_t i = 0; i < numbers_of(g, a); i++)
        if (g->signals[g->plan.signal[a] + i] != a + 1) {
            g->broken++;
            return;
        }
}

static bool is_end(const game *g, int32_t a)
{
    return g->demand->ends ? g->demand->ends[a] : a == g->graph->output;
}

static void find_needed(game *g)
{
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        g->needed[a] = is_end(g, a) || g->demand->keep_value[a];
    ray_graph_gather(g->graph, g->needed);
}

static void play_forward(game *g)
{
    put(g, g->values, g->plan.values_size, g->plan.value[0], 0);
    for (int32_t i = 0; i < g->graph->n_layers; i++) {
        const ray_graph_layer *layer = &g->graph->layers[i];
        if (!g->needed[layer->out])
            continue;
        for (int32_t k = 0; k < layer->info.n_in; k++)
            expect(g, g->values, g->plan.value[layer->in[k]], layer->in[k]);
        if (!layer->kind->view)
            put(g, g->values, g->plan.values_size, g->plan.value[layer->out], layer->out);
    }
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (g->demand->keep_value[a] || is_end(g, a))
            expect(g, g->values, g->plan.value[a], a);
}

/* The last layer that sends a signal to an activation in the pass at hand. */
static int32_t last_reader(const game *g, int32_t a)
{
    const ray_activation *activation = &g->graph->activations[a];
    for (int32_t k = activation->n_consumers - 1; k >= 0; k--)
        if (g->on_path[g->graph->layers[activation->consumers[k]].out])
            return activation->consumers[k];
    return RAY_NO_ID;
}

/* Values and signal that the backward function of a layer reads; the signals that it writes. */
static void play_backward_layer(game *g, int32_t i)
{
    const ray_graph_layer *layer = &g->graph->layers[i];
    expect_signal(g, layer->out);
    if (g->demand->reads[i] & RAY_READS_OUT)
        expect(g, g->values, g->plan.value[layer->out], layer->out);
    for (int32_t k = 0; k < layer->info.n_in; k++) {
        int32_t a = layer->in[k];
        if (g->demand->reads[i] & RAY_READS_IN)
            expect(g, g->values, g->plan.value[a], a);
        if (!g->on_path[a])
            continue;
        bool first = g->signals[g->plan.signal[a]] != a + 1;
        if (first != (last_reader(g, a) == i) && k == 0)
            g->broken++;
        if (!first && numbers_of(g, a) > g->plan.spare_size)
            g->broken++;
        put(g, g->signals, g->plan.signals_size, g->plan.signal[a], a);
    }
}

static void find_path(game *g, int32_t from)
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

static void play_backward(game *g, int32_t from)
{
    find_path(g, from);
    if (!g->on_path[from])
        return;
    memset(g->signals, 0, (size_t)g->plan.signals_size * sizeof *g->signals);
    put(g, g->signals, g->plan.signals_size, g->plan.signal[from], from);
    for (int32_t i = g->graph->n_layers - 1; i >= 0; i--) {
        bool reads_path = false;
        for (int32_t k = 0; k < g->graph->layers[i].info.n_in; k++)
            reads_path = reads_path || g->on_path[g->graph->layers[i].in[k]];
        if (reads_path && g->on_path[g->graph->layers[i].out])
            play_backward_layer(g, i);
    }
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (g->demand->want_signal[a] && g->on_path[a])
            expect_signal(g, a);
}

static void play_planned(game *g)
{
    g->values = calloc((size_t)g->plan.values_size + 1, sizeof *g->values);
    g->signals = calloc((size_t)g->plan.signals_size + 1, sizeof *g->signals);
    find_needed(g);
    play_forward(g);
    for (int32_t a = 0; a < g->graph->first_weight; a++)
        if (is_end(g, a))
            play_backward(g, a);
    CHECK_CASE(!g->broken, "%s: %d times something else lies where a number is read", g->name,
               g->broken);
    free(g->values);
    free(g->signals);
}

static void play(const ray_graph *graph, const ray_demand *demand, const char *name)
{
    size_t n = (size_t)graph->first_weight;
    game g = { .graph = graph, .demand = demand, .name = name, .on_path = calloc(n, 1),
               .needed = calloc(n, 1) };
    ray_error error = { "" };
    int failed = ray_plan_make(&g.plan, graph, demand, &error);
    CHECK_CASE(!failed, "%s: %s", name, error.text);
    if (!failed)
        play_planned(&g);
    ray_plan_free(&g.plan);
    free(g.needed);
    free(g.on_path);
}

/* ---- Demands ---- */

typedef struct wishes { bool *keep, *want, *ends; uint8_t *reads; } wishes;

static wishes wishes_create(const ray_graph *graph)
{
    size_t n = (size_t)graph->first_weight;
    return (wishes){ calloc(n, 1), calloc(n, 1), calloc(n, 1), calloc(n, 1) };
}

static void wishes_free(wishes *w)
{
    free(w->keep);
    free(w->want);
    free(w->ends);
    free(w->reads);
}

/* One in `odds` activations is kept, one in `odds` signals wanted; odds 0: none, 1: all.  A pass
 * starts at the output, or at one in ten other activations. */
static void play_random(const ray_graph *graph, int odds, int64_t batch, bool other_ends,
                        uint32_t seed, const char *name)
{
    wishes w = wishes_create(graph);
    for (int32_t a = 0; odds && a < graph->first_weight; a++) {
        w.keep[a] = random_below(&seed, odds) == 0;
        w.want[a] = random_below(&seed, odds) == 0;
    }
    for (int32_t a = 0; a < graph->first_weight; a++)
        w.ends[a] = random_below(&seed, 10) == 0;
    for (int32_t i = 0; i < graph->n_layers; i++)
        w.reads[i] = odds == 1 ? (uint8_t)graph->layers[i].kind->reads
                               : (uint8_t)random_below(&seed, 4);
    ray_demand demand = { batch, w.keep, w.want, w.reads, other_ends ? w.ends : NULL };
    play(graph, &demand, name);
    wishes_free(&w);
}

static void play_demands(const char *path, uint32_t seed)
{
    static const int odds[] = { 0, 1, 3, 8, 30 };
    char name[4200];
    ray_network *network = open_network(path, RAY_WEIGHTS_NONE);
    for (int i = 0; network && i < COUNT(odds); i++) {
        snprintf(name, sizeof name, "%s, seed %u, odds %d", path, seed, odds[i]);
        play_random(&network->graph, odds[i], 1 + i % 3, false, seed, name);
        play_random(&network->graph, odds[i], 1 + i % 3, true, seed + 1, name);
    }
    ray_network_close(network);
}

static void random_graphs_do_not_overwrite_themselves(void)
{
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_graph g;
        random_graph_make(&g, seed);
        play_demands(random_graph_write(&g, NULL), seed);
    }
}

static void real_graphs_do_not_overwrite_themselves(void)
{
    static const char *const names[] = {
        "batch3", "branches", "fully_convolutional", "grouped", "lrn", "normalisations", "plain", "pooling",
        "residual", "residual_zero", "resize_smooth", "rows", "transposed", "vector", "volumes"
    };
    char path[128];
    for (int i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "tests/fixtures/%s/graph.yaml", names[i]);
        play_demands(source_path(path), (uint32_t)i);
    }
}

/* ---- Numbers: what is recycled changes no result ---- */

static bool same_numbers(const ray_tensor *a, const ray_tensor *b)
{
    return ray_tensor_size(a) == ray_tensor_size(b)
           && !memcmp(a->data, b->data, (size_t)ray_tensor_size(a) * sizeof *a->data);
}

static int evaluate(ray_exec *exec, const ray_network *network, const wishes *w, ray_error *error)
{
    const ray_graph *graph = &network->graph;
    ray_demand demand = { 2, w->keep, w->want, w->reads };
    uint32_t state = 1;
    if (ray_exec_create(exec, network, &demand, error))
        return -1;
    for (int64_t i = 0; i < ray_tensor_size(&exec->value[0]); i++)
        exec->value[0].data[i] = (float)random_below(&state, 2001) / 1000.f - 1;
    ray_tensor *seed = &exec->signal[graph->output];
    if (ray_exec_forward(exec, error))
        return -1;
    for (int64_t i = 0; i < ray_tensor_size(seed); i++)
        seed->data[i] = (float)random_below(&state, 2001) / 1000.f - 1;
    ray_backward how = { .from = graph->output, .wanted = w->want };
    return ray_exec_backward(exec, &how, error);
}

static void compare_plans(const ray_network *network, uint32_t number)
{
    const ray_graph *graph = &network->graph;
    wishes few = wishes_create(graph), all = wishes_create(graph);
    ray_exec small = { 0 }, large = { 0 };
    ray_error error = { "" };
    few.want[0] = true;
    memset(all.keep, true, (size_t)graph->first_weight);
    memset(all.want, true, (size_t)graph->first_weight);
    for (int32_t i = 0; i < graph->n_layers; i++)
        few.reads[i] = all.reads[i] = (uint8_t)graph->layers[i].kind->reads;
    int failed = evaluate(&small, network, &few, &error) || evaluate(&large, network, &all, &error);
    CHECK_CASE(!failed, "random graph %u: %s", number, error.text);
    CHECK_CASE(!failed && same_numbers(&small.value[graph->output], &large.value[graph->output])
               && same_numbers(&small.signal[0], &large.signal[0]),
               "random graph %u: less memory, other numbers", number);
    ray_exec_destroy(&small);
    ray_exec_destroy(&large);
    wishes_free(&few);
    wishes_free(&all);
}

static void recycled_memory_changes_no_number(void)
{
    for (uint32_t seed = 0; seed < SEEDS / 3; seed++) {
        random_graph g;
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_RANDOM);
        if (network)
            compare_plans(network, seed);
        ray_network_close(network);
    }
}

/* ---- Sizes ---- */

/* A chain of `depth` activations of 1024 numbers beside the input. */
static ray_network *open_chain(int depth)
{
    static char text[64 << 10];
    int used = snprintf(text, sizeof text, "rayinterp: 1\ninput: {shape: [4, 16, 16]}\nlayers:\n");
    for (int i = 0; i < depth; i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "  - {name: l%d, type: avg_pool2d, kernel_size: 3, stride: 1, padding: 1}\n", i);
    return open_network(scratch_write("chain.yaml", text, (size_t)used), RAY_WEIGHTS_NONE);
}

static void forward_alone_needs_little(void)
{
    ray_network *network = open_chain(300);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    wishes w = wishes_create(&network->graph);
    ray_plan plan;
    ray_error error;
    for (int64_t batch = 1; batch <= 4; batch++) {
        ray_demand demand = { batch, w.keep, w.want, w.reads };
        CU_ASSERT_EQUAL_FATAL(ray_plan_make(&plan, &network->graph, &demand, &error), 0);
        /* the input stays, two more take turns */
        CHECK_CASE(plan.values_size == batch * 3 * 1024, "batch %lld: %lld numbers",
                   (long long)batch, (long long)plan.values_size);
        CU_ASSERT_EQUAL(plan.signals_size, 0);
        ray_plan_free(&plan);
    }
    wishes_free(&w);
    ray_network_close(network);
}

/* With only the input's signal wanted of a chain that reads nothing back, two take turns. */
static void backward_alone_needs_little(void)
{
    ray_network *network = open_chain(300);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    wishes w = wishes_create(&network->graph);
    w.want[0] = true;
    ray_demand demand = { 1, w.keep, w.want, w.reads };
    ray_plan plan;
    ray_error error;
    CU_ASSERT_EQUAL_FATAL(ray_plan_make(&plan, &network->graph, &demand, &error), 0);
    CU_ASSERT_EQUAL(plan.signals_size, 2 * 1024);
    CU_ASSERT_EQUAL(plan.spare_size, 0);
    ray_plan_free(&plan);
    wishes_free(&w);
    ray_network_close(network);
}

static void what_does_not_fit_is_an_error(void)
{
    static const struct { int64_t batch; const char *error; } cases[] = {
        { INT64_C(1) << 40, "a batch of 1099511627776 items is too large for the activation \"input\"" },
        { INT64_C(1) << 62, "a batch of 4611686018427387904 items is too large for the activation \"input\"" },
        { INT64_C(1) << 30, "13194.1 GB are needed for a batch of 1073741824; this machine has " },
    };
    ray_network *network = open_chain(5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    wishes w = wishes_create(&network->graph);
    for (int i = 0; i < COUNT(cases); i++) {
        ray_demand demand = { cases[i].batch, w.keep, w.want, w.reads };
        ray_error error = { "" };
        ray_exec exec;
        CU_ASSERT_EQUAL(ray_exec_create(&exec, network, &demand, &error), -1);
        error.text[strlen(cases[i].error)] = '\0';      /* the machine's memory follows */
        check_text("batch", error.text, cases[i].error);
    }
    wishes_free(&w);
    ray_network_close(network);
}

/* ---- Buffers into one block ---- */

static void buffers_share_what_is_free(void)
{
    static const struct { ray_buffer buffers[4]; int n; int64_t offsets[4], total; } cases[] = {
        { { { 8, 0, 1, 0 }, { 8, 2, 3, 0 } }, 2, { 0, 0 }, 8 },                     /* one after the other */
        { { { 8, 0, 1, 0 }, { 8, 1, 2, 0 } }, 2, { 0, 8 }, 16 },                    /* both in step 1 */
        { { { 4, 0, 9, 0 }, { 8, 0, 1, 0 }, { 8, 2, 3, 0 } }, 3, { 8, 0, 0 }, 12 },
        { { { 9, 0, 9, 0 }, { 0, 0, 9, 0 }, { 5, 0, 0, 0 } }, 3, { 0, 0, 9 }, 14 },     /* nothing takes no place */
        { { { 8, 0, 4, 0 }, { 6, 1, 2, 0 }, { 4, 2, 4, 0 }, { 3, 3, 3, 0 } }, 4, { 0, 8, 14, 8 }, 18 },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        ray_buffer buffers[4];
        ray_error error;
        int64_t total;
        memcpy(buffers, cases[i].buffers, sizeof buffers);
        CU_ASSERT_EQUAL_FATAL(ray_buffers_place(buffers, cases[i].n, &total, &error), 0);
        CHECK_CASE(total == cases[i].total, "case %d: %lld", i, (long long)total);
        for (int k = 0; k < cases[i].n; k++)
            CHECK_CASE(buffers[k].offset == cases[i].offsets[k], "case %d, buffer %d: %lld", i, k,
                       (long long)buffers[k].offset);
    }
}

static bool collide(const ray_buffer *a, const ray_buffer *b)
{
    return a->size && b->size && a->first <= b->last && b->first <= a->last
           && a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static void buffers_alive_together_do_not_overlap(void)
{
    enum { MOST = 60 };
    ray_buffer buffers[MOST];
    ray_error error;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        uint32_t state = seed;
        int n = random_below(&state, MOST), collisions = 0;
        int64_t total, reached = 0;
        for (int i = 0; i < n; i++) {
            buffers[i] = (ray_buffer){ .size = random_below(&state, 50),
                                       .first = random_below(&state, 40) };
            buffers[i].last = buffers[i].first + random_below(&state, 10);
        }
        CU_ASSERT_EQUAL_FATAL(ray_buffers_place(buffers, n, &total, &error), 0);
        for (int i = 0; i < n; i++) {
            int64_t end = buffers[i].size ? buffers[i].offset + buffers[i].size : 0;
            reached = end > reached ? end : reached;
            for (int k = 0; k < i; k++)
                collisions += collide(&buffers[i], &buffers[k]);
        }
        CHECK_CASE(!collisions && reached == total, "seed %u: %d buffers overlap", seed,
                   collisions);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "random graphs do not overwrite themselves", random_graphs_do_not_overwrite_themselves },
        { "real graphs do not overwrite themselves", real_graphs_do_not_overwrite_themselves },
        { "recycled memory changes no number", recycled_memory_changes_no_number },
        { "forward alone needs little", forward_alone_needs_little },
        { "backward alone needs little", backward_alone_needs_little },
        { "what does not fit is an error", what_does_not_fit_is_an_error },
        { "buffers share what is free", buffers_share_what_is_free },
        { "buffers alive together do not overlap", buffers_alive_together_do_not_overlap },
        { 0 }
    };
    omp_set_num_threads(1);     /* the graphs are too small for more */
    return run_tests("plan", tests);
}
