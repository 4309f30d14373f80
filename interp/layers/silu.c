/* SPDX-License-Identifier: MIT */
/* silu.c - x times the logistic function, also known as swish. */
#include "elementwise.h"

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

static inline RAY_REAL slope(RAY_REAL x)
{
    const RAY_REAL s = 1 / (1 + ray_exp(-x));
    return s * (1 + x * (1 - s));
}

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options, x / (1 + ray_exp(-x)))
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_IN, g * slope(v))

RAY_KINDS(silu) = {
    {
        .name = "silu",
        .summary = "y = x / (1 + exp(-x))",
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
