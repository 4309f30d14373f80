/* SPDX-License-Identifier: MIT */
/* stroke.h - lines of any direction, two pixels wide, with smooth edges. */
#ifndef RAY_WRITE_STROKE_H
#define RAY_WRITE_STROKE_H

#include "canvas.h"

typedef struct ray_point { double x, y; } ray_point;    /* in pixels; (0, 0) is the middle of one */

/* A line through n points in their order, within the box.  A point that is not finite is a gap; one
 * between two gaps becomes a dot.  Fails only for want of memory. */
int ray_stroke_draw(ray_picture *canvas, ray_box box, const ray_point *points, int64_t n,
                    ray_colour colour, ray_error *error);

#endif
