/* SPDX-License-Identifier: MIT */
/* hardswish.c - silu with hardsigmoid for the logistic function. */
#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, x * ray_limit(x + 3, 0, 6) / 6)
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_IN,
                         v < -3 ? 0 : v < 3 ? g * (v / 3 + (RAY_REAL)0.5) : g)

RAY_KINDS(hardswish) = {
    {
        .name = "hardswish",
        .summary = "y = x min(max(x + 3, 0), 6) / 6",
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
