/* SPDX-License-Identifier: MIT */
#include "mask_area.h"

#include <stdbool.h>
#include <string.h>

/* Floats that are not negative are in the order of their bits, which are compared in three parts,
 * the first 10 (of 0 ... 1: no sign), then twice 11. */
enum { PARTS = 3, MOST_BINS = 2048 };
static const struct { uint32_t shift, bins; } parts[PARTS] = {
    { 22, 512 }, { 11, 2048 }, { 0, 2048 },
};

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Counts, by their part, the values whose earlier parts are those of `prefix`. */
static void count_values(const float *mask, int64_t n, int part, uint32_t prefix, int64_t *bins)
{
    const uint32_t shift = parts[part].shift, last = parts[part].bins - 1;
    memset(bins, 0, parts[part].bins * sizeof *bins);
    for (int64_t i = 0; i < n; i++) {
        uint32_t at = (bits_of(mask[i]) >> shift) - (prefix >> shift);
        if (at <= last)
            bins[at]++;
    }
}

/* The bits of the value that is number *rank in order; *rank becomes its number among equals. */
static uint32_t find_ranked(const float *mask, int64_t n, int64_t *rank)
{
    int64_t bins[MOST_BINS];
    uint32_t value = 0;
    for (int part = 0; part < PARTS; part++) {
        uint32_t bin = 0;
        count_values(mask, n, part, value, bins);
        for (; *rank >= bins[bin]; bin++)
            *rank -= bins[bin];
        value += bin << parts[part].shift;
    }
    return value;
}

double ray_mask_area(const float *mask, int64_t n, double area, double scale, float *signal)
{
    int64_t below = (int64_t)((double)n * (1 - area));
    uint32_t threshold = below < n ? find_ranked(mask, n, &below) : UINT32_MAX;     /* all low */
    double sum = 0;
    const double slope = 2 * scale / (double)n;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(mask[i]);
        bool low = bits < threshold || (bits == threshold && below-- > 0);
        double off = (double)mask[i] - (low ? 0 : 1);
        sum += off * off;
        signal[i] = (float)(slope * off);
    }
    return sum / (double)n;
}
