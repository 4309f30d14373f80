/* SPDX-License-Identifier: MIT */
/* dense.h - fully connected products: Y = X W' + b for W of outputs x inputs. */
#ifndef RAY_KERNELS_DENSE_H
#define RAY_KERNELS_DENSE_H

#include "ray_types.h"

/* Each below 2^31. */
typedef struct ray_dense_sizes { int64_t items, inputs, outputs; } ray_dense_sizes;

/* x: items x inputs, y: items x outputs; bias may be NULL. */
void ray_dense_forward(ray_dense_sizes sizes, const RAY_REAL *x, const RAY_REAL *weight,
                       const RAY_REAL *bias, RAY_REAL *y);

/* dx = dy W. */
void ray_dense_gradient(ray_dense_sizes sizes, const RAY_REAL *dy, const RAY_REAL *weight,
                        RAY_REAL *dx);

#endif
