/* SPDX-License-Identifier: MIT */
/* leaky_relu.c - relu that lets a little of what is negative through. */
#include "elementwise.h"

typedef struct leaky_options { double negative_slope; bool inplace; } leaky_options;

static const ray_option options[] = {
    { "negative_slope", "factor of what is negative; not below 0, so that the sign stays",
      RAY_NUMBER, 0, offsetof(leaky_options, negative_slope), 0.01, 0, INFINITY, NULL, 0 },
    RAY_INPLACE_OPTION(leaky_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, leaky_options, x > 0 ? x : x * (RAY_REAL)o->negative_slope)
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, leaky_options, RAY_OF_OUT,
                         v > 0 ? g : g * (RAY_REAL)o->negative_slope)

RAY_KINDS(leaky_relu) = {
    {
        .name = "leaky_relu",
        .summary = "y = max(x, 0) + negative_slope min(x, 0)",
        .traits = RAY_ACTIVATION | RAY_RELU_LIKE,
        .reads = RAY_READS_OUT,
        .options = options,
        .options_size = sizeof(leaky_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
