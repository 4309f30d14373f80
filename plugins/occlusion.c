/* SPDX-License-Identifier: MIT */
/* occlusion.c - by how much the score falls when a window of the picture is covered:
 *     map_u = mean over the windows that cover u of (score of x - score of x without the window)
 *
 * Along an axis of n pixels windows of `size` begin at 0, stride, 2 stride, ..., as many as
 * 1 + ceil((n - size) / stride); the last one may reach past the border and is cut off there. */
#include <string.h>

#include "picture.h"
#include "ray_rules.h"

typedef struct params { ray_ints size, stride; double value; } params;

/* The windows along one axis of n pixels. */
typedef struct axis { int64_t n, size, stride, windows; } axis;
typedef struct grid { axis axis[2]; int64_t channels, classes; } grid;  /* rows, columns */

static const ray_option options[] = {
    { .name = "size", .help = "height and width of the window in pixels, or one number for both",
      .type = RAY_INTS, .offset = offsetof(params, size), .def = 15, .min = 1, .max = 2147483647,
      .count = 2 },
    { .name = "stride", .help = "by how many pixels it moves down and right, or one number for "
                                "both; at most size",
      .type = RAY_INTS, .offset = offsetof(params, stride), .def = 5, .min = 1, .max = 2147483647,
      .count = 2 },
    { .name = "value", .help = "what it holds, in the network's units (0: the mean colour)",
      .type = RAY_NUMBER, .offset = offsetof(params, value), .def = 0, .min = -1e30, .max = 1e30 },
    { 0 }
};

static axis make_axis(const ray_run *run, int k)
{
    const params *p = run->options;
    axis a = { run->image->dim[2 + k], p->size.v[p->size.n > 1 ? k : 0],
               p->stride.v[p->stride.n > 1 ? k : 0], 0 };
    a.windows = 1 + (a.n - a.size + a.stride - 1) / a.stride;
    return a;
}

static int check_windows(ray_run *run)
{
    if (ray_check_picture(run))
        return -1;
    axis rows = make_axis(run, 0), columns = make_axis(run, 1);
    if (rows.size > rows.n || columns.size > columns.n)
        return run->host->fail(run, "a window of %lldx%lld (size) does not fit into a picture of "
                               "%lldx%lld", (long long)rows.size, (long long)columns.size,
                               (long long)rows.n, (long long)columns.n);
    if (rows.stride > rows.size || columns.stride > columns.size)
        return run->host->fail(run, "a stride of %lldx%lld leaves out pixels between windows of "
                               "%lldx%lld (size)", (long long)rows.stride,
                               (long long)columns.stride, (long long)rows.size,
                               (long long)columns.size);
    return 0;
}

/* Rows (0) and columns (1) of a window: from begin up to, not including, end. */
static void place_window(const grid *g, int64_t window, int64_t begin[2], int64_t end[2])
{
    const int64_t at[2] = { window / g->axis[1].windows, window % g->axis[1].windows };
    for (int k = 0; k < 2; k++) {
        begin[k] = at[k] * g->axis[k].stride;
        end[k] = begin[k] + g->axis[k].size;
        end[k] = end[k] < g->axis[k].n ? end[k] : g->axis[k].n;
    }
}

static void cover(const grid *g, int64_t window, float value, float *image)
{
    int64_t begin[2], end[2];
    place_window(g, window, begin, end);
    for (int64_t c = 0; c < g->channels; c++)
        for (int64_t y = begin[0]; y < end[0]; y++)
            for (int64_t x = begin[1]; x < end[1]; x++)
                image[(c * g->axis[0].n + y) * g->axis[1].n + x] = value;
}

static void add_fall(const grid *g, int64_t window, double fall, double *sums)
{
    int64_t begin[2], end[2];
    place_window(g, window, begin, end);
    for (int64_t y = begin[0]; y < end[0]; y++)
        for (int64_t x = begin[1]; x < end[1]; x++)
            sums[y * g->axis[1].n + x] += fall;
}

/* Windows `first` ... first + n - 1. */
static int try_windows(ray_run *run, const grid *g, int64_t first, int64_t n, const double *scores,
                       double *sums)
{
    const ray_host *host = run->host;
    int64_t size = ray_count(run->image), pixels = g->axis[0].n * g->axis[1].n;
    ray_tensor *batch = host->batch(run, n);
    for (int64_t i = 0; batch && i < n; i++) {
        memcpy(batch->data + i * size, run->image->data, (size_t)size * sizeof *batch->data);
        cover(g, first + i, (float)((const params *)run->options)->value, batch->data + i * size);
    }
    if (!batch || host->forward(run))
        return -1;
    const float *covered = host->output(run)->data;
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < run->n_targets; t++)
            add_fall(g, first + i, scores[t] - (double)covered[i * g->classes + run->target[t]],
                     sums + t * pixels);
    return 0;
}

/* Stopped half way there is nothing to hand out. */
static int try_all(ray_run *run, const grid *g, const double *scores, double *sums)
{
    int64_t pixels = g->axis[0].n * g->axis[1].n;
    int64_t total = g->axis[0].windows * g->axis[1].windows;
    const ray_block block = { sums, (size_t)(run->n_targets * pixels) * sizeof *sums };
    int64_t done = run->host->resume(run, &block, 1);
    while (done >= 0 && done < total) {
        int64_t n = total - done < run->batch_max ? total - done : run->batch_max;
        if (try_windows(run, g, done, n, scores, sums))
            return -1;
        done += n;
        if (run->host->progress(run, done, total) && done < total)
            return -1;
    }
    return done < 0 ? -1 : 0;
}

/* How many windows of an axis cover a pixel. */
static int64_t count_windows(const axis *a, int64_t at)
{
    int64_t last = at / a->stride, before = at < a->size ? 0 : (at - a->size) / a->stride + 1;
    return (last < a->windows ? last + 1 : a->windows) - before;
}

static int occlude(ray_run *run, ray_tensor *map)
{
    grid g = { .axis = { make_axis(run, 0), make_axis(run, 1) }, .channels = run->image->dim[1] };
    int64_t width = g.axis[1].n, pixels = g.axis[0].n * width;
    if (run->host->forward(run) || !(g.classes = ray_count_classes(run)))
        return -1;
    double *scores = ray_sums_create(run, run->n_targets);
    double *sums = ray_sums_create(run, run->n_targets * pixels);
    if (!scores || !sums)
        return -1;
    for (int64_t t = 0; t < run->n_targets; t++)
        scores[t] = (double)run->host->output(run)->data[run->target[t]];
    if (try_all(run, &g, scores, sums))
        return -1;
    for (int64_t i = 0; i < run->n_targets * pixels; i++)
        map->data[i] = (float)(sums[i] / (double)(count_windows(&g.axis[0], i % pixels / width)
                                                  * count_windows(&g.axis[1], i % width)));
    return 0;
}

RAY_PLUGIN({
    .name = "occlusion",
    .summary = "fall of the score when a window of the picture is covered (signed)",
    .reference = "Zeiler and Fergus, \"Visualizing and understanding convolutional networks\", "
                 "ECCV, 2014",
    .flags = RAY_MANY_TARGETS | RAY_FORWARD_ONLY | RAY_EXPLAINS_INPUT | RAY_ONE_ITEM,
    .params = options,
    .params_size = sizeof(params),
    .prepare = check_windows,
    .explain = occlude,
    .steps = "windows",
});
