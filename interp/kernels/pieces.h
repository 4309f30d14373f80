/* SPDX-License-Identifier: MIT */
/* pieces.h - sizes of the pieces that work is cut into. */
#ifndef RAY_KERNELS_PIECES_H
#define RAY_KERNELS_PIECES_H

#include <stdint.h>

static inline int64_t ray_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t ray_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* How many pieces of size b hold a. */
static inline int64_t ray_divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* n in equal pieces of at most `most` (at least 1): their size. */
static inline int64_t ray_even_piece(int64_t n, int64_t most)
{
    return ray_divide_up(n, ray_divide_up(n, ray_larger(most, 1)));
}

#endif
