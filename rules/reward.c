/* SPDX-License-Identifier: MIT */
#include "reward.h"

#include <string.h>

#include "ray_rules.h"

/* The channel but for `channel` that is largest at a position, the first of equals. */
static int64_t find_rival(const float *y, int64_t channels, int64_t positions, int64_t channel)
{
    int64_t most = channel == 0 ? 1 : 0;
    for (int64_t c = most + 1; c < channels; c++)
        if (c != channel && y[c * positions] > y[most * positions])
            most = c;
    return most;
}

double ray_reward(const ray_tensor *output, int64_t n, int64_t channel, bool contrastive,
                  double scale, float *signal)
{
    const int64_t channels = output->dim[1], positions = ray_count_positions(output);
    const float *y = output->data + n * channels * positions;
    const float part = (float)(scale / (double)positions);
    double sum = 0;
    memset(signal, 0, (size_t)(channels * positions) * sizeof *signal);
    for (int64_t u = 0; u < positions; u++) {
        sum += (double)y[channel * positions + u];
        signal[channel * positions + u] = part;
        if (!contrastive)
            continue;
        int64_t rival = find_rival(y + u, channels, positions, channel);
        sum -= (double)y[rival * positions + u];
        signal[rival * positions + u] = -part;
    }
    return sum / (double)positions;
}
