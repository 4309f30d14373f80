/* SPDX-License-Identifier: MIT */
/* norm.h - what the normalisations share: y = (x - mean) / sqrt(variance + eps), times weight, plus
 * bias. */
#ifndef RAY_LAYERS_NORM_H
#define RAY_LAYERS_NORM_H

#include <math.h>

#include "kind.h"
#include "real.h"

/* Weights in the order of their names. */
enum { RAY_NORM_WEIGHT, RAY_NORM_BIAS, RAY_NORM_MEAN, RAY_NORM_VARIANCE };

#define RAY_EPS_OPTION(options_type)                                                        \
    { "eps", "added to the variance", RAY_NUMBER, 0, offsetof(options_type, eps), 1e-5, 0,  \
      INFINITY, NULL, 0 }

/* How one weight and bias serve a run of numbers. */
typedef struct ray_affine {
    const RAY_REAL *weight, *bias;      /* of the run's first number; NULL: 1 and 0 */
    int64_t         repeat;             /* each serves so many numbers; divides their count */
} ray_affine;

/* Normalises a run of n numbers by its own mean and variance. */
void ray_norm_forward(const RAY_REAL *x, int64_t n, double eps, const ray_affine *affine,
                      RAY_REAL *y);

/* The gradient of that. dx may not be dy. */
void ray_norm_backward(const RAY_REAL *x, const RAY_REAL *dy, int64_t n, double eps,
                       const ray_affine *affine, RAY_REAL *dx);

/* y = scale x + shift for each channel, from running statistics: 2 x channels numbers of op->work
 * hold the scales, then the shifts.  Weight and bias may be absent. */
void ray_norm_running_factors(const ray_op *op, double eps);
void ray_norm_running_forward(const ray_op *op, double eps);
void ray_norm_running_backward(const ray_op *op, double eps);

#endif
