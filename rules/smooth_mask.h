/* SPDX-License-Identifier: MIT */
/* smooth_mask.h - masks that are smooth by construction: a coarse grid of parameters, each spread
 * over its surroundings, and at every pixel a maximum over the parameters around it that is smooth,
 * too.  Fong, Patrick and Vedaldi, "Understanding deep networks via extremal perturbations and
 * smooth masks", ICCV 2019.
 *
 * A picture of H x W pixels has one parameter for each step pixels along both axes.  The full mask
 * reaches round(sigma) pixels past the picture's borders, where a parameter at the border still has
 * weight; what lies over the picture is the crop.  With
 *     r = 1 + ceil(sigma / step),  d = 1 + ceil(2 sigma / step)
 * the parameters that count at pixel (v, u) of the full mask are those in rows
 * floor(v / step) - d + (0 ... 2r), and columns likewise; past the grid they are 0.  There
 *     a_k  = parameter_k * weight(distance of (v, u) from sigma + step * (row, column), / sigma)
 *     weight(z) = exp(-2 max(z - 1/2, 0)^2)
 *     mask = sum over k of a_k * softmax over k of 20 a_k, clamped to 0 ... 1
 *
 * The weights repeat with every step pixels, so the full mask is cut into cells that share one
 * table of them: of step x step pixels or, where that would leave vectors empty, a few steps. */
#ifndef RAY_SMOOTH_MASK_H
#define RAY_SMOOTH_MASK_H

#include "ray_plugin.h"

typedef struct ray_smooth_mask {
    int64_t n;                      /* masks */
    int64_t step, grid[2];          /* parameters of a mask: rows, columns */
    int64_t full[2];                /* pixels of a full mask: rows, columns */
    int64_t margin;                 /* row and column of the full mask where the crop begins */
    int64_t window, padding;        /* 2r + 1 and d */
    int64_t side, cells[2];         /* pixels of a cell along an axis; cells: rows, columns */
    int64_t taps;                   /* parameters that count in a cell, along an axis */
    int64_t room;                   /* for the pixels of a cell: side^2, rounded up */
    float  *weight;                 /* taps x taps x room, times 20 / ln 2 */
    float  *mean, *inverse;         /* n x cells x room: the mask before it is clamped, and one over
                                     * the softmax's denominator; see ray_smooth_mask_backward */
} ray_smooth_mask;

/* For n masks of a picture of height x width pixels, all positive, step <= both.  The memory is
 * run's scratch: it lives until the callback returns.  Nonzero after fail(). */
int ray_smooth_mask_create(ray_run *run, ray_smooth_mask *mask, int64_t n, int64_t height,
                           int64_t width, int64_t step, double sigma);

/* parameters: n x grid, each in 0 ... 1; full: n x full. */
void ray_smooth_mask_forward(ray_run *run, const ray_smooth_mask *mask, const float *parameters,
                             float *full);

/* From the signal at the full masks to the signal at the parameters.  Once after each forward, with
 * the same parameters: it uses up mean and inverse.  Where the clamp had something to do, no signal
 * passes. */
void ray_smooth_mask_backward(ray_run *run, const ray_smooth_mask *mask, const float *parameters,
                              const float *full_signal, float *signal);

#endif
