/* SPDX-License-Identifier: MIT */
/* relu6.c - relu cut at 6; the gradient at 0 and at 6 is 0. */
#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, ray_limit(x, 0, 6))
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_OUT, ((v > 0) & (v < 6)) ? g : 0)

static void join(const ray_op *op, ray_finish *finish)
{
    (void)op;
    *finish = (ray_finish){ .limit = true, .low = 0, .high = 6 };
}

RAY_KINDS(relu6) = {
    {
        .name = "relu6",
        .summary = "y = min(max(x, 0), 6)",
        .traits = RAY_ACTIVATION | RAY_RELU_LIKE,
        .reads = RAY_READS_OUT,
        .in_place = true,
        .joins = RAY_JOIN_LIMIT,
        .options = options,
        .options_size = sizeof(ray_inplace_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
        .join = join,
    },
    { 0 }
};
