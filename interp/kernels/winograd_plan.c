/* SPDX-License-Identifier: MIT */
/* winograd_plan.c - how Winograd's convolutions are cut.  What an item's numbers depend on - tiles,
 * chunks - follows from the shape of one item alone. */
#include "pieces.h"
#include "winograd.h"

enum {
    LARGE_CHANNELS = 128,           /* F(6x6): most channels, in and out */
    LARGE_MAP = 64,                 /* and smallest height and width */
    OWN_CHANNELS = 192,             /* most channels in of a block's own points */
    OWN_POINTS = 100 * 1024,        /* numbers of such points */
    LEAST_BLOCKS = 8,               /* of an item, that give all threads work */
    BLOCK_TILES = 64,               /* of a block in a group */
    GROUP_POINTS = 1024 * 1024,     /* numbers of a group's points, or half of the kernels' */
    CHUNK = 256,                    /* most channels in of a chunk */
    PAD = 16                        /* numbers between matrices, lest they meet in one cache set */
};

/* Fewer operations for the same outputs, larger errors and kernels. */
static const ray_tiling *tiling_of(const ray_conv_job *job)
{
    bool large = job->group_in <= LARGE_CHANNELS && job->group_out <= LARGE_CHANNELS
                 && job->g.out[1] >= LARGE_MAP && job->g.out[2] >= LARGE_MAP;
    return large ? job->machine->large : job->machine->small;
}

/* Blocks of about `tiles` tiles, wider than high. */
static void cut_blocks(ray_winograd *w, int64_t tiles)
{
    int64_t high = 1;
    while ((high + 1) * (high + 1) * 2 <= tiles)
        high++;
    if (w->tiles_x < tiles / high)
        high = tiles / w->tiles_x;
    w->block_y = ray_even_piece(w->tiles_y, high);
    w->block_x = ray_even_piece(w->tiles_x, tiles / w->block_y);
    w->blocks_y = ray_divide_up(w->tiles_y, w->block_y);
    w->blocks_x = ray_divide_up(w->tiles_x, w->block_x);
    w->blocks = w->job->g.items * w->blocks_y * w->blocks_x;
}

static void choose_blocks(ray_winograd *w)
{
    int64_t tile = w->matrices * w->channels, in = w->job->group_in;
    w->together = 1;
    w->chunk = w->channels;
    cut_blocks(w, ray_larger(OWN_POINTS / tile, 1));
    w->shared = in > OWN_CHANNELS || w->blocks_y * w->blocks_x < LEAST_BLOCKS;
    if (!w->shared)
        return;
    cut_blocks(w, BLOCK_TILES);
    int64_t most = ray_larger(GROUP_POINTS, w->panels * w->matrices * in * w->width / 2);
    w->together = ray_even_piece(w->blocks, most / (tile * w->block_y * w->block_x));
    w->chunk = ray_conv_align(ray_even_piece(w->channels, CHUNK));
}

static void size_pieces(ray_winograd *w)
{
    int64_t y = w->block_y * w->tile + 2, x = w->block_x * w->tile + 2;
    int64_t tiles = w->together * w->block_y * w->block_x;
    w->chunks = ray_divide_up(w->channels, w->chunk);
    w->point = tiles * w->chunk + PAD;
    w->chunk_points = w->matrices * w->point;
    w->points_size = w->chunks * w->chunk_points;
    w->kernel = ray_smaller(w->chunk, w->job->group_in) * w->width + PAD;
    w->kernels_size = w->matrices * w->kernel;
    w->panel_point = tiles * w->width + PAD;
    w->panel_size = w->matrices * w->panel_point;
    w->strip_size = ray_conv_align(y * x * w->machine->lanes);
    w->lane_size = w->strip_size + w->panel_size + (w->shared ? w->kernels_size : w->points_size);
}

ray_winograd ray_winograd_plan(const ray_conv_job *job)
{
    const ray_machine *machine = job->machine;
    ray_winograd w = { .job = job, .machine = machine, .tiling = tiling_of(job) };
    w.tile = w.tiling->tile;
    w.matrices = (w.tile + 2) * (w.tile + 2);
    w.tiles_y = ray_divide_up(job->g.out[1], w.tile);
    w.tiles_x = ray_divide_up(job->g.out[2], w.tile);
    w.width = 2 * machine->lanes;
    w.panels = ray_divide_up(job->group_out, w.width);
    w.strips = ray_divide_up(job->group_in, machine->lanes);
    w.channels = ray_conv_align(job->group_in);
    choose_blocks(&w);
    size_pieces(&w);
    return w;
}
