/* SPDX-License-Identifier: MIT */
/* gelu.c - x times the normal distribution function, exact or in the approximation by tanh. */
#include "layers/elementwise.h"

enum { EXACT, TANH };
typedef struct gelu_options { int approximate; } gelu_options;

static const ray_option options[] = {
    { "approximate", "none: by the error function; tanh: y = x/2 (1 + tanh(0.79788 (x + 0.044715 x^3)))",
      RAY_ENUM, 0, offsetof(gelu_options, approximate), 0, 0, 0, "none|tanh", 0 },
    { 0 }
};

static const RAY_REAL half = (RAY_REAL)0.5;
static const RAY_REAL sqrt_half = (RAY_REAL)0.70710678118654752440;
static const RAY_REAL sqrt_2_over_pi = (RAY_REAL)0.79788456080286535588;
static const RAY_REAL cubic = (RAY_REAL)0.044715;

static inline RAY_REAL inner(RAY_REAL x)
{
    return ray_tanh(sqrt_2_over_pi * (x + cubic * x * x * x));
}

static inline RAY_REAL value(RAY_REAL x, const gelu_options *o)
{
    return half * x * (1 + (o->approximate == TANH ? inner(x) : ray_erf(x * sqrt_half)));
}

static inline RAY_REAL slope(RAY_REAL x, const gelu_options *o)
{
    if (o->approximate == TANH) {
        const RAY_REAL t = inner(x);
        return half * (1 + t) + half * x * (1 - t * t) * sqrt_2_over_pi * (1 + 3 * cubic * x * x);
    }
    return half * (1 + ray_erf(x * sqrt_half)) + x * half * sqrt_2_over_pi * ray_exp(-half * x * x);
}

RAY_ELEMENTWISE_FORWARD(RAY_SCALARS, gelu_options, value(x, o))
RAY_ELEMENTWISE_BACKWARD(RAY_SCALARS, gelu_options, RAY_OF_IN, g * slope(v, o))

RAY_KINDS(gelu) = {
    {
        .name = "gelu",
        .summary = "y = x/2 (1 + erf(x / sqrt(2)))",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(gelu_options),
        .infer = ray_infer_same,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
