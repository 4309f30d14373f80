/* SPDX-License-Identifier: MIT */
/* conv_product.c - convolution as Y = W X, X the columns of im2col.
 *
 * direct   kernel 1, stride 1: the input is X
 * lanes    many panels of positions: each thread makes the panel that it multiplies
 * shared   few positions, many channels: all threads make a chunk of X, then multiply it */
#include "conv_methods.h"
#include "gemm.h"
#include "im2col.h"
#include "parallel.h"
#include "pieces.h"
#include "rows.h"

enum {
    PANEL = 256,                /* positions in a panel */
    LANE_NUMBERS = 64 * 1024,   /* of a chunk of a panel: it stays in a thread's cache */
    MANY_PANELS = 8,            /* enough for lanes; cut finer so that threads end together */
    FINE_PANELS = 16,
    ENOUGH_TASKS = 8,
    LEAST_BLOCK = 128,          /* output channels in a product */
    GATHER_ROWS = 16            /* rows of im2col in a task */
};

typedef enum mode { DIRECT, LANES, SHARED } mode;

typedef struct plan {
    const ray_conv_job *job;
    mode    mode;
    int64_t panel, panels;      /* positions in one, their number */
    int64_t block, blocks;      /* output channels of a group */
    int64_t chunk;              /* rows of X made at a time */
    int64_t parts;              /* items x groups */
    /* shared only: what is being made */
    int64_t   part;
    ray_panel held;
} plan;

/* n in equal pieces of at most `most`, each but the last a multiple of `unit`. */
static int64_t unit_piece(int64_t n, int64_t most, int64_t unit)
{
    int64_t piece = ray_even_piece(n, most);
    return ray_smaller(ray_divide_up(piece, unit) * unit, n);
}

static void cut_blocks(plan *p, int64_t tasks)
{
    int64_t out = p->job->group_out, wanted = ray_divide_up(ENOUGH_TASKS, tasks);
    p->block = unit_piece(out, ray_larger(ray_divide_up(out, wanted), LEAST_BLOCK), 8);
    p->blocks = ray_divide_up(out, p->block);
}

/* Sums are cut at the same places in both modes, so that an item's numbers are the same in any
 * batch. */
static plan make_plan(const ray_conv_job *job)
{
    plan p = { .job = job, .parts = job->g.items * job->g.groups };
    int64_t panels = ray_divide_up(job->out_size, PANEL);
    bool fine = panels >= MANY_PANELS && panels < FINE_PANELS;
    p.panel = unit_piece(job->out_size, fine ? job->out_size / FINE_PANELS : PANEL, 32);
    p.panels = ray_divide_up(job->out_size, p.panel);
    p.block = job->group_out;
    p.blocks = 1;
    p.chunk = unit_piece(job->depth, LANE_NUMBERS / p.panel, job->taps);
    if (ray_conv_is_pointwise(job)) {
        p.mode = DIRECT;
        cut_blocks(&p, p.parts * p.panels);
    } else if (p.parts * p.panels >= MANY_PANELS || job->group_out <= LEAST_BLOCK / 2) {
        p.mode = LANES;
    } else {
        p.mode = SHARED;
        cut_blocks(&p, p.panels);
    }
    return p;
}

static int64_t workspace(const ray_conv_job *job)
{
    plan p = make_plan(job);
    if (p.mode == DIRECT)
        return 0;
    if (p.mode == LANES)
        return ray_lanes(p.parts * p.panels) * ray_conv_align(p.chunk * p.panel);
    return p.chunk * ray_conv_align(job->out_size);
}

/* A piece of the output: output channels `channel` ... of a part, positions `position` ... */
typedef struct tile { int64_t part, channel, channels, position, positions; } tile;

static tile tile_at(const plan *p, int64_t part, int64_t panel, int64_t block)
{
    tile t = { .part = part, .channel = block * p->block, .position = panel * p->panel };
    t.channels = ray_smaller(p->block, p->job->group_out - t.channel);
    t.positions = ray_smaller(p->panel, p->job->out_size - t.position);
    return t;
}

