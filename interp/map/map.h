/* SPDX-License-Identifier: MIT */
/* map.h - steps 5 and 6 of the saliency pipeline: a map resized and smoothed. */
#ifndef RAY_MAP_MAP_H
#define RAY_MAP_MAP_H

#include "base/error.h"

/* N x C x H x W to N x C x height x width, new data (ray_tensor_free).  Bilinear: half-pixel
 * centres, no antialiasing, borders clamped; nearest: source = floor(target * (in / out)), in float
 * as torch computes it. */
int ray_map_resize(const ray_tensor *map, int64_t height, int64_t width, ray_resize_mode mode,
                   ray_tensor *out, ray_error *error);

/* In place: separable Gaussian of standard deviation sigma pixels, taps
 * -ceil(4 sigma) ... ceil(4 sigma), weights exp(-(i / (sqrt(2) sigma + 1.1920929e-07))^2)
 * normalised to sum one.  sigma = 0: the identity; above 1e5 pixels: an error. */
int ray_map_blur(ray_tensor *map, double sigma, ray_border border, ray_error *error);

#endif
