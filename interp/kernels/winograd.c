/* SPDX-License-Identifier: MIT */
/* winograd.c - Winograd's convolutions: from planes to points, to panels, to planes. */
#include "winograd.h"

#include "parallel.h"
#include "pieces.h"
#include "rows.h"

static bool fits(const ray_conv_job *job)
{
    const ray_conv_geometry *g = &job->g;
    return job->machine && g->in[0] == 1 && g->out[0] == 1 && g->kernel[0] == 1 && g->kernel[1] == 3
           && g->kernel[2] == 3 && g->stride[1] == 1 && g->stride[2] == 1 && g->dilation[1] == 1
           && g->dilation[2] == 1 && g->before[0] == 0 && job->group_in >= 8 && job->group_out >= 8;
}

/* ---- Blocks ---- */

typedef struct block { int64_t item, y, x, ny, nx, first; } block;     /* in tiles */

/* Block `index` of the group; first: its first tile in the group. */
static block block_at(const ray_winograd *w, int64_t index)
{
    block b = { 0 };
    for (int64_t i = 0, tiles = 0; i <= index; i++, tiles += b.ny * b.nx) {
        int64_t at = w->first + i;
        b.first = tiles;
        b.item = at / (w->blocks_y * w->blocks_x);
        b.y = at / w->blocks_x % w->blocks_y * w->block_y;
        b.x = at % w->blocks_x * w->block_x;
        b.ny = ray_smaller(w->block_y, w->tiles_y - b.y);
        b.nx = ray_smaller(w->block_x, w->tiles_x - b.x);
    }
    return b;
}

static int64_t group_tiles(const ray_winograd *w)
{
    block last = block_at(w, w->count - 1);
    return last.first + last.ny * last.nx;
}

/* One row of a strip: `n` positions from x on, those outside the planes 0. */
static void fill_row(const ray_winograd *w, const RAY_REAL *planes, int64_t count, int64_t y,
                     int64_t x, int64_t n, RAY_REAL *to)
{
    const ray_conv_geometry *g = &w->job->g;
    int64_t lanes = w->machine->lanes, begin = ray_smaller(ray_larger(-x, 0), n);
    int64_t end = y >= 0 && y < g->in[1] ? ray_larger(ray_smaller(n, g->in[2] - x), begin) : begin;
    if (begin > 0)
        ray_row_fill(to, begin * lanes, 0);
    if (end < n)
        ray_row_fill(to + end * lanes, (n - end) * lanes, 0);
    if (begin < end)
        w->machine->interleave(planes + y * g->in[2] + x + begin, w->job->in_size, count,
                               end - begin, to + begin * lanes);
}

static void transform_strip(const ray_winograd *w, const block *b, int64_t strip,
                            RAY_REAL *scratch, RAY_REAL *points)
{
    const ray_conv_job *job = w->job;
    int64_t lanes = w->machine->lanes, first = strip * lanes;
    int64_t x = b->x * w->tile - job->g.before[2], y = b->y * w->tile - job->g.before[1];
    int64_t width = b->nx * w->tile + 2, count = ray_smaller(lanes, job->group_in - first);
    int64_t channel = b->item * job->g.in_channels + w->group * job->group_in + first;
    for (int64_t i = 0; i < b->ny * w->tile + 2; i++)
        fill_row(w, job->from + channel * job->in_size, count, y + i, x, width,
                 scratch + i * width * lanes);
    ray_tiles tiles = { b->ny, b->nx, width, w->point, w->chunk };
    points += first / w->chunk * w->chunk_points + first % w->chunk;
    w->tiling->tiles_in(&tiles, scratch, points + b->first * w->chunk);
}

/* ---- Panels ---- */

/* A product for each matrix: all tiles of the group and the channels of a chunk. */
static void multiply_chunk(const ray_winograd *w, int64_t first, int64_t tiles,
                           const RAY_REAL *points, const RAY_REAL *kernels, RAY_REAL *panel)
{
    ray_product product = { .a = points + first / w->chunk * w->chunk_points, .b = kernels,
                            .c = panel, .a_row = w->chunk, .a_step = 1, .b_step = w->width,
                            .c_row = w->width, .rows = tiles,
                            .depth = ray_smaller(w->chunk, w->job->group_in - first),
                            .add = first > 0 };
    for (int64_t i = 0; i < w->matrices; i++) {
        w->machine->multiply(&product);
        product.a += w->point;
        product.b += w->kernel;
        product.c += w->panel_point;
    }
}

/* Scale and shift of `lanes` channels, the bias in the shift. */
typedef struct ends { RAY_REAL scale[RAY_MOST_LANES], shift[RAY_MOST_LANES]; } ends;

static void find_ends(const ray_conv_job *job, int64_t channel, int64_t count, ends *e)
{
    const RAY_REAL *scale = job->finish ? job->finish->scale : NULL;
    const RAY_REAL *shift = job->finish ? job->finish->shift : NULL;
    *e = (ends){ 0 };
    for (int64_t r = 0; r < count; r++) {
        e->scale[r] = scale ? scale[channel + r] : 1;
        e->shift[r] = job->bias ? job->bias[channel + r] * e->scale[r] : 0;
        e->shift[r] += shift ? shift[channel + r] : 0;
    }
}

