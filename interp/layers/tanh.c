/* SPDX-License-Identifier: MIT */
/* tanh.c - the hyperbolic tangent. */
#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, ray_tanh(x))
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_OUT, g * (1 - v * v))

RAY_KINDS(tanh) = {
    {
        .name = "tanh",
        .summary = "y = tanh(x)",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_OUT,
        .options = options,
        .options_size = sizeof(ray_inplace_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
