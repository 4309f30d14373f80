/* SPDX-License-Identifier: MIT */
/* place.h - buffers with lifetimes into one block of memory, largest first, each at the lowest free
 * offset (greedy by size: Pisarchyk and Lee, "Efficient memory management for deep neural net
 * inference", MLSys workshop 2020). */
#ifndef RAY_PLAN_PLACE_H
#define RAY_PLAN_PLACE_H

#include "base/error.h"

typedef struct ray_buffer {
    int64_t size;                   /* numbers; 0: takes no place */
    int32_t first, last;            /* steps in which it is alive, both included */
    int64_t offset;                 /* result */
} ray_buffer;

/* Fills the offsets and returns the size of the block in *total. */
int ray_buffers_place(ray_buffer *buffers, int32_t n, int64_t *total, ray_error *error);

#endif
