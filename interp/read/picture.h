/* SPDX-License-Identifier: MIT */
/* picture.h - PNG and JPEG into 8-bit RGB or grey, pixel for pixel as PIL's convert("RGB") /
 * convert("L") does (16-bit samples: the high byte; alpha dropped; palettes looked up; CMYK as PIL;
 * EXIF orientation and gamma ignored). */
#ifndef RAY_READ_PICTURE_H
#define RAY_READ_PICTURE_H

#include "base/error.h"

typedef struct ray_picture {
    unsigned char *pixels;
    int64_t width, height;
    int32_t channels;
} ray_picture;

/* channels: 3 or 1.  The format is told by the content.  At most 2^28 pixels.  ray_picture_free()
 * when done; after an error there is nothing to free. */
int  ray_picture_read(ray_picture *picture, const char *path, int32_t channels, ray_error *error);
void ray_picture_free(ray_picture *picture);
/* Black, of a size that a file or a user may state: sizes without pixels and too large ones are
 * errors. */
int ray_picture_alloc(ray_picture *picture, int64_t width, int64_t height, int32_t channels,
                      ray_error *error);

/* Resize so that the shorter side is `side` (longer: int(side * long / short)), bilinear with
 * antialiasing exactly as PIL's Image.resize does in 8 bits (two passes, 22-bit fixed point
 * coefficients). */
int ray_picture_resize(ray_picture *picture, int64_t side, ray_error *error);
int ray_picture_resize_to(ray_picture *picture, int64_t width, int64_t height, ray_error *error);
/* Centre crop as torchvision's CenterCrop: side x side, padded with zeros where the picture is
 * smaller. */
int ray_picture_crop(ray_picture *picture, int64_t height, int64_t width, ray_error *error);

#endif
