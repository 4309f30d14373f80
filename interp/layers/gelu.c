/* SPDX-License-Identifier: MIT */
/* gelu.c - x times the normal distribution function, exact or in the approximation by tanh. */
#include "elementwise.h"

enum { EXACT, TANH };
typedef struct gelu_options { int approximate; } gelu_options;

static const ray_option options[] = {
    { "approximate",
      "none: by the error function; tanh: y = x/2 (1 + tanh(0.79788 (x + 0.044715 x^3)))", RAY_ENUM,
      0, offsetof(gelu_options, approximate), 0, 0, 0, "none|tanh", 0 },
    { 0 }
};

static const RAY_REAL half = (RAY_REAL)0.5;
static const RAY_REAL sqrt_half = (RAY_REAL)0.70710678118654752440;
static const RAY_REAL sqrt_2_over_pi = (RAY_REAL)0.79788456080286535588;
static const RAY_REAL cubic = (RAY_REAL)0.044715;

/* (1 + erf(x / sqrt(2))) / 2, given exp(-x^2 / 2) */
static inline RAY_REAL exact_share(RAY_REAL x, RAY_REAL bell)
{
    if (!RAY_REAL_IS_FLOAT)
        return half * (1 + ray_erf(x * sqrt_half));
    const RAY_REAL rest = half * ray_erf_rest(ray_fabs(x) * sqrt_half, bell);
    return x < 0 ? rest : 1 - rest;
}

static inline RAY_REAL exact_value(RAY_REAL x)
{
    return x * exact_share(x, ray_exp(-half * x * x));
}

static inline RAY_REAL exact_slope(RAY_REAL x)
{
    const RAY_REAL bell = ray_exp(-half * x * x);
    return exact_share(x, bell) + x * half * sqrt_2_over_pi * bell;
}

/* (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), for the u of the approximation */
static inline RAY_REAL share(RAY_REAL x)
{
    return 1 / (1 + ray_exp(-2 * sqrt_2_over_pi * (x + cubic * x * x * x)));
}

/* share + x times its slope, 2 u' e / (1 + e)^2 with e = exp(-2 |u|): no digits cancel. */
static inline RAY_REAL tanh_slope(RAY_REAL x)
{
    const RAY_REAL u = sqrt_2_over_pi * (x + cubic * x * x * x), e = ray_exp(-2 * ray_fabs(u));
    const RAY_REAL s = 1 / (1 + e), bend = sqrt_2_over_pi * (1 + 3 * cubic * x * x);
    return (u > 0 ? s : e * s) + 2 * x * e * s * s * bend;
}

RAY_ELEMENTWISE_FORWARD_AS(exact_forward, RAY_FLOAT_VECTORS, gelu_options, exact_value(x))
RAY_ELEMENTWISE_BACKWARD_AS(exact_backward, RAY_FLOAT_VECTORS, gelu_options, RAY_OF_IN,
                            g * exact_slope(v))
RAY_ELEMENTWISE_FORWARD_AS(tanh_forward, RAY_VECTORS, gelu_options, x * share(x))
RAY_ELEMENTWISE_BACKWARD_AS(tanh_backward, RAY_VECTORS, gelu_options, RAY_OF_IN, g * tanh_slope(v))

static void forward(const ray_op *op)
{
    const gelu_options *o = op->options;
    o->approximate == TANH ? tanh_forward(op) : exact_forward(op);
}

static void backward(const ray_op *op)
{
    const gelu_options *o = op->options;
    o->approximate == TANH ? tanh_backward(op) : exact_backward(op);
}

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
