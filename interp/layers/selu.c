/* SPDX-License-Identifier: MIT */
/* selu.c - the scaled exponential linear unit; its constants keep mean 0 and variance 1. */
#include "elementwise.h"

static const RAY_REAL alpha = (RAY_REAL)1.6732632423543772848170429916717;
static const RAY_REAL scale = (RAY_REAL)1.0507009873554804934193349852946;

static const ray_option options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, ray_inplace_options,
                        scale * (x <= 0 ? alpha * ray_exp_less_1(x) : x))
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, ray_inplace_options, RAY_OF_IN,
                         g * scale * (v > 0 ? 1 : alpha * ray_exp(v)))

RAY_KINDS(selu) = {
    {
        .name = "selu",
        .summary = "y = 1.0507 (max(x, 0) + min(1.67326 (exp(x) - 1), 0))",
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
