/* SPDX-License-Identifier: MIT */
/* sum.h - sums over long runs, in an order that depends on their length only.
 *
 * RAY_SUM adds to total the sum over i = 0 ... n - 1 of an expression in which RAY_AT(x) stands for
 * x[i]; the rest of it is arithmetic.  It is computed for 8 neighbours at a time, whatever the
 * vectors of the processor are, and in 4 running sums; pieces in RAY_REAL, their sums in double, so
 * that a run of a million numbers loses no more digits than one of a thousand. */
#ifndef RAY_LAYERS_SUM_H
#define RAY_LAYERS_SUM_H

#include "ray_types.h"
#include "vectors.h"

enum { RAY_SUM_LANES = 8, RAY_SUM_STEP = 4 * RAY_SUM_LANES, RAY_SUM_PIECE = 1024 };

typedef RAY_REAL ray_sum_lanes __attribute__((vector_size(8 * sizeof(RAY_REAL))));
typedef RAY_REAL ray_sum_eight                              /* anywhere in memory */
    __attribute__((vector_size(8 * sizeof(RAY_REAL)), aligned(sizeof(RAY_REAL)), may_alias));

/* Of all four. */
RAY_INLINE RAY_REAL ray_sum_of_lanes(const ray_sum_lanes *sums)
{
    const ray_sum_lanes s = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

#define RAY_AT(address) (*(const ray_sum_item *)((address) + i))

#define RAY_SUM(total, n, expression)                                                          \
    do {                                                                                       \
        const int64_t sum_n = (n);                                                             \
        double sum_of_pieces = 0;                                                              \
        for (int64_t i = 0; i < sum_n;) {                                                      \
            const int64_t sum_end = i + RAY_SUM_PIECE < sum_n ? i + RAY_SUM_PIECE : sum_n;     \
            ray_sum_lanes sums[4] = { { 0 }, { 0 }, { 0 }, { 0 } };                            \
            {                                                                                  \
                typedef ray_sum_eight ray_sum_item;                                            \
                for (; i + RAY_SUM_STEP <= sum_end; i += RAY_SUM_LANES) {                      \
                    sums[0] += (expression);                                                   \
                    i += RAY_SUM_LANES;                                                        \
                    sums[1] += (expression);                                                   \
                    i += RAY_SUM_LANES;                                                        \
                    sums[2] += (expression);                                                   \
                    i += RAY_SUM_LANES;                                                        \
                    sums[3] += (expression);                                                   \
                }                                                                              \
                for (; i + RAY_SUM_LANES <= sum_end; i += RAY_SUM_LANES)                       \
                    sums[0] += (expression);                                                   \
            }                                                                                  \
            RAY_REAL sum_of_piece = ray_sum_of_lanes(sums);                                    \
            {                                                                                  \
                typedef RAY_REAL ray_sum_item;                                                 \
                for (; i < sum_end; i++)                                                       \
                    sum_of_piece += (expression);                                              \
            }                                                                                  \
            sum_of_pieces += (double)sum_of_piece;                                             \
        }                                                                                      \
        (total) += (RAY_REAL)sum_of_pieces;                                                    \
    } while (0)

#endif
