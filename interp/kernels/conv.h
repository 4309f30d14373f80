/* SPDX-License-Identifier: MIT */
/* conv.h - convolution over three axes (depth, height, width) and its input gradient.
 *
 * Axes that a layer has not got are of size 1.  A faster implementation may take the place of what
 * is behind these functions; layers know nothing else. */
#ifndef RAY_KERNELS_CONV_H
#define RAY_KERNELS_CONV_H

#include "finish.h"
#include "machine.h"

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

/* One computation: the output (y from x), or the input gradient (dx from dy). */
typedef struct ray_conv_call {
    bool            gradient;
    const RAY_REAL *from;       /* x: items x in_channels x in, or dy: items x out_channels x out */
    const RAY_REAL *weight;     /* out_channels x in_channels / groups x kernel */
    const RAY_REAL *bias;       /* out_channels, or NULL; of the output only */
    const RAY_REAL *prepared;   /* what ray_conv_prepare made of the weights, or NULL */
    ray_clamp       clamp;      /* of the weights, prepared or not; not of the bias */
    const ray_finish *finish;   /* of the results, or NULL; its channels are those of `to` */
    RAY_REAL       *to;         /* y or dx, every number of it written */
    RAY_REAL       *work;       /* ray_conv_call_workspace() numbers, on 64 bytes */
} ray_conv_call;

void ray_conv_compute(const ray_conv_geometry *geometry, const ray_conv_call *call);

/* Numbers of working memory.  Of the call's pointers only these count: whether `prepared`, `finish`
 * and the finish's `add` are NULL. */
int64_t ray_conv_call_workspace(const ray_conv_geometry *geometry, const ray_conv_call *call);

/* Weights in the form that the method of a convolution multiplies by: for callers that use them
 * more than once.  They serve any number of items, one direction and one clamp.  0 numbers: the
 * method takes weights as they are. */
int64_t ray_conv_prepared(const ray_conv_geometry *geometry, bool gradient);
void    ray_conv_prepare(const ray_conv_geometry *geometry, bool gradient, ray_clamp clamp,
                         const RAY_REAL *weight, RAY_REAL *prepared);

/* The name of the method that computes a convolution, and why it does. */
const char *ray_conv_method_name(const ray_conv_geometry *geometry, bool gradient,
                                 const char **reason);

/* ---- The plain calls ---- */

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
