/* SPDX-License-Identifier: MIT */
/* mean.c - the mean over whole dimensions. */
#include <math.h>

#include "dims.h"
#include "walk.h"

typedef struct mean_options {
    ray_ints dim;
    bool     keepdim;
    bool     reduced[RAY_MAX_RANK - 1];     /* derived: which axes of an item */
    int64_t  count;                         /* derived: numbers in one mean */
} mean_options;

static const ray_option options[] = {
    { "dim",
      "dimensions to average over; the batch is 0, so that [2, 3] are height and width",
      RAY_INTS, RAY_REQUIRED, offsetof(mean_options, dim), NAN, 0, 0, NULL, RAY_MAX_RANK - 1 },
    { "keepdim", "leave these dimensions in the shape, with size 1", RAY_BOOL, 0,
      offsetof(mean_options, keepdim), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    mean_options *o = c->options;
    if (ray_dims_axes(c, "dim", &o->dim, o->reduced))
        return -1;
    c->out = (ray_shape){ .rank = 0 };
    o->count = 1;
    for (int32_t i = 0; i < c->in[0].rank; i++) {
        if (o->reduced[i])
            o->count *= c->in[0].dim[i];
        if (!o->reduced[i] || o->keepdim)
            c->out.dim[c->out.rank++] = o->reduced[i] ? 1 : c->in[0].dim[i];
    }
    if (c->out.rank == 0)
        return ray_fail(c->error,
                        "dim: nothing is left of an item; keep a dimension, or set keepdim: true");
    return 0;
}

/* Each number of the input meets the mean that it goes into. */
static ray_walk walk_means(const ray_op *op)
{
    const mean_options *o = op->options;
    int64_t stride = 1;
    ray_walk walk;
    ray_walk_dense(&walk, &op->in[0]);
    for (int32_t i = walk.rank; i-- > 0;) {
        const bool reduced = i > 0 && o->reduced[i - 1];
        walk.stride[i] = reduced ? 0 : stride;
        stride *= reduced ? 1 : walk.dim[i];
    }
    return walk;
}

static int64_t workspace(const ray_op *op)
{
    return ray_tensor_size(op->out);
}

static void forward(const ray_op *op)
{
    const ray_walk walk = walk_means(op);
    const RAY_REAL count = (RAY_REAL)((const mean_options *)op->options)->count;
    const int64_t n = ray_tensor_size(op->out);
    ray_walk_sum(&walk, op->in[0].data, op->out->data, n);
    for (int64_t i = 0; i < n; i++)
        op->out->data[i] /= count;
}

static void backward(const ray_op *op)
{
    const ray_walk walk = walk_means(op);
    const RAY_REAL count = (RAY_REAL)((const mean_options *)op->options)->count;
    const int64_t n = ray_tensor_size(op->out);
    if (!op->din[0].data)
        return;
    for (int64_t i = 0; i < n; i++)
        op->work[i] = op->dout->data[i] / count;
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->work, op->din[0].data);
}

RAY_KINDS(mean) = {
    {
        .name = "mean",
        .summary = "the mean over whole dimensions",
        .traits = RAY_LINEAR,
        .options = options,
        .options_size = sizeof(mean_options),
        .infer = infer,
        .workspace = workspace,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
