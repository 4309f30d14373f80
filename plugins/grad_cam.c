/* SPDX-License-Identifier: MIT */
/* grad_cam.c - channels of an inner activation, each weighted by its mean gradient:
 * map_u = max(0, sum over c of x_cu * mean over v of p_cv). */
#include "ray_rules.h"

static float mean_of(const float *p, int64_t n)
{
    double sum = 0;
    for (int64_t u = 0; u < n; u++)
        sum += (double)p[u];
    return (float)(sum / (double)n);
}

static int weigh_channels(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    (void)run;
    int64_t positions = ray_count_positions(p), channels = p->dim[1];
    for (int64_t n = 0; n < p->dim[0]; n++) {
        float *to = map->data + n * positions;
        for (int64_t c = 0; c < channels; c++) {
            int64_t at = (n * channels + c) * positions;
            float weight = mean_of(p->data + at, positions);
            for (int64_t u = 0; u < positions; u++)
                to[u] = (c ? to[u] : 0) + weight * x->data[at + u];
        }
        for (int64_t u = 0; u < positions; u++)
            to[u] = to[u] < 0 ? 0 : to[u];
    }
    return 0;
}

RAY_PLUGIN({
    .name = "grad_cam",
    .summary = "channels of a layer weighted by their mean gradient",
    .reference = "Selvaraju et al., \"Grad-CAM: visual explanations from deep networks via "
                 "gradient-based localization\", ICCV, 2017",
    .flags = RAY_NEEDS_LAYER,
    .saliency = weigh_channels,
});
