/* SPDX-License-Identifier: MIT */
/* ops_norm.c - normalisations. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

static int weight_in(ray_translation *t, const ray_onnx_node *node, int32_t i, const char *param,
                     ray_step *step)
{
    const ray_onnx_tensor *tensor = ray_node_constant(t, node, i);
    if (!tensor)
        return ray_fail(t->error, "its input %d is computed or missing; a constant is needed",
                        i + 1);
    ray_step_weight(step, param, tensor);
    return 0;
}

static void put_eps(const ray_onnx_node *node, ray_attributes *a)
{
    double eps = ray_node_number(node, "epsilon", 1e-5);
    if ((float)eps != 1e-5f)
        ray_attribute_number(a, "eps", eps);
}

/* Axes of positions, of which there is one at least. */
static int32_t count_axes(const ray_known *x)
{
    return x->rank < 3 ? 1 : x->rank - 2;
}

static int translate_batch(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    static const char *const params[] = { "weight", "bias", "running_mean", "running_var" };
    ray_known x, out;
    (void)self;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    const bool stacked = ray_op_is_stacked(t, &x);
    if (stacked ? ray_op_stack(t, node, &x) : ray_known_batch_first(t, node, &x))
        return -1;
    if (ray_node_int(node, "training_mode", 0) || ray_node_int(node, "spatial", 1) == 0)
        return ray_fail(t->error, "training_mode and spatial: 0 are not supported");
    for (int32_t k = 1; k < 5; k++)
        if (ray_node_used(t, node, k))
            return ray_fail(t->error, "only its first output is supported");
    ray_step step = { .node = node, .type = "batch_norm", .axes = count_axes(&x), .in = &x,
                      .n_in = 1 };
    put_eps(node, &step.attributes);
    for (int32_t k = 0; k < 4; k++)
        if (weight_in(t, node, k + 1, params[k], &step))
            return -1;
    if (ray_plan_layer(t, &step, &out) || (stacked && ray_op_unstack(t, node, &out)))
        return -1;
    return ray_node_done(t, node, &out);
}

static int translate_instance(ray_translation *t, const ray_onnx_node *node,
                              const ray_onnx_op *self)
{
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    ray_step step = { .node = node, .type = "instance_norm", .axes = count_axes(&x), .in = &x,
                      .n_in = 1 };
    put_eps(node, &step.attributes);
    ray_attribute_word(&step.attributes, "affine", "true");
    if (weight_in(t, node, 1, "weight", &step)
        || weight_in(t, node, 2, "bias", &step))
        return -1;
    return ray_plan_result(t, &step);
}

/* ---- Layer normalisation ---- */

/* A constant, repeated to the normalised dims where it has fewer numbers. */
static int layer_weight(ray_translation *t, const ray_onnx_node *node, int32_t i,
                        const char *param, const int64_t *dim, int32_t rank, ray_step *step)
{
    const ray_onnx_tensor *tensor = ray_node_constant(t, node, i);
    int64_t n = 1;
    for (int32_t k = 0; k < rank; k++)
        n *= dim[k];
    if (!tensor)
        return ray_fail(t->error, "its input %d is computed; it must be a constant", i + 1);
    if (tensor->n != n)
        tensor = ray_constant_expand(t, tensor, rank, dim);
    if (!tensor)
        return -1;
    ray_step_weight(step, param, tensor);
    return 0;
}

static int translate_layer(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    int32_t axis;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x)
        || ray_node_axis(t, ray_node_int(node, "axis", -1), x.rank, &axis)
        || (axis <= x.batch && ray_known_whole(t, node, &x)))
        return -1;
    if (ray_node_used(t, node, 1) || ray_node_used(t, node, 2))
        return ray_fail(t->error, "only its first output is supported");
    const int64_t *dim = x.dim + axis;
    const int32_t rank = x.rank - axis;
    ray_step step = { .node = node, .type = "layer_norm", .in = &x, .n_in = 1, .batch = x.batch };
    ray_attribute_ints(&step.attributes, "normalized_shape", dim, rank);
    put_eps(node, &step.attributes);
    if (layer_weight(t, node, 1, "weight", dim, rank, &step))
        return -1;
    if (!ray_node_in(t, node, 2))
        ray_attribute_word(&step.attributes, "bias", "false");
    else if (layer_weight(t, node, 2, "bias", dim, rank, &step))
        return -1;
    return ray_plan_result(t, &step);
}

