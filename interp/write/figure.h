/* SPDX-License-Identifier: MIT */
/* figure.h - maps as a picture one can look at: for each item the input beside the map laid over
 * it, a colour scale with its numbers, a caption. */
#ifndef RAY_WRITE_FIGURE_H
#define RAY_WRITE_FIGURE_H

#include "read/picture.h"

typedef struct ray_figure_row {
    ray_picture  picture;           /* what was explained; pixels NULL: the map is shown alone */
    const float *map;               /* height x width, any size: shown at the picture's size */
    int64_t      height, width;
    const char  *caption;           /* "star 0.998"; may be NULL */
} ray_figure_row;

/* Rows below each other under a title (may be NULL), at most 100 of them; a last line says how many
 * there are.  Maps without negative values use a sequential colour scale from 0 to their maximum,
 * or from their minimum where that is far above 0; others a diverging one, symmetric about 0;
 * negative values below 1/256 of the maximum count as 0.  Where a few values are far above all
 * others the colours end before them.  Each row states its own range, and where its colours end.
 * The same input gives the same bytes. */
int ray_figure_write(const char *path, const char *title, const ray_figure_row *rows, int n_rows,
                     ray_error *error);

#endif
