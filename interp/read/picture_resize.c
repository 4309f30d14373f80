/* SPDX-License-Identifier: MIT */
/* picture_resize.c - bilinear resizing with antialiasing: each target pixel is the mean of source
 * pixels under a triangle that is as wide as the reduction asks.  The arithmetic is PIL's, so that
 * the bytes are: weights made in double, rounded to 22 bits after the point, rows first, 8 bits in
 * between. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "picture.h"

enum { POINT = 22, HALF = 1 << (POINT - 1) };

/* Target pixel i: the sum over k < count[i] of weight[i * width + k] x source pixel first[i] + k */
typedef struct window {
    int32_t *weight, *first, *count;
    int64_t  n, width;
} window;

static void window_free(window *w)
{
    free(w->weight);
    free(w->first);
    free(w->count);
}

/* One target pixel: the triangle around `centre`, in source pixels, cut off at the borders. */
static void window_fill(window *w, int64_t i, int64_t from, double scale, double *share)
{
    double reach = scale < 1 ? 1 : scale, centre = (i + 0.5) * scale, sum = 0;
    int64_t first = (int64_t)(centre - reach + 0.5), end = (int64_t)(centre + reach + 0.5);
    first = first < 0 ? 0 : first;
    end = end > from ? from : end;
    for (int64_t k = 0; k < end - first; k++) {
        double distance = fabs((k + first - centre + 0.5) * (1 / reach));
        share[k] = distance < 1 ? 1 - distance : 0;
        sum += share[k];
    }
    for (int64_t k = 0; k < end - first; k++)
        w->weight[i * w->width + k] = (int32_t)(0.5 + share[k] / sum * (1 << POINT));
    w->first[i] = (int32_t)first;
    w->count[i] = (int32_t)(end - first);
}

static int window_make(window *w, int64_t from, int64_t to, ray_error *error)
{
    double scale = (double)from / (double)to;
    *w = (window){ .n = to, .width = 2 * (int64_t)ceil(scale < 1 ? 1 : scale) + 1 };
    w->weight = ray_alloc((size_t)(to * w->width), sizeof *w->weight);
    w->first = ray_alloc((size_t)to, sizeof *w->first);
    w->count = ray_alloc((size_t)to, sizeof *w->count);
    double *share = ray_alloc((size_t)w->width, sizeof *share);
    if (!w->weight || !w->first || !w->count || !share) {
        window_free(w);
        free(share);
        return ray_fail_memory(error);
    }
    for (int64_t i = 0; i < to; i++)
        window_fill(w, i, from, scale, share);
    free(share);
    return 0;
}

/* Weights sum to one but for their rounding, which can exceed 255 by less than one step. */
static unsigned char to_byte(int32_t sum)
{
    int32_t value = sum >> POINT;
    return (unsigned char)(value > 255 ? 255 : value);
}

static void resize_row(const window *w, const unsigned char *in, int32_t channels,
                       unsigned char *out)
{
    for (int64_t i = 0; i < w->n; i++) {
        const int32_t *weight = w->weight + i * w->width;
        const unsigned char *pixel = in + (int64_t)w->first[i] * channels;
        for (int32_t c = 0; c < channels; c++) {
            int32_t sum = HALF;
            for (int32_t k = 0; k < w->count[i]; k++)
                sum += weight[k] * pixel[k * channels + c];
            *out++ = to_byte(sum);
        }
    }
}

/* A pass: fills the pixels of `out` from those of `in`, which differs from it in one dimension. */
typedef int (*pass)(const window *w, const ray_picture *in, ray_picture *out, ray_error *error);

static int resize_rows(const window *w, const ray_picture *in, ray_picture *out, ray_error *error)
{
    (void)error;
    for (int64_t y = 0; y < out->height; y++)
        resize_row(w, in->pixels + y * in->width * in->channels, in->channels,
                   out->pixels + y * out->width * out->channels);
    return 0;
}

/* One target row: source rows of n bytes, weighed and added up in sum[]. */
static void mix_rows(const window *w, int64_t y, const unsigned char *in, int64_t n, int32_t *sum,
                     unsigned char *out)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] = HALF;
    for (int32_t k = 0; k < w->count[y]; k++) {
        const unsigned char *row = in + (w->first[y] + k) * n;
        int32_t weight = w->weight[y * w->width + k];
        for (int64_t i = 0; i < n; i++)
            sum[i] += weight * row[i];
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = to_byte(sum[i]);
}

static int resize_columns(const window *w, const ray_picture *in, ray_picture *out,
                          ray_error *error)
{
    int64_t n = in->width * in->channels;
    int32_t *sum = ray_alloc((size_t)n, sizeof *sum);
    if (!sum)
        return ray_fail_memory(error);
    for (int64_t y = 0; y < out->height; y++)
        mix_rows(w, y, in->pixels, n, sum, out->pixels + y * n);
    free(sum);
    return 0;
}

/* The picture at a size that differs in one dimension: from pixels become to. */
static int run_pass(pass run, ray_picture *picture, int64_t from, int64_t to, int64_t width,
                    int64_t height, ray_error *error)
{
    ray_picture out;
    window w;
    if (ray_picture_alloc(&out, width, height, picture->channels, error))
        return -1;
    int failed = window_make(&w, from, to, error);
    if (!failed) {
        failed = run(&w, picture, &out, error);
        window_free(&w);
    }
    ray_picture_free(failed ? &out : picture);
    if (!failed)
        *picture = out;
    return failed;
}

int ray_picture_resize_to(ray_picture *picture, int64_t width, int64_t height, ray_error *error)
{
    if (width != picture->width
        && run_pass(resize_rows, picture, picture->width, width, width, picture->height, error))
        return -1;
    if (height != picture->height
        && run_pass(resize_columns, picture, picture->height, height, width, height, error))
        return -1;
    return 0;
}

int ray_picture_resize(ray_picture *picture, int64_t side, ray_error *error)
{
    bool upright = picture->width <= picture->height;
    double shorter = (double)(upright ? picture->width : picture->height);
    double longer = (double)(upright ? picture->height : picture->width);
    double result = floor((double)side * longer / shorter);
    if (side < 1 || result > 1e9)
        return ray_fail(error, "the shorter side cannot become %lld pixels long", (long long)side);
    return upright ? ray_picture_resize_to(picture, side, (int64_t)result, error)
                   : ray_picture_resize_to(picture, (int64_t)result, side, error);
}
