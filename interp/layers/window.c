/* SPDX-License-Identifier: MIT */
/* window.c - reading and checking the window of a convolution or a pool. */
#include "window.h"

#include <inttypes.h>

static const char *const axes_text[] = {
    "", "1 (length)", "2 (height, width)", "3 (depth, height, width)"
};
static const char *const sides_text[] = {
    "", "2 (before, after)", "4 (top, bottom, left, right)",
    "6 (front, back, top, bottom, left, right)"
};

int ray_axes_read(const ray_ints *given, const char *name, int axes, int64_t *values,
                  ray_error *error)
{
    if (given->n != 1 && given->n != axes)
        return ray_fail(error, "%s: %d numbers; expected 1 or %s", name, (int)given->n,
                        axes_text[axes]);
    for (int a = 0; a < axes; a++)
        values[a] = given->v[given->n == 1 ? 0 : a];
    return 0;
}

int64_t ray_window_padded(const ray_window *window, int axis, int64_t in)
{
    return in + window->before[axis] + window->after[axis];
}

int64_t ray_window_extent(const ray_window *window, int axis)
{
    return window->dilation[axis] * (window->kernel[axis] - 1) + 1;
}

/* TensorFlow's rule: ceil(in / stride) outputs. */
static void pad_same(ray_window *window, int axis, int64_t in)
{
    int64_t stride = window->stride[axis];
    int64_t out = (in + stride - 1) / stride;
    int64_t total = (out - 1) * stride + ray_window_extent(window, axis) - in;
    if (total < 0)
        total = 0;
    window->before[axis] = total / 2;
    window->after[axis] = total - total / 2;
}

static int read_padding(ray_window *window, const ray_ints *padding, int axes, const int64_t *in,
                        ray_error *error)
{
    int n = padding->n;
    int64_t word = n == 1 ? padding->v[0] : 0;
    if (n != 1 && n != axes && n != 2 * axes)
        return ray_fail(error, "padding: %d numbers; expected 1%s%s or %s", n, axes > 1 ? ", " : "",
                        axes > 1 ? axes_text[axes] : "", sides_text[axes]);
    for (int i = 0; n > 1 && i < n; i++) {
        if (padding->v[i] < 0)
            return ray_fail(error,
                            "padding: a list holds numbers only; same and valid stand alone");
    }
    for (int a = 0; a < axes; a++) {
        if (word == RAY_PADDING_SAME) {
            pad_same(window, a, in[a]);
            continue;
        }
        const int64_t *v = padding->v + (n == 1 ? 0 : n == axes ? a : 2 * a);
        window->before[a] = word == RAY_PADDING_VALID ? 0 : v[0];
        window->after[a] = word == RAY_PADDING_VALID ? 0 : v[n == 2 * axes ? 1 : 0];
    }
    return 0;
}

int ray_window_read(ray_window *window, const ray_window_options *options, int axes,
                    const int64_t *in, ray_error *error)
{
    static const ray_ints one = { .n = 1, .v = { 1 } };
    const ray_ints *stride = options->stride->n > 0 ? options->stride : options->kernel;
    const ray_ints *dilation = options->dilation ? options->dilation : &one;
    if (ray_axes_read(options->kernel, "kernel_size", axes, window->kernel, error)
        || ray_axes_read(stride, "stride", axes, window->stride, error)
        || ray_axes_read(dilation, "dilation", axes, window->dilation, error))
        return -1;
    return read_padding(window, options->padding, axes, in, error);
}

int ray_positions_check(const ray_shape *in, int axes, ray_error *error)
{
    static const char *const expected[] = { "", "C x L", "C x H x W", "C x D x H x W" };
    char text[128];
    if (in->rank == axes + 1)
        return 0;
    return ray_fail(error, "expects an input %s, gets %s", expected[axes],
                    ray_shape_text(in, text));
}
