/* SPDX-License-Identifier: MIT */
/* slab_plan.c - how a convolution from slabs is cut.  Packed weights and places where sums are cut
 * follow from its shape alone; bands and blocks from the number of threads, too. */
#include "conv_slab.h"

#include <string.h>

#include "parallel.h"
#include "pieces.h"

enum {
    SLAB_NUMBERS = 120 * 1024, /* of a slab, where columns can be cut */
    DEPTH = 320,               /* steps of a product, if one source has no more taps */
    SUMS = 24 * 1024,          /* numbers of sums held at once */
    RUN_ROWS = 48,
    MERGED_RESULTS = 4, /* most results whose phases are rows of one product */
    MOST_TILES = 16,    /* of columns of a flat band */
    TASKS = 4,          /* of a thread: they end together */
    BLOCK_SLIVERS = 4,  /* least slivers of a task: a slab is filled once more for them */
    FRESH_USES = 1,     /* most tasks that pack the same weights */
    SLACK = 64          /* columns beyond a slab that may be read */
};

typedef ray_slab_plan plan;

static void take_phases(plan *p)
{
    const ray_slab *slab = &p->slab;
    p->products = slab->phases;
    memcpy(p->start, slab->start, sizeof p->start);
    memcpy(p->shift, slab->shift, sizeof p->shift);
    memcpy(p->tap, slab->tap, sizeof p->tap);
}

/* The shifts of all phases, each once. */
static void merge_phases(plan *p)
{
    const ray_slab *slab = &p->slab;
    int64_t n = 0;
    for (int64_t e = 0; e < slab->start[slab->phases]; e++) {
        int64_t t = 0;
        while (t < n && p->shift[t] != slab->shift[e])
            t++;
        p->shift[t] = slab->shift[e];
        n = ray_larger(n, t + 1);
    }
    p->products = 1;
    p->start[0] = 0;
    p->start[1] = n;
}

static void describe_flat(plan *p)
{
    const ray_conv_geometry *g = &p->job->g;
    int64_t width = 2 * p->machine->lanes;
    p->slab.phases = p->products = 1;
    p->start[1] = p->slab.start[1] = 1;
    p->columns = g->groups == 1 ? g->items * p->job->out_size : p->job->out_size;
    p->parts = g->groups == 1 ? 1 : g->items * g->groups;
    p->tiles = ray_divide_up(p->columns, width);
    int64_t most = SLAB_NUMBERS / (p->sources * width);
    most = ray_larger(ray_smaller(most, MOST_TILES), 4);
    p->bands = ray_divide_up(p->tiles, most);
}

static void describe_lines(plan *p)
{
    ray_slab_make(&p->slab, p->job, SLAB_NUMBERS);
    p->merged = p->job->gradient && p->results <= MERGED_RESULTS && p->slab.phases > 1;
    if (p->merged)
        merge_phases(p);
    else
        take_phases(p);
    p->parts = p->job->g.items * p->job->g.groups;
    p->bands = p->slab.bands;
}

static int64_t most_taps(const plan *p)
{
    int64_t most = 1;
    for (int64_t i = 0; i < p->products; i++)
        most = ray_larger(most, p->start[i + 1] - p->start[i]);
    return most;
}

/* Enough tasks for all threads, and as many for each.  Results are the same for any number. */
static void cut_tasks(plan *p)
{
    int64_t threads = ray_threads(), wanted = threads > 1 ? threads * TASKS : 1;
    int64_t tasks = p->parts * p->bands;
    if (tasks < wanted && p->flat) {
        int64_t bands = ray_divide_up(wanted, p->parts);
        p->bands = ray_larger(p->bands, ray_smaller(bands, ray_divide_up(p->tiles, 4)));
    } else if (tasks < wanted) {
        int64_t bands = ray_divide_up(wanted, p->parts), high = p->slab.axes[1].count;
        ray_slab_cut(&p->slab,
                     ray_smaller(p->slab.band, ray_larger(ray_divide_up(high, bands), 4)));
        p->bands = p->slab.bands;
        if (p->merged)
            merge_phases(p);
        else
            take_phases(p);
    }
    tasks = p->parts * p->bands;
    int64_t most = p->merged ? 1 : ray_larger(p->slivers / BLOCK_SLIVERS, 1);
    p->blocks = ray_smaller(ray_divide_up(wanted, tasks), most);
}

static void size_pieces(plan *p)
{
    int64_t width = 2 * p->machine->lanes, most = 4 * p->machine->lanes;
    int64_t columns = p->flat ? ray_divide_up(p->tiles, p->bands) * width
                              : ray_slab_columns(&p->slab, p->slab.band);
    int64_t line = (ray_divide_up(ray_divide_up(columns, most) * most, 16) | 1) * 16;
    p->c_row = line;
    if (p->flat)
        p->slab.size = line;
    int64_t high = ray_divide_up(p->rows, p->slivers);
    p->run = ray_smaller(SUMS / (p->products * line), RUN_ROWS) / high;
    p->run = p->merged ? p->slivers : ray_smaller(ray_larger(p->run, 1), p->slivers);
    p->c_size = p->run * high * line;
    p->slab_numbers = ray_conv_align(p->sources * p->slab.size + SLACK);
    p->lane_numbers = p->slab_numbers + p->products * p->c_size
                      + ray_conv_align(p->flat ? 0 : p->slab.axes[2].result);
    p->fresh = !p->job->prepared && p->parts * p->bands <= FRESH_USES;
    p->fresh_numbers =
        p->fresh ? ray_conv_align(p->run * p->machine->rows * p->chunk * p->start[p->products]) : 0;
    p->lane_numbers += p->fresh_numbers;
}

/* Taps of a product, between their mean and the most of one: so a chunk has at most 2 * DEPTH
 * steps, RAY_SLAB_STEPS. */
static int64_t usual_taps(const plan *p)
{
    return (p->start[p->products] / p->products + most_taps(p) + 1) / 2;
}

void ray_slab_plan_make(plan *p, const ray_conv_job *job)
{
    *p = (plan){ .job = job, .machine = job->machine, .flat = ray_conv_is_pointwise(job) };
    p->sources = job->gradient ? job->group_out : job->group_in;
    p->results = job->gradient ? job->group_in : job->group_out;
    if (p->flat)
        describe_flat(p);
    else
        describe_lines(p);
    p->rows = p->merged ? p->slab.phases * p->results : p->results;
    p->slivers = ray_divide_up(p->rows, p->machine->rows);
    p->chunk = ray_even_piece(p->sources, DEPTH / usual_taps(p));
    p->packed_group = ray_slab_product(p, p->products);
    cut_tasks(p);
    size_pieces(p);
}
