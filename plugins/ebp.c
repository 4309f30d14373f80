/* SPDX-License-Identifier: MIT */
/* ebp.c - the probability that a walk down from the class, along excitatory connections, passes. */
#include "ray_rules.h"

static const ray_option options[] = { RAY_EXCITATION_OPTIONS(0), { 0 } };

static int excite(ray_run *run, const ray_call *call)
{
    return ray_excite_linear(run, call, 1);
}

static int sum_channels(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    return ray_saliency_sum(run, x, p, map) || ray_excitation_tell(run);
}

static const ray_rule rules[] = { RAY_EXCITATION_RULES(excite) };

RAY_PLUGIN({
    .name = "ebp",
    .alias = "excitation_backprop",
    .summary = "excitation backprop: signals shared out in proportion to positive contributions",
    .reference = "Zhang, Lin, Brandt, Shen and Sclaroff, \"Top-down neural attention by excitation "
                 "backprop\", ECCV, 2016",
    .params = options,
    .params_size = sizeof(ray_excitation),
    .state_size = sizeof(ray_excitation_state),
    .rules = rules,
    .saliency = sum_channels,
    .finish = ray_excitation_finish,
});
