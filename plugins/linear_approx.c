/* SPDX-License-Identifier: MIT */
/* linear_approx.c - each position's part in the first-order approximation of the score:
 * map_u = sum over c of x_cu * p_cu. */
#include "ray_rules.h"

static int multiply_signal(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    (void)run;
    int64_t positions = ray_count_positions(p), channels = p->dim[1];
    for (int64_t n = 0; n < p->dim[0]; n++)
        for (int64_t c = 0; c < channels; c++) {
            int64_t at = (n * channels + c) * positions;
            float *to = map->data + n * positions;
            for (int64_t u = 0; u < positions; u++)
                to[u] = (c ? to[u] : 0) + x->data[at + u] * p->data[at + u];
        }
    return 0;
}

RAY_PLUGIN({
    .name = "linear_approx",
    .summary = "activation times gradient, summed over the channels (signed)",
    .reference = "Fong, Patrick and Vedaldi, \"Understanding deep networks via extremal "
                 "perturbations and smooth masks\", ICCV, 2019",
    .flags = RAY_NEEDS_LAYER,
    .saliency = multiply_signal,
});
