/* SPDX-License-Identifier: MIT */
/* vectors.h - RAY_CLONES: the function is made twice where the compiler can, for every x86-64 and
 * for those with vectors of 8 floats; which one is called is found out when the program is loaded.
 * Both round alike: neither joins a product and a sum, and sums keep to the lanes of sum.h. */
#ifndef RAY_LAYERS_VECTORS_H
#define RAY_LAYERS_VECTORS_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RAY_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RAY_CLONES
#endif
#define RAY_INLINE static inline __attribute__((always_inline))     /* into the clones, too */

/* Numbers up to which a second thread does not pay. */
enum { RAY_SERIAL = 32768 };

#endif
