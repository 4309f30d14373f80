/* SPDX-License-Identifier: MIT */
/* conv_depthwise.c - depthwise convolutions of 3x3 and 5x5 kernels with stride 1 or 2, and their
 * gradients.
 *
 * A band of a channel is copied into a slab with its borders, where the inner loops of machine.h
 * filter it.  The gradient of stride 1 is a filter of dy with the taps in reverse order; that of
 * stride 2 spreads dy over results of both parities. */
#include <string.h>

#include "conv_methods.h"
#include "parallel.h"
#include "pieces.h"

enum {
    SLAB_NUMBERS = 5 * 1024,        /* of a band, where a channel can be cut: the nearest cache */
    TASK_NUMBERS = 16 * 1024,       /* results of a task, where there are as many */
    TAPS = RAY_PLANE_KERNEL * RAY_PLANE_KERNEL,
    SLACK = 4 * RAY_MOST_LANES      /* numbers behind a slab that may be read */
};

typedef struct plan {
    const ray_conv_job *job;
    bool    spread;
    int64_t step;                           /* of the slab */
    int64_t source_high, source_wide, result_high, result_wide;
    int64_t before_y, before_x;             /* rows and columns of the slab before the source's */
    bool    odd_y, odd_x;
    int64_t unit;                           /* rows of results that go together */
    int64_t units, band, bands;             /* of a channel, of a band; bands of a channel */
    int64_t rows, columns;                  /* of the slab */
    int64_t phase, line, lane_size;
    int64_t run, runs;                      /* channels of a task, tasks of a band of an item */
} plan;

static bool fits(const ray_conv_job *job)
{
    const ray_conv_geometry *g = &job->g;
    return job->machine && g->groups > 1 && job->group_in == 1 && job->group_out == 1
           && g->in[0] == 1 && g->out[0] == 1 && g->kernel[0] == 1 && g->before[0] == 0
           && (g->kernel[1] == 3 || g->kernel[1] == 5) && g->kernel[2] == g->kernel[1]
           && g->stride[1] <= 2 && g->stride[2] == g->stride[1] && g->dilation[1] == 1
           && g->dilation[2] == 1;
}

/* ---- The plan ---- */

static int64_t half_down(int64_t n)
{
    return n >= 0 ? n / 2 : -((1 - n) / 2);
}

/* Where the slab begins along an axis; for a spread one, its parity too. */
static int64_t lead(const plan *p, int axis, bool *odd)
{
    int64_t kernel = p->job->g.kernel[axis], before = p->job->g.before[axis];
    *odd = false;
    if (!p->job->gradient)
        return before;
    if (!p->spread)
        return kernel - 1 - before;
    *odd = before - 2 * half_down(before) != 0;
    return (kernel - 1) / 2 - half_down(before);
}

/* Rows or columns of the slab that so many units of results read. */
static int64_t reach(const plan *p, int64_t units)
{
    int64_t kernel = p->job->g.kernel[1];
    return p->spread ? units + (kernel - 1) / 2 + 1 : (units - 1) * p->step + kernel;
}

static void cut_bands(plan *p)
{
    p->band = ray_even_piece(p->units, SLAB_NUMBERS / p->line / p->step);
    p->bands = ray_divide_up(p->units, p->band);
    p->rows = reach(p, p->band);
    p->lane_size = ray_conv_align(reach(p, p->band + RAY_PLANE_ROWS) * p->line + SLACK);
    p->run = ray_larger(TASK_NUMBERS / (p->band * p->unit * p->result_wide), 1);
    p->run = ray_smaller(p->run, p->job->g.groups);
    p->runs = ray_divide_up(p->job->g.groups, p->run);
}

static plan make_plan(const ray_conv_job *job)
{
    const ray_conv_geometry *g = &job->g;
    const int64_t *source = job->gradient ? g->out : g->in;
    const int64_t *result = job->gradient ? g->in : g->out;
    plan p = { .job = job, .spread = job->gradient && g->stride[1] == 2 };
    p.step = job->gradient ? 1 : g->stride[1];
    p.source_high = source[1];
    p.source_wide = source[2];
    p.result_high = result[1];
    p.result_wide = result[2];
    p.before_y = lead(&p, 1, &p.odd_y);
    p.before_x = lead(&p, 2, &p.odd_x);
    p.unit = p.spread ? 2 : 1;
    p.units = ray_divide_up(p.result_high, p.unit);
    p.columns = reach(&p, ray_divide_up(p.result_wide, p.unit));
    p.phase = ray_divide_up(p.columns, p.step);
    p.line = p.step * p.phase;
    cut_bands(&p);
    return p;
}

