/* SPDX-License-Identifier: MIT */
/* dense_methods.h - inside fully connected products: ways to compute them, and what they share. */
#ifndef RAY_KERNELS_DENSE_METHODS_H
#define RAY_KERNELS_DENSE_METHODS_H

#include <stdbool.h>

#include "dense.h"

typedef struct ray_dense_method {
    bool (*fits)(const ray_dense_call *call);
    void (*compute)(const ray_dense_call *call);
} ray_dense_method;

extern const ray_dense_method ray_dense_matrix;

/* n sums of an item, from result `first` of the item on, to their places. */
void ray_dense_finish(const ray_dense_call *call, int64_t item, int64_t first, int64_t n,
                      const RAY_REAL *sum);

#endif
