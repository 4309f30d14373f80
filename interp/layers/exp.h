/* SPDX-License-Identifier: MIT */
/* exp.h - the exponential and the error function in arithmetic and selections only, so that loops
 * over them become vector code.
 *
 * exp(x) = 2^n exp(r) with n the integer next to x / ln 2, and |r| <= ln 2 / 2, where Taylor's
 * series needs 7 terms for float and 13 for double.  ln 2 is split in two so that n times the first
 * part is exact; n is found in the last bits of x / ln 2 + 1.5 2^(bits of the mantissa). */
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
enum { RAY_EXP_MANTISSA = 23, RAY_EXP_BIAS = 127, RAY_EXP_TERMS = 7 };
#define RAY_EXP_SHIFTER 0x1.8p23f
#define RAY_EXP_LN2_HIGH 0x1.62e4p-1f
#define RAY_EXP_LN2_LOW 0x1.7f7d1cp-20f
#define RAY_EXP_LEAST (-104.0f)             /* exp of less is 0 */
#define RAY_EXP_MOST 89.0f                  /* exp of more is infinite */
#else
typedef int64_t  ray_exp_int;
typedef uint64_t ray_exp_bits;
enum { RAY_EXP_MANTISSA = 52, RAY_EXP_BIAS = 1023, RAY_EXP_TERMS = 13 };
#define RAY_EXP_SHIFTER 0x1.8p52
#define RAY_EXP_LN2_HIGH 0x1.62e42fp-1
#define RAY_EXP_LN2_LOW 0x1.df473de6af279p-26
#define RAY_EXP_LEAST (-746.0)
#define RAY_EXP_MOST 710.0
#endif

typedef union ray_exp_word { RAY_REAL real; ray_exp_bits bits; } ray_exp_word;

/* 2^n for exponents that are not subnormal */
static inline RAY_REAL ray_exp_power(ray_exp_int n)
{
    const ray_exp_word word = { .bits = (ray_exp_bits)(n + RAY_EXP_BIAS) << RAY_EXP_MANTISSA };
    return word.real;
}

/* Within two units in the last place; 0 and infinity past the ends, NaN for NaN. */
static inline RAY_REAL ray_exp(RAY_REAL x)
{
    static const RAY_REAL inverse[] = {     /* 1 / k */
        1, 1, (RAY_REAL)(1.0 / 2), (RAY_REAL)(1.0 / 3), (RAY_REAL)(1.0 / 4), (RAY_REAL)(1.0 / 5),
        (RAY_REAL)(1.0 / 6), (RAY_REAL)(1.0 / 7), (RAY_REAL)(1.0 / 8), (RAY_REAL)(1.0 / 9),
        (RAY_REAL)(1.0 / 10), (RAY_REAL)(1.0 / 11), (RAY_REAL)(1.0 / 12), (RAY_REAL)(1.0 / 13),
    };
    x = ray_limit(x, RAY_EXP_LEAST, RAY_EXP_MOST);
    const ray_exp_word shifter = { .real = RAY_EXP_SHIFTER };
    const ray_exp_word sum = { .real = x * (RAY_REAL)1.44269504088896340736 + RAY_EXP_SHIFTER };
    const RAY_REAL whole = sum.real - RAY_EXP_SHIFTER;
    const RAY_REAL r = (x - whole * RAY_EXP_LN2_HIGH) - whole * RAY_EXP_LN2_LOW;
    RAY_REAL series = 1;
    for (int k = RAY_EXP_TERMS; k > 0; k--)
        series = 1 + series * r * inverse[k];
    const ray_exp_int n = (ray_exp_int)(sum.bits - shifter.bits), half = n / 2;
    return series * ray_exp_power(half) * ray_exp_power(n - half);
}

/* erf(x) = 1 - exp(-x^2) t P(t) for x >= 0 with t = 1 / (1 + 0.45 x); P is a least-maximum fit over
 * 0 ... 4.2 with an error of 1.1e-9: good for float, where this is used. */
static inline RAY_REAL ray_erf(RAY_REAL x)
{
    if (sizeof x == sizeof(double))
        return (RAY_REAL)erf((double)x);
    static const RAY_REAL fit[] = {
        (RAY_REAL)0.0925701151, (RAY_REAL)-0.494106638, (RAY_REAL)0.857172448,
        (RAY_REAL)-0.375807784, (RAY_REAL)0.460173605, (RAY_REAL)0.201008444,
        (RAY_REAL)0.258989811,
    };
    const RAY_REAL t = 1 / (1 + (RAY_REAL)0.45 * ray_fabs(x));
    RAY_REAL p = fit[0];
    for (int k = 1; k < 7; k++)
        p = p * t + fit[k];
    const RAY_REAL y = 1 - ray_exp(-x * x) * t * p;
    return x < 0 ? -y : y;
}

#endif
