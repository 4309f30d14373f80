/* SPDX-License-Identifier: MIT */
/* perturb.h - a picture that a mask spoils: kept where the mask is 1, gone where it is 0, between
 * these to a degree that the mask says.
 *
 * A pyramid holds the picture at levels 0 ... L - 1, from spoilt most to not at all.  At each pixel
 * a mask's value m is a place m (L - 1) between two levels, and the perturbed picture is what lies
 * there on the straight line from one to the other:
 *     x' = x_k + (m (L - 1) - k) (x_next - x_k),  k = floor(m (L - 1)),  next = min(k + 1, L - 1)
 * so that the slope at m is (L - 1) (x_next - x_k), and 0 at m = 1. */
#ifndef RAY_PERTURB_H
#define RAY_PERTURB_H

#include "ray_plugin.h"

typedef struct ray_pyramid {
    int64_t channels, height, width, levels;
    float  *data;                   /* channels x height x width x levels */
} ray_pyramid;

/* Of the first item of an N x C x H x W image, levels >= 2.  Level l is blurred by a Gaussian of
 * most_blur (1 - l / (L - 1)) pixels (zeros around the image), or, when most_blur is 0, multiplied
 * by l / (L - 1).  The memory is run's scratch.  Nonzero after fail(). */
int ray_pyramid_create(ray_run *run, ray_pyramid *pyramid, const ray_tensor *image, int64_t levels,
                       double most_blur);

/* How a mask is looked at: as it is or subtracted from 1; the picture as it is or mirrored. */
typedef struct ray_perturbing { bool complement, mirror; } ray_perturbing;

/* One row: mask points to that row's `width` values, in 0 ... 1; image to C x H x W, of which the
 * row is written. */
void ray_perturb_row(const ray_pyramid *pyramid, ray_perturbing how, int64_t row,
                     const float *mask, float *image);

/* The signal at such a row of an image (C x H x W) is sent on to the mask's row and added there. */
void ray_perturb_row_backward(const ray_pyramid *pyramid, ray_perturbing how, int64_t row,
                              const float *mask, const float *image_signal, float *mask_signal);

#endif
