/* SPDX-License-Identifier: MIT */
/* preprocess.h - a picture file into one item of a network's input: decode, resize, crop,
 * value / 255, minus mean, over std (float32, C x H x W). */
#ifndef RAY_READ_PREPROCESS_H
#define RAY_READ_PREPROCESS_H

#include "description.h"
#include "picture.h"

/* tensor: 1 x C x H x W, allocated.  A picture whose size does not fit the shape after resize and
 * crop is an error that says which `resize` and `crop` would fit; so is a network whose input is
 * not a picture (C 1 or 3). */
int ray_preprocess(const ray_input_description *input, const char *path, ray_tensor *tensor,
                   ray_error *error);

/* The way back for showing: items of a batch as 8-bit pictures (std, mean undone, clamped). */
int ray_preprocess_undo(const ray_input_description *input, const ray_tensor *batch, int64_t item,
                        ray_picture *picture, ray_error *error);

#endif
