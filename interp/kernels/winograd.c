/* SPDX-License-Identifier: MIT */
/* winograd.c - convolutions of 3x3 kernels with stride 1 by Winograd's F(4x4, 3x3): 36 products of
 * matrices for 16 outputs of a channel instead of 144.
 *
 * Rounding errors grow with the constants of the transforms: they are below 2e-5 of the largest
 * output at 512 channels, where a plain sum stays below 2e-6.
 *
 * strip    `lanes` channels of a block, one vector a position: made from planes, and made planes
 * block    a rectangle of tiles of one item: what a strip covers
 * group    blocks whose points are held at once: [36][tiles][channels in]
 * panel    two vectors of output channels: [36][tiles][2 lanes], from 36 products
 *
 * own      few channels: each task takes a block from its planes to its planes, in its cache, with
 *          kernels transformed before
 * shared   many channels: all tasks transform a group, then each makes a panel of its outputs with
 *          kernels that it transforms: four times fewer numbers to read, whose transformed ones no
 *          cache would hold */
#include "conv_methods.h"
#include "parallel.h"
#include "pieces.h"
#include "rows.h"

enum {
    OWN_CHANNELS = 192,             /* most channels in of a block's own points */
    OWN_POINTS = 100 * 1024,        /* numbers of such points */
    LEAST_BLOCKS = 8,               /* of an item, that give all threads work */
    BLOCK_TILES = 64,               /* of a block in a group */
    GROUP_POINTS = 1024 * 1024,     /* numbers of a group's points, or half of the kernels' */
    PAD = 16,                       /* numbers between matrices, lest they meet in one cache set */
    KERNELS = 32                    /* kernels transformed at a time */
};

typedef struct plan {
    const ray_conv_job *job;
    const ray_machine  *machine;
    bool    shared;
    int64_t group;                      /* of channels, being computed */
    int64_t tiles_y, tiles_x;           /* of an item */
    int64_t block_y, block_x;           /* tiles of a block */
    int64_t blocks_y, blocks_x, blocks; /* of an item; of all items */
    int64_t together;                   /* blocks of a group */
    int64_t first, count;               /* of the group being computed */
    int64_t strips, panels, width;      /* width: numbers of a panel's row */
    int64_t row, point;                 /* numbers of a tile, of a matrix of input points */
    int64_t panel_point;                /* of a matrix of output points */
    int64_t panel_kernels;              /* numbers of a panel's transformed kernels */
    int64_t strip_size, points_size, panel_size, lane_size;
    const RAY_REAL *kernels;            /* own: transformed, of this group of channels */
    RAY_REAL *points;                   /* shared */
    RAY_REAL *lanes;
} plan;

static bool fits(const ray_conv_job *job)
{
    const ray_conv_geometry *g = &job->g;
    return job->machine && g->in[0] == 1 && g->out[0] == 1 && g->kernel[0] == 1 && g->kernel[1] == 3
           && g->kernel[2] == 3 && g->stride[1] == 1 && g->stride[2] == 1 && g->dilation[1] == 1
           && g->dilation[2] == 1 && g->before[0] == 0 && job->group_in >= 8 && job->group_out >= 8;
}

/* Blocks of about `tiles` tiles, wider than high. */
static void cut_blocks(plan *p, int64_t tiles)
{
    int64_t high = 1;
    while ((high + 1) * (high + 1) * 2 <= tiles)
        high++;
    if (p->tiles_x < tiles / high)
        high = tiles / p->tiles_x;
    p->block_y = ray_even_piece(p->tiles_y, high);
    p->block_x = ray_even_piece(p->tiles_x, tiles / p->block_y);
    p->blocks_y = ray_divide_up(p->tiles_y, p->block_y);
    p->blocks_x = ray_divide_up(p->tiles_x, p->block_x);
    p->blocks = p->job->g.items * p->blocks_y * p->blocks_x;
}

static void choose_blocks(plan *p)
{
    int64_t tile = RAY_TILE_POINTS * p->row;
    p->together = 1;
    cut_blocks(p, ray_larger(OWN_POINTS / tile, 1));
    if (p->job->group_in <= OWN_CHANNELS && p->blocks_y * p->blocks_x >= LEAST_BLOCKS)
        return;
    p->shared = true;
    cut_blocks(p, BLOCK_TILES);
    int64_t most = ray_larger(GROUP_POINTS, p->panels * p->panel_kernels / 2);
    p->together = ray_even_piece(p->blocks, most / (tile * p->block_y * p->block_x));
}