/* y = weight x / sqrt(mean(x x) + eps), the mean over the axes from `axis` on. */
static int translate_rms(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const double eps = ray_node_number(node, "epsilon", 1e-5);
    ray_step step = { .node = node, .type = "mean", .suffix = "mean", .n_in = 1 };
    ray_int_list dims = { .n = 0 };
    ray_known x, in[2];
    int32_t axis;
    (void)self;
    if (ray_known_in(t, node, 0, &x)
        || ray_node_axis(t, ray_node_int(node, "axis", -1), x.rank, &axis)
        || (axis <= x.batch && ray_known_whole(t, node, &x)))
        return -1;
    for (int32_t i = axis; i < x.rank; i++)
        dims.v[dims.n++] = x.batch == RAY_ONNX_ABSENT ? i + 1 : i;
    ray_attribute_ints(&step.attributes, "dim", dims.v, dims.n);
    ray_attribute_word(&step.attributes, "keepdim", "true");
    step.in = &in[1];
    step.batch = x.batch;
    in[0] = in[1] = x;
    if (ray_op_merge(t, node, "mul", "square", in, 2, &in[1]) || ray_plan_layer(t, &step, &in[1])
        || ray_plan_scalar(t, node, "add", "shifted", eps, &in[1])
        || ray_plan_unary(t, node, "sqrt", "rms", &in[1]))
        return -1;
    in[0] = x;
    if (ray_op_merge(t, node, "div", "normalised", in, 2, &in[0]))
        return -1;
    in[1] = *ray_node_in(t, node, 1);
    if (ray_op_merge(t, node, "mul", NULL, in, 2, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Groups and neighbours ---- */

/* One number for each channel: before opset 21 there was one for each group. */
static int group_weight(ray_translation *t, const ray_onnx_node *node, int32_t i,
                        const char *param, int64_t channels, int64_t groups, ray_step *step)
{
    const ray_onnx_tensor *given = ray_node_constant(t, node, i);
    ray_onnx_tensor *made;
    if (!given || given->n == channels || given->n != groups)
        return weight_in(t, node, i, param, step);
    made = ray_constant_new(t, RAY_ONNX_FLOAT, 1, &channels);
    for (int64_t c = 0; made && c < channels; c++)
        ray_constant_put(made, c, ray_onnx_number(given, c / (channels / groups)));
    if (made)
        ray_step_weight(step, param, made);
    return made ? 0 : -1;
}

static int translate_group(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const int64_t groups = ray_node_int(node, "num_groups", 1);
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    if (groups < 1 || x.dim[1] % groups)
        return ray_fail(t->error, "num_groups: %" PRId64 " does not divide %" PRId64 " channels",
                        groups, x.dim[1]);
    ray_step step = { .node = node, .type = "group_norm", .in = &x, .n_in = 1 };
    ray_attribute_int(&step.attributes, "num_groups", groups);
    put_eps(node, &step.attributes);
    if (group_weight(t, node, 1, "weight", x.dim[1], groups, &step)
        || group_weight(t, node, 2, "bias", x.dim[1], groups, &step))
        return -1;
    return ray_plan_result(t, &step);
}

static int translate_lrn(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const int64_t size = ray_node_int(node, "size", 1);
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    ray_step step = { .node = node, .type = "local_response_norm", .in = &x, .n_in = 1 };
    ray_attribute_int(&step.attributes, "size", size);
    ray_attribute_number(&step.attributes, "alpha", ray_node_number(node, "alpha", 1e-4));
    ray_attribute_number(&step.attributes, "beta", ray_node_number(node, "beta", 0.75));
    ray_attribute_number(&step.attributes, "k", ray_node_number(node, "bias", 1));
    if (size % 2 == 0)
        ray_attribute_word(&step.attributes, "extra", "after");
    return ray_plan_result(t, &step);
}

const ray_onnx_op ray_onnx_ops_norm[] = {
    { "BatchNormalization", translate_batch, NULL, 5, NULL },
    { "InstanceNormalization", translate_instance, NULL, 3, NULL },
    { "LayerNormalization", translate_layer, NULL, 2, NULL },
    { "RMSNormalization", translate_rms, NULL, 2, NULL },
    { "GroupNormalization", translate_group, NULL, 3, NULL },
    { "LRN", translate_lrn, NULL, 1, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
