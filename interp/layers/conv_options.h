/* SPDX-License-Identifier: MIT */
/* conv_options.h - what convolutions and transposed convolutions share: attributes, weights, and
 * the geometry that kernels/conv.h computes with. */
#ifndef RAY_LAYERS_CONV_OPTIONS_H
#define RAY_LAYERS_CONV_OPTIONS_H

#include <math.h>

#include "kernels/conv.h"
#include "window.h"

typedef struct ray_conv_options {
    int64_t  in_channels, out_channels, groups;
    ray_ints kernel_size, stride, padding, output_padding, dilation;
    bool     bias;
    int      padding_mode;
    ray_conv_geometry geometry;     /* of the convolution (the transposed one's is its adjoint's);
                                     * infer fills all but items */
} ray_conv_options;

#define RAY_CONV_FIELD(name) offsetof(ray_conv_options, name)

/* Rows of the option tables. */
#define RAY_CONV_OPTIONS                                                                           \
    { "out_channels", "channels of the output", RAY_INT, RAY_REQUIRED,                             \
      RAY_CONV_FIELD(out_channels), NAN, 1, INT32_MAX, NULL, 0 },                                  \
    { "kernel_size", "size of the kernel, one number or one per axis", RAY_INTS, RAY_REQUIRED,     \
      RAY_CONV_FIELD(kernel_size), NAN, 1, INT32_MAX, NULL, 3 },                                   \
    { "stride", "step of the kernel, one number or one per axis", RAY_INTS, 0,                     \
      RAY_CONV_FIELD(stride), 1, 1, INT32_MAX, NULL, 3 },                                          \
    { "dilation", "distance between taps, one number or one per axis", RAY_INTS, 0,                \
      RAY_CONV_FIELD(dilation), 1, 1, INT32_MAX, NULL, 3 },                                        \
    { "groups", "groups of channels that do not see each other", RAY_INT, 0,                       \
      RAY_CONV_FIELD(groups), 1, 1, INT32_MAX, NULL, 0 },                                          \
    { "bias", "add a number to each output channel", RAY_BOOL, 0, RAY_CONV_FIELD(bias), 1, 0, 0,   \
      NULL, 0 },                                                                                   \
    { "in_channels", "channels of the input; checked when given", RAY_INT, 0,                      \
      RAY_CONV_FIELD(in_channels), NAN, 1, INT32_MAX, NULL, 0 },                                   \
    { "padding_mode", "zeros; another border is a layer of its own (pad)", RAY_ENUM, 0,            \
      RAY_CONV_FIELD(padding_mode), 0, 0, 0, "zeros|reflect|replicate|circular", 0 }

/* The beginning of both infers: rank, in_channels, groups, padding_mode, kernel, stride, dilation
 * into the geometry (channels too), the window for the rest. */
int ray_conv_infer_start(ray_infer *c, int axes, const ray_ints *padding, ray_window *window);

/* The end: shapes of output and weights, macs; the geometry is complete. */
int ray_conv_infer_end(ray_infer *c, int axes, bool transposed);

/* The geometry for a batch. */
ray_conv_geometry ray_conv_geometry_of(const ray_op *op);

#endif
