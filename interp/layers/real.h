/* SPDX-License-Identifier: MIT */
/* real.h - functions of <math.h> at the precision of RAY_REAL: ray_sqrt is sqrtf or sqrt.  The
 * exponential and its kin are in exp.h. */
#ifndef RAY_LAYERS_REAL_H
#define RAY_LAYERS_REAL_H

#include <math.h>

#include "ray_types.h"

#define RAY_REAL_FUNCTION(name)                                         \
    static inline RAY_REAL ray_##name(RAY_REAL x)                       \
    {                                                                   \
        return sizeof x == sizeof(float) ? (RAY_REAL)name##f((float)x)  \
                                         : (RAY_REAL)name((double)x);   \
    }
RAY_REAL_FUNCTION(cos)
RAY_REAL_FUNCTION(erf)
RAY_REAL_FUNCTION(fabs)
RAY_REAL_FUNCTION(floor)
RAY_REAL_FUNCTION(log)
RAY_REAL_FUNCTION(log1p)
RAY_REAL_FUNCTION(sin)
RAY_REAL_FUNCTION(sqrt)
#undef RAY_REAL_FUNCTION

static inline RAY_REAL ray_pow(RAY_REAL x, RAY_REAL y)
{
    return sizeof x == sizeof(float) ? (RAY_REAL)powf((float)x, (float)y)
                                     : (RAY_REAL)pow((double)x, (double)y);
}

/* The larger of two; NaN when one is NaN. */
static inline RAY_REAL ray_max(RAY_REAL a, RAY_REAL b)
{
    return ((b > a) | (b != b)) ? b : a;
}

/* The smaller, likewise. */
static inline RAY_REAL ray_min(RAY_REAL a, RAY_REAL b)
{
    return ((b < a) | (b != b)) ? b : a;
}

/* x within low ... high; NaN stays. */
static inline RAY_REAL ray_limit(RAY_REAL x, RAY_REAL low, RAY_REAL high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

#endif