static void size_pieces(plan *p)
{
    int64_t lanes = p->machine->lanes, y = p->block_y * RAY_TILE + 2, x = p->block_x * RAY_TILE + 2;
    int64_t tiles = p->together * p->block_y * p->block_x;
    p->point = tiles * p->row + PAD;
    p->points_size = RAY_TILE_POINTS * p->point;
    p->panel_point = tiles * p->width + PAD;
    p->panel_size = RAY_TILE_POINTS * p->panel_point;
    p->strip_size = ray_conv_align(y * x * lanes);
    p->lane_size = p->strip_size + p->panel_size + (p->shared ? p->panel_kernels : p->points_size);
}

static plan make_plan(const ray_conv_job *job)
{
    const ray_machine *machine = job->machine;
    plan p = { .job = job, .machine = machine, .width = 2 * machine->lanes };
    p.tiles_y = ray_divide_up(job->g.out[1], RAY_TILE);
    p.tiles_x = ray_divide_up(job->g.out[2], RAY_TILE);
    p.strips = ray_divide_up(job->group_in, machine->lanes);
    p.panels = ray_divide_up(job->group_out, p.width);
    p.row = ray_conv_align(p.strips * machine->lanes);
    p.panel_kernels = RAY_TILE_POINTS * (job->group_in * p.width + PAD);
    choose_blocks(&p);
    size_pieces(&p);
    return p;
}

/* ---- Kernels ---- */

/* `count` kernels of `lanes` output channels from inputs `in` on, one vector a tap. */
static void gather_kernels(const plan *p, int64_t out, int64_t in, int64_t count, RAY_REAL *taps)
{
    const ray_conv_job *job = p->job;
    const RAY_REAL *weight = job->weight + p->group * job->group_out * job->depth;
    int64_t lanes = p->machine->lanes, present = ray_smaller(lanes, job->group_out - out);
    if (present < 0)
        present = 0;
    if (!job->turned) {
        weight += (out * job->group_in + in) * RAY_TAPS;
        p->machine->interleave(weight, job->depth, present, count * RAY_TAPS, taps);
        return;
    }
    for (int64_t i = in; i < in + count; i++, taps += RAY_TAPS * lanes)
        p->machine->interleave(weight + (i * job->group_out + out) * RAY_TAPS, RAY_TAPS, present,
                               RAY_TAPS, taps);
}

static void prepare_panel(const plan *p, int64_t panel, RAY_REAL *to)
{
    RAY_REAL taps[RAY_TAPS * KERNELS * RAY_MOST_LANES];
    int64_t in = p->job->group_in, lanes = p->machine->lanes;
    for (int64_t i = 0, n; i < in; i += n) {
        n = ray_smaller(KERNELS, in - i);
        for (int64_t half = 0; half < 2; half++) {
            gather_kernels(p, panel * p->width + half * lanes, i, n, taps);
            p->machine->kernels_in(taps, n, p->job->turned, p->job->clamp,
                                   to + i * p->width + half * lanes,
                                   p->panel_kernels / RAY_TILE_POINTS, p->width);
        }
    }
}

typedef struct preparation { plan plan; RAY_REAL *to; } preparation;

static void prepare_task(void *context, int64_t task, int32_t lane)
{
    const preparation *all = context;
    plan p = all->plan;
    (void)lane;
    p.group = task / p.panels;
    prepare_panel(&p, task % p.panels, all->to + task * p.panel_kernels);
}

static void prepare_all(const ray_conv_job *job, RAY_REAL *to)
{
    preparation all = { make_plan(job), to };
    ray_parallel(job->g.groups * all.plan.panels, prepare_task, &all);
}

/* ---- Blocks ---- */

typedef struct block { int64_t item, y, x, ny, nx, first; } block;     /* in tiles */

