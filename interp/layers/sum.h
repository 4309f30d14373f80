/* SPDX-License-Identifier: MIT */
/* sum.h - sums over long runs in a fixed order.
 *
 * RAY_SUM adds the sum over i = 0 ... n - 1 of an expression to total: pieces in RAY_REAL, their
 * sums in double, so that a run of a million numbers loses no more digits than one of a hundred. */
#ifndef RAY_LAYERS_SUM_H
#define RAY_LAYERS_SUM_H

#include "ray_types.h"

enum { RAY_SUM_PIECE = 128 };

#define RAY_SUM(total, n, expression)                                                           \
    do {                                                                                        \
        double sum_of_pieces = 0;                                                               \
        for (int64_t piece = 0; piece < (n); piece += RAY_SUM_PIECE) {                          \
            const int64_t piece_end = piece + RAY_SUM_PIECE < (n) ? piece + RAY_SUM_PIECE : (n); \
            RAY_REAL sum_of_piece = 0;                                                          \
            _Pragma("omp simd reduction(+ : sum_of_piece)")                                     \
            for (int64_t i = piece; i < piece_end; i++)                                         \
                sum_of_piece += (expression);                                                   \
            sum_of_pieces += (double)sum_of_piece;                                              \
        }                                                                                       \
        (total) += (RAY_REAL)sum_of_pieces;                                                     \
    } while (0)

#endif
