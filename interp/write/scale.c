/* SPDX-License-Identifier: MIT */
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return (ray_scale){ most > 2 * common ? common : most, low, high, is_signed };
}

bool ray_scale_is_cut(const ray_scale *scale)
{
    return scale->most < fmax(scale->high, scale->is_signed ? -scale->low : 0);
}

double ray_scale_position(const ray_scale *scale, double value)
{
    double share = scale->most > 0 ? value / scale->most : 0;
    return scale->is_signed ? (share + 1) / 2 : share;
}

ray_colour ray_scale_colour(const ray_scale *scale, double value)
{
    return ray_colour_at(ray_scale_position(scale, value), scale->is_signed);
}

int ray_scale_ticks(const ray_scale *scale, double tick[RAY_MOST_TICKS])
{
    static const double round[] = { 1, 2, 2.5, 5, 10 };
    int above = scale->is_signed ? (RAY_MOST_TICKS - 1) / 2 : RAY_MOST_TICKS - 1;
    tick[0] = 0;
    if (!(scale->most > 0))
        return 1;
    double unit = pow(10, floor(log10(scale->most / above))), step = 0;
    for (int i = 0; i < 5; i++) {
        step = round[i] * unit;
        if (scale->most / step < above + 1)
            break;
    }
    int up = (int)floor(scale->most / step), n = 0;
    for (int i = scale->is_signed ? -up : 0; i <= up; i++)
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

const char *ray_number_text(double value, char text[RAY_NUMBER_SIZE])
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.2e", value);
    char *e = strchr(digits, 'e');
    int exponent = e ? atoi(e + 1) : 0;
    if (exponent >= -3 && exponent <= 4) {
        snprintf(digits, sizeof digits, "%.*f", exponent < 2 ? 2 - exponent : 0, value);
        tidy(digits);
        snprintf(text, RAY_NUMBER_SIZE, "%.15s", digits);
    } else {
        *e = '\0';
        tidy(digits);
        snprintf(text, RAY_NUMBER_SIZE, "%.10se%d", digits, exponent);
    }
    return text;
}