/* Block `index` of the group; first: its first tile in the group. */
static block block_at(const plan *p, int64_t index)
{
    block b = { 0 };
    for (int64_t i = 0, tiles = 0; i <= index; i++, tiles += b.ny * b.nx) {
        int64_t at = p->first + i;
        b.first = tiles;
        b.item = at / (p->blocks_y * p->blocks_x);
        b.y = at / p->blocks_x % p->blocks_y * p->block_y;
        b.x = at % p->blocks_x * p->block_x;
        b.ny = ray_smaller(p->block_y, p->tiles_y - b.y);
        b.nx = ray_smaller(p->block_x, p->tiles_x - b.x);
    }
    return b;
}

static int64_t group_tiles(const plan *p)
{
    block last = block_at(p, p->count - 1);
    return last.first + last.ny * last.nx;
}

/* One row of a strip: `n` positions from x on, those outside the planes 0. */
static void fill_row(const plan *p, const RAY_REAL *planes, int64_t count, int64_t y, int64_t x,
                     int64_t n, RAY_REAL *to)
{
    const ray_conv_geometry *g = &p->job->g;
    int64_t lanes = p->machine->lanes, begin = ray_smaller(ray_larger(-x, 0), n);
    int64_t end = y >= 0 && y < g->in[1] ? ray_larger(ray_smaller(n, g->in[2] - x), begin) : begin;
    if (begin > 0)
        ray_row_fill(to, begin * lanes, 0);
    if (end < n)
        ray_row_fill(to + end * lanes, (n - end) * lanes, 0);
    if (begin < end)
        p->machine->interleave(planes + y * g->in[2] + x + begin, p->job->in_size, count,
                               end - begin, to + begin * lanes);
}

static void transform_strip(const plan *p, const block *b, int64_t strip, RAY_REAL *scratch,
                            RAY_REAL *points)
{
    const ray_conv_job *job = p->job;
    int64_t lanes = p->machine->lanes, first = strip * lanes;
    int64_t x = b->x * RAY_TILE - job->g.before[2], y = b->y * RAY_TILE - job->g.before[1];
    int64_t width = b->nx * RAY_TILE + 2, count = ray_smaller(lanes, job->group_in - first);
    int64_t channel = b->item * job->g.in_channels + p->group * job->group_in + first;
    for (int64_t i = 0; i < b->ny * RAY_TILE + 2; i++)
        fill_row(p, job->from + channel * job->in_size, count, y + i, x, width,
                 scratch + i * width * lanes);
    ray_tiles tiles = { b->ny, b->nx, width, p->point, p->row };
    p->machine->tiles_in(&tiles, scratch, points + b->first * p->row + first);
}

static void finish_strip(const plan *p, const block *b, int64_t out, const RAY_REAL *panel,
                         RAY_REAL *scratch)
{
    const ray_conv_job *job = p->job;
    RAY_REAL bias[RAY_MOST_LANES] = { 0 };
    int64_t lanes = p->machine->lanes, count = ray_smaller(lanes, job->group_out - out);
    int64_t channel = p->group * job->group_out + out, width = b->nx * RAY_TILE;
    int64_t y = b->y * RAY_TILE, high = ray_smaller(b->ny * RAY_TILE, job->g.out[1] - y);
    int64_t x = b->x * RAY_TILE, wide = ray_smaller(width, job->g.out[2] - x);
    for (int64_t r = 0; r < count && job->bias; r++)
        bias[r] = job->bias[channel + r];
    ray_tiles tiles = { b->ny, b->nx, width, p->panel_point, p->width };
    p->machine->tiles_out(&tiles, panel + b->first * p->width, bias, false, scratch);
    RAY_REAL *to = job->to + (b->item * job->g.out_channels + channel) * job->out_size
                 + y * job->g.out[2] + x;
    for (int64_t i = 0; i < high; i++)
        p->machine->spread(scratch + i * width * lanes, wide, to + i * job->g.out[2],
                           job->out_size, count);
}

/* A panel of all tiles of the group: 36 products, then planes. */
static void make_panel(const plan *p, int64_t index, const RAY_REAL *points, int64_t tiles,
                       const RAY_REAL *kernels, RAY_REAL *panel, RAY_REAL *scratch)
{
    const ray_machine *machine = p->machine;
    int64_t out = index * p->width;
    ray_product product = { .a = points, .b = kernels, .c = panel,
                            .a_row = p->row, .a_step = 1, .b_step = p->width, .c_row = p->width,
                            .rows = tiles, .depth = p->job->group_in };
    for (int i = 0; i < RAY_TILE_POINTS; i++) {
        machine->multiply(&product);
        product.a += p->point;
        product.b += p->panel_kernels / RAY_TILE_POINTS;
        product.c += p->panel_point;
    }
    for (int64_t i = 0; i < p->count; i++) {
        block b = block_at(p, i);
        for (int64_t half = 0; half < p->width && out + half < p->job->group_out;
             half += machine->lanes)
            finish_strip(p, &b, out + half, panel + half, scratch);
    }
}

