/* SPDX-License-Identifier: MIT */
/* conv.h - convolution over three axes (depth, height, width) and its input gradient.
 *
 * Axes that a layer has not got are of size 1.  A faster implementation may take the place of what
 * is behind these functions; layers know nothing else. */
#ifndef RAY_KERNELS_CONV_H
#define RAY_KERNELS_CONV_H

#include "ray_types.h"

enum { RAY_CONV_AXES = 3 };

/* Sizes below 2^31, and so are inputs of a group times taps and the positions of an output channel.
 * Output o of an axis reads input o * stride - before + k * dilation for k in 0 ... kernel - 1;
 * what lies outside the input reads 0. */
typedef struct ray_conv_geometry {
    int64_t items, groups;
    int64_t in_channels, out_channels;      /* of all groups; both divide by groups */
    int64_t in[RAY_CONV_AXES], out[RAY_CONV_AXES];
    int64_t kernel[RAY_CONV_AXES], stride[RAY_CONV_AXES], dilation[RAY_CONV_AXES];
    int64_t before[RAY_CONV_AXES];          /* padding at the low end, negative: cropped */
} ray_conv_geometry;

/* Numbers of working memory that either direction needs. */
int64_t ray_conv_workspace(const ray_conv_geometry *geometry);

/* x: items x in_channels x in, weight: out_channels x in_channels / groups x kernel, bias:
 * out_channels or NULL, y: items x out_channels x out. */
void ray_conv_forward(const ray_conv_geometry *geometry, const RAY_REAL *x, const RAY_REAL *weight,
                      const RAY_REAL *bias, RAY_REAL *y, RAY_REAL *work);

/* dx = the transposed convolution of dy, every number of dx written. */
void ray_conv_gradient(const ray_conv_geometry *geometry, const RAY_REAL *dy,
                       const RAY_REAL *weight, RAY_REAL *dx, RAY_REAL *work);

#endif
