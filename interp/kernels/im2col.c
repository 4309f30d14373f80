/* SPDX-License-Identifier: MIT */
#include "im2col.h"

#include <string.h>

#include "rows.h"

/* Where a tap lies: input = output * stride + shift along each axis. */
typedef struct tap { int64_t shift[RAY_CONV_AXES]; } tap;

static tap tap_at(const ray_conv_geometry *g, int64_t index)
{
    tap t;
    for (int a = RAY_CONV_AXES - 1; a >= 0; a--) {
        t.shift[a] = index % g->kernel[a] * g->dilation[a] - g->before[a];
        index /= g->kernel[a];
    }
    return t;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The outputs of an axis whose output * stride + shift lies in the input: *first ... *last - 1. */
static void inside(const ray_conv_geometry *g, int axis, int64_t shift, int64_t *first,
                   int64_t *last)
{
    int64_t s = g->stride[axis], in = g->in[axis];
    *first = clamp(shift >= 0 ? 0 : (-shift + s - 1) / s, 0, g->out[axis]);
    *last = clamp(in <= shift ? 0 : (in - shift + s - 1) / s, *first, g->out[axis]);
}

static void zero(RAY_REAL *to, int64_t n)
{
    memset(to, 0, (size_t)n * sizeof *to);
}

/* One output row, outputs w0 ... w1 - 1 of it, from an input row. */
static void gather_row(const ray_conv_geometry *g, const RAY_REAL *row, int64_t shift, int64_t w0,
                       int64_t w1, RAY_REAL *to)
{
    int64_t first, last, step = g->stride[2];
    inside(g, 2, shift, &first, &last);
    first = clamp(first, w0, w1);
    last = clamp(last, first, w1);
    zero(to, first - w0);
    ray_row_gather(to + (first - w0), row + (first * step + shift), last - first, step);
    zero(to + (last - w0), w1 - last);
}

/* Stride 1 and rows as long as the output's: positions p ... p + n - 1 of one depth are one piece
 * of the plane, but for those whose input lies beyond its row, which are 0. */
static void gather_shifted(const ray_conv_geometry *g, const RAY_REAL *plane, const tap *t,
                           int64_t p, int64_t n, RAY_REAL *to)
{
    int64_t width = g->out[2], size = g->in[1] * width, offset = t->shift[1] * width + t->shift[2];
    int64_t first = clamp(-offset, p, p + n), last = clamp(size - offset, first, p + n);
    zero(to, first - p);
    memcpy(to + (first - p), plane + first + offset, (size_t)(last - first) * sizeof *to);
    zero(to + (last - p), p + n - last);
    int64_t left = t->shift[2] < 0 ? clamp(-t->shift[2], 0, width) : 0;
    int64_t right = t->shift[2] > 0 ? clamp(width - t->shift[2], 0, width) : width;
    for (int64_t row = p / width * width; (left > 0 || right < width) && row < p + n;
         row += width) {
        for (int64_t i = clamp(row, p, p + n); i < clamp(row + left, p, p + n); i++)
            to[i - p] = 0;
        for (int64_t i = clamp(row + right, p, p + n); i < clamp(row + width, p, p + n); i++)
            to[i - p] = 0;
    }
}

static bool keeps_rows(const ray_conv_geometry *g)
{
    return g->stride[1] == 1 && g->stride[2] == 1 && g->in[2] == g->out[2];
}

/* Positions p ... p + n - 1 of output depth z. */
static void gather_plane(const ray_conv_geometry *g, const RAY_REAL *x, const tap *t, int64_t z,
                         int64_t p, int64_t n, RAY_REAL *to)
{
    int64_t depth = z * g->stride[0] + t->shift[0], width = g->out[2];
    if (depth < 0 || depth >= g->in[0]) {
        zero(to, n);
        return;
    }
    const RAY_REAL *plane = x + depth * g->in[1] * g->in[2];
    if (keeps_rows(g)) {
        gather_shifted(g, plane, t, p, n, to);
        return;
    }
    for (int64_t end = p + n, next; p < end; to += next - p, p = next) {
        int64_t y = p / width, row = y * g->stride[1] + t->shift[1];
        next = clamp((y + 1) * width, p, end);
        if (row < 0 || row >= g->in[1])
            zero(to, next - p);
        else
            gather_row(g, plane + row * g->in[2], t->shift[2], p - y * width, next - y * width, to);
    }
}

void ray_im2col_row(const ray_conv_job *job, const RAY_REAL *x, const ray_panel *panel, int64_t row)
{
    const ray_conv_geometry *g = &job->g;
    int64_t plane = g->out[1] * g->out[2], p = panel->position, end = p + panel->positions;
    tap t = tap_at(g, row % job->taps);
    RAY_REAL *to = panel->data + (row - panel->row) * panel->stride;
    x += row / job->taps * job->in_size;
    while (p < end) {
        int64_t z = p / plane, next = clamp((z + 1) * plane, p, end);
        gather_plane(g, x, &t, z, p - z * plane, next - p, to);
        to += next - p;
        p = next;
    }
}

/* ---- The way back ---- */

/* The output of an axis that reads `input` through shift, -1: none. */
static int64_t output_of(const ray_conv_geometry *g, int axis, int64_t input, int64_t shift)
{
    int64_t reached = input - shift;
    if (reached < 0 || reached % g->stride[axis] != 0 || reached / g->stride[axis] >= g->out[axis])
        return -1;
    return reached / g->stride[axis];
}

/* What one tap sends to input row (z, y). */
static void scatter_row(const ray_conv_geometry *g, const tap *t, const ray_panel *panel,
                        const RAY_REAL *from, int64_t z, int64_t y, RAY_REAL *to)
{
    int64_t oz = output_of(g, 0, z, t->shift[0]), oy = output_of(g, 1, y, t->shift[1]), first, last;
    int64_t position = (oz * g->out[1] + oy) * g->out[2] - panel->position;
    if (oz < 0 || oy < 0 || position < 0 || position >= panel->positions)
        return;
    inside(g, 2, t->shift[2], &first, &last);
    if (first < last)
        ray_row_add(to + (first * g->stride[2] + t->shift[2]), from + position + first,
                    last - first, g->stride[2]);
}

void ray_col2im_rows(const ray_conv_job *job, const ray_panel *panel, int64_t channel,
                     int64_t first, int64_t last, RAY_REAL *dx)
{
    const ray_conv_geometry *g = &job->g;
    for (int64_t index = 0; index < job->taps; index++) {
        int64_t row = channel * job->taps + index - panel->row;
        const RAY_REAL *from = panel->data + row * panel->stride;
        tap t = tap_at(g, index);
        for (int64_t r = first; r < last; r++)
            scatter_row(g, &t, panel, from, r / g->in[1], r % g->in[1], dx + r * g->in[2]);
    }
}
