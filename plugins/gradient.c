/* SPDX-License-Identifier: MIT */
/* gradient.c - how much the score would change with each input value. */
#include "ray_rules.h"

RAY_PLUGIN({
    .name = "gradient",
    .summary = "largest absolute gradient over the channels",
    .reference = "Simonyan, Vedaldi and Zisserman, \"Deep inside convolutional networks: "
                 "visualising image classification models and saliency maps\", ICLR workshop, 2014",
    .saliency = ray_saliency_max_abs,
});
