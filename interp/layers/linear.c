/* SPDX-License-Identifier: MIT */
/* linear.c - y = W x + b along the last axis. */
#include <inttypes.h>
#include <math.h>

#include "base/memory.h"
#include "dims.h"
#include "kernels/dense.h"

typedef struct linear_options {
    int64_t in_features, out_features;
    bool    bias;
} linear_options;

static const ray_option options[] = {
    { "out_features", "numbers in the output's last axis", RAY_INT, RAY_REQUIRED,
      offsetof(linear_options, out_features), NAN, 1, INT32_MAX, NULL, 0 },
    { "bias", "add a number to each output feature", RAY_BOOL, 0, offsetof(linear_options, bias), 1,
      0, 0, NULL, 0 },
    { "in_features", "numbers in the input's last axis; checked when given", RAY_INT, 0,
      offsetof(linear_options, in_features), NAN, 1, INT32_MAX, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const linear_options *o = c->options;
    int32_t last = c->in[0].rank - 1;
    int64_t in = c->in[0].dim[last];
    if (ray_count_check(c, "in_features", o->in_features, in))
        return -1;
    c->out = c->in[0];
    c->out.dim[last] = o->out_features;
    c->weight[0] = (ray_shape){ 2, { o->out_features, in } };
    if (o->bias)
        c->weight[1] = (ray_shape){ 1, { o->out_features } };
    if (in > INT32_MAX || ray_shape_size(&c->out) < 0
        || !ray_multiply_checked(ray_shape_size(&c->out), in, &c->macs))
        return ray_fail(c->error, "out_features: %" PRId64 " of %" PRId64 " inputs is too large",
                        o->out_features, in);
    return 0;
}

static ray_dense_sizes sizes_of(const ray_op *op)
{
    int64_t in = op->weight[0].dim[1];
    return (ray_dense_sizes){ ray_tensor_size(&op->in[0]) / in, in, op->weight[0].dim[0] };
}

/* Rows of one item. */
static int64_t positions(const ray_op *op)
{
    return ray_tensor_item_size(&op->in[0]) / op->weight[0].dim[1];
}

static void forward(const ray_op *op)
{
    ray_dense_compute(&(ray_dense_call){ .sizes = sizes_of(op), .together = positions(op),
                                         .from = op->in[0].data, .weight = op->weight[0].data,
                                         .bias = op->weight[1].data, .clamp = op->clamp,
                                         .finish = op->finish, .channel = 1,
                                         .to = op->out->data });
}

static void backward(const ray_op *op)
{
    if (op->din[0].data)
        ray_dense_compute(&(ray_dense_call){ .gradient = true, .sizes = sizes_of(op),
                                             .together = positions(op), .from = op->dout->data,
                                             .weight = op->weight[0].data, .clamp = op->clamp,
                                             .finish = op->finish, .channel = 1,
                                             .to = op->din[0].data });
}

RAY_KINDS(linear) = {
    {
        .name = "linear",
        .summary = "y = W x + b along the last axis",
        .traits = RAY_LINEAR,
        .finishes = RAY_JOIN_ADD | RAY_JOIN_LIMIT,
        .clamps = true,
        .options = options,
        .options_size = sizeof(linear_options),
        .weights = { "weight", "bias" },
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
