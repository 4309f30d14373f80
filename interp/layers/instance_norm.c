/* SPDX-License-Identifier: MIT */
/* instance_norm.c - normalisation of each channel of each item over its positions, or by running
 * statistics where they were tracked. */
#include <math.h>

#include "dims.h"
#include "norm.h"
#include "window.h"

typedef struct instance_norm_options {
    int64_t num_features;
    double  eps, momentum;
    bool    affine, track_running_stats;
} instance_norm_options;

static const ray_option options[] = {
    { "num_features", "channels of the input; inferred, and checked when given", RAY_INT, 0,
      offsetof(instance_norm_options, num_features), NAN, 1, INT32_MAX, NULL, 0 },
    RAY_EPS_OPTION(instance_norm_options),
    { "momentum", "accepted as in torch, without effect: it matters in training only", RAY_NUMBER,
      0, offsetof(instance_norm_options, momentum), 0.1, 0, 0, NULL, 0 },
    { "affine", "multiply by weight and add bias", RAY_BOOL, 0,
      offsetof(instance_norm_options, affine), 0, 0, 0, NULL, 0 },
    { "track_running_stats",
      "normalise by running_mean and running_var, as torch does in inference", RAY_BOOL, 0,
      offsetof(instance_norm_options, track_running_stats), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c, int axes)
{
    const instance_norm_options *o = c->options;
    const ray_shape *in = &c->in[0], channels = { .rank = 1, .dim = { in->dim[0] } };
    if (ray_positions_check(in, axes, c->error)
        || ray_count_check(c, "num_features", o->num_features, in->dim[0]))
        return -1;
    if (!o->track_running_stats && ray_shape_size(in) == in->dim[0])
        return ray_fail(c->error, "one position has no variance; expected more, or "
                        "track_running_stats: true");
    if (o->affine)
        c->weight[RAY_NORM_WEIGHT] = c->weight[RAY_NORM_BIAS] = channels;
    if (o->track_running_stats)
        c->weight[RAY_NORM_MEAN] = c->weight[RAY_NORM_VARIANCE] = channels;
    c->out = *in;
    return 0;
}

static int infer1(ray_infer *c)
{
    return infer(c, 1);
}

static int infer2(ray_infer *c)
{
    return infer(c, 2);
}

static int infer3(ray_infer *c)
{
    return infer(c, 3);
}

static int64_t workspace(const ray_op *op)
{
    const instance_norm_options *o = op->options;
    return o->track_running_stats ? 2 * op->out->dim[1] : 0;
}

/* The weight and bias of one plane. */
static ray_affine find_affine(const ray_op *op, int64_t plane, int64_t size)
{
    const int64_t channel = plane % op->in[0].dim[1];
    const RAY_REAL *weight = op->weight[RAY_NORM_WEIGHT].data,
                   *bias = op->weight[RAY_NORM_BIAS].data;
    return (ray_affine){ weight ? weight + channel : NULL, bias ? bias + channel : NULL, size };
}

static void forward(const ray_op *op)
{
    const instance_norm_options *o = op->options;
    const int64_t planes = op->out->dim[0] * op->out->dim[1], n = ray_tensor_size(op->out) / planes;
    if (o->track_running_stats) {
        ray_norm_running_forward(op, o->eps);
        return;
    }
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const ray_affine affine = find_affine(op, p, n);
        ray_norm_forward(op->in[0].data + p * n, n, o->eps, &affine, op->out->data + p * n);
    }
}

static void backward(const ray_op *op)
{
    const instance_norm_options *o = op->options;
    const int64_t planes = op->dout->dim[0] * op->dout->dim[1],
                  n = ray_tensor_size(op->dout) / planes;
    if (!op->din[0].data)
        return;
    if (o->track_running_stats) {
        ray_norm_running_backward(op, o->eps);
        return;
    }
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const ray_affine affine = find_affine(op, p, n);
        ray_norm_backward(op->in[0].data + p * n, op->dout->data + p * n, n, o->eps, &affine,
                          op->din[0].data + p * n);
    }
}

#define INSTANCE_NORM(kind, formula, infer_axes)                                \
    {                                                                           \
        .name = kind,                                                           \
        .summary = formula,                                                     \
        .traits = RAY_NORM,                                                     \
        .reads = RAY_READS_IN,                                                  \
        .options = options,                                                     \
        .options_size = sizeof(instance_norm_options),                          \
        .weights = { "weight", "bias", "running_mean", "running_var" },         \
        .ignored = "num_batches_tracked",                                       \
        .infer = infer_axes,                                                    \
        .workspace = workspace,                                                 \
        .forward = forward,                                                     \
        .backward = backward,                                                   \
    }
#define FORMULA \
    "y = weight (x - mean) / sqrt(variance + eps) + bias, for each channel of each item, "

RAY_KINDS(instance_norm) = {
    INSTANCE_NORM("instance_norm1d", FORMULA "C x L", infer1),
    INSTANCE_NORM("instance_norm2d", FORMULA "C x H x W", infer2),
    INSTANCE_NORM("instance_norm3d", FORMULA "C x D x H x W", infer3),
    { 0 }
};
