/* SPDX-License-Identifier: MIT */
/* joining.h - networks whose layers join each other, and passes over them, joined or not. */
#ifndef RAY_TESTS_JOINING_H
#define RAY_TESTS_JOINING_H

#include "demands.h"
#include "explaining.h"

/* ---- Graphs ---- */

/* Lines of a graph file, "layers:" and what may stand before it left out where that is all: $ is a
 * number of channels, % a side; "x", the input, is $ x % x %. */
#define OTHER(name, type, from) "  - {name: " name ", type: " type ", from: " from "}\n"
#define CONV(name, from)  OTHER(name, "conv2d, out_channels: $, kernel_size: 3, padding: 1", from)
#define POINT(name, from) OTHER(name, "conv2d, out_channels: $, kernel_size: 1", from)
#define DEPTH(name, from) \
    OTHER(name, "conv2d, out_channels: $, groups: $, kernel_size: 3, padding: 1", from)
#define NORM(name, from)  OTHER(name, "batch_norm2d", from)
#define RELU(name, from)  OTHER(name, "relu", from)
#define RELU6(name, from) OTHER(name, "relu6", from)
#define SUM(name, from)   OTHER(name, "add", "[" from "]")

/* Some scales of batch norms are negative, as in trained networks. */
static inline void negate_scales(ray_network *network)
{
    const ray_graph *graph = &network->graph;
    for (int32_t i = 0; i < graph->n_layers; i++) {
        int32_t id = graph->layers[i].weight[0];
        if (id == RAY_NO_ID || graph->activations[id].shape.rank != 1)
            continue;
        ray_tensor *scale = &network->weights[id - graph->first_weight];
        for (int64_t c = i % 2; c < ray_tensor_size(scale); c += 3)
            scale->data[c] = -scale->data[c];
    }
}

/* Random weights; NULL, and the test fails, when it does not open. */
static inline ray_network *open_lines(const char *lines, int channels, int side)
{
    static char text[64 << 10];
    int used = snprintf(text, sizeof text, "rayinterp: 1\n"
                        "input: {name: x, shape: [%d, %d, %d]}\n%s", channels, side, side,
                        strstr(lines, "layers:\n") ? "" : "layers:\n");
    for (const char *c = lines; *c; c++) {
        if (*c == '$' || *c == '%')
            used += snprintf(text + used, sizeof text - (size_t)used, "%d",
                             *c == '$' ? channels : side);
        else
            text[used++] = *c;
    }
    ray_network *network = open_network(scratch_write("lines.yaml", text, (size_t)used),
                                        RAY_WEIGHTS_RANDOM);
    if (network)
        negate_scales(network);
    return network;
}

/* ---- Passes ---- */

typedef struct pass {
    const ray_network *network;
    const wishes      *wishes;
    int64_t            first, items;    /* of the inputs there are: item n is the same for all */
    int64_t            planned;         /* room for so many, if that is more */
    uint32_t           inputs;          /* which inputs */
    bool               join;
    int32_t            from;            /* where the backward pass starts */
} pass;

/* -1 ... 1, of the item and the position alone */
static inline float number_at(uint32_t key, int64_t item, int64_t i)
{
    uint64_t x = (uint64_t)key * 0x9e3779b97f4a7c15u + (uint64_t)item * 1000003u + (uint64_t)i;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (float)((double)(x >> 40) * 0x1p-23 - 1);
}

static inline void fill(ray_tensor *tensor, uint32_t key, int64_t first, float largest)
{
    int64_t size = ray_tensor_item_size(tensor);
    for (int64_t n = 0; n < tensor->dim[0]; n++)
        for (int64_t i = 0; i < size; i++)
            tensor->data[n * size + i] = largest * number_at(key, first + n, i);
}

/* What nobody wrote is not to be read. */
static inline void spoil(ray_exec *exec)
{
    memset(exec->values, 0xff, (size_t)exec->plan.values_size * sizeof *exec->values);
    memset(exec->signals, 0xff, (size_t)exec->plan.signals_size * sizeof *exec->signals);
    memset(exec->spare, 0xff, (size_t)exec->plan.spare_size * sizeof *exec->spare);
    memset(exec->work, 0xff, (size_t)exec->plan.work_size * sizeof *exec->work);
}

/* In the place of a layer's function another may run, which knows nothing of finishing. */
static inline int send_through(void *context, int32_t layer, const ray_op *op)
{
    const ray_exec *exec = context;
    CU_ASSERT(!exec->replaced[layer] || !op->finish);
    ray_layer_backward(&exec->network->graph.layers[layer], op);
    return 0;
}

/* Planned and evaluated.  The test ends when it fails. */
static inline ray_exec pass_start(const pass *p)
{
    ray_error error = { "" };
    ray_exec exec;
    int64_t planned = p->planned > p->items ? p->planned : p->items;
    ray_demand demand = wishes_demand(p->wishes, planned, p->join);
    int failed = ray_exec_create(&exec, p->network, &demand, &error);
    CHECK_CASE(!failed, "%s", error.text);
    CU_ASSERT_FATAL(!failed);
    spoil(&exec);
    ray_exec_set_items(&exec, p->items);
    fill(&exec.value[0], p->inputs, p->first, 10);      /* some go beyond 6 */
    CU_ASSERT_EQUAL_FATAL(ray_exec_forward(&exec, &error), 0);
    return exec;
}

/* Backward from p->from, if a signal is wanted there or before. */
static inline void pass_back(const pass *p, ray_exec *exec)
{
    ray_error error = { "" };
    ray_backward how = { .from = p->from, .wanted = p->wishes->want, .layer = send_through,
                         .context = exec };
    if (!exec->signal[p->from].data)
        return;
    fill(&exec->signal[p->from], p->inputs + 1, p->first, 1);
    CU_ASSERT_EQUAL_FATAL(ray_exec_backward(exec, &how, &error), 0);
}

static inline ray_exec pass_run(const pass *p)
{
    ray_exec exec = pass_start(p);
    pass_back(p, &exec);
    return exec;
}

/* ---- Comparing ---- */

typedef struct difference { double worst; const char *of; bool signal; } difference;

static inline void take_difference(difference *d, const ray_tensor *found,
                                   const ray_tensor *expected, const char *of, bool signal)
{
    double off = tensor_difference(found, expected, 1);
    if (off > d->worst || isnan(off))
        *d = (difference){ isnan(off) ? INFINITY : off, of, signal };
}

/* Where two passes differ most, in what both of them have and the first was asked for. */
static inline difference pass_difference(const pass *p, const ray_exec *found,
                                         const ray_exec *expected)
{
    const ray_graph *graph = &p->network->graph;
    difference d = { 0, "", false };
    for (int32_t a = 0; a < graph->first_weight; a++) {
        const char *name = graph->activations[a].name;
        if (p->wishes->keep[a] || p->wishes->ends[a])
            take_difference(&d, &found->value[a], &expected->value[a], name, false);
        if (p->wishes->want[a] && found->reached[a] != expected->reached[a])
            d = (difference){ INFINITY, name, true };
        else if (p->wishes->want[a] && found->reached[a])
            take_difference(&d, &found->signal[a], &expected->signal[a], name, true);
    }
    return d;
}

#endif
