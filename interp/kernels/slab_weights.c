/* SPDX-License-Identifier: MIT */
/* slab_weights.c - weights in the order in which products of slabs read them. */
#include "conv_slab.h"
#include "parallel.h"
#include "pieces.h"

enum { SLACK = 16, TASK_SLIVERS = 16 }; /* SLACK: a vector may be read beyond the end */

static int64_t taps_of(const ray_slab_plan *p, int64_t product)
{
    return p->start[product + 1] - p->start[product];
}

/* Where a sliver of a product begins in a packed chunk. */
static RAY_REAL *sliver_at(const ray_slab_chunk *c, int64_t product, int64_t taps, int64_t sliver,
                           int64_t high)
{
    return c->to[product] + (sliver - c->slivers.first) * c->count * taps * high;
}

/* Output: the numbers of a row lie in a run. */
static void pack_output(const ray_slab_plan *p, const ray_slab_chunk *c)
{
    const ray_conv_job *job = p->job;
    int64_t n = c->count * job->taps;
    for (int64_t s = c->slivers.first; s < c->slivers.last; s++) {
        int64_t row = ray_sliver_row(&c->slivers, s), end = ray_sliver_row(&c->slivers, s + 1);
        const RAY_REAL *from = job->weight + (c->group * p->results + row) * job->depth;
        p->machine->pack(from + c->source * job->taps, job->depth, end - row, n,
                         sliver_at(c, 0, job->taps, s, p->machine->rows));
    }
}

/* Gradient of kernel 1: rows lie side by side. */
static void pack_points(const ray_slab_plan *p, const ray_slab_chunk *c, int64_t product)
{
    int64_t source = c->group * p->sources + c->source;
    int64_t row = ray_sliver_row(&c->slivers, c->slivers.first);
    p->machine->deal(&c->slivers, p->job->weight + source * p->results + row, p->results, c->count,
                     c->to[product]);
}

/* Gradient: of each source the taps of each product. */
static void pack_gradient(const ray_slab_plan *p, const ray_slab_chunk *c)
{
    const ray_conv_job *job = p->job;
    int64_t high = p->machine->rows;
    RAY_REAL all[RAY_SLAB_TAPS * RAY_MOST_ROWS + SLACK];
    for (int64_t i = 0; i < c->count; i++) {
        const RAY_REAL *source =
            job->weight + (c->group * p->sources + c->source + i) * p->results * job->taps;
        for (int64_t s = c->slivers.first; s < c->slivers.last; s++) {
            int64_t row = ray_sliver_row(&c->slivers, s), end = ray_sliver_row(&c->slivers, s + 1);
            p->machine->pack(source + row * job->taps, job->taps, end - row, job->taps, all);
            for (int64_t k = 0; k < p->products; k++) {
                int64_t taps = taps_of(p, k);
                p->machine->pick(all, p->tap + p->start[k], taps,
                                 sliver_at(c, k, taps, s, high) + i * taps * high);
            }
        }
    }
}

/* Row `row` of one product of all phases: 0 where its phase has no tap at a shift. */
static void pack_merged_row(const ray_slab_plan *p, const ray_slab_chunk *c, int64_t row,
                            RAY_REAL *to)
{
    const ray_conv_job *job = p->job;
    const ray_slab *slab = &p->slab;
    int64_t high = p->machine->rows, taps = taps_of(p, 0);
    int64_t phase = row / p->results, result = row % p->results;
    for (int64_t i = 0; i < c->count * taps; i++)
        to[i * high] = 0;
    for (int64_t e = slab->start[phase]; e < slab->start[phase + 1]; e++) {
        int64_t t = 0;
        while (p->shift[t] != slab->shift[e])
            t++;
        for (int64_t i = 0; i < c->count; i++) {
            int64_t source = c->group * p->sources + c->source + i;
            to[(i * taps + t) * high] =
                job->weight[(source * p->results + result) * job->taps + slab->tap[e]];
        }
    }
}

static void pack_merged(const ray_slab_plan *p, const ray_slab_chunk *c)
{
    for (int64_t s = c->slivers.first; s < c->slivers.last; s++) {
        int64_t row = ray_sliver_row(&c->slivers, s), end = ray_sliver_row(&c->slivers, s + 1);
        RAY_REAL *to = sliver_at(c, 0, taps_of(p, 0), s, p->machine->rows);
        for (int64_t r = row; r < end; r++)
            pack_merged_row(p, c, r, to + r - row);
    }
}

static void clamp_chunk(const ray_slab_plan *p, const ray_slab_chunk *c)
{
    RAY_REAL sign = p->job->clamp == RAY_CLAMP_POSITIVE ? 1 : -1;
    int64_t slivers = c->slivers.last - c->slivers.first;
    for (int64_t k = 0; k < p->products; k++) {
        RAY_REAL *to = c->to[k];
        int64_t n = slivers * c->count * taps_of(p, k) * p->machine->rows;
        for (int64_t i = 0; i < n; i++)
            to[i] = sign * to[i] > 0 ? sign * to[i] : 0;
    }
}

void ray_slab_pack_chunk(const ray_slab_plan *p, const ray_slab_chunk *c)
{
    if (!p->job->gradient) {
        pack_output(p, c);
    } else if (p->merged) {
        pack_merged(p, c);
    } else if (p->job->taps > 1) {
        pack_gradient(p, c);
    } else {
        for (int64_t k = 0; k < p->products; k++) {
            if (taps_of(p, k) > 0)
                pack_points(p, c, k);
        }
    }
    if (p->job->clamp != RAY_CLAMP_NONE)
        clamp_chunk(p, c);
}

/* ---- All of them ---- */

typedef struct packing {
    const ray_slab_plan *plan;
    RAY_REAL *to;
    int64_t chunks, blocks;
} packing;

/* Some slivers of one chunk of all products. */
static void pack_task(void *context, int64_t task, int32_t lane)
{
    const packing *all = context;
    const ray_slab_plan *p = all->plan;
    int64_t rest = task / all->blocks, first = task % all->blocks * TASK_SLIVERS;
    ray_slab_chunk c = { .group = rest / all->chunks, .source = rest % all->chunks * p->chunk };
    (void)lane;
    c.count = ray_smaller(p->chunk, p->sources - c.source);
    c.slivers =
        (ray_slivers){ p->rows, p->slivers, first, ray_smaller(first + TASK_SLIVERS, p->slivers) };
    for (int64_t k = 0; k < p->products; k++) {
        int64_t before = (c.source * p->slivers + c.count * first) * taps_of(p, k);
        c.to[k] = all->to + c.group * p->packed_group + ray_slab_product(p, k)
                  + before * p->machine->rows;
    }
    ray_slab_pack_chunk(p, &c);
}

int64_t ray_slab_packed(const ray_slab_plan *p)
{
    return ray_conv_align(p->job->g.groups * p->packed_group);
}

void ray_slab_pack(const ray_slab_plan *p, RAY_REAL *to)
{
    packing all = { p, to, ray_divide_up(p->sources, p->chunk),
                    ray_divide_up(p->slivers, TASK_SLIVERS) };
    ray_parallel(p->job->g.groups * all.chunks * all.blocks, pack_task, &all);
}
