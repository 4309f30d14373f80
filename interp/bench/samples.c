/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <stdlib.h>

#include "base/memory.h"

int ray_samples_create(ray_samples *samples, int n_series, int length, ray_error *error)
{
    *samples = (ray_samples){ .n_series = n_series, .length = length };
    samples->v = ray_alloc((size_t)n_series * (size_t)length, sizeof *samples->v);
    return samples->v ? 0 : ray_fail_memory(error);
}

void ray_samples_free(ray_samples *samples)
{
    free(samples->v);
    *samples = (ray_samples){ 0 };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* That far along sorted numbers, 0 ... 1. */
static double quantile(const double *sorted, int n, double share)
{
    double at = share * (n - 1);
    int below = (int)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

ray_spread ray_samples_spread(ray_samples *samples, int series)
{
    int n = samples->length;
    double *v = ray_samples_at(samples, series, 0);
    qsort(v, (size_t)n, sizeof *v, compare);
    return (ray_spread){ quantile(v, n, 0.5), quantile(v, n, 0.25), quantile(v, n, 0.75) };
}
