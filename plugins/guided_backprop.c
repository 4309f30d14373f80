/* SPDX-License-Identifier: MIT */
/* guided_backprop.c - the gradient with ReLUs that let positive signals pass where open. */
#include "ray_rules.h"

static const ray_rule rules[] = { RAY_GATE_RULES(ray_gate_guided, RAY_READ_OUT) };

RAY_PLUGIN({
    .name = "guided_backprop",
    .summary = "gradient of which only what is positive passes an open ReLU",
    .reference = "Springenberg, Dosovitskiy, Brox and Riedmiller, \"Striving for simplicity: the "
                 "all convolutional net\", ICLR workshop, 2015",
    .rules = rules,
    .saliency = ray_saliency_max_abs,
});
