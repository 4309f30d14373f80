/* SPDX-License-Identifier: MIT */
/* panel.h - the pictures within a figure: what was explained, and the map over it. */
#ifndef RAY_WRITE_PANEL_H
#define RAY_WRITE_PANEL_H

#include "figure.h"
#include "scale.h"

/* Small pictures are shown enlarged by a whole factor, large ones reduced. */
typedef struct ray_panel_size { int64_t width, height; } ray_panel_size;
ray_panel_size ray_panel_measure(const ray_figure_row *row);

/* The row's picture in colour; pixels NULL when it has none. */
int ray_panel_picture(const ray_figure_row *row, ray_panel_size size, ray_picture *panel,
                      ray_error *error);

/* The row's map in the colours of the scale, laid over the picture in grey when there is one. */
int ray_panel_map(const ray_figure_row *row, ray_panel_size size, const ray_scale *scale,
                  ray_picture *panel, ray_error *error);

#endif