static void finish_strip(const ray_winograd *w, const block *b, int64_t out, const RAY_REAL *panel,
                         RAY_REAL *scratch)
{
    static const ray_finish nothing = { 0 };
    const ray_conv_job *job = w->job;
    ends e;
    int64_t lanes = w->machine->lanes, count = ray_smaller(lanes, job->group_out - out);
    int64_t channel = w->group * job->group_out + out, width = b->nx * w->tile;
    int64_t y = b->y * w->tile, high = ray_smaller(b->ny * w->tile, job->g.out[1] - y);
    int64_t x = b->x * w->tile, wide = ray_smaller(width, job->g.out[2] - x);
    int64_t at = (b->item * job->g.out_channels + channel) * job->out_size + y * job->g.out[2] + x;
    ray_tiles tiles = { b->ny, b->nx, width, w->panel_point, w->width };
    find_ends(job, channel, count, &e);
    w->tiling->tiles_out(&tiles, panel + b->first * w->width, e.scale, e.shift, scratch);
    for (int64_t i = 0; i < high; i++, at += job->g.out[2])
        w->machine->spread(scratch + i * width * lanes, wide, count,
                           job->finish ? job->finish : &nothing, at, job->out_size, job->to);
}

static void finish_panel(const ray_winograd *w, int64_t index, const RAY_REAL *panel,
                         RAY_REAL *scratch)
{
    int64_t out = index * w->width, end = ray_smaller(out + w->width, w->job->group_out);
    for (int64_t i = 0; i < w->count; i++) {
        block b = block_at(w, i);
        for (int64_t half = 0; out + half < end; half += w->machine->lanes)
            finish_strip(w, &b, out + half, panel + half, scratch);
    }
}

/* ---- Tasks ---- */

static void own_task(void *context, int64_t task, int32_t lane)
{
    ray_winograd w = *(const ray_winograd *)context;
    RAY_REAL *scratch = w.lanes + lane * w.lane_size, *panel = scratch + w.strip_size;
    RAY_REAL *points = panel + w.panel_size;
    w.first = task;
    w.count = 1;
    block b = block_at(&w, 0);
    for (int64_t strip = 0; strip < w.strips; strip++)
        transform_strip(&w, &b, strip, scratch, points);
    for (int64_t i = 0; i < w.panels; i++) {
        multiply_chunk(&w, 0, b.ny * b.nx, points, w.kernels + i * w.kernels_size, panel);
        finish_panel(&w, i, panel, scratch);
    }
}

/* Two strips a task: the rows of points that tasks write lie apart. */
static void transform_task(void *context, int64_t task, int32_t lane)
{
    const ray_winograd *w = context;
    int64_t pairs = ray_divide_up(w->strips, 2), strip = task % pairs * 2;
    block b = block_at(w, task / pairs);
    RAY_REAL *scratch = w->lanes + lane * w->lane_size;
    transform_strip(w, &b, strip, scratch, w->points);
    if (strip + 1 < w->strips)
        transform_strip(w, &b, strip + 1, scratch, w->points);
}

static void panel_task(void *context, int64_t task, int32_t lane)
{
    const ray_winograd *w = context;
    RAY_REAL *scratch = w->lanes + lane * w->lane_size, *panel = scratch + w->strip_size;
    RAY_REAL *own = panel + w->panel_size;
    const RAY_REAL *kernels = w->kernels ? w->kernels + task * w->chunks * w->kernels_size : NULL;
    int64_t tiles = group_tiles(w);
    for (int64_t i = 0; i < w->chunks; i++) {
        if (!kernels)
            ray_winograd_panel_kernels(w, task, i * w->chunk, own);
        multiply_chunk(w, i * w->chunk, tiles, w->points,
                       kernels ? kernels + i * w->kernels_size : own, panel);
    }
    finish_panel(w, task, panel, scratch);
}

static void compute_group_of_channels(ray_winograd *w)
{
    if (!w->shared) {
        ray_parallel(w->blocks, own_task, w);
        return;
    }
    for (w->first = 0; w->first < w->blocks; w->first += w->count) {
        w->count = ray_smaller(w->together, w->blocks - w->first);
        ray_parallel(w->count * ray_divide_up(w->strips, 2), transform_task, w);
        ray_parallel(w->panels, panel_task, w);
    }
}

static int64_t lanes_of(const ray_winograd *w)
{
    int64_t tasks = ray_larger(w->panels, w->together * ray_divide_up(w->strips, 2));
    return ray_lanes(w->shared ? tasks : w->blocks);
}

/* ---- The method ---- */

static ray_conv_job stride_one(const ray_conv_job *job)
{
    return job->gradient ? ray_conv_turn(job) : *job;
}

static int64_t prepared(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    ray_winograd w = ray_winograd_plan(&forward);
    return job->g.groups * ray_winograd_kernels(&w);
}

static void prepare(const ray_conv_job *job, RAY_REAL *to)
{
    ray_conv_job forward = stride_one(job);
    ray_winograd w = ray_winograd_plan(&forward);
    ray_winograd_all_kernels(&w, to);
}

static int64_t workspace(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    ray_winograd w = ray_winograd_plan(&forward);
    return (job->prepared || w.shared ? 0 : job->g.groups * ray_winograd_kernels(&w))
           + (w.shared ? w.points_size : 0) + lanes_of(&w) * w.lane_size;
}

static void run(const ray_conv_job *job)
{
    ray_conv_job forward = stride_one(job);
    ray_winograd w = ray_winograd_plan(&forward);
    w.points = job->work;
    w.kernels = job->prepared;
    if (!w.kernels && !w.shared) {
        ray_winograd_all_kernels(&w, job->work);
        w.kernels = job->work;
        w.points += job->g.groups * ray_winograd_kernels(&w);
    }
    w.lanes = w.points + (w.shared ? w.points_size : 0);
    for (; w.group < job->g.groups; w.group++) {
        compute_group_of_channels(&w);
        if (w.kernels)
            w.kernels += ray_winograd_kernels(&w);
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
    .clamps = true,
    .finishes = true,
};
