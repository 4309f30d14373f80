/* SPDX-License-Identifier: MIT */
/* vector.h - short vectors of RAY_REAL for hot loops, and functions made for several machines. */
#ifndef RAY_KERNELS_VECTOR_H
#define RAY_KERNELS_VECTOR_H

#include "ray_types.h"

/* Before a function: compiled twice, for every x86-64 and for those with fused multiply-add (AVX),
 * and chosen when the program starts.  Left out where the compiler, the C library or a sanitizer
 * cannot. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RAY_CLONES __attribute__((target_clones("fma", "default")))
#else
#define RAY_CLONES
#endif

/* 32 bytes wherever they lie; the compiler splits them where registers are shorter. */
typedef RAY_REAL ray_vector __attribute__((vector_size(32)));
typedef RAY_REAL ray_vector_anywhere
    __attribute__((vector_size(32), aligned(sizeof(RAY_REAL)), may_alias));

enum { RAY_VECTOR = 32 / sizeof(RAY_REAL) };    /* numbers in one */

#define RAY_LOAD(address) (*(const ray_vector_anywhere *)(address))
#define RAY_STORE(address, vector) (*(ray_vector_anywhere *)(address) = (vector))

#endif
