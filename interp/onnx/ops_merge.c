/* SPDX-License-Identifier: MIT */
/* ops_merge.c - arithmetic of several operands, and concatenation. */
#include <math.h>
#include <string.h>

#include "ops.h"

static ray_known *gather(ray_translation *t, const ray_onnx_node *node)
{
    ray_known *in = ray_arena_alloc(&t->draft->arena, (size_t)node->n_in + 1, sizeof *in);
    if (!in)
        ray_fail_memory(t->error);
    for (int32_t k = 0; in && k < node->n_in; k++) {
        if (!ray_node_in(t, node, k))
            return (void)ray_fail(t->error, "input %d is missing", k + 1), NULL;
        in[k] = *ray_node_in(t, node, k);
    }
    return in;
}

/* ---- With one number ---- */

/* number - x, number / x, number ^ x. */
static int swapped_sub(ray_translation *t, const ray_onnx_node *node, double c, ray_known *x)
{
    if (ray_plan_scalar(t, node, "mul", c == 0 ? NULL : "negative", -1, x))
        return -1;
    return c == 0 ? 0 : ray_plan_scalar(t, node, "add", NULL, c, x);
}

static int swapped_div(ray_translation *t, const ray_onnx_node *node, double c, ray_known *x)
{
    if (ray_plan_unary(t, node, "reciprocal", c == 1 ? NULL : "reciprocal", x))
        return -1;
    return c == 1 ? 0 : ray_plan_scalar(t, node, "mul", NULL, c, x);
}

static int swapped_pow(ray_translation *t, const ray_onnx_node *node, double c, ray_known *x)
{
    if (!(c > 0))
        return ray_fail(t->error, "the base %g is not above 0", c);
    return ray_plan_scalar(t, node, "mul", "exponent", log(c), x)
        || ray_plan_unary(t, node, "exp", NULL, x) ? -1 : 0;
}

static int with_number(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self,
                       double c, bool first, ray_known *x)
{
    if (first && !strcmp(self->op, "Sub"))
        return swapped_sub(t, node, c, x);
    if (first && !strcmp(self->op, "Div"))
        return swapped_div(t, node, c, x);
    if (first && !strcmp(self->op, "Pow"))
        return swapped_pow(t, node, c, x);
    return ray_plan_scalar(t, node, self->kind, NULL, c, x);
}

/* One of two operands is a finite number that does not widen the other: which, or -1. */
static int number_of(const ray_known *in, int32_t n)
{
    for (int k = 0; n == 2 && k < 2; k++)
        if (in[k].constant && in[k].constant->n == 1 && in[k].rank <= in[1 - k].rank
            && !in[1 - k].constant && isfinite(ray_onnx_number(in[k].constant, 0)))
            return k;
    return -1;
}

/* ---- Broadcasting ---- */

/* An activation and a constant that does not make it wider: the constant's index, or -1. */
static int constant_of(const ray_known *in, int32_t n, int32_t rank, const int64_t *dim)
{
    for (int k = 0; n == 2 && k < 2; k++)
        if (in[k].constant && !in[1 - k].constant && in[1 - k].rank == rank
            && !memcmp(in[1 - k].dim, dim, (size_t)rank * sizeof *dim))
            return k;
    return -1;
}

int ray_op_merge(ray_translation *t, const ray_onnx_node *node, const char *kind,
                 const char *suffix, ray_known *in, int32_t n, ray_known *out)
{
    ray_step step = { .node = node, .type = kind, .suffix = suffix };
    const int32_t *order = NULL;
    int32_t rank = 0, batch;
    int64_t dim[RAY_ONNX_MAX_RANK] = { 0 };
    for (int32_t k = 0; k < n; k++)
        if (!ray_dims_broadcast(&rank, dim, in[k].rank, in[k].dim))
            return ray_fail(t->error, "its operands do not broadcast");
    const int k = constant_of(in, n, rank, dim);
    const int32_t was = k < 0 ? RAY_ONNX_ABSENT : in[1 - k].batch;
    if ((k >= 0 && ray_op_meet_constant(t, &in[1 - k], &in[k], &order))
        || ray_known_align(t, node, in, n, 0, &batch) || ray_plan_each(t, &step, in, n, out)
        || (order && ray_op_order(t, node, "permute", order, out)))
        return -1;
    batch = order ? was : batch;
    return ray_known_view(t, node, out, rank, dim, batch);
}

static int translate_merge(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known *in = gather(t, node), out;
    if (!in)
        return -1;
    const int number = number_of(in, node->n_in);
    if (node->n_in == 1)
        return ray_known_in(t, node, 0, &out) ? -1 : ray_node_done(t, node, &out);
    if (number >= 0) {
        out = in[1 - number];
        if (with_number(t, node, self, ray_onnx_number(in[number].constant, 0), number == 0, &out))
            return -1;
        return ray_node_done(t, node, &out);
    }
    if (ray_op_merge(t, node, self->kind, NULL, in, node->n_in, &out))
        return -1;
    return ray_node_done(t, node, &out);
}

