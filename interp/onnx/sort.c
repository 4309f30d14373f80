/* SPDX-License-Identifier: MIT */
/* sort.c - nodes in an order in which they can be evaluated. */
#include <stdlib.h>

#include "parts.h"

enum { NEW, OPEN, DONE };

/* A walk from results to what they are made of, without recursion. */
typedef struct walk {
    const ray_onnx_model *model;
    unsigned char        *state;        /* of each node; OPEN: what it reads is looked at */
    int32_t              *next;         /* input that is looked at next */
    int32_t              *stack, depth;
    int32_t              *order, n;
} walk;

static int walk_create(walk *w, const ray_onnx_model *model)
{
    size_t n = (size_t)model->n_nodes;
    *w = (walk){ .model = model };
    w->state = ray_alloc(n, sizeof *w->state);
    w->next = ray_alloc(n, sizeof *w->next);
    w->stack = ray_alloc(n, sizeof *w->stack);
    w->order = ray_alloc(n, sizeof *w->order);
    return w->state && w->next && w->stack && w->order ? 0 : -1;
}

static void walk_free(walk *w)
{
    free(w->state);
    free(w->next);
    free(w->stack);
    free(w->order);
}

static void walk_open(walk *w, int32_t node)
{
    w->state[node] = OPEN;
    w->stack[w->depth++] = node;
}

/* The next node that `node` reads from; RAY_ONNX_ABSENT: no further one. */
static int32_t next_source(walk *w, int32_t node)
{
    const ray_onnx_node *n = &w->model->nodes[node];
    while (w->next[node] < n->n_in) {
        int32_t value = n->in[w->next[node]++];
        if (value != RAY_ONNX_ABSENT && w->model->values[value].producer != RAY_ONNX_ABSENT)
            return w->model->values[value].producer;
    }
    return RAY_ONNX_ABSENT;
}

/* Orders everything that a node needs, and the node.  The node at which a cycle closes, or
 * RAY_ONNX_ABSENT. */
static int32_t walk_from(walk *w, int32_t start)
{
    walk_open(w, start);
    while (w->depth) {
        int32_t node = w->stack[w->depth - 1], source = next_source(w, node);
        if (source == RAY_ONNX_ABSENT) {
            w->state[node] = DONE;
            w->order[w->n++] = node;
            w->depth--;
        } else if (w->state[source] == OPEN) {
            return source;
        } else if (w->state[source] == NEW) {
            walk_open(w, source);
        }
    }
    return RAY_ONNX_ABSENT;
}

static int reorder(ray_onnx_model *model, const int32_t *order, ray_error *error)
{
    ray_onnx_node *sorted = ray_arena_alloc(&model->arena, (size_t)model->n_nodes, sizeof *sorted);
    if (!sorted)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < model->n_nodes; i++) {
        sorted[i] = model->nodes[order[i]];
        for (int32_t k = 0; k < sorted[i].n_out; k++)
            if (sorted[i].out[k] != RAY_ONNX_ABSENT)
                model->values[sorted[i].out[k]].producer = i;
    }
    model->nodes = sorted;
    return 0;
}

int ray_onnx_nodes_sort(ray_onnx_model *model, const Onnx__GraphProto *graph, ray_error *error)
{
    walk w;
    int32_t closing = RAY_ONNX_ABSENT;
    int failed = walk_create(&w, model) ? ray_fail_memory(error) : 0;
    for (int32_t i = 0; !failed && i < model->n_nodes; i++) {
        if (w.state[i] == NEW)
            closing = walk_from(&w, i);
        if (closing != RAY_ONNX_ABSENT)
            failed = ray_fail(error, "%s: %s reads what is made from its own result: the nodes "
                              "form a cycle", model->path, ray_onnx_node_text(graph, closing).text);
    }
    if (!failed)
        failed = reorder(model, w.order, error);
    walk_free(&w);
    return failed;
}
