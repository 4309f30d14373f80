/* SPDX-License-Identifier: MIT */
/* random_graph.h - graph files made up by a seed: layers of 3 x 4 x 4 numbers and up, most of which
 * read the one before them, with batch norms, sums and limits behind convolutions and behind all
 * else; and an output that reads, in the end, all of them. */
#ifndef RAY_TESTS_RANDOM_GRAPH_H
#define RAY_TESTS_RANDOM_GRAPH_H

#include "network/network.h"
#include "scratch.h"

enum { RANDOM_MOST_LAYERS = 64, RANDOM_MOST_MADE_UP = 30, RANDOM_SIDE = 4 };

/* Channels of side x side positions; side 0: a vector. */
typedef struct random_shape { int channels, side; } random_shape;

typedef struct random_graph {
    uint32_t     state;
    int          n;                             /* layers; `from` is -1 for the input */
    int          from[RANDOM_MOST_LAYERS][RANDOM_MOST_LAYERS], n_from[RANDOM_MOST_LAYERS];
    char         line[RANDOM_MOST_LAYERS][1024];
    bool         read[RANDOM_MOST_LAYERS];
    random_shape shape[RANDOM_MOST_LAYERS];
} random_graph;

/* What fits together in a layer with several inputs. */
enum { RANDOM_ALIKE, RANDOM_BROADCAST, RANDOM_BESIDE };

/* A type of layer: which inputs it takes (in_channels 0: any number) and what it makes of them
 * (channels 0: as many). */
typedef struct random_kind {
    const char *type;
    int         odds, most_from, fit;
    bool        maps, vectors;
    int         in_channels, channels;
} random_kind;

static const random_kind random_kinds[] = {
    { "type: conv2d, kernel_size: 3, padding: 1, out_channels: 5", 3, 1, 0, true, false, 0, 5 },
    { "type: conv2d, kernel_size: 3, padding: 1, out_channels: 3, bias: false", 3, 1, 0, true,
      false, 0, 3 },
    { "type: conv2d, kernel_size: 1, out_channels: 5", 3, 1, 0, true, false, 0, 5 },
    { "type: conv2d, kernel_size: 3, padding: 1, groups: 5, out_channels: 5", 2, 1, 0, true, false,
      5, 5 },
    { "type: linear, out_features: 5", 3, 1, 0, false, true, 0, 5 },
    { "type: batch_norm2d", 5, 1, 0, true, false, 0, 0 },
    { "type: batch_norm1d", 3, 1, 0, false, true, 0, 0 },
    { "type: relu", 4, 1, 0, true, true, 0, 0 },
    { "type: relu6", 2, 1, 0, true, true, 0, 0 },
    { "type: sigmoid", 1, 1, 0, true, true, 0, 0 },
    { "type: dropout", 1, 1, 0, true, true, 0, 0 },
    { "type: identity", 1, 1, 0, true, true, 0, 0 },
    { "type: avg_pool2d, kernel_size: 3, stride: 1, padding: 1", 1, 1, 0, true, false, 0, 0 },
    { "type: add", 6, 2, RANDOM_ALIKE, true, true, 0, 0 },
    { "type: add", 2, 3, RANDOM_BROADCAST, true, true, 0, 0 },
    { "type: add, scalar: 0.5", 1, 1, 0, true, true, 0, 0 },
    { "type: sub", 1, 2, RANDOM_BROADCAST, true, true, 0, 0 },
    { "type: mul", 1, 2, RANDOM_BROADCAST, true, true, 0, 0 },
    { "type: concat", 1, 2, RANDOM_BESIDE, true, true, 0, 0 },
};

static const random_kind random_flatten = { .type = "type: flatten", .most_from = 1 };
static const random_kind random_average = { .type = "type: adaptive_avg_pool2d, output_size: 1",
                                            .most_from = 1 };
static const random_kind random_concat = { .type = "type: concat", .fit = RANDOM_BESIDE };