static int translate_mean(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known *in = gather(t, node), out;
    if (!in)
        return -1;
    if (node->n_in == 1)
        return ray_known_in(t, node, 0, &out) ? -1 : ray_node_done(t, node, &out);
    if (ray_op_merge(t, node, self->kind, NULL, in, node->n_in, &out)
        || ray_plan_scalar(t, node, "mul", "mean", 1.0 / node->n_in, &out))
        return -1;
    return ray_node_done(t, node, &out);
}

/* ---- Choices by a constant ---- */

/* A constant of ones and zeros: what the condition takes from the first, or from the second. */
static const ray_onnx_tensor *mask(ray_translation *t, const ray_onnx_tensor *condition, bool first)
{
    ray_onnx_tensor *made =
        ray_constant_new(t, RAY_ONNX_FLOAT, condition->rank, condition->dim);
    for (int64_t i = 0; made && i < made->n; i++)
        ray_constant_put(made, i, (ray_onnx_integer(condition, i) != 0) == first);
    return made;
}

/* y = x1 mask + x2 (1 - mask), for finite numbers. */
static int translate_where(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const ray_onnx_tensor *condition = ray_node_constant(t, node, 0);
    ray_known part[2], out;
    (void)self;
    if (!condition)
        return ray_fail(t->error, "its condition is computed; it must be a constant");
    for (int k = 0; k < 2; k++) {
        ray_known in[2] = { *ray_node_in(t, node, k + 1) };
        const ray_onnx_tensor *c = in[0].constant, *share = mask(t, condition, k == 0);
        for (int64_t i = 0; c && i < c->n; i++)
            if (!isfinite(ray_onnx_number(c, i)))
                return ray_fail(t->error, "constants to choose from must be finite");
        if (!share)
            return -1;
        ray_known_constant(&in[1], share);
        if (ray_op_merge(t, node, "mul", NULL, in, 2, &part[k]))
            return -1;
    }
    return ray_op_merge(t, node, "add", NULL, part, 2, &out) ? -1 : ray_node_done(t, node, &out);
}

/* ---- Concatenation ---- */

static bool is_empty(const ray_known *x)
{
    return x->constant && x->constant->n == 0;
}

static int plan_concat(ray_translation *t, const ray_onnx_node *node, ray_known *in, int32_t n,
                       int32_t axis, ray_known *out)
{
    ray_step step = { .node = node, .type = "concat", .in = in, .n_in = n };
    int32_t dim;
    if (in[0].batch == axis && ray_known_whole(t, node, &in[0]))
        return -1;
    for (int32_t k = 1; k < n; k++)
        if (in[k].batch == axis && ray_known_whole(t, node, &in[k]))
            return -1;
    if (ray_known_align(t, node, in, n, 0, &step.batch)
        || ray_known_dim(t, node, &in[0], axis, &dim))
        return -1;
    if (step.batch == axis)
        return ray_fail(t->error, "it would join items of the batch");
    if (dim != 1)
        ray_attribute_int(&step.attributes, "dim", dim);
    return ray_plan_layer(t, &step, out);
}

static int translate_concat(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known *in = gather(t, node), out;
    int32_t axis, n = 0;
    (void)self;
    if (!in || ray_node_axis(t, ray_node_int(node, "axis", 1), in[0].rank, &axis))
        return -1;
    for (int32_t k = 0; k < node->n_in; k++) {
        if (in[k].rank != in[0].rank)
            return ray_fail(t->error, "input %d has %d dimensions, the first %d", k + 1,
                            in[k].rank, in[0].rank);
        if (!is_empty(&in[k]))
            in[n++] = in[k];
    }
    if (n == 1 && !in[0].constant)
        return ray_node_done(t, node, &in[0]);
    return plan_concat(t, node, in, n, axis, &out) ? -1 : ray_node_done(t, node, &out);
}

const ray_onnx_op ray_onnx_ops_merge[] = {
    { "Add", translate_merge, "add", 2, NULL },
    { "Sub", translate_merge, "sub", 2, NULL },
    { "Mul", translate_merge, "mul", 2, NULL },
    { "Div", translate_merge, "div", 2, NULL },
    { "Pow", translate_merge, "pow", 2, NULL },
    { "Max", translate_merge, "maximum", 1, NULL },
    { "Min", translate_merge, "minimum", 1, NULL },
    { "Sum", translate_merge, "add", 1, NULL },
    { "Mean", translate_mean, "add", 1, NULL },
    { "Where", translate_where, NULL, 3, NULL },
    { "Concat", translate_concat, NULL, 1, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
