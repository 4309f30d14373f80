/* SPDX-License-Identifier: MIT */
/* colour.c - two colour scales, made for this program, and the colours of series.
 *
 * Control points were chosen in CIE LCh: lightness L* in equal steps, so that equal differences of
 * a map look equally large and survive printing in grey; hue and chroma by eye, chroma lowered
 * where sRGB cannot show it.  In between, sRGB values are interpolated; the lightness stays
 * monotonic. */
#include "colour.h"

#include <math.h>

/* L* 3, 15, 27, 39, 51, 62, 73, 84, 95: night blue, purple, magenta, red, orange, yellow. */
static const ray_colour sequential[] = {
    { 11, 9, 26 },   { 29, 30, 90 },   { 75, 44, 137 },  { 157, 43, 135 }, { 220, 59, 96 },
    { 253, 100, 62 }, { 255, 155, 56 }, { 251, 204, 44 }, { 251, 244, 155 },
};

/* L* 25, 42, 60, 78, 96 and the same way down: both signs are equally far from white. */
static const ray_colour diverging[] = {
    { 0, 60, 115 },    { 5, 102, 170 },  { 66, 150, 218 }, { 161, 197, 233 }, { 243, 243, 243 },
    { 241, 178, 166 }, { 225, 111, 96 }, { 185, 46, 41 },  { 125, 1, 15 },
};

/* Told apart with any colour vision, and from white: after Okabe and Ito, without their yellow. */
static const ray_colour series[RAY_SERIES_COLOURS] = {
    { 0, 114, 178 }, { 213, 94, 0 }, { 0, 158, 115 }, { 204, 121, 167 }, { 86, 180, 233 },
    { 230, 159, 0 },
};

enum { POINTS = sizeof sequential / sizeof *sequential };
_Static_assert(sizeof diverging == sizeof sequential, "both scales have the same number of points");

static unsigned char mix(unsigned char a, unsigned char b, double share)
{
    return (unsigned char)lrint(a + share * (b - a));
}

ray_colour ray_colour_mix(ray_colour a, ray_colour b, double share)
{
    return (ray_colour){ mix(a.red, b.red, share), mix(a.green, b.green, share),
                         mix(a.blue, b.blue, share) };
}

ray_colour ray_colour_series(int64_t index)
{
    return series[index % RAY_SERIES_COLOURS];
}

ray_colour ray_colour_at(double t, bool is_signed)
{
    const ray_colour *point = is_signed ? diverging : sequential;
    double at = t > 0 ? (t < 1 ? t : 1) * (POINTS - 1) : 0;
    int low = at < POINTS - 2 ? (int)at : POINTS - 2;
    return ray_colour_mix(point[low], point[low + 1], at - low);
}
