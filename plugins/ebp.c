/* SPDX-License-Identifier: MIT */
/* ebp.c - the probability that a walk down from the class, along excitatory connections, passes. */
#include "ray_rules.h"

typedef struct params { bool clamp_input; } params;

static const ray_option options[] = {
    { .name = "clamp_input", .help = "use max(x, 0) where a linear layer's input is negative",
      .type = RAY_BOOL, .offset = offsetof(params, clamp_input) },
    { 0 }
};

static int excite(ray_run *run, const ray_call *call)
{
    return ray_excite_linear(run, call, 1, ((const params *)run->options)->clamp_input);
}

static const ray_rule rules[] = { RAY_EXCITATION_RULES(excite) };

RAY_PLUGIN({
    .name = "ebp",
    .alias = "excitation_backprop",
    .summary = "excitation backprop: signals shared out in proportion to positive contributions",
    .reference = "Zhang, Lin, Brandt, Shen and Sclaroff, \"Top-down neural attention by excitation "
                 "backprop\", ECCV, 2016",
    .params = options,
    .params_size = sizeof(params),
    .rules = rules,
    .saliency = ray_saliency_sum,
});
