/* SPDX-License-Identifier: MIT */
/* walk.h - copies and sums between a dense tensor and a strided view of another.
 *
 * A walk has the dims of the dense tensor.  Element (i0, i1, ...) of that one meets element
 * start + i0 stride[0] + i1 stride[1] + ... of the other; stride 0 repeats it. */
#ifndef RAY_LAYERS_WALK_H
#define RAY_LAYERS_WALK_H

#include "kind.h"

typedef struct ray_walk {
    int64_t start, dim[RAY_MAX_RANK], stride[RAY_MAX_RANK];
    int32_t rank;
} ray_walk;

typedef enum ray_walk_how {
    RAY_WALK_SET,
    RAY_WALK_ADD,
    RAY_WALK_SUBTRACT,
    RAY_WALK_MULTIPLY,
    RAY_WALK_DIVIDE,
    RAY_WALK_POWER,         /* base to the power of the view's number */
    RAY_WALK_LARGER,        /* the larger of the two, NaN where one is NaN */
    RAY_WALK_SMALLER        /* likewise */
} ray_walk_how;

/* A dense tensor meets itself. */
void ray_walk_dense(ray_walk *walk, const ray_tensor *tensor);

/* operand repeats along dims of size 1 and along those it lacks, as in numpy: item dims are aligned
 * at the right, batches with each other. */
void ray_walk_broadcast(ray_walk *walk, const ray_tensor *dense, const ray_tensor *operand);

/* dense = view, or base + view, base - view, base * view and so on: base is as dense, or dense
 * itself; SET reads none. */
void ray_walk_gather(const ray_walk *walk, ray_walk_how how, const RAY_REAL *base,
                     const RAY_REAL *view, RAY_REAL *dense);

/* view = dense where they meet; no element of the view may be met twice. */
void ray_walk_scatter(const ray_walk *walk, const RAY_REAL *dense, RAY_REAL *view);

/* view = the sum of all that meets it; the view is a whole dense tensor of that size. */
void ray_walk_sum(const ray_walk *walk, const RAY_REAL *dense, RAY_REAL *view, int64_t size);

/* view = sign times the largest of all that meets it, times sign: the largest for sign 1, the
 * smallest for -1; NaN where NaN meets it.  The view as in ray_walk_sum. */
void ray_walk_extreme(const ray_walk *walk, RAY_REAL sign, const RAY_REAL *dense, RAY_REAL *view,
                      int64_t size);

#endif
