/* SPDX-License-Identifier: MIT */
/* ops_reduce.c - reductions over whole axes, some with a function before or after. */
#include <string.h>

#include "translate.h"

typedef struct reduce_row { const char *op, *before, *after; } reduce_row;

static const reduce_row rows[] = {
    { "ReduceL1", "abs", NULL },          { "ReduceL2", "square", "sqrt" },
    { "ReduceSumSquare", "square", NULL }, { "ReduceLogSum", NULL, "log" },
    { "ReduceLogSumExp", "exp", "log" },
};

static int prepare(ray_translation *t, const ray_onnx_node *node, const char *before, ray_known *x)
{
    ray_known in[2] = { *x, *x }, out;
    ray_step step = { .node = node, .type = "mul", .suffix = "square", .in = in, .n_in = 2,
                      .batch = RAY_ONNX_ABSENT };
    if (!before)
        return 0;
    if (strcmp(before, "square") != 0)
        return ray_plan_unary(t, node, before, before, x);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    x->layer = out.layer;
    return 0;
}

/* Which axes; fills dims of the layer's attribute.  n = 0: none. */
static int find_axes(ray_translation *t, const ray_onnx_node *node, ray_known *x, bool *over,
                     ray_int_list *dims)
{
    ray_int_list axes;
    if (ray_node_ints(t, node, "axes", 1, &axes) || ray_node_axes(t, &axes, x->rank, over))
        return -1;
    const bool all = axes.n <= 0 && !ray_node_int(node, "noop_with_empty_axes", 0);
    dims->n = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        over[i] = over[i] || all;
        if (over[i] && i == x->batch && ray_known_whole(t, node, x))
            return -1;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        int32_t dim;
        if (!over[i])
            continue;
        if (ray_known_dim(t, node, x, i, &dim))
            return -1;
        dims->v[dims->n++] = dim;
    }
    return 0;
}

/* The result's dims, and where its batch lies. */
static int set_dims(ray_translation *t, const ray_onnx_node *node, const bool *over, bool keep,
                    ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank = 0, batch = RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < x->rank; i++) {
        if (i == x->batch)
            batch = rank;
        if (!over[i] || keep)
            dim[rank++] = over[i] ? 1 : x->dim[i];
    }
    return ray_known_view(t, node, x, rank, dim, batch);
}

static int plan(ray_translation *t, const ray_onnx_node *node, const char *kind, const bool *over,
                const ray_int_list *dims, ray_known *x)
{
    const bool keep = ray_node_int(node, "keepdims", 1), all = dims->n == x->item.rank;
    ray_step step = { .node = node, .type = kind, .in = x, .n_in = 1, .batch = RAY_ONNX_ABSENT };
    ray_known out, result = *x;
    if (x->batch >= 0 && x->rank == 1)
        return 0;
    ray_attribute_axes(&step.attributes, "dim", dims->v, dims->n);
    if (dims->n > 1) {
        step.attributes.n = 0;
        ray_attribute_ints(&step.attributes, "dim", dims->v, dims->n);
    }
    if (keep || all)
        ray_attribute_word(&step.attributes, "keepdim", "true");
    if (ray_plan_layer(t, &step, &out))
        return -1;
    for (int32_t i = 0; i < result.rank; i++)
        result.dim[i] = over[i] ? 1 : result.dim[i];
    result.layer = out.layer;
    result.item = out.item;
    *x = result;
    return set_dims(t, node, over, keep, x);
}

static int translate_reduce(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    reduce_row row = { self->op, NULL, NULL };
    bool over[RAY_ONNX_MAX_RANK];
    ray_int_list dims;
    ray_known x;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (!strcmp(rows[k].op, self->op))
            row = rows[k];
    if (ray_known_in(t, node, 0, &x) || find_axes(t, node, &x, over, &dims)
        || prepare(t, node, row.before, &x)
        || (dims.n && plan(t, node, self->kind, over, &dims, &x))
        || (row.after && ray_plan_unary(t, node, row.after, row.after, &x)))
        return -1;
    return ray_node_done(t, node, &x);
}

const ray_onnx_op ray_onnx_ops_reduce[] = {
    { "ReduceMean", translate_reduce, "mean", 0, NULL },
    { "ReduceSum", translate_reduce, "sum", 0, NULL },
    { "ReduceMax", translate_reduce, "amax", 0, NULL },
    { "ReduceMin", translate_reduce, "amin", 0, NULL },
    { "ReduceL1", translate_reduce, "sum", 0, NULL },
    { "ReduceL2", translate_reduce, "sum", 0, NULL },
    { "ReduceSumSquare", translate_reduce, "sum", 0, NULL },
    { "ReduceLogSum", translate_reduce, "sum", 0, NULL },
    { "ReduceLogSumExp", translate_reduce, "sum", 0, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
