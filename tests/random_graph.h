/* SPDX-License-Identifier: MIT */
/* random_graph.h - graph files made up by a seed: layers of 3 x 4 x 4 numbers and up that read one
 * to three of those before them, and an output that reads, in the end, all of them. */
#ifndef RAY_TESTS_RANDOM_GRAPH_H
#define RAY_TESTS_RANDOM_GRAPH_H

#include "network/network.h"
#include "scratch.h"

enum { RANDOM_MOST_LAYERS = 40 };

typedef struct random_graph {
    uint32_t state;
    int      n;                                 /* layers; `from` is -1 for the input */
    int      from[RANDOM_MOST_LAYERS][RANDOM_MOST_LAYERS], n_from[RANDOM_MOST_LAYERS];
    char     line[RANDOM_MOST_LAYERS][1024];
    bool     read[RANDOM_MOST_LAYERS];
} random_graph;

/* 0 ... limit - 1 */
static inline int random_below(uint32_t *state, int limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)((*state >> 8) % (uint32_t)limit);
}

static inline void random_write_line(random_graph *g, int i, const char *type)
{
    int used = snprintf(g->line[i], sizeof g->line[i], "  - {name: l%d, %s, from: [", i, type);
    for (int k = 0; k < g->n_from[i]; k++) {
        char name[16] = "input";
        if (g->from[i][k] >= 0)
            snprintf(name, sizeof name, "l%d", g->from[i][k]);
        used += snprintf(g->line[i] + used, sizeof g->line[i] - (size_t)used, "%s%s", k ? ", " : "",
                         name);
    }
    snprintf(g->line[i] + used, sizeof g->line[i] - (size_t)used, "]}\n");
}

static inline void random_add(random_graph *g, int n_from, const char *type)
{
    int i = g->n++;
    g->n_from[i] = n_from;
    for (int k = 0; k < n_from; k++) {
        g->from[i][k] = random_below(&g->state, i + 1) - 1;
        if (g->from[i][k] >= 0)
            g->read[g->from[i][k]] = true;
    }
    random_write_line(g, i, type);
}

/* The output: all that nobody has read so far, side by side. */
static inline void random_end(random_graph *g)
{
    int i = g->n++;
    for (int from = 0; from < i; from++)
        if (!g->read[from])
            g->from[i][g->n_from[i]++] = from;
    random_write_line(g, i, "type: concat");
}

static inline void random_graph_make(random_graph *g, uint32_t seed)
{
    static const struct { const char *type; int most_from; } kinds[] = {
        { "type: conv2d, kernel_size: 3, padding: 1, out_channels: 5", 1 }, { "type: relu", 1 },
        { "type: conv2d, kernel_size: 1, out_channels: 9", 1 }, { "type: identity", 1 },
        { "type: dropout", 1 }, { "type: concat", 2 },
        { "type: avg_pool2d, kernel_size: 3, stride: 1, padding: 1", 1 }, { "type: sigmoid", 1 },
    };
    *g = (random_graph){ .state = seed * 2654435761u + 1 };
    int n = 2 + random_below(&g->state, RANDOM_MOST_LAYERS - 16);
    for (int i = 0; i < n; i++) {
        int kind = random_below(&g->state, sizeof kinds / sizeof *kinds);
        random_add(g, 1 + random_below(&g->state, kinds[kind].most_from), kinds[kind].type);
    }
    random_end(g);
}

/* Writes it as a file, the layers in the given order (NULL: as they are); returns its path. */
static inline const char *random_graph_write(const random_graph *g, const int *order)
{
    static char text[RANDOM_MOST_LAYERS * 1024 + 256];
    int used = snprintf(text, sizeof text, "rayinterp: 1\ninput: {shape: [3, 4, 4]}\noutput: l%d\n"
                        "layers:\n", g->n - 1);
    for (int i = 0; i < g->n; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s",
                         g->line[order ? order[i] : i]);
    return scratch_write("random.yaml", text, (size_t)used);
}

/* NULL, and the test fails, when it does not open. */
static inline ray_network *open_network(const char *path, ray_weights_from weights)
{
    ray_open_options options = { .weights_from = weights, .seed = 5 };
    ray_network *network = NULL;
    ray_error error = { "" };
    int failed = ray_network_open(&network, path, &options, &error);
    CHECK_CASE(!failed, "%s: %s", path, error.text);
    return network;
}

#endif
