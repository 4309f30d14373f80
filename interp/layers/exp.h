/* SPDX-License-Identifier: MIT */
/* exp.h - the exponential, a logarithm, the hyperbolic tangent and the error function in arithmetic
 * and selections only, so that loops over them become vector code.
 *
 * exp(x) = 2^n exp(r) with n the integer next to x / ln 2, and |r| <= ln 2 / 2, where a polynomial
 * does: 1 + r + r^2 (c[0] + c[1] r + ...), for float a least-maximum fit with an error of 3e-9, for
 * double Taylor's series.  ln 2 is split in two so that n times the first part is exact; n is found
 * in the last bits of x / ln 2 + 1.5 2^(bits of the mantissa). */
#ifndef RAY_LAYERS_EXP_H
#define RAY_LAYERS_EXP_H

#include "real.h"

#define RAY_EXP_IS_float  1
#define RAY_EXP_IS_double 0
#define RAY_EXP_PASTE(a, b) a##b
#define RAY_EXP_IS(type) RAY_EXP_PASTE(RAY_EXP_IS_, type)
#define RAY_REAL_IS_FLOAT RAY_EXP_IS(RAY_REAL)

#if RAY_REAL_IS_FLOAT
typedef int32_t  ray_exp_int;
typedef uint32_t ray_exp_bits;
enum { RAY_EXP_MANTISSA = 23, RAY_EXP_BIAS = 127, RAY_EXP_TERMS = 5 };
#define RAY_EXP_SHIFTER 0x1.8p23f
#define RAY_EXP_LN2_HIGH 0x1.62e4p-1f
#define RAY_EXP_LN2_LOW 0x1.7f7d1cp-20f
#define RAY_EXP_LEAST (-104.0f)             /* exp of less is 0 */
#define RAY_EXP_MOST 89.0f                  /* exp of more is infinite */
#define RAY_EXP_FIT                                                                           \
    { 0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.5558f6p-5f, 0x1.123a8ep-7f, 0x1.6a2318p-10f }
#else
typedef int64_t  ray_exp_int;
typedef uint64_t ray_exp_bits;
enum { RAY_EXP_MANTISSA = 52, RAY_EXP_BIAS = 1023, RAY_EXP_TERMS = 13 };
#define RAY_EXP_SHIFTER 0x1.8p52
#define RAY_EXP_LN2_HIGH 0x1.62e42fp-1
#define RAY_EXP_LN2_LOW 0x1.df473de6af279p-26
#define RAY_EXP_LEAST (-746.0)
#define RAY_EXP_MOST 710.0
#define RAY_EXP_FIT                                                                           \
    { 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, \
      1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200 }
#endif

typedef union ray_exp_word { RAY_REAL real; ray_exp_bits bits; } ray_exp_word;

/* 2^n for exponents that are not subnormal */
static inline RAY_REAL ray_exp_power(ray_exp_int n)
{
    const ray_exp_word word = { .bits = (ray_exp_bits)(n + RAY_EXP_BIAS) << RAY_EXP_MANTISSA };
    return word.real;
}

/* exp(r) - 1 for the r of x, and its n; x is in RAY_EXP_LEAST ... RAY_EXP_MOST, or NaN. */
static inline RAY_REAL ray_exp_part(RAY_REAL x, ray_exp_int *n)
{
    static const RAY_REAL fit[RAY_EXP_TERMS] = RAY_EXP_FIT;
    const ray_exp_word shifter = { .real = RAY_EXP_SHIFTER };
    const ray_exp_word sum = { .real = x * (RAY_REAL)1.44269504088896340736 + RAY_EXP_SHIFTER };
    const RAY_REAL whole = sum.real - RAY_EXP_SHIFTER;
    const RAY_REAL r = (x - whole * RAY_EXP_LN2_HIGH) - whole * RAY_EXP_LN2_LOW;
    const RAY_REAL square = r * r;      /* terms in pairs: they wait less for each other */
    RAY_REAL series = fit[RAY_EXP_TERMS - 1];
    for (int k = RAY_EXP_TERMS - 2; k > 0; k -= 2)
        series = series * square + (fit[k] * r + fit[k - 1]);
    *n = (ray_exp_int)(sum.bits - shifter.bits);
    return square * series + r;
}

/* Within two units in the last place; 0 and infinity past the ends, NaN for NaN. */
static inline RAY_REAL ray_exp(RAY_REAL x)
{
    ray_exp_int n;
    const RAY_REAL part = ray_exp_part(ray_limit(x, RAY_EXP_LEAST, RAY_EXP_MOST), &n);
    const ray_exp_int half = n >> 1;
    return (1 + part) * ray_exp_power(half) * ray_exp_power(n - half);
}

/* exp(x) - 1 for x <= 0, without losing digits near 0. */
static inline RAY_REAL ray_exp_less_1(RAY_REAL x)
{
    ray_exp_int n;
    const RAY_REAL part = ray_exp_part(ray_limit(x, -40, 0), &n), power = ray_exp_power(n);
    return part * power + (power - 1);
}

/* log(1 + e) for 0 <= e <= 1.  In float by the series 2 (z + z^3/3 + ...) with z = e / (2 + e),
 * which is at most 1/3. */
static inline RAY_REAL ray_log1p_near(RAY_REAL e)
{
    if (!RAY_REAL_IS_FLOAT)
        return ray_log1p(e);
    const RAY_REAL z = e / (2 + e), s = z * z;
    RAY_REAL sum = (RAY_REAL)(1.0 / 15);
    for (int k = 13; k > 0; k -= 2)
        sum = sum * s + (RAY_REAL)(1.0 / k);
    return 2 * z * sum;
}

/* log(1 + exp(t)), also where exp(t) overflows */
static inline RAY_REAL ray_log1p_exp(RAY_REAL t)
{
    return (t > 0 ? t : 0) + ray_log1p_near(ray_exp(-ray_fabs(t)));
}

static inline RAY_REAL ray_tanh(RAY_REAL x)
{
    const RAY_REAL e = ray_exp_less_1(-2 * ray_fabs(x)), y = e / (2 + e);
    return x > 0 ? -y : y;
}

/* For x >= 0, given exp(-x^2):  1 - erf(x) = exp(-x^2) t P(t)  with t = 1 / (1 + 0.45 x); P is a
 * least-maximum fit over 0 ... 4.2 with an error of 1.1e-9: good for float, where this is used. */
static inline RAY_REAL ray_erf_rest(RAY_REAL x, RAY_REAL exp_of_square)
{
    static const RAY_REAL fit[] = {
        (RAY_REAL)0.0925701151, (RAY_REAL)-0.494106638, (RAY_REAL)0.857172448,
        (RAY_REAL)-0.375807784, (RAY_REAL)0.460173605, (RAY_REAL)0.201008444,
        (RAY_REAL)0.258989811,
    };
    const RAY_REAL t = 1 / (1 + (RAY_REAL)0.45 * x);
    RAY_REAL p = fit[0];
    for (int k = 1; k < 7; k++)
        p = p * t + fit[k];
    return exp_of_square * t * p;
}

#endif
