/* SPDX-License-Identifier: MIT */
#include "perturb.h"

#include <string.h>

/* ---- The pyramid ---- */

static void place_level(ray_pyramid *pyramid, int64_t level, float scale, const float *picture)
{
    int64_t n = pyramid->channels * pyramid->height * pyramid->width;
    for (int64_t i = 0; i < n; i++)
        pyramid->data[i * pyramid->levels + level] = scale * picture[i];
}

int ray_pyramid_create(ray_run *run, ray_pyramid *pyramid, const ray_tensor *image, int64_t levels,
                       double most_blur)
{
    const int64_t *dim = image->dim, all[] = { dim[1], dim[2], dim[3], levels };
    const int64_t one[] = { 1, dim[1], dim[2], dim[3] };
    ray_tensor *data = run->host->scratch(run, 4, all);
    ray_tensor *picture = data ? run->host->scratch(run, 4, one) : NULL;
    if (!picture)
        return -1;
    *pyramid = (ray_pyramid){ dim[1], dim[2], dim[3], levels, data->data };
    for (int64_t level = 0; level < levels; level++) {
        double there = (double)level / (double)(levels - 1);
        memcpy(picture->data, image->data, (size_t)(dim[1] * dim[2] * dim[3]) * sizeof(float));
        if (most_blur > 0
            && run->host->blur(run, picture, most_blur * (1 - there), RAY_BORDER_ZERO))
            return -1;
        place_level(pyramid, level, most_blur > 0 ? 1 : (float)there, picture->data);
    }
    return 0;
}

/* ---- Rows ---- */

/* A place between two levels: `low` and the one `next` above it (none at the top), and how far. */
typedef struct place { int64_t low, next; float far; } place;

static inline place place_of(const ray_pyramid *pyramid, ray_perturbing how, float mask)
{
    const int64_t top = pyramid->levels - 1;
    const float at = (how.complement ? 1 - mask : mask) * (float)top;
    const int64_t low = (int64_t)at;
    return (place){ low, low < top ? 1 : 0, at - (float)low };
}

/* The levels of a pixel in channel 0. */
static inline const float *levels_at(const ray_pyramid *pyramid, int64_t row, int64_t column)
{
    return pyramid->data + (row * pyramid->width + column) * pyramid->levels;
}

void ray_perturb_row(const ray_pyramid *pyramid, ray_perturbing how, int64_t row,
                     const float *mask, float *image)
{
    const int64_t width = pyramid->width, plane = pyramid->height * width;
    for (int64_t x = 0; x < width; x++) {
        const place p = place_of(pyramid, how, mask[x]);
        const float *level = levels_at(pyramid, row, x) + p.low;
        float *to = image + row * width + (how.mirror ? width - 1 - x : x);
        for (int64_t c = 0; c < pyramid->channels; c++, level += plane * pyramid->levels)
            to[c * plane] = level[0] + p.far * (level[p.next] - level[0]);
    }
}

void ray_perturb_row_backward(const ray_pyramid *pyramid, ray_perturbing how, int64_t row,
                              const float *mask, const float *image_signal, float *mask_signal)
{
    const int64_t width = pyramid->width, plane = pyramid->height * width;
    const float scale = (float)(how.complement ? 1 - pyramid->levels : pyramid->levels - 1);
    for (int64_t x = 0; x < width; x++) {
        const place p = place_of(pyramid, how, mask[x]);
        const float *level = levels_at(pyramid, row, x) + p.low;
        const float *from = image_signal + row * width + (how.mirror ? width - 1 - x : x);
        float sum = 0;
        for (int64_t c = 0; c < pyramid->channels; c++, level += plane * pyramid->levels)
            sum += from[c * plane] * (level[p.next] - level[0]);
        mask_signal[x] += scale * sum;
    }
}
