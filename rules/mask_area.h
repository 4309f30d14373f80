/* SPDX-License-Identifier: MIT */
/* mask_area.h - how far a mask is from one that is 1 on a given part of its area and 0 elsewhere,
 * wherever those pixels are.  Fong, Patrick and Vedaldi, ICCV 2019. */
#ifndef RAY_MASK_AREA_H
#define RAY_MASK_AREA_H

#include <stdint.h>

/* mean over rank of (sorted mask - ref)^2 for n values in 0 ... 1; ref is 0 for the first
 * (int64_t)(n (1 - area)) of them and 1 after, and equal values are sorted by where they lie.  No
 * sort is made: a value's ref depends only on which side of one threshold it is.
 *
 * signal: d term / d mask, times scale. */
double ray_mask_area(const float *mask, int64_t n, double area, double scale, float *signal);

#endif
