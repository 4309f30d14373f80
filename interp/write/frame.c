/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <math.h>
#include <string.h>

#include "page.h"

static const ray_colour grid = { 229, 229, 229 }, base = { 160, 160, 160 };

double ray_frame_y(ray_box box, const ray_axis *axis, double value)
{
    return (double)box.y + (1 - ray_axis_position(axis, value)) * (double)(box.height - 1);
}

double ray_frame_x(ray_box box, const ray_axis *axis, double value)
{
    return (double)box.x + ray_axis_position(axis, value) * (double)(box.width - 1);
}

/* Zero stands out from the rest of the grid. */
void ray_frame_upward(ray_picture *canvas, ray_box box, const ray_axis *axis)
{
    for (int64_t i = axis->first; i <= axis->last; i++) {
        char text[RAY_NUMBER_SIZE];
        int64_t y = (int64_t)lrint(ray_frame_y(box, axis, (double)i * axis->step));
        int64_t width = RAY_TEXT_ADVANCE * (int64_t)strlen(ray_axis_text(axis, i, text));
        ray_canvas_fill(canvas, (ray_box){ box.x, y, box.width, 1 }, i == 0 ? base : grid);
        ray_canvas_text(canvas, box.x - RAY_FRAME_GAP - width, y - RAY_TEXT_HEIGHT / 2, text,
                        strlen(text), ray_ink);
    }
}

void ray_frame_rightward(ray_picture *canvas, ray_box box, const ray_axis *axis, bool numbers)
{
    for (int64_t i = axis->first; i <= axis->last; i++) {
        char text[RAY_NUMBER_SIZE];
        size_t n = strlen(ray_axis_text(axis, i, text));
        int64_t x = (int64_t)lrint(ray_frame_x(box, axis, (double)i * axis->step));
        ray_canvas_fill(canvas, (ray_box){ x, box.y, 1, box.height }, i == 0 ? base : grid);
        if (numbers)
            ray_canvas_text(canvas, x - (RAY_TEXT_ADVANCE * (int64_t)n - 2) / 2,
                            box.y + box.height + RAY_FRAME_GAP, text, n, ray_ink);
    }
}

int64_t ray_frame_columns(const ray_axis *axis)
{
    int64_t most = 0;
    for (int64_t i = axis->first; i <= axis->last; i++) {
        char text[RAY_NUMBER_SIZE];
        int64_t n = (int64_t)strlen(ray_axis_text(axis, i, text));
        most = n > most ? n : most;
    }
    return most;
}
