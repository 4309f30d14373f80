/* SPDX-License-Identifier: MIT */
/* picture_decode.h - inside of picture.c: one decoder for each format, from bytes in memory. */
#ifndef RAY_READ_PICTURE_DECODE_H
#define RAY_READ_PICTURE_DECODE_H

#include <stddef.h>

#include "picture.h"

/* A file's bytes; `path` is for messages. */
typedef struct ray_picture_bytes {
    const char *path;
    const unsigned char *data;
    size_t size;
} ray_picture_bytes;

/* Leave the picture as it is stored: 1 channel for grey, 3 for colour, palettes and CMYK.  What was
 * allocated before an error is freed. */
int ray_png_decode(const ray_picture_bytes *bytes, ray_picture *picture, ray_error *error);
int ray_jpeg_decode(const ray_picture_bytes *bytes, ray_picture *picture, ray_error *error);

#endif
