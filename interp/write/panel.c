/* SPDX-License-Identifier: MIT */
#include "panel.h"

#include <math.h>
#include <string.h>

#include "map/map.h"

enum {                      /* pixels */
    ENLARGE_HEIGHT = 448,   /* enlarged panels are at most as high ... */
    ENLARGE_WIDTH = 640,    /* ... and as wide */
    MOST_HEIGHT = 560,      /* reduced ones likewise */
    MOST_WIDTH = 720
};

/* Grey under a map: black would not be seen under the dark end of a scale. */
enum { DARKEST = 64 };

/* Of the map over the picture, where it counts least and where it is largest: the more a place
 * matters, the more of its colour is seen. */
static const double least_opacity = 0.55, most_opacity = 0.7;

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

ray_panel_size ray_panel_measure(const ray_figure_row *row)
{
    bool alone = !row->picture.pixels;
    int64_t width = alone ? row->width : row->picture.width;
    int64_t height = alone ? row->height : row->picture.height;
    int64_t factor = smaller(ENLARGE_HEIGHT / height, ENLARGE_WIDTH / width);
    if (factor >= 1)
        return (ray_panel_size){ factor * width, factor * height };
    double scale = 1;
    scale = height * scale > MOST_HEIGHT ? (double)MOST_HEIGHT / (double)height : scale;
    scale = width * scale > MOST_WIDTH ? (double)MOST_WIDTH / (double)width : scale;
    width = (int64_t)((double)width * scale + 0.5);
    height = (int64_t)((double)height * scale + 0.5);
    return (ray_panel_size){ width > 0 ? width : 1, height > 0 ? height : 1 };
}

/* A copy in RGB; grey is repeated, and each pixel `factor` times in both directions. */
static int copy_enlarged(const ray_picture *in, int64_t factor, ray_picture *out, ray_error *error)
{
    if (ray_picture_alloc(out, in->width * factor, in->height * factor, 3, error))
        return -1;
    unsigned char *to = out->pixels;
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < out->width; x++, to += 3) {
            const unsigned char *from =
                in->pixels + in->channels * (y / factor * in->width + x / factor);
            to[0] = from[0];
            to[1] = from[in->channels == 3 ? 1 : 0];
            to[2] = from[in->channels == 3 ? 2 : 0];
        }
    return 0;
}

int ray_panel_picture(const ray_figure_row *row, ray_panel_size size, ray_picture *panel,
                      ray_error *error)
{
    *panel = (ray_picture){ NULL, 0, 0, 0 };
    if (!row->picture.pixels)
        return 0;
    int64_t factor = (size.width + row->picture.width - 1) / row->picture.width;
    if (copy_enlarged(&row->picture, factor, panel, error))
        return -1;
    if (!ray_picture_resize_to(panel, size.width, size.height, error))
        return 0;
    ray_picture_free(panel);
    return -1;
}

static int lightness(const unsigned char *rgb)
{
    return (rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114 + 500) / 1000;
}

/* A picture's lightness without its colours, which could be taken for the map's, spread over the
 * greys. */
static void make_grey(ray_picture *rgb)
{
    int low = 255, high = 0;
    int64_t n = 3 * rgb->width * rgb->height;
    for (int64_t i = 0; i < n; i += 3) {
        int grey = lightness(rgb->pixels + i);
        low = grey < low ? grey : low;
        high = grey > high ? grey : high;
    }
    for (int64_t i = 0; i < n; i += 3) {
        int grey = lightness(rgb->pixels + i);
        if (high > low)
            grey = DARKEST + ((grey - low) * (255 - DARKEST) + (high - low) / 2) / (high - low);
        memset(rgb->pixels + i, grey, 3);
    }
}

static void lay_over(const RAY_REAL *map, const ray_scale *scale, bool alone, ray_picture *panel)
{
    unsigned char *pixel = panel->pixels;
    for (int64_t i = 0; i < panel->width * panel->height; i++, pixel += 3) {
        ray_colour under = { pixel[0], pixel[1], pixel[2] };
        double strength = ray_scale_strength(scale, (double)map[i]);
        double opacity = least_opacity + strength * (most_opacity - least_opacity);
        ray_colour colour = ray_scale_colour(scale, (double)map[i]);
        colour = ray_colour_mix(under, colour, alone ? 1 : opacity);
        memcpy(pixel, (unsigned char[]){ colour.red, colour.green, colour.blue }, 3);
    }
}

int ray_panel_map(const ray_figure_row *row, ray_panel_size size, const ray_scale *scale,
                  ray_picture *panel, ray_error *error)
{
    if (ray_panel_picture(row, size, panel, error))
        return -1;
    bool alone = !panel->pixels;
    if (alone && ray_picture_alloc(panel, size.width, size.height, 3, error))
        return -1;
    make_grey(panel);
    ray_tensor map = { (RAY_REAL *)(uintptr_t)row->map, { 1, 1, row->height, row->width }, 4 };
    ray_tensor shown;
    if (ray_map_resize(&map, size.height, size.width, RAY_RESIZE_BILINEAR, &shown, error)) {
        ray_picture_free(panel);
        return -1;
    }
    lay_over(shown.data, scale, alone, panel);
    ray_tensor_free(&shown);
    return 0;
}
