/* SPDX-License-Identifier: MIT */
/* test_plan.c - memory by lifetime: what a pass reads is still there, in no more memory than it
 * takes. */
#include <omp.h>

#include "check_text.h"
#include "demands.h"
#include "plan/place.h"
#include "plan_game.h"

enum { SEEDS = 150 };

/* ---- Passes played through ---- */

static const odds all_odds[] = {
    { 0, 0, 0, 0 },   { 1, 1, 0, 0 },  { 3, 3, 0, 3 },    { 8, 8, 10, 3 }, { 30, 8, 10, 0 },
    { 0, 30, 0, 4 },  { 30, 30, 10, 4 }, { 0, 8, 0, 0 },  { 0, 0, 10, 0 }, { 0, 1, 0, 1 },
};

static void play_demands(const char *path, uint32_t seed)
{
    char name[4300];
    ray_network *network = open_network(path, RAY_WEIGHTS_NONE);
    for (int i = 0; network && i < COUNT(all_odds); i++) {
        wishes w = wishes_make_up(&network->graph, &all_odds[i], seed + (uint32_t)i);
        for (int join = 0; join < 2; join++) {
            ray_demand demand = wishes_demand(&w, 1 + i % 3, join);
            demand.ends = all_odds[i].ends ? w.ends : NULL;
            demand.replaced = all_odds[i].replaced ? w.replaced : NULL;
            snprintf(name, sizeof name, "%s, seed %u, odds %d, join %d", path, seed, i, join);
            game_play(&network->graph, &demand, name);
        }
        wishes_free(&w);
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
        "batch3", "branches", "fully_convolutional", "grouped", "lrn", "normalisations", "plain",
        "pooling", "residual", "residual_zero", "resize_smooth", "rows", "transposed", "vector",
        "volumes"
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
    ray_demand demand = wishes_demand(w, 2, false);
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

/* `depth` times the same lines, in which # is the number of this time and @ that of the last; the
 * input, and what the lines make, are 1024 numbers. */
static ray_network *open_chain(int depth, const char *lines)
{
    static char text[256 << 10];
    int used = snprintf(text, sizeof text, "rayinterp: 1\ninput: {name: x0, shape: [4, 16, 16]}\n"
                        "layers:\n");
    for (int i = 1; i <= depth; i++)
        for (const char *c = lines; *c; c++) {
            if (*c == '#' || *c == '@')
                used += snprintf(text + used, sizeof text - (size_t)used, "%d", i - (*c == '@'));
            else
                text[used++] = *c;
        }
    return open_network(scratch_write("chain.yaml", text, (size_t)used), RAY_WEIGHTS_NONE);
}

#define SMOOTHED "  - {name: x#, type: avg_pool2d, kernel_size: 3, stride: 1, padding: 1}\n"
#define CONV "type: conv2d, out_channels: 4, kernel_size: 3, padding: 1"
#define NORM "type: batch_norm2d"
#define BLOCK "  - {name: a#, " CONV "}\n  - {name: c#, " CONV "}\n  - {name: b#, " NORM "}\n" \
              "  - {name: x#, type: add, from: [b#, x@]}\n"

static ray_plan plan_chain(const ray_network *network, int64_t batch, bool join, bool backward)
{
    wishes w = wishes_create(&network->graph);
    ray_demand demand = wishes_demand(&w, batch, join);
    ray_plan plan;
    ray_error error;
    w.want[0] = backward;
    CU_ASSERT_EQUAL_FATAL(ray_plan_make(&plan, &network->graph, &demand, &error), 0);
    wishes_free(&w);
    return plan;
}

static void long_chains_need_little(void)
{
    /* Blocks of 1024 numbers: of values for a forward pass, then with the input's signal wanted; of
     * signals and for a second one then.  The input stays. */
    static const struct {
        const char *lines;
        bool join;
        int forward, values, signals, spare;
    } cases[] = {
        { SMOOTHED, false, 3, 3, 2, 0 },
        { SMOOTHED, true, 3, 3, 2, 0 },
        { "  - {name: x#, type: dropout}\n", false, 1, 1, 2, 0 },
        { "  - {name: x#, type: dropout}\n", true, 1, 1, 1, 0 },
        { "  - {name: x#, " NORM "}\n", false, 3, 3, 2, 0 },
        { "  - {name: x#, " NORM "}\n", true, 2, 2, 1, 0 },        /* in place */
        { "  - {name: x#, type: relu}\n", true, 2, 101, 1, 0 },    /* reads its output backward */
        { "  - {name: x#, type: add, scalar: 1}\n", true, 2, 2, 1, 0 },
        { "  - {name: x#, " CONV "}\n", true, 3, 3, 2, 0 },
        { "  - {name: c#, " CONV "}\n  - {name: x#, " NORM "}\n", false, 3, 3, 2, 0 },
        { "  - {name: c#, " CONV "}\n  - {name: x#, " NORM "}\n", true, 3, 3, 2, 0 },
        /* the sum takes the place of what it adds to the convolution's result */
        { BLOCK, true, 3, 3, 3, 0 },
        { BLOCK, false, 4, 4, 3, 1 },
        /* it cannot where the convolution reads that, too */
        { "  - {name: c#, " CONV "}\n  - {name: x#, type: add, from: [x@, c#]}\n", true,
          3, 3, 3, 0 },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        ray_network *network = open_chain(100, cases[i].lines);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        for (int64_t batch = 1; batch <= 4; batch += 3) {
            ray_plan forward = plan_chain(network, batch, cases[i].join, false);
            ray_plan backward = plan_chain(network, batch, cases[i].join, true);
            int64_t block = batch * 1024;
            CHECK_CASE(forward.values_size == cases[i].forward * block && !forward.signals_size
                       && backward.values_size == cases[i].values * block
                       && backward.signals_size == cases[i].signals * block
                       && backward.spare_size == cases[i].spare * block,
                       "case %d, batch %lld: %g %g %g %g blocks", i, (long long)batch,
                       (double)forward.values_size / (double)block,
                       (double)backward.values_size / (double)block,
                       (double)backward.signals_size / (double)block,
                       (double)backward.spare_size / (double)block);
            ray_plan_free(&forward);
            ray_plan_free(&backward);
        }
        ray_network_close(network);
    }
}

static void what_does_not_fit_is_an_error(void)
{
    static const struct { int64_t batch; const char *error; } cases[] = {
        { INT64_C(1) << 40, "a batch of 1099511627776 items is too large for the activation \"x0\"" },
        { INT64_C(1) << 62, "a batch of 4611686018427387904 items is too large for the activation \"x0\"" },
        { INT64_C(1) << 30, "13194.1 GB are needed for a batch of 1073741824; this machine has " },
    };
    ray_network *network = open_chain(5, SMOOTHED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    wishes w = wishes_create(&network->graph);
    for (int i = 0; i < COUNT(cases); i++) {
        ray_demand demand = wishes_demand(&w, cases[i].batch, false);
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
        { "long chains need little", long_chains_need_little },
        { "what does not fit is an error", what_does_not_fit_is_an_error },
        { "buffers share what is free", buffers_share_what_is_free },
        { "buffers alive together do not overlap", buffers_alive_together_do_not_overlap },
        { 0 }
    };
    omp_set_num_threads(1);     /* the graphs are too small for more */
    return run_tests("plan", tests);
}