/* ---- Tasks ---- */

static void own_task(void *context, int64_t task, int32_t lane)
{
    plan p = *(const plan *)context;
    RAY_REAL *scratch = p.lanes + lane * p.lane_size, *panel = scratch + p.strip_size;
    RAY_REAL *points = panel + p.panel_size;
    p.first = task;
    p.count = 1;
    block b = block_at(&p, 0);
    for (int64_t strip = 0; strip < p.strips; strip++)
        transform_strip(&p, &b, strip, scratch, points);
    for (int64_t i = 0; i < p.panels; i++)
        make_panel(&p, i, points, b.ny * b.nx, p.kernels + i * p.panel_kernels, panel, scratch);
}

/* Two strips a task: the rows of points that tasks write lie apart. */
static void transform_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    int64_t pairs = ray_divide_up(p->strips, 2), strip = task % pairs * 2;
    block b = block_at(p, task / pairs);
    RAY_REAL *scratch = p->lanes + lane * p->lane_size;
    transform_strip(p, &b, strip, scratch, p->points);
    if (strip + 1 < p->strips)
        transform_strip(p, &b, strip + 1, scratch, p->points);
}

static void panel_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    RAY_REAL *scratch = p->lanes + lane * p->lane_size, *panel = scratch + p->strip_size;
    RAY_REAL *kernels = panel + p->panel_size;
    prepare_panel(p, task, kernels);
    make_panel(p, task, p->points, group_tiles(p), kernels, panel, scratch);
}

static void compute_group_of_channels(plan *p)
{
    if (!p->shared) {
        ray_parallel(p->blocks, own_task, p);
        return;
    }
    for (p->first = 0; p->first < p->blocks; p->first += p->count) {
        p->count = ray_smaller(p->together, p->blocks - p->first);
        ray_parallel(p->count * ray_divide_up(p->strips, 2), transform_task, p);
        ray_parallel(p->panels, panel_task, p);
    }
}

static int64_t lanes_of(const plan *p)
{
    int64_t tasks = ray_larger(p->panels, p->together * ray_divide_up(p->strips, 2));
    return ray_lanes(p->shared ? tasks : p->blocks);
}

/* ---- The method ---- */

static ray_conv_job stride_one(const ray_conv_job *job)
{
    return job->gradient ? ray_conv_turn(job) : *job;
}

/* Numbers of kernels transformed before all else. */
static int64_t kernels_before(const plan *p)
{
    return p->shared ? 0 : p->job->g.groups * p->panels * p->panel_kernels;
}

static int64_t prepared(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    plan p = make_plan(&forward);
    return kernels_before(&p);
}

static void prepare(const ray_conv_job *job, RAY_REAL *to)
{
    ray_conv_job forward = stride_one(job);
    if (prepared(job) > 0)
        prepare_all(&forward, to);
}

static int64_t workspace(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    plan p = make_plan(&forward);
    return (job->prepared ? 0 : kernels_before(&p)) + (p.shared ? p.points_size : 0)
           + lanes_of(&p) * p.lane_size;
}

static void run(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    plan p = make_plan(&forward);
    p.points = job->work;
    p.kernels = job->prepared;
    if (!p.kernels && !p.shared) {
        prepare_all(&forward, job->work);
        p.kernels = job->work;
        p.points += kernels_before(&p);
    }
    p.lanes = p.points + (p.shared ? p.points_size : 0);
    for (; p.group < job->g.groups; p.group++) {
        compute_group_of_channels(&p);
        if (!p.shared)
            p.kernels += p.panels * p.panel_kernels;
    }
}

const ray_conv_method ray_conv_winograd = {
    .name = "winograd",
    .reason = "3x3, stride 1, enough channels: a quarter of the multiplications",
    .fits = fits,
    .workspace = workspace,
    .run = run,
    .prepared = prepared,
    .prepare = prepare,
};
