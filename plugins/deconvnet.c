/* SPDX-License-Identifier: MIT */
/* deconvnet.c - the gradient with ReLUs that let positive signals pass, whatever went forward. */
#include "ray_rules.h"

static const ray_rule rules[] = { RAY_GATE_RULES(ray_gate_positive_signal, RAY_READ_NONE) };

RAY_PLUGIN({
    .name = "deconvnet",
    .summary = "gradient with max(p, 0) in place of the ReLU's backward function",
    .reference = "Zeiler and Fergus, \"Visualizing and understanding convolutional networks\", "
                 "ECCV, 2014",
    .rules = rules,
    .saliency = ray_saliency_max_abs,
});
