/* SPDX-License-Identifier: MIT */
/* hardsigmoid.c - the logistic function in three straight pieces; the gradient at -3 and 3 is 0. */
#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, ray_limit(x + 3, 0, 6) / 6)
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_IN,
                         ((v > -3) & (v < 3)) ? g / 6 : 0)

RAY_KINDS(hardsigmoid) = {
    {
        .name = "hardsigmoid",
        .summary = "y = min(max(x + 3, 0), 6) / 6",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(ray_inplace_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
