/* SPDX-License-Identifier: MIT */
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"

enum { BINS = 4096 };

/* The least of BINS equal steps up to `largest` that 99.5 % of the magnitudes do not exceed. */
static double common_most(const float *map, int64_t n, double largest)
{
    int64_t count[BINS] = { 0 }, below = 0;
    for (int64_t i = 0; i < n; i++) {
        double share = isfinite(map[i]) ? fabs((double)map[i]) / largest : 0;
        int bin = (int)ceil(share * BINS) - 1;
        count[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    }
    for (int bin = 0; bin < BINS; bin++) {
        below += count[bin];
        if (below * 200 >= n * 199)
            return largest * (bin + 1) / BINS;
    }
    return largest;
}

ray_scale ray_scale_of(const float *map, int64_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(map[i]))
            continue;
        low = map[i] < low ? map[i] : low;
        high = map[i] > high ? map[i] : high;
    }
    if (low > high)
        low = high = 0;
    bool is_signed = -low > fmax(high, 0) / 256;        /* less than that is rounding of a sum */
    double most = is_signed ? fmax(-low, high) : fmax(high, 0);
    double common = most > 0 ? common_most(map, n, most) : 0;
    ray_scale scale = { 0, most > 2 * common ? common : most, low, high, is_signed };
    if (!is_signed && low > scale.most / 4 && scale.most - low >= scale.most / 40)
        scale.start = low;
    return scale;
}

bool ray_scale_is_cut(const ray_scale *scale)
{
    return scale->most < fmax(scale->high, scale->is_signed ? -scale->low : 0);
}

double ray_scale_position(const ray_scale *scale, double value)
{
    if (!(scale->most > 0))
        return 0;
    return scale->is_signed ? (value / scale->most + 1) / 2
                            : (value - scale->start) / (scale->most - scale->start);
}

double ray_scale_strength(const ray_scale *scale, double value)
{
    double position = ray_scale_position(scale, value);
    return fmin(fmax(scale->is_signed ? fabs(2 * position - 1) : position, 0), 1);
}

ray_colour ray_scale_colour_at(const ray_scale *scale, double share)
{
    return ray_colour_at(scale->most > 0 ? share : 0, scale->is_signed);
}

ray_colour ray_scale_colour(const ray_scale *scale, double value)
{
    return ray_colour_at(ray_scale_position(scale, value), scale->is_signed);
}

int ray_scale_ticks(const ray_scale *scale, double tick[RAY_MOST_TICKS])
{
    int above = scale->is_signed ? (RAY_MOST_TICKS - 1) / 2 : RAY_MOST_TICKS - 1, n = 0;
    tick[0] = 0;
    if (!(scale->most > 0))
        return 1;
    double step = ray_round_above((scale->most - scale->start) / (above + 1));
    int up = (int)floor(scale->most / step), down = (int)ceil(scale->start / step);
    for (int i = scale->is_signed ? -up : down; i <= up; i++)
        tick[n++] = i * step;
    return n;
}

/* A decimal number as printf left it: the locale's decimal sign becomes a point, zeros after the
 * last digit that counts go. */
static void tidy(char *text)
{
    size_t n = 0, point = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (strchr("-0123456789", text[i])) {
            text[n++] = text[i];
        } else if (point == 0) {
            point = n;
            text[n++] = '.';
        }
    }
    while (point > 0 && text[n - 1] == '0')
        n--;
    if (point > 0 && point == n - 1)
        n--;
    text[n] = '\0';
}

const char *ray_number_fixed(double value, int decimals, char text[RAY_NUMBER_SIZE])
{
    char digits[64];
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    tidy(digits);
    snprintf(text, RAY_NUMBER_SIZE, "%.15s", digits);
    return text;
}

const char *ray_number_digits(double value, int digits, char text[RAY_NUMBER_SIZE])
{
    char rounded[32];
    snprintf(rounded, sizeof rounded, "%.*e", digits - 1, value);
    char *e = strchr(rounded, 'e');
    int exponent = e ? atoi(e + 1) : 0;
    if (exponent >= -3 && exponent <= 4)
        return ray_number_fixed(value, exponent < digits ? digits - 1 - exponent : 0, text);
    *e = '\0';
    tidy(rounded);
    snprintf(text, RAY_NUMBER_SIZE, "%.10se%d", rounded, exponent);
    return text;
}

const char *ray_number_text(double value, char text[RAY_NUMBER_SIZE])
{
    return ray_number_digits(value, 3, text);
}
