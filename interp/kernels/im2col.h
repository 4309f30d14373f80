/* SPDX-License-Identifier: MIT */
/* im2col.h - columns of a convolution: for each output position, the inputs that its kernel covers.
 *
 * A panel is a matrix of depth x positions: row (channel, tap), column an output position.  Panels
 * hold a range of rows and a range of positions. */
#ifndef RAY_KERNELS_IM2COL_H
#define RAY_KERNELS_IM2COL_H

#include "conv_methods.h"

typedef struct ray_panel {
    RAY_REAL *data;
    int64_t   row, rows;        /* first row of the columns, rows held */
    int64_t   position, positions;
    int64_t   stride;           /* numbers from one row of data to the next */
} ray_panel;

/* Row `row` (counted as in the whole) of a panel, from x: the channels of one group of one item. */
void ray_im2col_row(const ray_conv_job *job, const RAY_REAL *x, const ray_panel *panel,
                    int64_t row);

/* Adds a panel to input rows (depth * height + height index) first ... last - 1 of one channel of
 * dx.  The panel holds all taps of that channel and whole output rows. */
void ray_col2im_rows(const ray_conv_job *job, const ray_panel *panel, int64_t channel,
                     int64_t first, int64_t last, RAY_REAL *dx);

#endif
