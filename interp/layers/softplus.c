/* SPDX-License-Identifier: MIT */
/* softplus.c - a smooth relu; above the threshold it is the identity. */
#include "elementwise.h"

typedef struct softplus_options { double beta, threshold; } softplus_options;

static const ray_option options[] = {
    { "beta", "sharpness of the bend; not 0", RAY_NUMBER, 0, offsetof(softplus_options, beta), 1,
      0, 0, NULL, 0 },
    { "threshold", "y = x where beta x is larger", RAY_NUMBER, 0,
      offsetof(softplus_options, threshold), 20, 0, 0, NULL, 0 },
    { 0 }
};

static inline RAY_REAL value(RAY_REAL x, const softplus_options *o)
{
    const RAY_REAL beta = (RAY_REAL)o->beta, t = x * beta;
    return t > (RAY_REAL)o->threshold ? x : ray_log1p_exp(t) / beta;
}

static inline RAY_REAL slope(RAY_REAL x, const softplus_options *o)
{
    const RAY_REAL t = x * (RAY_REAL)o->beta;
    return t > (RAY_REAL)o->threshold ? 1 : 1 / (1 + ray_exp(-t));
}

RAY_ELEMENTWISE_FORWARD(RAY_FLOAT_VECTORS, softplus_options, value(x, o))
RAY_ELEMENTWISE_BACKWARD(RAY_FLOAT_VECTORS, softplus_options, RAY_OF_IN, g * slope(v, o))

static int infer(ray_infer *c)
{
    const softplus_options *o = c->options;
    if (o->beta == 0)
        return ray_fail(c->error, "beta: 0 is out of range; any other number is right");
    return ray_infer_same(c);
}

RAY_KINDS(softplus) = {
    {
        .name = "softplus",
        .summary = "y = log(1 + exp(beta x)) / beta",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(softplus_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
