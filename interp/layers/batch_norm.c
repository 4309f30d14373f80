/* SPDX-License-Identifier: MIT */
/* batch_norm.c - batch normalisation in inference: by the running statistics. */
#include <math.h>

#include "dims.h"
#include "norm.h"

typedef struct batch_norm_options {
    int64_t num_features;
    double  eps, momentum;
    bool    affine, track_running_stats;
} batch_norm_options;

static const ray_option options[] = {
    { "num_features", "channels of the input; inferred, and checked when given", RAY_INT, 0,
      offsetof(batch_norm_options, num_features), NAN, 1, INT32_MAX, NULL, 0 },
    RAY_EPS_OPTION(batch_norm_options),
    { "momentum", "accepted as in torch, without effect: it matters in training only", RAY_NUMBER,
      0, offsetof(batch_norm_options, momentum), 0.1, 0, 0, NULL, 0 },
    { "affine", "multiply by weight and add bias", RAY_BOOL, 0,
      offsetof(batch_norm_options, affine), 1, 0, 0, NULL, 0 },
    { "track_running_stats", "must be true: the statistics of a batch would mix its items",
      RAY_BOOL, 0, offsetof(batch_norm_options, track_running_stats), 1, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c, int least, int most, const char *expected)
{
    const batch_norm_options *o = c->options;
    const ray_shape *in = &c->in[0], channels = { .rank = 1, .dim = { in->dim[0] } };
    char text[128];
    if (in->rank < least || in->rank > most)
        return ray_fail(c->error, "expects an input %s, gets %s", expected,
                        ray_shape_text(in, text));
    if (!o->track_running_stats)
        return ray_fail(c->error,
                        "track_running_stats: false would normalise by the batch, which mixes "
                        "its items; expected true");
    if (ray_count_check(c, "num_features", o->num_features, in->dim[0]))
        return -1;
    if (o->affine)
        c->weight[RAY_NORM_WEIGHT] = c->weight[RAY_NORM_BIAS] = channels;
    c->weight[RAY_NORM_MEAN] = c->weight[RAY_NORM_VARIANCE] = channels;
    c->out = *in;
    return 0;
}

static int infer1(ray_infer *c)
{
    return infer(c, 1, 2, "C or C x L");
}

static int infer2(ray_infer *c)
{
    return infer(c, 3, 3, "C x H x W");
}

static int infer3(ray_infer *c)
{
    return infer(c, 4, 4, "C x D x H x W");
}

static int64_t workspace(const ray_op *op)
{
    return 2 * op->out->dim[1];
}

static void forward(const ray_op *op)
{
    ray_norm_running_forward(op, ((const batch_norm_options *)op->options)->eps);
}

static void backward(const ray_op *op)
{
    if (op->din[0].data)
        ray_norm_running_backward(op, ((const batch_norm_options *)op->options)->eps);
}

static void join(const ray_op *op, ray_finish *finish)
{
    ray_norm_running_factors(op, ((const batch_norm_options *)op->options)->eps);
    *finish = (ray_finish){ .scale = op->work, .shift = op->work + op->out->dim[1] };
}

#define BATCH_NORM(kind, formula, infer_rank)                                   \
    {                                                                           \
        .name = kind,                                                           \
        .summary = formula,                                                     \
        .traits = RAY_NORM,                                                     \
        .in_place = true,                                                       \
        .joins = RAY_JOIN_SCALE,                                                \
        .options = options,                                                     \
        .options_size = sizeof(batch_norm_options),                             \
        .weights = { "weight", "bias", "running_mean", "running_var" },         \
        .ignored = "num_batches_tracked",                                       \
        .infer = infer_rank,                                                    \
        .workspace = workspace,                                                 \
        .forward = forward,                                                     \
        .backward = backward,                                                   \
        .join = join,                                                           \
    }
#define FORMULA \
    "y = weight (x - running_mean) / sqrt(running_var + eps) + bias, for each channel of "

RAY_KINDS(batch_norm) = {
    BATCH_NORM("batch_norm1d", FORMULA "C or C x L", infer1),
    BATCH_NORM("batch_norm2d", FORMULA "C x H x W", infer2),
    BATCH_NORM("batch_norm3d", FORMULA "C x D x H x W", infer3),
    { 0 }
};
