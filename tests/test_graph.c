/* SPDX-License-Identifier: MIT */
/* test_graph.c - what a graph file is compiled to: order, ids, readers, and what lies behind. */
#include "check_text.h"
#include "random_graph.h"

enum { SEEDS = 100 };

/* ---- The order of evaluation ---- */

static int32_t layer_named(const ray_graph *graph, int number)
{
    char name[16];
    snprintf(name, sizeof name, "l%d", number);
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (!strcmp(graph->layers[i].info.name, name))
            return i;
    return RAY_NO_ID;
}

/* Each layer reads what the file says, and all of it is evaluated before. */
static void check_order(const ray_graph *graph, const random_graph *g, uint32_t seed)
{
    bool right = graph->n_layers == g->n;
    for (int number = 0; right && number < g->n; number++) {
        int32_t i = layer_named(graph, number);
        right = i != RAY_NO_ID && graph->layers[i].info.n_in == g->n_from[number]
                && graph->layers[i].out == i + 1 && graph->activations[i + 1].producer == i;
        for (int k = 0; right && k < g->n_from[number]; k++) {
            int from = g->from[number][k];
            int32_t reads = graph->layers[i].in[k];
            right = reads <= i && reads == (from < 0 ? 0 : layer_named(graph, from) + 1);
        }
    }
    CHECK_CASE(right, "random graph %u: not in an order in which it can be evaluated", seed);
}

static void shuffle(int *order, int n, uint32_t *state)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = random_below(state, i + 1), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

static void layers_may_be_listed_in_any_order(void)
{
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_graph g;
        int order[RANDOM_MOST_LAYERS];
        random_graph_make(&g, seed);
        shuffle(order, g.n, &g.state);
        ray_network *network = open_network(random_graph_write(&g, order), RAY_WEIGHTS_NONE);
        if (network)
            check_order(&network->graph, &g, seed);
        ray_network_close(network);
    }
}

static void a_file_in_order_keeps_its_order(void)
{
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_graph g;
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_NONE);
        bool kept = network;
        for (int i = 0; kept && i < g.n; i++)
            kept = layer_named(&network->graph, i) == i;
        CHECK_CASE(kept, "random graph %u: the layers have moved", seed);
        ray_network_close(network);
    }
}

/* ---- Readers ---- */

/* How often a layer reads an activation, weights included. */
static int count_reads(const ray_graph_layer *layer, int32_t activation)
{
    int n = 0;
    for (int32_t k = 0; k < layer->info.n_in; k++)
        n += layer->in[k] == activation;
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        n += layer->weight[w] == activation;
    return n;
}

static void check_consumers(const ray_graph *graph, uint32_t seed)
{
    for (int32_t a = 0; a < graph->n_activations; a++) {
        const ray_activation *activation = &graph->activations[a];
        int32_t n = 0;
        bool right = true;
        for (int32_t i = 0; i < graph->n_layers; i++)
            for (int times = count_reads(&graph->layers[i], a); times > 0; times--, n++)
                right = right && n < activation->n_consumers && activation->consumers[n] == i;
        CHECK_CASE(right && n == activation->n_consumers, "random graph %u: the readers of \"%s\"",
                   seed, activation->name);
    }
}

static void every_reader_is_listed(void)
{
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_graph g;
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_NONE);
        if (network)
            check_consumers(&network->graph, seed);
        ray_network_close(network);
    }
}

/* ---- What lies behind an activation ---- */

/* a marked activation is a, or one that a is computed from */
static bool depends_on_marked(const ray_graph *graph, const bool *marked, int32_t a)
{
    int32_t producer = graph->activations[a].producer;
    bool found = marked[a];
    int32_t n = producer == RAY_NO_ID ? 0 : graph->layers[producer].info.n_in;
    for (int32_t k = 0; !found && k < n; k++)
        found = depends_on_marked(graph, marked, graph->layers[producer].in[k]);
    return found;
}

static void check_spread(const ray_graph *graph, uint32_t seed)
{
    bool marked[RANDOM_MOST_LAYERS + 1], on_path[RANDOM_MOST_LAYERS + 1];
    uint32_t state = seed;
    for (int32_t a = 0; a < graph->first_weight; a++)
        marked[a] = on_path[a] = random_below(&state, 6) == 0;
    ray_graph_spread(graph, on_path);
    for (int32_t a = 0; a < graph->first_weight; a++)
        CHECK_CASE(on_path[a] == depends_on_marked(graph, marked, a), "random graph %u: \"%s\"",
                   seed, graph->activations[a].name);
}

static void marks_spread_towards_the_output(void)
{
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_graph g;
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_NONE);
        if (network)
            check_spread(&network->graph, seed);
        ray_network_close(network);
    }
}

