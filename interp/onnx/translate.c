/* SPDX-License-Identifier: MIT */
/* translate.c - an ONNX model into layers, node by node. */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "translate.h"

/* How much may be read and made of constants, so that a small file takes neither long nor much
 * memory: numbers that nodes read, and bytes that folding makes.  Test models make all of their
 * weights; the longest chains of folding read each weight some ten times. */
enum { LEAST_READ = 1 << 28, LEAST_MADE = 1 << 30, MOST_TIMES = 16 };

/* From the back: nodes come after those that they read. */
static void mark_needed(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    t->readers[t->output] = 1;
    for (int32_t i = m->n_nodes - 1; i >= 0; i--) {
        const ray_onnx_node *node = &m->nodes[i];
        for (int32_t k = 0; k < node->n_out; k++)
            t->needed[i] |= node->out[k] != RAY_ONNX_ABSENT && t->readers[node->out[k]] > 0;
        for (int32_t k = 0; t->needed[i] && k < node->n_in; k++)
            if (node->in[k] != RAY_ONNX_ABSENT)
                t->readers[node->in[k]]++;
    }
}

/* ---- Nodes in turn ---- */

/* A fold, where everything it reads is there: 1 done, 0 no, -1 error. */
static int try_fold(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_fold *fold = ray_onnx_fold_find(node->op);
    for (int32_t i = 0; fold && i < ray_onnx_fold_reads(fold, node); i++) {
        const ray_known *in = ray_node_in(t, node, i);
        if (in && !in->constant)
            return 0;
    }
    return !fold ? 0 : fold->fold(t, node) ? -1 : 1;
}

static int check_inputs(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *op)
{
    const int32_t least = op->min_in ? op->min_in : 1;
    for (int32_t i = 0; i < least; i++)
        if (!ray_node_in(t, node, i))
            return ray_fail(t->error, "input %d is missing", i + 1);
    return 0;
}

/* Everything that a node reads is a constant, or made of the input that is explained. */
static int check_known(ray_translation *t, const ray_onnx_node *node)
{
    for (int32_t i = 0; i < node->n_in; i++) {
        const ray_known *in = ray_node_in(t, node, i);
        if (in && in->constant && !ray_constant_take(t, &t->may_read, in->constant->n))
            return -1;
        if (in && !in->constant && in->layer == RAY_NO_LAYER)
            return ray_fail(t->error, "it reads \"%s\", which is neither a constant nor made of "
                            "the input \"%s\"", t->model->values[node->in[i]].name,
                            t->draft->input);
    }
    return 0;
}

static int translate_node(ray_translation *t, int32_t index)
{
    const ray_onnx_node *node = &t->model->nodes[index];
    const ray_onnx_op *op = ray_onnx_op_find(node->op);
    if (check_known(t, node))
        return -1;
    int done = try_fold(t, node);
    if (!done)
        done = ray_onnx_pattern_try(t, index);
    if (done)
        return done < 0 ? -1 : 0;
    if (!op)
        return ray_fail(t->error, "it is only supported where its inputs are constants");
    return check_inputs(t, node, op) || op->translate(t, node, op) ? -1 : 0;
}

static int translate_nodes(ray_translation *t)
{
    char text[160];
    for (int32_t i = 0; i < t->model->n_nodes; i++) {
        if (!t->needed[i] || !translate_node(t, i))
            continue;
        return ray_fail_prefix(t->error, "%s: %s: ", t->model->path,
                               ray_node_text(t, &t->model->nodes[i], text));
    }
    return 0;
}

static int set_output(ray_translation *t)
{
    ray_known *out = &t->known[t->output];
    const ray_onnx_node *node = t->model->n_nodes ? &t->model->nodes[t->model->n_nodes - 1] : NULL;
    if (out->layer == RAY_NO_LAYER)
        return ray_fail(t->error, "%s: the output \"%s\" does not depend on the input",
                        t->model->path, t->model->values[t->output].name);
    if (out->layer != RAY_INPUT_LAYER)
        return 0;
    if (!node)
        return ray_fail(t->error, "%s: it has no nodes", t->model->path);
    return ray_plan_unary(t, node, "identity", NULL, out);
}

static int allocate(ray_translation *t)
{
    ray_arena *arena = &t->draft->arena;
    const ray_onnx_model *m = t->model;
    t->may_read = LEAST_READ + MOST_TIMES * ray_onnx_files_size(m);
    t->may_make = LEAST_MADE + MOST_TIMES * ray_onnx_files_size(m);
    t->known = ray_arena_alloc(arena, (size_t)m->n_values + 1, sizeof *t->known);
    t->readers = ray_arena_alloc(arena, (size_t)m->n_values + 1, sizeof *t->readers);
    t->needed = ray_arena_alloc(arena, (size_t)m->n_nodes + 1, sizeof *t->needed);
    if (!t->known || !t->readers || !t->needed)
        return ray_fail_memory(t->error);
    for (int32_t v = 0; v < m->n_values; v++) {
        t->known[v].layer = RAY_NO_LAYER;
        if (m->values[v].constant)
            ray_known_constant(&t->known[v], m->values[v].constant);
    }
    return 0;
}

/* *turned: whether to try with the input turned; then whether it was, and is to no avail. */
static int attempt(const ray_onnx_model *model, const ray_draft_wishes *wishes, ray_draft *draft,
                   bool *turned, ray_error *error)
{
    ray_translation t = { .model = model, .wishes = wishes, .draft = draft, .error = error,
                          .turned = *turned };
    *draft = (ray_draft){ .name = model->name };
    int failed = allocate(&t) || ray_onnx_find_output(&t);
    if (!failed)
        mark_needed(&t);
    failed = failed || ray_onnx_check_operators(&t) || ray_onnx_set_input(&t) || translate_nodes(&t)
          || set_output(&t) || ray_plan_finish(&t);
    *turned = t.turned && (failed || t.layers[0].live);
    if (!failed && t.turned && !*turned)
        draft->notes = strdup("The model's input is height x width x channels; here it is channels "
                              "x height x width, as pictures are read.");
    if (!failed && t.turned && !*turned && !draft->notes)
        failed = ray_fail_memory(error);
    free(t.layers);
    return failed;
}

int ray_onnx_translate(const ray_onnx_model *model, const ray_draft_wishes *wishes,
                       ray_draft *draft, ray_error *error)
{
    ray_error own = { "" };
    bool turned = !wishes->whole;
    int failed = attempt(model, wishes, draft, &turned, &own);
    if (turned) {
        ray_draft_free(draft);
        own = (ray_error){ "" };
        turned = false;
        failed = attempt(model, wishes, draft, &turned, &own);
    }
    if (!failed)
        return 0;
    ray_draft_free(draft);
    return ray_fail(error, "%s", own.text);
}

void ray_draft_free(ray_draft *draft)
{
    ray_arena_free(&draft->arena);
    free(draft->notes);
    *draft = (ray_draft){ 0 };
}
