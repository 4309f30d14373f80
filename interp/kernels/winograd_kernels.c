/* SPDX-License-Identifier: MIT */
/* winograd_kernels.c - kernels gathered from weights and transformed. */
#include "parallel.h"
#include "pieces.h"
#include "winograd.h"

enum {
    KERNELS = 32,                   /* transformed at a time */
    AHEAD = 8,                      /* turned kernels that are fetched meanwhile */
    LINE = 64 / sizeof(RAY_REAL)    /* numbers of a line of the cache */
};

static void fetch(const RAY_REAL *from, int64_t n)
{
    for (int64_t i = 0; i < n; i += LINE)
        __builtin_prefetch(from + i, 0, 2);
}

/* Kernel (o, i) of the turned convolution is kernel (i, o) of the weights: those of one input lie
 * together, those of the next far away. */
static void gather_turned(const ray_winograd *w, const RAY_REAL *weight, int64_t present,
                          int64_t in, int64_t count, RAY_REAL *taps)
{
    int64_t lanes = w->machine->lanes, step = w->job->group_out * RAY_TAPS;
    for (int64_t i = in; i < in + count; i++, taps += RAY_TAPS * lanes) {
        if (i + AHEAD < w->job->group_in)
            fetch(weight + (i + AHEAD) * step, present * RAY_TAPS);
        w->machine->interleave(weight + i * step, RAY_TAPS, present, RAY_TAPS, taps);
    }
}

/* `count` kernels of `lanes` output channels from inputs `in` on, one vector a tap; 0 where
 * channels are missing. */
static void gather(const ray_winograd *w, int64_t out, int64_t in, int64_t count, RAY_REAL *taps)
{
    const ray_conv_job *job = w->job;
    const RAY_REAL *weight = job->weight + w->group * job->group_out * job->depth;
    int64_t present = ray_larger(ray_smaller(w->machine->lanes, job->group_out - out), 0);
    if (present == 0)
        out = 0;
    if (job->turned)
        gather_turned(w, weight + out * RAY_TAPS, present, in, count, taps);
    else
        w->machine->interleave(weight + (out * job->group_in + in) * RAY_TAPS, job->depth, present,
                               count * RAY_TAPS, taps);
}

void ray_winograd_panel_kernels(const ray_winograd *w, int64_t panel, int64_t first, RAY_REAL *to)
{
    RAY_REAL taps[RAY_TAPS * KERNELS * RAY_MOST_LANES];
    int64_t end = ray_smaller(first + w->chunk, w->job->group_in), lanes = w->machine->lanes;
    ray_kernels kernels = { .turned = w->job->turned, .clamp = w->job->clamp, .point = w->kernel,
                            .step = w->width };
    for (int64_t i = first; i < end; i += kernels.count) {
        kernels.count = ray_smaller(KERNELS, end - i);
        for (int64_t half = 0; half < w->width; half += lanes) {
            gather(w, panel * w->width + half, i, kernels.count, taps);
            w->tiling->kernels_in(&kernels, taps, to + (i - first) * w->width + half);
        }
    }
}

/* ---- All of them ---- */

int64_t ray_winograd_kernels(const ray_winograd *w)
{
    return w->panels * w->chunks * w->kernels_size;
}

typedef struct preparation { const ray_winograd *plan; RAY_REAL *to; } preparation;

static void prepare_chunk(void *context, int64_t task, int32_t lane)
{
    const preparation *all = context;
    ray_winograd w = *all->plan;
    int64_t panel = task / w.chunks;
    (void)lane;
    w.group = panel / w.panels;
    ray_winograd_panel_kernels(&w, panel % w.panels, task % w.chunks * w.chunk,
                               all->to + task * w.kernels_size);
}

void ray_winograd_all_kernels(const ray_winograd *w, RAY_REAL *to)
{
    preparation all = { w, to };
    ray_parallel(w->job->g.groups * w->panels * w->chunks, prepare_chunk, &all);
}