static int64_t tasks_of(const plan *p)
{
    return p->job->g.items * p->runs * p->bands;
}

static int64_t workspace(const ray_conv_job *job)
{
    plan p = make_plan(job);
    return ray_lanes(tasks_of(&p)) * p.lane_size;
}

/* ---- One band of one channel ---- */

/* Into a slab that is 0 where there is no source; unit: the first of the band. */
static void fill_slab(const plan *p, const RAY_REAL *source, int64_t unit, RAY_REAL *slab)
{
    const ray_machine *machine = p->job->machine;
    int64_t y = unit * p->step - p->before_y, from = ray_larger(-p->before_x, 0);
    int64_t column = from + p->before_x, phase = column % p->step;
    int64_t n = ray_smaller(p->source_wide - from, p->columns - column);
    int64_t first = ray_larger(-y, 0), end = ray_smaller(p->rows, p->source_high - y);
    if (n <= 0)
        return;
    for (int64_t row = first; row < end; row++) {
        const RAY_REAL *line = source + (y + row) * p->source_wide + from;
        RAY_REAL *to = slab + row * p->line + column / p->step;
        if (p->step == 1)
            machine->copy_line(line, n, to);
        else if (phase == 0)
            machine->split_line(line, n, to, to + p->phase);
        else
            machine->split_line(line, n, to + p->phase, to + 1);
    }
}

/* The taps of a channel in the order in which they are used, clamped. */
static void pick_taps(const ray_conv_job *job, int64_t channel, RAY_REAL *to)
{
    const RAY_REAL *w = job->weight + channel * job->taps;
    bool turned = job->gradient && job->g.stride[1] == 1;
    RAY_REAL sign = job->clamp == RAY_CLAMP_NEGATIVE ? -1 : 1;
    for (int64_t t = 0; t < job->taps; t++) {
        RAY_REAL v = sign * w[turned ? job->taps - 1 - t : t];
        to[t] = job->clamp == RAY_CLAMP_NONE || v > 0 ? v : 0;
    }
}

static void find_ends(const ray_conv_job *job, int64_t channel, ray_plane *plane)
{
    static const ray_finish nothing = { 0 };
    plane->finish = job->finish ? job->finish : &nothing;
    plane->scale = plane->finish->scale ? plane->finish->scale[channel] : 1;
    plane->shift = plane->finish->shift ? plane->finish->shift[channel] : 0;
    plane->shift += job->bias ? job->bias[channel] * plane->scale : 0;
}

static void depthwise_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_conv_job *job = p->job;
    RAY_REAL *slab = job->work + lane * p->lane_size, taps[TAPS];
    int64_t unit = task % p->bands * p->band, row = unit * p->unit;
    int64_t item = task / p->bands / p->runs, channel = task / p->bands % p->runs * p->run;
    int64_t end = ray_smaller(channel + p->run, job->g.groups);
    int64_t rows = ray_smaller(p->band * p->unit, p->result_high - row);
    ray_plane plane = { .slab = slab, .weight = taps, .result = job->to, .line = p->line,
                        .phase = p->phase, .rows = rows, .columns = p->result_wide,
                        .kernel = (int32_t)job->g.kernel[1], .step = (int32_t)p->step,
                        .spread = p->spread, .odd_y = p->odd_y, .odd_x = p->odd_x };
    memset(slab, 0, (size_t)p->lane_size * sizeof *slab);
    for (; channel < end; channel++) {
        int64_t part = item * job->g.groups + channel;
        fill_slab(p, job->from + part * p->source_high * p->source_wide, unit, slab);
        pick_taps(job, channel, taps);
        find_ends(job, channel, &plane);
        plane.at = (part * p->result_high + row) * p->result_wide;
        job->machine->plane(&plane);
    }
}

static void run(const ray_conv_job *job)
{
    plan p = make_plan(job);
    ray_parallel(tasks_of(&p), depthwise_task, &p);
}

const ray_conv_method ray_conv_depthwise = {
    .name = "depthwise",
    .reason = "a small kernel for each channel: rows are read once for several rows of results",
    .fits = fits,
    .workspace = workspace,
    .run = run,
    .clamps = true,
    .finishes = true,
};
