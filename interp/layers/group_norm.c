/* SPDX-License-Identifier: MIT */
/* group_norm.c - normalisation over groups of neighbouring channels and all their positions. */
#include <inttypes.h>
#include <math.h>

#include "dims.h"
#include "norm.h"

typedef struct group_norm_options {
    int64_t num_groups, num_channels;
    double  eps;
    bool    affine;
} group_norm_options;

static const ray_option options[] = {
    { "num_groups", "groups that the channels are parted into", RAY_INT, RAY_REQUIRED,
      offsetof(group_norm_options, num_groups), 0, 1, INT32_MAX, NULL, 0 },
    { "num_channels", "channels of the input; inferred, and checked when given", RAY_INT, 0,
      offsetof(group_norm_options, num_channels), NAN, 1, INT32_MAX, NULL, 0 },
    RAY_EPS_OPTION(group_norm_options),
    { "affine", "multiply by weight and add bias, one of each for a channel", RAY_BOOL, 0,
      offsetof(group_norm_options, affine), 1, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const group_norm_options *o = c->options;
    const int64_t channels = c->in[0].dim[0];
    if (ray_count_check(c, "num_channels", o->num_channels, channels))
        return -1;
    if (channels % o->num_groups != 0)
        return ray_fail(c->error,
                        "num_groups: %" PRId64 " does not divide the %" PRId64 " channels",
                        o->num_groups, channels);
    if (o->affine)
        c->weight[RAY_NORM_WEIGHT] = c->weight[RAY_NORM_BIAS] =
            (ray_shape){ .rank = 1, .dim = { channels } };
    c->out = c->in[0];
    return 0;
}

/* The weights of a run: group g of its item. */
static ray_affine find_affine(const ray_op *op, int64_t run)
{
    const int64_t groups = ((const group_norm_options *)op->options)->num_groups;
    const int64_t channels = op->in[0].dim[1], first = run % groups * (channels / groups);
    const RAY_REAL *weight = op->weight[RAY_NORM_WEIGHT].data,
                   *bias = op->weight[RAY_NORM_BIAS].data;
    return (ray_affine){ weight ? weight + first : NULL, bias ? bias + first : NULL,
                         ray_tensor_item_size(&op->in[0]) / channels };
}

static void forward(const ray_op *op)
{
    const group_norm_options *o = op->options;
    const int64_t runs = op->out->dim[0] * o->num_groups, n = ray_tensor_size(op->out) / runs;
    #pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < runs; r++) {
        const ray_affine affine = find_affine(op, r);
        ray_norm_forward(op->in[0].data + r * n, n, o->eps, &affine, op->out->data + r * n);
    }
}

static void backward(const ray_op *op)
{
    const group_norm_options *o = op->options;
    const int64_t runs = op->dout->dim[0] * o->num_groups, n = ray_tensor_size(op->dout) / runs;
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < runs; r++) {
        const ray_affine affine = find_affine(op, r);
        ray_norm_backward(op->in[0].data + r * n, op->dout->data + r * n, n, o->eps, &affine,
                          op->din[0].data + r * n);
    }
}

RAY_KINDS(group_norm) = {
    {
        .name = "group_norm",
        .summary = "y = weight (x - mean) / sqrt(variance + eps) + bias, over groups of channels",
        .traits = RAY_NORM,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(group_norm_options),
        .weights = { "weight", "bias" },
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