/* ---- Ids, names and weights of one graph ---- */

static const char shared_weights[] =
    "rayinterp: 1\n"
    "name: twins\n"
    "input: {name: picture, shape: [2, 6, 6]}\n"
    "layers:\n"
    "  - {name: sum, type: add, from: [left, right, left]}\n"
    "  - {name: left, type: conv2d, from: picture, out_channels: 4, kernel_size: 3}\n"
    "  - {name: right, type: conv2d, from: picture, out_channels: 4, kernel_size: 3,\n"
    "     params: {weight: left.weight, bias: offset}}\n"
    "output: sum\n";

static void ids_follow_the_evaluation(void)
{
    static const struct { const char *name, *shape; int producer, consumers; } expected[] = {
        { "picture", "2x6x6", -1, 2 },
        { "left", "4x4x4", 0, 2 },
        { "right", "4x4x4", 1, 1 },
        { "sum", "4x4x4", 2, 0 },
        { "left.weight", "4x2x3x3", -1, 2 },
        { "left.bias", "4", -1, 1 },
        { "offset", "4", -1, 1 },
    };
    const char *path = scratch_write("twins.yaml", shared_weights, sizeof shared_weights - 1);
    ray_network *network = open_network(path, RAY_WEIGHTS_NONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    const ray_graph *graph = &network->graph;
    CU_ASSERT_EQUAL_FATAL(graph->n_activations, COUNT(expected));
    CU_ASSERT_EQUAL(graph->first_weight, 4);
    CU_ASSERT_EQUAL(graph->output, 3);
    for (int a = 0; a < COUNT(expected); a++) {
        const ray_activation *found = &graph->activations[a];
        char shape[128];
        check_text("name", found->name, expected[a].name);
        check_text(expected[a].name, ray_shape_text(&found->shape, shape), expected[a].shape);
        CU_ASSERT_EQUAL(found->producer, expected[a].producer);
        CU_ASSERT_EQUAL(found->n_consumers, expected[a].consumers);
    }
    ray_network_close(network);
}

static void names_lead_to_activations(void)
{
    const char *path = scratch_write("twins.yaml", shared_weights, sizeof shared_weights - 1);
    ray_network *network = open_network(path, RAY_WEIGHTS_NONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    const ray_graph *graph = &network->graph;
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_graph_find(graph, "", &error), 0);
    CU_ASSERT_EQUAL(ray_graph_find(graph, "picture", &error), 0);
    CU_ASSERT_EQUAL(ray_graph_find(graph, "sum", &error), 3);
    check_text("found", error.text, "");
    CU_ASSERT_EQUAL(ray_graph_find(graph, "rigth", &error), RAY_NO_ID);
    check_text("a slip", error.text, "there is no layer \"rigth\"; did you mean \"right\"?");
    error.text[0] = '\0';
    CU_ASSERT_EQUAL(ray_graph_find(graph, "left.weight", &error), RAY_NO_ID);
    CU_ASSERT(*error.text);
    ray_network_close(network);
}

static void layers_know_the_input_and_their_weights(void)
{
    const char *path = scratch_write("twins.yaml", shared_weights, sizeof shared_weights - 1);
    ray_network *network = open_network(path, RAY_WEIGHTS_NONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    const ray_graph_layer *layers = network->graph.layers;
    CU_ASSERT(layers[0].info.traits & RAY_FIRST);
    CU_ASSERT(!(layers[2].info.traits & RAY_FIRST));
    CU_ASSERT(layers[0].info.weighted && !layers[2].info.weighted);
    CU_ASSERT_EQUAL(layers[0].info.n_weights, 2);
    CU_ASSERT_EQUAL(layers[0].weight[0], layers[1].weight[0]);
    CU_ASSERT_EQUAL(layers[0].macs, 4 * 4 * 4 * 2 * 3 * 3);
    CU_ASSERT_EQUAL(layers[0].mark.line, 6);
    CU_ASSERT_EQUAL(ray_graph_layer_of(&layers[1].info), &layers[1]);
    ray_network_close(network);
}

int main(void)
{
    static const named_test tests[] = {
        { "layers may be listed in any order", layers_may_be_listed_in_any_order },
        { "a file in order keeps its order", a_file_in_order_keeps_its_order },
        { "every reader is listed", every_reader_is_listed },
        { "marks spread towards the output", marks_spread_towards_the_output },
        { "ids follow the evaluation", ids_follow_the_evaluation },
        { "names lead to activations", names_lead_to_activations },
        { "layers know the input and their weights", layers_know_the_input_and_their_weights },
        { 0 }
    };
    return run_tests("graph", tests);
}