/* 0 ... limit - 1 */
static inline int random_below(uint32_t *state, int limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)((*state >> 8) % (uint32_t)limit);
}

static inline random_shape random_shape_of(const random_graph *g, int layer)
{
    return layer < 0 ? (random_shape){ 3, RANDOM_SIDE } : g->shape[layer];
}

static inline bool random_fits(int fit, random_shape a, random_shape b)
{
    if (fit == RANDOM_BESIDE)
        return a.side == b.side;
    return a.channels == b.channels
           && (a.side == b.side || (fit == RANDOM_BROADCAST && a.side && b.side));
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

/* The layer whose inputs are in from[] already. */
static inline void random_add(random_graph *g, int n_from, const random_kind *kind)
{
    int i = g->n++;
    random_shape out = random_shape_of(g, g->from[i][0]);
    g->n_from[i] = n_from;
    for (int k = 0; k < n_from; k++) {
        random_shape in = random_shape_of(g, g->from[i][k]);
        if (k > 0 && kind->fit == RANDOM_BESIDE)
            out.channels += in.channels;
        out.side = in.side > out.side ? in.side : out.side;
        if (g->from[i][k] >= 0)
            g->read[g->from[i][k]] = true;
    }
    out.channels = kind->channels ? kind->channels : out.channels;
    if (kind == &random_flatten)
        out = (random_shape){ out.channels * (out.side ? out.side * out.side : 1), 0 };
    if (kind == &random_average)
        out.side = 1;
    g->shape[i] = out;
    random_write_line(g, i, kind->type);
}

/* Two in three read the layer before them. */
static inline int random_choose(random_graph *g)
{
    return random_below(&g->state, 3) ? g->n - 1 : random_below(&g->state, g->n + 1) - 1;
}

static inline const random_kind *random_choose_kind(random_graph *g, random_shape in)
{
    int n = sizeof random_kinds / sizeof *random_kinds;
    for (;;) {
        const random_kind *kind = &random_kinds[random_below(&g->state, n)];
        if (random_below(&g->state, 6) < kind->odds && (in.side ? kind->maps : kind->vectors)
            && (!kind->in_channels || kind->in_channels == in.channels))
            return kind;
    }
}

/* Reads, beside its first input, some that fit to it: perhaps that one again. */
static inline void random_add_any(random_graph *g)
{
    int *from = g->from[g->n], n = 1;
    from[0] = random_choose(g);
    const random_kind *kind = random_choose_kind(g, random_shape_of(g, from[0]));
    if (random_below(&g->state, 12) == 0 && random_shape_of(g, from[0]).side)
        kind = random_below(&g->state, 2) ? &random_average : &random_flatten;
    for (int tries = 0; n < kind->most_from && tries < 20; tries++) {
        from[n] = random_choose(g);
        n += random_fits(kind->fit, random_shape_of(g, from[0]), random_shape_of(g, from[n]));
    }
    if (n > 1 && random_below(&g->state, 2)) {
        int swapped = from[0];
        from[0] = from[n - 1];
        from[n - 1] = swapped;
    }
    if (n == 1 && kind->most_from > 1)
        from[n++] = from[0];
    random_add(g, n, kind);
}

/* The output: all that nobody has read so far, as vectors beside each other. */
static inline void random_end(random_graph *g)
{
    int n = g->n, unread = 0;
    for (int i = 0; i < n; i++) {
        if (g->read[i] || !g->shape[i].side)
            continue;
        g->from[g->n][0] = i;
        random_add(g, 1, &random_flatten);
    }
    for (int i = 0; i < g->n; i++)
        if (!g->read[i])
            g->from[g->n][unread++] = i;
    random_add(g, unread, &random_concat);
}

static inline void random_graph_make(random_graph *g, uint32_t seed)
{
    *g = (random_graph){ .state = seed * 2654435761u + 1 };
    int n = 2 + random_below(&g->state, RANDOM_MOST_MADE_UP - 2);
    while (g->n < n)
        random_add_any(g);
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
