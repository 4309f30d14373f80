/* SPDX-License-Identifier: MIT */
/* excitation.h - what the files of excitation backprop share. */
#ifndef RAY_EXCITATION_H
#define RAY_EXCITATION_H

#include "ray_rules.h"

enum { RAY_EXCITATION_WEIGHTS = 8 };     /* more than any layer has */

/* The weights of a linear layer together with the batch norm behind it. */
typedef struct ray_folded {
    bool         folded;                /* else the rest is not there */
    ray_tensor   weight[RAY_EXCITATION_WEIGHTS];    /* max(sign * w, 0) alone */
    const float *bias;                  /* by channel */
} ray_folded;

/* norm fold: the weights of call's layer folded, and how far that moves its output.  Memory is
 * scratch.  Nonzero after fail(). */
int ray_fold(ray_run *run, const ray_call *call, int sign, ray_folded *folded);

/* The input of a sum that came through more weighted layers than all others; -1: there is none. */
int32_t ray_skip_find_deepest(ray_run *run, const ray_layer *sum);

#endif
