/* SPDX-License-Identifier: MIT */
/* elu.c - the exponential linear unit. */
#include "elementwise.h"

typedef struct elu_options { double alpha; bool inplace; } elu_options;

static const ray_option options[] = {
    { "alpha", "what -y tends to for large negative x", RAY_NUMBER, 0,
      offsetof(elu_options, alpha), 1, 0, 0, NULL, 0 },
    RAY_INPLACE_OPTION(elu_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, elu_options,
                        x <= 0 ? (RAY_REAL)o->alpha * ray_exp_less_1(x) : x)
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, elu_options, RAY_OF_IN,
                         v > 0 ? g : g * (RAY_REAL)o->alpha * ray_exp(v))

RAY_KINDS(elu) = {
    {
        .name = "elu",
        .summary = "y = x where x > 0, else alpha (exp(x) - 1)",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(elu_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
