/* SPDX-License-Identifier: MIT */
/* functions.c - mathematical functions of each number, without attributes. */
#include "elementwise.h"

/* What a loop has for options. */
typedef struct no_options { char unused; } no_options;

#define RAY_OF_SIGNAL op->dout->data        /* for slopes that depend on no value */

static const RAY_REAL two_over_sqrt_pi = (RAY_REAL)1.12837916709551257390;

/* Near 0, where 1 - (1 - erf) has lost digits, by the series x - x^3/3 + x^5/10 - ... */
static inline RAY_REAL erf_series(RAY_REAL x)
{
    const RAY_REAL s = x * x;
    RAY_REAL sum = (RAY_REAL)(-1.0 / 1320);
    sum = sum * s + (RAY_REAL)(1.0 / 216);
    sum = sum * s - (RAY_REAL)(1.0 / 42);
    sum = sum * s + (RAY_REAL)(1.0 / 10);
    sum = sum * s - (RAY_REAL)(1.0 / 3);
    return two_over_sqrt_pi * (x + x * s * sum);
}

static inline RAY_REAL erf_value(RAY_REAL x)
{
    if (!RAY_REAL_IS_FLOAT)
        return ray_erf(x);
    const RAY_REAL size = ray_fabs(x), far = 1 - ray_erf_rest(size, ray_exp(-x * x));
    const RAY_REAL near = erf_series(x);
    return size < (RAY_REAL)0.5 ? near : x < 0 ? -far : far;
}

/* x t with t = tanh(log(1 + e)) = n / (n + 2), n = e (e + 2), e = exp(x), which is cut where t is
 * 1. */
typedef struct mish_parts { RAY_REAL e, n, x; } mish_parts;

static inline mish_parts mish_of(RAY_REAL x)
{
    const RAY_REAL e = ray_exp(x > 20 ? 20 : x);
    return (mish_parts){ e, e * (e + 2), x };
}

static inline RAY_REAL mish_value(mish_parts m)
{
    return m.x * (m.n / (m.n + 2));
}

static inline RAY_REAL mish_slope(mish_parts m)
{
    const RAY_REAL share = 1 / (m.n + 2);
    return m.n * share + m.x * (4 * m.e * share) * ((m.e + 1) * share);
}

/* 1 / (1 + |x|) */
static inline RAY_REAL softsign_share(RAY_REAL x)
{
    return 1 / (1 + ray_fabs(x));
}

#define FUNCTION(name, how, value, of, slope)                               \
    RAY_ELEMENTWISE_FORWARD_AS(name##_forward, how, no_options, value)      \
    RAY_ELEMENTWISE_BACKWARD_AS(name##_backward, how, no_options, of, slope)

FUNCTION(exp, RAY_VECTORS, ray_exp(x), RAY_OF_OUT, g * v)
FUNCTION(log, RAY_SCALARS, ray_log(x), RAY_OF_IN, g / v)
FUNCTION(sqrt, RAY_VECTORS, ray_sqrt(x), RAY_OF_OUT, g / (2 * v))
FUNCTION(reciprocal, RAY_VECTORS, 1 / x, RAY_OF_OUT, -g * v * v)
FUNCTION(abs, RAY_VECTORS, ray_fabs(x), RAY_OF_IN, v > 0 ? g : v < 0 ? -g : 0)
FUNCTION(neg, RAY_VECTORS, -x, RAY_OF_SIGNAL, ((void)v, -g))
FUNCTION(sin, RAY_SCALARS, ray_sin(x), RAY_OF_IN, g * ray_cos(v))
FUNCTION(cos, RAY_SCALARS, ray_cos(x), RAY_OF_IN, -g * ray_sin(v))
FUNCTION(erf, RAY_FLOAT_VECTORS, erf_value(x), RAY_OF_IN, g * two_over_sqrt_pi * ray_exp(-v * v))
FUNCTION(softsign, RAY_VECTORS, x * softsign_share(x), RAY_OF_IN,
         g * softsign_share(v) * softsign_share(v))
FUNCTION(log_sigmoid, RAY_FLOAT_VECTORS, -ray_log1p_exp(-x), RAY_OF_IN, g / (1 + ray_exp(v)))
FUNCTION(mish, RAY_VECTORS, mish_value(mish_of(x)), RAY_OF_IN, g * mish_slope(mish_of(v)))

static const ray_option inplace_options[] = {
    RAY_INPLACE_OPTION(ray_inplace_options),
    { 0 }
};

#define KIND(prefix, formula, backward_reads, table, table_size) \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_ACTIVATION,               \
        .reads = backward_reads,                \
        .in_place = true,                       \
        .options = table,                       \
        .options_size = table_size,             \
        .infer = ray_infer_same,                \
        .forward = prefix##_forward,            \
        .backward = prefix##_backward,          \
    }

RAY_KINDS(functions) = {
    KIND(mish, "y = x tanh(log(1 + exp(x)))", RAY_READS_IN, inplace_options,
         sizeof(ray_inplace_options)),
    KIND(softsign, "y = x / (1 + |x|)", RAY_READS_IN, NULL, 0),
    KIND(log_sigmoid, "y = -log(1 + exp(-x))", RAY_READS_IN, NULL, 0),
    KIND(exp, "y = exp(x)", RAY_READS_OUT, NULL, 0),
    KIND(log, "y = log(x)", RAY_READS_IN, NULL, 0),
    KIND(sqrt, "y = sqrt(x)", RAY_READS_OUT, NULL, 0),
    KIND(reciprocal, "y = 1 / x", RAY_READS_OUT, NULL, 0),
    KIND(abs, "y = |x|", RAY_READS_IN, NULL, 0),
    KIND(neg, "y = -x", 0, NULL, 0),
    KIND(erf, "y = erf(x), the error function", RAY_READS_IN, NULL, 0),
    KIND(sin, "y = sin(x)", RAY_READS_IN, NULL, 0),
    KIND(cos, "y = cos(x)", RAY_READS_IN, NULL, 0),
    { 0 }
};