static RAY_REAL *tile_data(const ray_conv_job *job, const tile *t)
{
    return job->to + (t->part * job->group_out + t->channel) * job->out_size + t->position;
}

static const RAY_REAL *part_input(const ray_conv_job *job, int64_t part)
{
    return job->from + part * job->group_in * job->in_size;
}

static void fill_bias(const ray_conv_job *job, const tile *t, const RAY_REAL *bias)
{
    RAY_REAL *to = tile_data(job, t);
    for (int64_t c = 0; c < t->channels; c++)
        ray_row_fill(to + c * job->out_size, t->positions, bias ? bias[c] : 0);
}

/* Adds W's columns row ... row + rows - 1 times as many rows of X to a tile; the first begin it. */
static void multiply(const ray_conv_job *job, const tile *t, int64_t row, int64_t rows,
                     const RAY_REAL *x, int64_t x_stride)
{
    int64_t channel = t->part % job->g.groups * job->group_out + t->channel;
    ray_gemm_sizes sizes = { t->channels, t->positions, rows };
    ray_matrix w = { job->weight + channel * job->depth + row, job->depth, false };
    if (row == 0)
        fill_bias(job, t, job->bias ? job->bias + channel : NULL);
    ray_gemm(sizes, w, (ray_matrix){ x, x_stride, false }, 1, tile_data(job, t), job->out_size);
}

static void direct_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    int64_t column = task / p->blocks;
    tile t = tile_at(p, column / p->panels, column % p->panels, task % p->blocks);
    (void)lane;
    multiply(p->job, &t, 0, p->job->depth, part_input(p->job, t.part) + t.position,
             p->job->in_size);
}

static void lane_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_conv_job *job = p->job;
    tile t = tile_at(p, task / p->panels, task % p->panels, 0);
    ray_panel panel = { .data = job->work + lane * ray_conv_align(p->chunk * p->panel),
                        .position = t.position, .positions = t.positions, .stride = p->panel };
    for (; panel.row < job->depth; panel.row += panel.rows) {
        panel.rows = ray_smaller(p->chunk, job->depth - panel.row);
        for (int64_t row = panel.row; row < panel.row + panel.rows; row++)
            ray_im2col_row(job, part_input(job, t.part), &panel, row);
        multiply(job, &t, panel.row, panel.rows, panel.data, panel.stride);
    }
}

static void gather_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_panel *held = &p->held;
    int64_t row = held->row + task * GATHER_ROWS;
    int64_t end = ray_smaller(row + GATHER_ROWS, held->row + held->rows);
    (void)lane;
    for (; row < end; row++)
        ray_im2col_row(p->job, part_input(p->job, p->part), held, row);
}

static void shared_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_panel *held = &p->held;
    tile t = tile_at(p, p->part, task / p->blocks, task % p->blocks);
    (void)lane;
    multiply(p->job, &t, held->row, held->rows, held->data + t.position, held->stride);
}

static void run_shared(plan *p)
{
    const ray_conv_job *job = p->job;
    p->held = (ray_panel){ .data = job->work, .positions = job->out_size,
                           .stride = ray_conv_align(job->out_size) };
    for (p->part = 0; p->part < p->parts; p->part++) {
        for (p->held.row = 0; p->held.row < job->depth; p->held.row += p->held.rows) {
            p->held.rows = ray_smaller(p->chunk, job->depth - p->held.row);
            ray_parallel(ray_divide_up(p->held.rows, GATHER_ROWS), gather_task, p);
            ray_parallel(p->panels * p->blocks, shared_task, p);
        }
    }
}

static void run(const ray_conv_job *job)
{
    plan p = make_plan(job);
    if (p.mode == DIRECT)
        ray_parallel(p.parts * p.panels * p.blocks, direct_task, &p);
    else if (p.mode == LANES)
        ray_parallel(p.parts * p.panels, lane_task, &p);
    else
        run_shared(&p);
}

static bool fits(const ray_conv_job *job)
{
    return !job->gradient;
}

const ray_conv_method ray_conv_product = {
    .name = "product",
    .reason = "every other output: products with gathered columns",
    .fits = fits,
    .workspace = workspace,
    .run = run,
};
