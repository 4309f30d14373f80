/* SPDX-License-Identifier: MIT */
/* window.h - the window that a convolution or a pool slides over its input.
 *
 * Axes are those of the positions: length; height, width; depth, height, width.  A `padding`
 * attribute is one number, one per axis, two per axis (before, after: [top, bottom, left, right]),
 * or the word same: as many outputs as ceil(in / stride), the smaller half of the padding before;
 * or valid: none. */
#ifndef RAY_LAYERS_WINDOW_H
#define RAY_LAYERS_WINDOW_H

#include "kind.h"

enum { RAY_MAX_AXES = 3, RAY_PADDING_SAME = -1, RAY_PADDING_VALID = -2 };
#define RAY_PADDING_WORDS "same|valid"      /* of a `padding` option: RAY_INTS, count 6 */

typedef struct ray_window {
    int64_t kernel[RAY_MAX_AXES], stride[RAY_MAX_AXES], dilation[RAY_MAX_AXES];
    int64_t before[RAY_MAX_AXES], after[RAY_MAX_AXES];      /* padding, in elements */
} ray_window;

/* The attributes as the option tables read them.  stride empty: the kernel; dilation NULL: 1. */
typedef struct ray_window_options {
    const ray_ints *kernel, *stride, *padding, *dilation;
} ray_window_options;

/* One number for every axis or one per axis; name is said in the error. */
int ray_axes_read(const ray_ints *given, const char *name, int axes, int64_t *values,
                  ray_error *error);

/* Everything of a window on an input of in[axes] positions. */
int ray_window_read(ray_window *window, const ray_window_options *options, int axes,
                    const int64_t *in, ray_error *error);

/* in + before + after, and dilation * (kernel - 1) + 1, along one axis. */
int64_t ray_window_padded(const ray_window *window, int axis, int64_t in);
int64_t ray_window_extent(const ray_window *window, int axis);

/* Fails unless the input has channels and `axes` positions; says "expects C x H x W, gets 64". */
int ray_positions_check(const ray_shape *in, int axes, ray_error *error);

#endif
