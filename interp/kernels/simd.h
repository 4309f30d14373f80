/* SPDX-License-Identifier: MIT */
/* simd.h - vectors as long as the registers of the processor that a file is compiled for.  Only for
 * machine_variant.c and what it includes. */
#ifndef RAY_KERNELS_SIMD_H
#define RAY_KERNELS_SIMD_H

#include "ray_types.h"

#if defined(__AVX512F__)
enum { BYTES = 64, MOST_ROWS = 14 };
#elif defined(__AVX2__)
enum { BYTES = 32, MOST_ROWS = 6 };
#else
enum { BYTES = 16, MOST_ROWS = 4 };
#endif
enum { LANES = BYTES / sizeof(RAY_REAL) };

typedef RAY_REAL vec __attribute__((vector_size(BYTES)));
typedef RAY_REAL vec_anywhere
    __attribute__((vector_size(BYTES), aligned(sizeof(RAY_REAL)), may_alias));

#define MASK_OF(real) __typeof__(_Generic((real)0, double: (int64_t)0, default: (int32_t)0))
typedef MASK_OF(RAY_REAL) mask __attribute__((vector_size(BYTES)));

#define LOAD(address) ((vec)*(const vec_anywhere *)(address))
#define STORE(address, v) (*(vec_anywhere *)(address) = (v))
#define INLINE static inline __attribute__((always_inline))


/* Numbers above 0, else 0 (also for NaN). */
INLINE vec positive(vec v)
{
    vec zero = { 0 };
    return (vec)((mask)v & (mask)(v > zero));
}

#endif
