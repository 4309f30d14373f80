/* SPDX-License-Identifier: MIT */
/* picture.h - what methods ask of a network when they explain it by changing its picture. */
#ifndef RAY_PICTURE_H
#define RAY_PICTURE_H

#include "ray_plugin.h"

/* The input is a picture, N x C x H x W.  Nonzero after fail(). */
int ray_check_picture(ray_run *run);

/* The output of the last forward() has one number for each class: how many there are; 0 after
 * fail(). */
int64_t ray_count_classes(ray_run *run);

/* A .npy that holds neither NaN nor infinity, until the run ends; NULL after fail(). */
const ray_tensor *ray_read_finite(ray_run *run, const char *path);

/* n numbers, 0 at first, in run's scratch memory; NULL after fail(). */
float  *ray_floats_create(ray_run *run, int64_t n);
double *ray_sums_create(ray_run *run, int64_t n);

/* Sums of the signals that arrive at the saliency activation (n numbers each) when the network sees
 * pictures 0 ... total - 1, one after the other; make(context, i, picture) makes picture i and may
 * call services.  Long work: it goes on from a checkpoint, and may be stopped.  Returns how many
 * pictures are in the sums: fewer than total when it was stopped; -1 after fail(). */
typedef void ray_make_picture(void *context, int64_t i, float *picture);
int64_t ray_sum_signals(ray_run *run, int64_t total, ray_make_picture *make, void *context,
                        double *sums, int64_t n);

#endif
