/* SPDX-License-Identifier: MIT */
/* frame.h - the axes of a chart around a box: a light grid in it and numbers beside it. */
#ifndef RAY_WRITE_FRAME_H
#define RAY_WRITE_FRAME_H

#include "axis.h"
#include "canvas.h"

enum {                              /* pixels */
    RAY_FRAME_GAP = 8,              /* between the box and its numbers */
    RAY_FRAME_BELOW = RAY_FRAME_GAP + RAY_TEXT_LINE     /* what numbers below take up */
};

/* The axis from the bottom of the box to its top; numbers to the left. */
void ray_frame_upward(ray_picture *canvas, ray_box box, const ray_axis *axis);

/* The axis from left to right; numbers below when wanted, centred below their places. */
void ray_frame_rightward(ray_picture *canvas, ray_box box, const ray_axis *axis, bool numbers);

/* The length of the axis's longest number. */
int64_t ray_frame_columns(const ray_axis *axis);

/* Where a value lies in a box, the bottom line and the left column being low. */
double ray_frame_y(ray_box box, const ray_axis *axis, double value);
double ray_frame_x(ray_box box, const ray_axis *axis, double value);

#endif
