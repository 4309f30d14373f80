/* SPDX-License-Identifier: MIT */
/* canvas.h - drawing into an RGB picture.  What lies outside of it is cut off. */
#ifndef RAY_WRITE_CANVAS_H
#define RAY_WRITE_CANVAS_H

#include <stddef.h>

#include "colour.h"
#include "read/picture.h"

typedef struct ray_box { int64_t x, y, width, height; } ray_box;

void ray_canvas_fill(ray_picture *canvas, ray_box box, ray_colour colour);
/* The colour over one pixel: share 1 hides it, 0 leaves it. */
void ray_canvas_blend(ray_picture *canvas, int64_t x, int64_t y, ray_colour colour, double share);
void ray_canvas_draw(ray_picture *canvas, int64_t x, int64_t y, const ray_picture *rgb);

enum {                          /* pixels */
    RAY_TEXT_ADVANCE = 12,      /* from one character to the next */
    RAY_TEXT_HEIGHT = 14,       /* of a capital letter */
    RAY_TEXT_LINE = 24          /* from one line to the next */
};

/* Characters of n bytes of UTF-8. */
int64_t ray_text_columns(const char *text, size_t n);

/* The bytes of the first line when no line may be longer than `columns` (at least 1): broken at a
 * space in its second half, else after one of _ . / or at an earlier space, where there is one.
 * *rest is where the next line starts, at the closing '\0' when there is none. */
size_t ray_text_break(const char *text, int64_t columns, const char **rest);

/* One line; x, y: the upper left corner of its first capital letter. */
void ray_canvas_text(ray_picture *canvas, int64_t x, int64_t y, const char *text, size_t n,
                     ray_colour colour);

#endif
