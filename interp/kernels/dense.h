/* SPDX-License-Identifier: MIT */
/* dense.h - fully connected products: Y = X W' + b for W of outputs x inputs, and dX = dY W. */
#ifndef RAY_KERNELS_DENSE_H
#define RAY_KERNELS_DENSE_H

#include "machine.h"

/* Each below 2^31. */
typedef struct ray_dense_sizes { int64_t items, inputs, outputs; } ray_dense_sizes;

/* One product: y from x, or dx from dy. */
typedef struct ray_dense_call {
    ray_dense_sizes   sizes;
    int64_t           together;     /* items that come together in every batch, as the positions of a
                                     * sequence: a divisor of sizes.items; 0 and 1: each alone */
    bool              gradient;
    const RAY_REAL   *from;         /* x: items x inputs, or dy: items x outputs */
    const RAY_REAL   *weight;       /* outputs x inputs */
    const RAY_REAL   *bias;         /* outputs, or NULL; of y only */
    ray_clamp         clamp;        /* of the weights, on their way in */
    const ray_finish *finish;       /* of the results, or NULL */
    int64_t           channel;      /* results of one channel of the finish, at least 1 */
    RAY_REAL         *to;           /* y: items x outputs, or dx: items x inputs */
} ray_dense_call;

void ray_dense_compute(const ray_dense_call *call);

/* ---- The plain calls ---- */

/* x: items x inputs, y: items x outputs; bias may be NULL. */
void ray_dense_forward(ray_dense_sizes sizes, const RAY_REAL *x, const RAY_REAL *weight,
                       const RAY_REAL *bias, RAY_REAL *y);

/* dx = dy W. */
void ray_dense_gradient(ray_dense_sizes sizes, const RAY_REAL *dy, const RAY_REAL *weight,
                        RAY_REAL *dx);

#endif
