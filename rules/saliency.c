/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "ray_rules.h"

int64_t ray_count(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

int64_t ray_count_positions(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 2; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

static inline float larger_magnitude(float most, float p)
{
    return fabsf(p) > most || isnan(p) ? fabsf(p) : most;
}

static inline float add(float sum, float p)
{
    return sum + p;
}

/* map = combine(... combine(0, p of channel 0) ..., p of the last channel) at each position */
static inline int combine_channels(const ray_tensor *p, ray_tensor *map,
                                   float combine(float, float))
{
    int64_t positions = ray_count_positions(p);
    for (int64_t n = 0; n < p->dim[0]; n++)
        for (int64_t c = 0; c < p->dim[1]; c++) {
            const float *from = p->data + (n * p->dim[1] + c) * positions;
            float *to = map->data + n * positions;
            for (int64_t u = 0; u < positions; u++)
                to[u] = combine(c ? to[u] : 0, from[u]);
        }
    return 0;
}

int ray_saliency_max_abs(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    (void)run;
    (void)x;
    return combine_channels(p, map, larger_magnitude);
}

int ray_saliency_sum(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    (void)run;
    (void)x;
    return combine_channels(p, map, add);
}

int ray_saliency_positive_sum(ray_run *run, const ray_tensor *x, const ray_tensor *p,
                              ray_tensor *map)
{
    ray_saliency_sum(run, x, p, map);
    int64_t n = ray_count(map);
    for (int64_t i = 0; i < n; i++)
        map->data[i] = map->data[i] < 0 ? 0 : map->data[i];
    return 0;
}
