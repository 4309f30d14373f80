/* SPDX-License-Identifier: MIT */
/* ops_linear.c - products with matrices: Gemm, MatMul. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

/* Is a constant one number for each of n outputs, or can be made so? */
static const ray_onnx_tensor *as_bias(ray_translation *t, const ray_onnx_tensor *c, int64_t n,
                                      double factor)
{
    const int64_t last = c->rank ? c->dim[c->rank - 1] : 1;
    if (c->n != last || (last != n && last != 1))
        return NULL;
    if (last != n)
        c = ray_constant_expand(t, c, 1, &n);
    return c ? ray_constant_scale(t, c, factor) : NULL;
}

bool ray_op_is_linear(const ray_known *x, const ray_onnx_tensor *w, bool turned)
{
    return w->rank == 2 && !x->constant && x->rank >= 2 && x->batch != x->rank - 1
        && x->dim[x->rank - 1] == w->dim[turned ? 1 : 0];
}

/* Rows that are a view of something with the same last dimension: the layer reads that. */
static void read_rows(const ray_translation *t, ray_known *x)
{
    ray_known before = *x;
    ray_known_skip_views(t, &before);
    if (before.item.dim[before.item.rank - 1] == x->item.dim[x->item.rank - 1])
        *x = before;
}

int ray_op_linear(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                  const ray_onnx_tensor *w, bool turned, const ray_onnx_tensor *bias,
                  ray_known *out)
{
    const int64_t n = w->dim[turned ? 0 : 1];
    ray_known in = *x, result = *x;
    ray_step step = { .node = node, .type = "linear", .in = &in, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    read_rows(t, &in);
    ray_attribute_int(&step.attributes, "out_features", n);
    ray_step_weight(&step, "weight", w);
    step.weight[0].transposed = !turned;
    if (bias)
        ray_step_weight(&step, "bias", bias);
    else
        ray_attribute_word(&step.attributes, "bias", "false");
    result.dim[x->rank - 1] = n;
    if (ray_plan_layer(t, &step, out)
        || ray_known_view(t, node, out, result.rank, result.dim, result.batch))
        return -1;
    return 0;
}

/* ---- Gemm ---- */

static int turn(ray_translation *t, const ray_onnx_node *node, const char *suffix, ray_known *x)
{
    return ray_op_permute(t, node, suffix, x, (int32_t[]){ 1, 0 });
}

static int plan_product(ray_translation *t, const ray_onnx_node *node, ray_known *a, ray_known *b,
                        ray_known *out)
{
    ray_known in[2] = { *a, *b };
    ray_step step = { .node = node, .type = "matmul", .suffix = "product", .in = in, .n_in = 2 };
    if (ray_known_align(t, node, in, 2, 2, &step.batch))
        return -1;
    return ray_plan_layer(t, &step, out);
}

static int gemm_product(ray_translation *t, const ray_onnx_node *node, ray_known *x,
                        ray_known *out)
{
    const double alpha = ray_node_number(node, "alpha", 1);
    ray_known w;
    if (ray_known_in(t, node, 1, &w)
        || (ray_node_int(node, "transB", 0) && turn(t, node, "turned", &w))
        || plan_product(t, node, x, &w, out))
        return -1;
    return alpha != 1 ? ray_plan_scalar(t, node, "mul", "scaled", alpha, out) : 0;
}

static int gemm_add(ray_translation *t, const ray_onnx_node *node, ray_known *y)
{
    const double beta = ray_node_number(node, "beta", 1);
    ray_known in[2] = { *y };
    ray_step step = { .node = node, .type = "add", .suffix = "sum", .in = in, .n_in = 2 };
    if (!ray_node_in(t, node, 2))
        return 0;
    in[1] = *ray_node_in(t, node, 2);
    if (ray_known_align(t, node, in, 2, 0, &step.batch)
        || (beta != 1 && ray_plan_scalar(t, node, "mul", "share", beta, &in[1])))
        return -1;
    return ray_plan_layer(t, &step, y);
}

static int gemm_linear(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                       ray_known *out)
{
    const bool turned = ray_node_int(node, "transB", 0) != 0;
    const ray_onnx_tensor *w = ray_node_constant(t, node, 1), *c = ray_node_constant(t, node, 2);
    const double alpha = ray_node_number(node, "alpha", 1);
    const ray_onnx_tensor *bias =
        c ? as_bias(t, c, w->dim[turned ? 0 : 1], ray_node_number(node, "beta", 1)) : NULL;
    w = ray_constant_scale(t, w, alpha);
    if (!w || ray_op_linear(t, node, x, w, turned, bias, out))
        return -1;
    return bias ? 0 : gemm_add(t, node, out);
}

static int translate_gemm(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const ray_onnx_tensor *w = ray_node_constant(t, node, 1);
    const ray_known *in = ray_node_in(t, node, 0);
    ray_known x, out;
    (void)self;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    if (x.rank != 2 || ray_node_in(t, node, 1)->rank != 2)
        return ray_fail(t->error, "its operands must be matrices");
    if (ray_node_int(node, "transA", 0) && turn(t, node, "turned", &x))
        return -1;
    if (w && !in->constant && x.batch != 1) {
        if (gemm_linear(t, node, &x, &out))
            return -1;
    } else if (gemm_product(t, node, &x, &out) || gemm_add(t, node, &out)) {
        return -1;
    }
    return ray_node_done(t, node, &out);
}

/* ---- MatMul ---- */

/* A vector becomes a matrix of one row, or one column. */
static int as_matrix(ray_translation *t, const ray_onnx_node *node, ray_known *x, bool row)
{
    const int64_t dim[2] = { row ? 1 : x->dim[0], row ? x->dim[0] : 1 };
    if (x->rank != 1)
        return 0;
    if (x->constant) {
        const ray_onnx_tensor *view = ray_constant_view(t, x->constant, 2, dim);
        if (view)
            ray_known_constant(x, view);
        return view ? 0 : -1;
    }
    return ray_known_view(t, node, x, 2, dim, RAY_ONNX_ABSENT);
}

/* Takes away the row or column that as_matrix added. */
static int drop(ray_translation *t, const ray_onnx_node *node, ray_known *y, bool row, bool column)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank = 0;
    for (int32_t i = 0; i < y->rank; i++)
        if (!(row && i == y->rank - 2) && !(column && i == y->rank - 1))
            dim[rank++] = y->dim[i];
    if (rank == y->rank)
        return 0;
    return ray_known_view(t, node, y, rank, dim, ray_known_find_batch(t, y, rank, dim));
}

static int translate_matmul(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known in[2] = { *ray_node_in(t, node, 0), *ray_node_in(t, node, 1) }, out;
    const ray_onnx_tensor *w = in[1].constant;
    ray_step step = { .node = node, .type = "matmul", .in = in, .n_in = 2 };
    (void)self;
    if (w && ray_op_is_linear(&in[0], w, false)) {
        if (ray_op_linear(t, node, &in[0], w, false, NULL, &out))
            return -1;
        return ray_node_done(t, node, &out);
    }
    const bool row = in[0].rank == 1, column = in[1].rank == 1;
    if (as_matrix(t, node, &in[0], true) || as_matrix(t, node, &in[1], false)
        || ray_known_align(t, node, in, 2, 2, &step.batch) || ray_plan_layer(t, &step, &out)
        || drop(t, node, &out, row, column))
        return -1;
    return ray_node_done(t, node, &out);
}

const ray_onnx_op ray_onnx_ops_linear[] = {
    { "Gemm", translate_gemm, NULL, 2, NULL },
    { "MatMul", translate_matmul, NULL, 2, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
