/* SPDX-License-Identifier: MIT */
/* ops_attention.c - attention as one operator, spelled out in layers:
 * y = softmax(q k' scale + mask) v, for each head. */
#include <inttypes.h>
#include <math.h>

#include "ops.h"

#define SHUT (-1e30)                    /* added to a score that must not count; finite */

/* ---- Heads ---- */

/* B x positions x heads * size as B x heads x positions x size, which it may be already. */
static int part_heads(ray_translation *t, const ray_onnx_node *node, const char *heads_name,
                      const char *suffix, ray_known *x)
{
    const int64_t heads = ray_node_int(node, heads_name, 0);
    if (x->rank == 4)
        return 0;
    if (x->rank != 3 || heads < 1 || x->dim[2] % heads)
        return ray_fail(t->error, "%s: %" PRId64 " does not divide its input", heads_name, heads);
    const int64_t dim[4] = { x->dim[0], x->dim[1], heads, x->dim[2] / heads };
    return ray_known_view(t, node, x, 4, dim, x->batch < 2 ? x->batch : RAY_ONNX_ABSENT)
        || ray_op_permute(t, node, suffix, x, (int32_t[]){ 0, 2, 1, 3 }) ? -1 : 0;
}

/* Back to B x positions x heads * size. */
static int join_heads(ray_translation *t, const ray_onnx_node *node, ray_known *y)
{
    const int64_t dim[3] = { y->dim[0], y->dim[2], y->dim[1] * y->dim[3] };
    if (ray_op_permute(t, node, "by_position", y, (int32_t[]){ 0, 2, 1, 3 }))
        return -1;
    return ray_known_view(t, node, y, 3, dim, y->batch < 2 ? y->batch : RAY_ONNX_ABSENT);
}

/* Keys and values of few heads serve several heads of queries each, in turn. */
static int repeat_heads(ray_translation *t, const ray_onnx_node *node, const char *suffix,
                        int64_t heads, ray_known *x)
{
    ray_step step = { .node = node, .type = "index_select", .suffix = suffix, .in = x, .n_in = 1 };
    int64_t index[RAY_MAX_LIST];
    int32_t dim;
    if (x->dim[1] == heads)
        return 0;
    if (heads % x->dim[1] || heads > RAY_MAX_LIST)
        return ray_fail(t->error, "%" PRId64 " heads of keys do not serve %" PRId64 " of queries",
                        x->dim[1], heads);
    if (ray_known_dim(t, node, x, 1, &dim))
        return -1;
    for (int64_t i = 0; i < heads; i++)
        index[i] = i / (heads / x->dim[1]);
    step.batch = x->batch;
    ray_attribute_int(&step.attributes, "dim", dim);
    ray_attribute_ints(&step.attributes, "index", index, (int32_t)heads);
    return ray_plan_layer(t, &step, x);
}

/* ---- Masks ---- */

/* What is added to score i, finite: a mask of numbers adds them, one of truths shuts where
 * false. */
static double added(const ray_onnx_tensor *mask, int64_t i)
{
    if (ray_constant_is_real(mask))
        return fmax(ray_onnx_number(mask, i), SHUT);
    return ray_onnx_integer(mask, i) ? 0 : SHUT;
}

/* The mask as numbers, with what comes later shut where that is wanted, for matrices of scores. */
static const ray_onnx_tensor *make_mask(ray_translation *t, const ray_onnx_tensor *mask,
                                        const ray_known *scores, bool causal)
{
    const int64_t rows = scores->dim[2], columns = scores->dim[3];
    int64_t dim[RAY_ONNX_MAX_RANK] = { rows, columns };
    int32_t rank = 2;
    if (mask && !ray_dims_broadcast(&rank, dim, mask->rank, mask->dim))
        return (void)ray_fail(t->error, "its mask does not fit the scores"), NULL;
    mask = mask ? ray_constant_expand(t, mask, rank, dim) : NULL;
    ray_onnx_tensor *made = ray_constant_new(t, RAY_ONNX_FLOAT, rank, dim);
    for (int64_t i = 0; made && i < made->n; i++) {
        bool later = causal && i % columns > i / columns % rows;
        ray_constant_put(made, i, later ? SHUT : mask ? added(mask, i) : 0);
    }
    return made;
}

