/* SPDX-License-Identifier: MIT */
/* png.h - an 8-bit RGB or grey picture into a PNG file, whole or not at all. */
#ifndef RAY_WRITE_PNG_H
#define RAY_WRITE_PNG_H

#include "read/picture.h"

int ray_png_write(const char *path, const ray_picture *picture, ray_error *error);

#endif
