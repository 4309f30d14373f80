/* SPDX-License-Identifier: MIT */
/* pool.h - what max_pool and avg_pool share: options, output size, and which taps meet which
 * inputs.
 *
 * Pools of one and two axes are pools of three whose first axes have size 1. */
#ifndef RAY_LAYERS_POOL_H
#define RAY_LAYERS_POOL_H

#include "window.h"

/* One axis: output o has its tap k at input o stride + k dilation - before, if there is one. */
typedef struct ray_pool_axis {
    int64_t in, out, kernel, stride, dilation, before, after;
    int64_t tap_first, tap_past;        /* the taps that meet the input for any output */
    int64_t inner_first, inner_past;    /* the outputs that have all their taps in the input */
} ray_pool_axis;

typedef struct ray_pool_options {
    ray_ints kernel_size, stride, padding, dilation;
    int64_t  divisor_override;
    bool     ceil_mode, count_include_pad, return_indices;
    ray_pool_axis axis[RAY_MAX_AXES];       /* derived */
} ray_pool_options;

#define RAY_POOL_OPTIONS                                                                   \
    { "kernel_size", "size of the window: one number or one per axis", RAY_INTS, RAY_REQUIRED, \
      offsetof(ray_pool_options, kernel_size), NAN, 1, INT32_MAX, NULL, 3 },               \
    { "stride", "step of the window: one number or one per axis; the kernel size when not given", \
      RAY_INTS, 0, offsetof(ray_pool_options, stride), NAN, 1, INT32_MAX, NULL, 3 },       \
    { "padding", "positions around the input, below the window's: one number, one per axis, " \
      "before and after each axis, or same for ceil(in / stride) outputs",                 \
      RAY_INTS, 0, offsetof(ray_pool_options, padding), 0, 0, INT32_MAX, RAY_PADDING_WORDS, 6 }, \
    { "ceil_mode", "round the number of outputs up, so that the last window may hang over", \
      RAY_BOOL, 0, offsetof(ray_pool_options, ceil_mode), 0, 0, 0, NULL, 0 }

/* Checks the options and fills axis[] and the output's shape. */
int ray_pool_infer(ray_infer *c, int axes, bool dilated);

/* Numbers of an input plane, and output rows of a plane. */
int64_t ray_pool_plane(const ray_pool_axis axis[RAY_MAX_AXES]);
int64_t ray_pool_rows(const ray_pool_axis axis[RAY_MAX_AXES]);

/* The outputs first ... past - 1 whose tap lies in the input. */
void ray_pool_outputs(const ray_pool_axis *axis, int64_t tap, int64_t *first, int64_t *past);

/* The taps first ... past - 1 of an output that lie in the input. */
void ray_pool_taps(const ray_pool_axis *axis, int64_t output, int64_t *first, int64_t *past);

/* How many numbers of a plane the windows cover if they lie side by side from its beginning; 0 if
 * they do not. */
int64_t ray_pool_tiles(const ray_pool_axis axis[RAY_MAX_AXES]);

static inline int64_t ray_pool_clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Where a tap of an output lies. */
static inline int64_t ray_pool_at(const ray_pool_axis *axis, int64_t output, int64_t tap)
{
    return output * axis->stride + tap * axis->dilation - axis->before;
}

#endif
