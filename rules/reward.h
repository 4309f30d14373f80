/* SPDX-License-Identifier: MIT */
/* reward.h - one number of a network's output, and its gradient. */
#ifndef RAY_REWARD_H
#define RAY_REWARD_H

#include "ray_plugin.h"

/* Of item n of an output, N x C x positions: the mean over positions of y_channel or, contrastive,
 * of y_channel less the largest of all other channels there (C >= 2).
 * signal: C x positions, d reward / d y, times scale. */
double ray_reward(const ray_tensor *output, int64_t n, int64_t channel, bool contrastive,
                  double scale, float *signal);

#endif
