/* SPDX-License-Identifier: MIT */
/* celu.c - an elu whose slope is continuous for every alpha. */
#include "elementwise.h"

typedef struct celu_options { double alpha; bool inplace; } celu_options;

static const ray_option options[] = {
    { "alpha", "-alpha is the limit for small x; above 0", RAY_NUMBER, 0,
      offsetof(celu_options, alpha), 1, 0, 0, NULL, 0 },
    RAY_INPLACE_OPTION(celu_options),
    { 0 }
};

static inline RAY_REAL value(RAY_REAL x, RAY_REAL alpha)
{
    const RAY_REAL below = alpha * ray_exp_less_1(x / alpha);
    return x > 0 ? x : below;
}

static inline RAY_REAL slope(RAY_REAL x, RAY_REAL alpha)
{
    const RAY_REAL below = ray_exp(x / alpha);
    return x > 0 ? 1 : below;
}

RAY_ELEMENTWISE_FORWARD(RAY_VECTORS, celu_options, value(x, (RAY_REAL)o->alpha))
RAY_ELEMENTWISE_BACKWARD(RAY_VECTORS, celu_options, RAY_OF_IN, g * slope(v, (RAY_REAL)o->alpha))

static int infer(ray_infer *c)
{
    const celu_options *o = c->options;
    if (o->alpha <= 0)
        return ray_fail(c->error, "alpha: %g is out of range; a number > 0", o->alpha);
    return ray_infer_same(c);
}

RAY_KINDS(celu) = {
    {
        .name = "celu",
        .summary = "y = x where x > 0, else alpha (exp(x / alpha) - 1)",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .in_place = true,
        .options = options,
        .options_size = sizeof(celu_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
