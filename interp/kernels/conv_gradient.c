/* SPDX-License-Identifier: MIT */
/* conv_gradient.c - the input gradient as columns C = W' dY, scattered into dX.
 *
 * All threads make a chunk of C together - some channels, some output rows - and then add it to dX,
 * each to rows of its own.  With kernel 1 and stride 1, C is dX. */
#include <string.h>

#include "conv_methods.h"
#include "gemm.h"
#include "im2col.h"
#include "parallel.h"
#include "pieces.h"

enum {
    PANEL = 256,                /* positions in a product */
    ROW_BLOCK = 192,            /* rows of C in a product */
    CHUNK_NUMBERS = 1 << 20,
    CHUNK_POSITIONS = 4096,     /* positions in a chunk, where there are as many */
    BAND = 8                    /* input rows in a task of scattering */
};

typedef struct plan {
    const ray_conv_job *job;
    int64_t channels;           /* input channels in a chunk */
    int64_t lines;              /* output rows in a chunk */
    int64_t block, blocks, panels, bands;
    int64_t   part;             /* item * groups + group */
    ray_panel held;             /* the chunk; in kernel 1, stride 1: all of dX of the part */
} plan;

static plan make_plan(const ray_conv_job *job)
{
    plan p = { .job = job };
    int64_t positions = ray_smaller(job->out_size, CHUNK_POSITIONS), width = job->g.out[2];
    p.channels = ray_even_piece(job->group_in, CHUNK_NUMBERS / (job->taps * positions));
    p.lines = ray_even_piece(job->out_size / width,
                             CHUNK_NUMBERS / (p.channels * job->taps * width));
    p.bands = ray_divide_up(job->g.in[0] * job->g.in[1], BAND);
    return p;
}

static int64_t workspace(const ray_conv_job *job)
{
    plan p = make_plan(job);
    if (ray_conv_is_pointwise(job))
        return 0;
    return p.channels * job->taps * ray_conv_align(p.lines * job->g.out[2]);
}

static void product_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_conv_job *job = p->job;
    const ray_panel *held = &p->held;
    int64_t row = task % p->blocks * p->block, position = task / p->blocks * PANEL;
    int64_t group = p->part % job->g.groups;
    ray_gemm_sizes sizes = { ray_smaller(p->block, held->rows - row),
                             ray_smaller(PANEL, held->positions - position), job->group_out };
    ray_matrix w = { job->weight + group * job->group_out * job->depth + held->row + row,
                     job->depth, true };
    ray_matrix dy = { job->from + p->part * job->group_out * job->out_size + held->position
                          + position,
                      job->out_size, false };
    (void)lane;
    RAY_REAL *to = held->data + row * held->stride + position;
    ray_gemm(sizes, w, dy, 0, to, held->stride);
}

static void scatter_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_conv_job *job = p->job;
    int64_t first = task % p->bands * BAND, width = job->g.in[2];
    int64_t last = ray_smaller(first + BAND, job->g.in[0] * job->g.in[1]);
    int64_t channel = p->held.row / job->taps + task / p->bands;
    RAY_REAL *dx = job->to + (p->part * job->group_in + channel) * job->in_size;
    (void)lane;
    if (p->held.position == 0)
        memset(dx + first * width, 0, (size_t)((last - first) * width) * sizeof *dx);
    ray_col2im_rows(job, &p->held, channel, first, last, dx);
}

static void make_columns(plan *p)
{
    p->block = ray_even_piece(p->held.rows, ROW_BLOCK);
    p->blocks = ray_divide_up(p->held.rows, p->block);
    p->panels = ray_divide_up(p->held.positions, PANEL);
    ray_parallel(p->blocks * p->panels, product_task, p);
}

static void run_chunk(plan *p, int64_t channel, int64_t line)
{
    const ray_conv_job *job = p->job;
    int64_t width = job->g.out[2], lines = ray_smaller(p->lines, job->out_size / width - line);
    int64_t channels = ray_smaller(p->channels, job->group_in - channel);
    p->held = (ray_panel){ .data = job->work,
                           .row = channel * job->taps,
                           .rows = channels * job->taps,
                           .position = line * width,
                           .positions = lines * width,
                           .stride = ray_conv_align(p->lines * width) };
    make_columns(p);
    ray_parallel(channels * p->bands, scatter_task, p);
}

static void run_pointwise(plan *p)
{
    const ray_conv_job *job = p->job;
    p->held = (ray_panel){ .data = job->to + p->part * job->group_in * job->in_size,
                           .rows = job->depth, .positions = job->out_size, .stride = job->in_size };
    make_columns(p);
}

static void run(const ray_conv_job *job)
{
    plan p = make_plan(job);
    bool pointwise = ray_conv_is_pointwise(job);
    for (p.part = 0; p.part < job->g.items * job->g.groups; p.part++) {
        for (int64_t c = 0; !pointwise && c < job->group_in; c += p.channels) {
            for (int64_t line = 0; line < job->out_size / job->g.out[2]; line += p.lines)
                run_chunk(&p, c, line);
        }
        if (pointwise)
            run_pointwise(&p);
    }
}

static bool fits(const ray_conv_job *job)
{
    return job->gradient;
}

const ray_conv_method ray_conv_scatter = {
    .name = "scatter",
    .reason = "every other gradient: products, whose columns are scattered",
    .fits = fits,
    .workspace = workspace,
    .run = run,
};
