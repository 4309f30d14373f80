/* SPDX-License-Identifier: MIT */
/* relu.c - what is positive passes; the gradient at 0 is 0. */
#include <math.h>

#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, x <= 0 ? 0 : x)
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_OUT, v <= 0 ? 0 : g)

static void join(const ray_op *op, ray_finish *finish)
{
    (void)op;
    *finish = (ray_finish){ .limit = true, .low = 0, .high = INFINITY };
}

RAY_KINDS(relu) = {
    {
        .name = "relu",
        .summary = "y = max(x, 0)",
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
