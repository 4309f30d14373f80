/* SPDX-License-Identifier: MIT */
/* grid_masks.h - random masks of smooth hills.  Petsiuk, Das and Saenko, "RISE: randomized input
 * sampling for explanation of black-box models", BMVC 2018.
 *
 * A mask is a small grid of cells, each 1 with probability p, else 0, with a border of one cell in
 * which the second cells from its edges are mirrored.  It is enlarged linearly along both sides and
 * cut out of the middle at a random shift of less than a cell.  With c = ceil(H / cells), a cell is
 * ceil((H + c) / cells) pixels high and the shift is one of 0 ... c - 1; likewise its width.
 *
 * The random numbers of `chunk` masks are drawn together and kept until they are used: for n masks
 * first n cells^2 uniform ones, then n shifts down, then n shifts to the right.  So a mask depends
 * on its number, the seed and these parameters only, however many are made at a time. */
#ifndef RAY_GRID_MASKS_H
#define RAY_GRID_MASKS_H

#include "ray_plugin.h"

/* A pixel of the enlarged grid lies between the centres of two cells. */
typedef struct ray_tap { float weight[2]; int32_t cell[2]; } ray_tap;

/* Along one side of the picture: `size` taps from the first on are those of a shift of 0, from the
 * next on of 1, ... */
typedef struct ray_tap_line { int64_t size, shifts; ray_tap *taps; } ray_tap_line;

typedef struct ray_grid_masks {
    int64_t      count, cells, chunk;   /* masks; cells of a side; see above.  These and p are */
    double       p;                     /* set by the caller */
    ray_tap_line rows, columns;
    float       *drawn;                 /* a chunk's cells (0 or 1), then its shifts */
    int64_t      n_drawn;               /* numbers in there */
    float       *taken;                 /* for each mask of a batch its cells, then its shifts */
    float       *lines;                 /* for each of them two rows of cells, enlarged */
} ray_grid_masks;

/* For pictures of height x width and batches of up to `batch` masks.  The memory is run's scratch:
 * it lives until the callback returns.  Nonzero after fail(). */
int ray_grid_masks_create(ray_run *run, ray_grid_masks *masks, int64_t height, int64_t width,
                          int64_t batch);

/* Takes the random numbers of masks first ... first + n - 1 for a batch; batches come in order. */
void ray_grid_masks_draw(ray_run *run, ray_grid_masks *masks, int64_t first, int64_t n);

/* Mask i of the batch, height x width.  Calls no services: masks can be made at the same time. */
void ray_grid_masks_make(const ray_grid_masks *masks, int64_t i, float *mask);

#endif
