/* SPDX-License-Identifier: MIT */
/* colour.h - numbers into colours. */
#ifndef RAY_WRITE_COLOUR_H
#define RAY_WRITE_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ray_colour { unsigned char red, green, blue; } ray_colour;

/* t in 0 ... 1, clamped: dark to bright, or (signed) blue over white, at 0.5, to red. */
ray_colour ray_colour_at(double t, bool is_signed);

enum { RAY_SERIES_COLOURS = 6 };
/* The colour of series 0, 1, ... of a chart; RAY_SERIES_COLOURS of them, then again the first. */
ray_colour ray_colour_series(int64_t index);

/* a + share * (b - a), rounded. */
ray_colour ray_colour_mix(ray_colour a, ray_colour b, double share);

#endif
