/* SPDX-License-Identifier: MIT */
/* samples.h - several series of numbers, all of one length, and what is told of them. */
#ifndef RAY_BENCH_SAMPLES_H
#define RAY_BENCH_SAMPLES_H

#include "base/error.h"

/* v[series * length + i] */
typedef struct ray_samples { double *v; int n_series, length; } ray_samples;

int  ray_samples_create(ray_samples *samples, int n_series, int length, ray_error *error);
void ray_samples_free(ray_samples *samples);

static inline double *ray_samples_at(const ray_samples *samples, int series, int i)
{
    return samples->v + (size_t)series * (size_t)samples->length + i;
}

/* Median and quartiles of one series, in between two numbers interpolated.  Sorts the series. */
ray_spread ray_samples_spread(ray_samples *samples, int series);

#endif
