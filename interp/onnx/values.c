/* SPDX-License-Identifier: MIT */
/* values.c - the names of a model: each is an input, a constant or what a node makes, and only one
 * of them, but for inputs that come with a constant. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

typedef enum role { INPUT, CONSTANT, RESULT } role;
typedef struct mention { const char *name; role role; int32_t index; } mention;
typedef struct mentions { mention *v; size_t n; } mentions;

/* ---- Collecting ---- */

static void add(mentions *all, const char *name, role what, size_t index)
{
    if (name && *name)
        all->v[all->n++] = (mention){ name, what, (int32_t)index };
}

static size_t count_results(const Onnx__GraphProto *graph)
{
    size_t n = 0;
    for (size_t i = 0; i < graph->n_node; i++)
        n += graph->node[i]->n_output;
    return n;
}

static void collect(mentions *all, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_input; i++)
        add(all, graph->input[i]->name, INPUT, i);
    for (size_t i = 0; i < graph->n_initializer; i++)
        add(all, graph->initializer[i]->name, CONSTANT, i);
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; k < graph->node[i]->n_output; k++)
            add(all, graph->node[i]->output[k], RESULT, i);
}

static int compare_mentions(const void *a, const void *b)
{
    const mention *p = a, *q = b;
    int order = strcmp(p->name, q->name);
    if (order != 0)
        return order;
    if (p->role != q->role)
        return p->role < q->role ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

/* ---- Making ---- */

static ray_node_text mention_text(const Onnx__GraphProto *graph, const mention *m)
{
    if (m->role == RESULT)
        return ray_onnx_node_text(graph, m->index);
    return (ray_node_text){ { 0 } };
}

static int fail_twice(const ray_onnx_model *model, const Onnx__GraphProto *graph, const mention *a,
                      const mention *b, ray_error *error)
{
    static const char *const words[] = { "an input", "a constant", "the result of " };
    return ray_fail(error, "%s: the name \"%s\" is given twice: to %s%s and to %s%s", model->path,
                    a->name, words[a->role], mention_text(graph, a).text, words[b->role],
                    mention_text(graph, b).text);
}

static void fill(ray_onnx_value *value, const mention *m, const ray_onnx_tensor *constants)
{
    if (m->role == RESULT)
        value->producer = m->index;
    else if (m->role == CONSTANT)
        value->constant = &constants[m->index];
}

static int make_values(ray_onnx_model *model, const Onnx__GraphProto *graph, const mentions *all,
                       const ray_onnx_tensor *constants, ray_error *error)
{
    model->values = ray_arena_alloc(&model->arena, all->n, sizeof *model->values);
    if (!model->values)
        return ray_fail_memory(error);
    for (size_t i = 0; i < all->n; i++) {
        const mention *m = &all->v[i];
        bool same = i && !strcmp(m[-1].name, m->name);
        if (same && !(m[-1].role == INPUT && m->role == CONSTANT))
            return fail_twice(model, graph, m - 1, m, error);
        ray_onnx_value *value = &model->values[same ? model->n_values - 1 : model->n_values++];
        if (!same) {
            value->producer = RAY_ONNX_ABSENT;
            value->name = ray_arena_copy(&model->arena, m->name);
        }
        if (!value->name)
            return ray_fail_memory(error);
        fill(value, m, constants);
    }
    return 0;
}

int ray_onnx_values_make(ray_onnx_model *model, const Onnx__GraphProto *graph,
                         const ray_onnx_tensor *constants, ray_error *error)
{
    size_t most = graph->n_input + graph->n_initializer + count_results(graph);
    mentions all = { .v = ray_alloc(most, sizeof *all.v) };
    if (!all.v)
        return ray_fail_memory(error);
    collect(&all, graph);
    if (all.n > 1)
        qsort(all.v, all.n, sizeof *all.v, compare_mentions);
    int failed = make_values(model, graph, &all, constants, error);
    free(all.v);
    return failed;
}

static int compare_values(const void *a, const void *b)
{
    return strcmp(((const ray_onnx_value *)a)->name, ((const ray_onnx_value *)b)->name);
}

int32_t ray_onnx_values_find(const ray_onnx_model *model, const char *name)
{
    ray_onnx_value key = { .name = name }, *found = NULL;
    if (model->n_values)
        found = bsearch(&key, model->values, (size_t)model->n_values, sizeof key, compare_values);
    return found ? (int32_t)(found - model->values) : RAY_ONNX_ABSENT;
}
