/* SPDX-License-Identifier: MIT */
/* endings.h - what a ray_finish says beside scale and shift, on vectors of a result.  Only for
 * machine_variant.c. */
#ifndef RAY_KERNELS_ENDINGS_H
#define RAY_KERNELS_ENDINGS_H

#include "finish.h"
#include "simd.h"

INLINE vec choose(mask which, vec yes, vec no)
{
    return (vec)((which & (mask)yes) | (~which & (mask)no));
}

/* NaN stays NaN. */
INLINE vec limited(vec v, RAY_REAL low, RAY_REAL high)
{
    const vec zero = { 0 };
    vec l = low - zero, h = high - zero;
    v = choose((mask)(v < l), l, v);
    return choose((mask)(v > h), h, v);
}

INLINE vec gated(vec v, vec gate, RAY_REAL low, RAY_REAL high)
{
    const vec zero = { 0 };
    return (vec)((mask)v & (mask)(gate > low - zero) & (mask)(gate < high - zero));
}

/* Neighbours of one channel, scaled and shifted; the first is number `at` of the result. */
INLINE vec end_vector(const ray_finish *f, int64_t at, vec v)
{
    if (f->add)
        v += LOAD(f->add + at);
    if (f->limit)
        v = limited(v, f->low, f->high);
    if (f->gate)
        v = gated(v, LOAD(f->gate + at), f->low, f->high);
    return v;
}

INLINE RAY_REAL end_number(const ray_finish *f, int64_t at, RAY_REAL v)
{
    if (f->add)
        v += f->add[at];
    if (f->limit) {
        v = v < f->low ? f->low : v;
        v = v > f->high ? f->high : v;
    }
    if (f->gate && !(f->gate[at] > f->low && f->gate[at] < f->high))
        v = 0;
    return v;
}

#endif
