/* SPDX-License-Identifier: MIT */
/* support.c - which operators are supported, and what is said of a model with others. */
#include <stdio.h>
#include <string.h>

#include "translate.h"

static const ray_onnx_op *const op_tables[] = {
    ray_onnx_ops_conv, ray_onnx_ops_linear, ray_onnx_ops_norm, ray_onnx_ops_unary,
    ray_onnx_ops_pool, ray_onnx_ops_reduce, ray_onnx_ops_merge, ray_onnx_ops_shape,
    ray_onnx_ops_part, ray_onnx_ops_wide, ray_onnx_ops_resize, ray_onnx_ops_attention,
};
static const ray_onnx_fold *const fold_tables[] = {
    ray_onnx_folds_shape, ray_onnx_folds_math, ray_onnx_folds_make,
};

const ray_onnx_op *ray_onnx_op_find(const char *op)
{
    for (size_t k = 0; k < sizeof op_tables / sizeof *op_tables; k++)
        for (const ray_onnx_op *row = op_tables[k]; row->op; row++)
            if (!strcmp(row->op, op))
                return row;
    return NULL;
}

const ray_onnx_fold *ray_onnx_fold_find(const char *op)
{
    for (size_t k = 0; k < sizeof fold_tables / sizeof *fold_tables; k++)
        for (const ray_onnx_fold *row = fold_tables[k]; row->op; row++)
            if (!strcmp(row->op, op))
                return row;
    return NULL;
}

/* ---- Whether all are ---- */

static bool is_own_domain(const ray_onnx_node *node)
{
    return !node->domain[0] || !strcmp(node->domain, "ai.onnx");
}

int32_t ray_onnx_fold_reads(const ray_onnx_fold *fold, const ray_onnx_node *node)
{
    if (fold->reads == RAY_FOLD_NONE)
        return 0;
    return fold->reads > 0 && fold->reads < node->n_in ? fold->reads : node->n_in;
}

/* Will its results be constants?  constant: by value. */
static bool folds(const ray_onnx_node *node, const bool *constant)
{
    const ray_onnx_fold *fold = is_own_domain(node) ? ray_onnx_fold_find(node->op) : NULL;
    for (int32_t k = 0; fold && k < ray_onnx_fold_reads(fold, node); k++)
        if (node->in[k] != RAY_ONNX_ABSENT && !constant[node->in[k]])
            return false;
    return fold != NULL;
}

typedef struct list { char text[1500]; size_t n; int count, left_out; } list;

/* What has no more room is counted. */
static void add_unsupported(list *l, const ray_translation *t, const ray_onnx_node *node)
{
    char text[160];
    const bool own = is_own_domain(node);
    size_t room = sizeof l->text - l->n;
    int n = snprintf(l->text + l->n, room, "%s%.60s%s%s", l->count++ ? ", " : "",
                     own ? "" : node->domain, own ? "" : ".", ray_node_text(t, node, text));
    if (!l->left_out && n > 0 && (size_t)n < room) {
        l->n += (size_t)n;
    } else {
        l->text[l->n] = '\0';
        l->left_out++;
    }
}

static int fail_unsupported(const ray_translation *t, const list *l)
{
    char more[40] = "";
    if (l->left_out)
        snprintf(more, sizeof more, ", and %d more", l->left_out);
    return ray_fail(t->error, "%s: %d operator%s not supported: %s%s", t->model->path, l->count,
                    l->count == 1 ? " is" : "s are", l->text, more);
}

int ray_onnx_check_operators(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    bool *constant = ray_arena_alloc(&t->draft->arena, (size_t)m->n_values + 1, sizeof *constant);
    list unsupported = { "", 0, 0, 0 };
    if (!constant)
        return ray_fail_memory(t->error);
    for (int32_t v = 0; v < m->n_values; v++)
        constant[v] = m->values[v].constant != NULL;
    for (int32_t i = 0; i < m->n_nodes; i++) {
        const ray_onnx_node *node = &m->nodes[i];
        if (!t->needed[i])
            continue;
        bool fold = folds(node, constant);
        if (!fold && !(is_own_domain(node) && ray_onnx_op_find(node->op)))
            add_unsupported(&unsupported, t, node);
        for (int32_t k = 0; k < node->n_out; k++)
            if (node->out[k] != RAY_ONNX_ABSENT)
                constant[node->out[k]] = fold;
    }
    return unsupported.count ? fail_unsupported(t, &unsupported) : 0;
}