/* Does every position see one at least?  The others would be undefined. */
static bool leaves_some(const ray_onnx_tensor *mask)
{
    const int64_t columns = mask->dim[mask->rank - 1];
    int64_t seen = 0;
    for (int64_t i = 0; i < mask->n; i++) {
        seen += ray_onnx_number(mask, i) > SHUT / 2;
        if (i % columns == columns - 1 && seen == 0)
            return false;
        seen = i % columns == columns - 1 ? 0 : seen;
    }
    return true;
}

static int mask_scores(ray_translation *t, const ray_onnx_node *node, ray_known *scores)
{
    const ray_known *given = ray_node_in(t, node, 3);
    const bool causal = ray_node_int(node, "is_causal", 0) != 0;
    ray_known in[2] = { *scores };
    if (!given && !causal)
        return 0;
    if (given && !given->constant && causal)
        return ray_fail(t->error, "is_causal beside a computed mask is not supported");
    if (given && !given->constant) {
        in[1] = *given;
        return ray_op_merge(t, node, "add", "masked", in, 2, scores);
    }
    const ray_onnx_tensor *mask = make_mask(t, given ? given->constant : NULL, scores, causal);
    if (!mask)
        return -1;
    if (!leaves_some(mask))
        return ray_fail(t->error, "its mask leaves a position nothing to attend to");
    ray_known_constant(&in[1], mask);
    return ray_op_merge(t, node, "add", "masked", in, 2, scores);
}

/* ---- Attention ---- */

static int plan_product(ray_translation *t, const ray_onnx_node *node, const char *suffix,
                        const ray_known *a, const ray_known *b, bool turned, ray_known *out)
{
    ray_known in[2] = { *a, *b };
    ray_step step = { .node = node, .type = "matmul", .suffix = suffix, .in = in, .n_in = 2 };
    if (turned)
        ray_attribute_word(&step.attributes, "transpose_b", "true");
    if (ray_known_align(t, node, in, 2, 2, &step.batch))
        return -1;
    return ray_plan_layer(t, &step, out);
}

/* q k' as weights that add up to 1. */
static int plan_weights(ray_translation *t, const ray_onnx_node *node, const ray_known *q,
                        const ray_known *k, ray_known *weights)
{
    const double scale = ray_node_number(node, "scale", 1 / sqrt((double)q->dim[3]));
    ray_step softmax = { .node = node, .type = "softmax", .suffix = "weights", .n_in = 1 };
    ray_known scores;
    int32_t dim;
    if (plan_product(t, node, "scores", q, k, true, &scores)
        || ray_plan_scalar(t, node, "mul", "scaled", scale, &scores)
        || mask_scores(t, node, &scores) || ray_known_dim(t, node, &scores, 3, &dim))
        return -1;
    softmax.in = &scores;
    softmax.batch = scores.batch;
    ray_attribute_int(&softmax.attributes, "dim", dim);
    return ray_plan_layer(t, &softmax, weights);
}

static int check_attention(ray_translation *t, const ray_onnx_node *node)
{
    for (int32_t k = 1; k < 4; k++)
        if (ray_node_used(t, node, k))
            return ray_fail(t->error, "only its first output is supported");
    for (int32_t i = 4; i < node->n_in; i++)
        if (ray_node_in(t, node, i))
            return ray_fail(t->error, "keys and values of earlier steps are not supported");
    if (ray_node_number(node, "softcap", 0) != 0 || ray_node_int(node, "left_window_size", -1) >= 0
        || ray_node_int(node, "right_window_size", -1) >= 0)
        return ray_fail(t->error, "softcap and windows are not supported");
    return 0;
}

static int translate_attention(ray_translation *t, const ray_onnx_node *node,
                               const ray_onnx_op *self)
{
    ray_known q, k, v, weights, y;
    (void)self;
    if (check_attention(t, node) || ray_known_in(t, node, 0, &q) || ray_known_in(t, node, 1, &k)
        || ray_known_in(t, node, 2, &v))
        return -1;
    const bool joined = q.rank == 3;
    if (part_heads(t, node, "q_num_heads", "queries", &q)
        || part_heads(t, node, "kv_num_heads", "keys", &k)
        || part_heads(t, node, "kv_num_heads", "values", &v)
        || repeat_heads(t, node, "keys", q.dim[1], &k)
        || repeat_heads(t, node, "values", q.dim[1], &v)
        || plan_weights(t, node, &q, &k, &weights)
        || plan_product(t, node, NULL, &weights, &v, false, &y)
        || (joined && join_heads(t, node, &y)))
        return -1;
    return ray_node_done(t, node, &y);
}

const ray_onnx_op ray_onnx_ops_attention[] = {
    { "Attention", translate_attention, NULL, 3, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
