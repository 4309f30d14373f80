/* SPDX-License-Identifier: MIT */
/* conv_slab.c - convolutions as products of packed weights with columns that are read where they
 * lie in a slab (slab.h): no tap is gathered.
 *
 * A task takes a band of columns and a block of result rows: it fills its slab, and then makes some
 * slivers of rows at a time, whose sums stay in its cache until they are finished and written.
 * Sums are cut at the same places of the depth however the work is cut. */
#include "conv_slab.h"

#include <string.h>

#include "parallel.h"
#include "pieces.h"
#include "rows.h"

enum {
    LINE = 64 / sizeof(RAY_REAL), /* numbers of a line of the cache */
    AHEAD = 6                     /* channels fetched before they are copied */
};

typedef ray_slab_plan plan;

/* ---- Tasks ---- */

typedef struct piece {
    int64_t part, group, band;
    int64_t first, columns;  /* flat: of the part; else `first` is a row of results */
    int64_t sliver, slivers; /* of the block */
    RAY_REAL *slab, *sums, *line, *fresh;
} piece;

static piece piece_at(const plan *p, int64_t task, int32_t lane)
{
    int64_t block = task % p->blocks, width = 2 * p->machine->lanes;
    piece t = { .part = task / p->blocks / p->bands, .band = task / p->blocks % p->bands };
    t.group = t.part % p->job->g.groups;
    t.sliver = block * p->slivers / p->blocks;
    t.slivers = (block + 1) * p->slivers / p->blocks - t.sliver;
    if (p->flat) {
        t.first = t.band * p->tiles / p->bands * width;
        t.columns = ray_smaller((t.band + 1) * p->tiles / p->bands * width, p->columns) - t.first;
    } else {
        t.first = t.band * p->slab.band;
        t.columns =
            ray_slab_columns(&p->slab, ray_smaller(p->slab.band, p->slab.axes[1].count - t.first));
    }
    t.slab = p->job->work + lane * p->lane_numbers;
    t.sums = t.slab + p->slab_numbers;
    t.line = t.sums + p->products * p->c_size;
    t.fresh = p->job->work + (lane + 1) * p->lane_numbers - p->fresh_numbers;
    return t;
}

/* Columns from number `column` of the part on, as far as one item has them: where they lie in a
 * channel's plane of the source or result, and how many. */
static int64_t positions_at(const plan *p, const piece *t, int64_t channels, int64_t column,
                            int64_t *at)
{
    int64_t size = p->job->out_size, item = column / size, position = column % size;
    *at = (t->part + item) * channels * size + position;
    return ray_smaller(t->first + t->columns - column, size - position);
}

static void fill_flat(const plan *p, const piece *t)
{
    for (int64_t column = t->first, n, at; column < t->first + t->columns; column += n) {
        n = positions_at(p, t, p->sources, column, &at);
        const RAY_REAL *from = p->job->from + at;
        RAY_REAL *to = t->slab + column - t->first;
        for (int64_t c = 0; c < p->sources; c++, from += p->job->out_size, to += p->slab.size) {
            for (int64_t i = 0; i < n; i += LINE)
                __builtin_prefetch(from + AHEAD * p->job->out_size + i);
            memcpy(to, from, (size_t)n * sizeof *to);
        }
    }
}

static void fill(const plan *p, const piece *t)
{
    int64_t size = p->job->gradient ? p->job->out_size : p->job->in_size;
    if (p->flat)
        fill_flat(p, t);
    else
        ray_slab_fill(&p->slab, p->job->from + t->part * p->sources * size, t->first, t->slab);
}

/* The steps of so many sources of a product through the slab; returns their number. */
static int64_t list_steps(const plan *p, int64_t product, int64_t count, int64_t *steps)
{
    int64_t n = 0;
    for (int64_t c = 0; c < count; c++) {
        for (int64_t t = p->start[product]; t < p->start[product + 1]; t++)
            steps[n++] = c * p->slab.size + p->shift[t];
    }
    return n;
}

/* Results of one item are brought near while their sums are made. */
static void set_fetch(const plan *p, const piece *t, ray_shifted *s)
{
    int64_t at;
    if (!p->flat || positions_at(p, t, p->results, t->first, &at) < t->columns)
        return;
    s->fetch = p->job->to + at + ray_sliver_row(&s->slivers, s->slivers.first) * p->job->out_size;
    s->fetch_row = p->job->out_size;
}

/* Where the weights of each product begin that slivers need for a chunk of sources. */
static void find_weights(const plan *p, const piece *t, ray_slab_chunk *c)
{
    int64_t high = p->machine->rows, first = c->slivers.first;
    RAY_REAL *fresh = t->fresh;
    for (int64_t k = 0; k < p->products; k++) {
        int64_t taps = p->start[k + 1] - p->start[k];
        if (p->packed) {
            int64_t before = (c->source * p->slivers + c->count * first) * taps * high;
            c->weights[k] =
                p->packed + t->group * p->packed_group + ray_slab_product(p, k) + before;
        } else {
            c->weights[k] = c->to[k] = fresh;
            fresh += (c->slivers.last - first) * c->count * taps * high;
        }
    }
    if (!p->packed)
        ray_slab_pack_chunk(p, c);
}

/* The sums of slivers `first` ... `last` - 1 of all products. */
static void multiply(const plan *p, const piece *t, int64_t first, int64_t last)
{
    const RAY_REAL *bias = p->job->bias;
    int64_t steps[RAY_SLAB_STEPS];
    ray_slab_chunk c = { .group = t->group, .slivers = { p->rows, p->slivers, first, last } };
    ray_shifted s = { .steps = steps,
                      .bias = bias ? bias + t->group * p->results : NULL,
                      .c_row = p->c_row,
                      .slivers = c.slivers,
                      .columns = t->columns };
    set_fetch(p, t, &s);
    for (; c.source < p->sources; c.source += c.count) {
        c.count = ray_smaller(p->chunk, p->sources - c.source);
        find_weights(p, t, &c);
        s.b = t->slab + c.source * p->slab.size;
        s.add = c.source > 0;
        for (int64_t k = 0; k < p->products; k++) {
            s.depth = list_steps(p, k, c.count, steps);
            if (s.depth == 0)
                continue;
            s.a = c.weights[k];
            s.c = t->sums + k * p->c_size;
            p->machine->shifted(&s);
        }
        s.fetch = NULL;
    }
}

/* ---- Results ---- */

static void write_flat(const plan *p, const piece *t, int64_t result, const RAY_REAL *sums)
{
    int64_t size = p->job->out_size;
    for (int64_t column = t->first, n, at; column < t->first + t->columns; column += n) {
        n = positions_at(p, t, p->results, column, &at);
        ray_finish_row(p->job->finish, t->group * p->results + result, sums + column - t->first, n,
                       at + result * size, p->job->to);
    }
}

static void interleave_two(const RAY_REAL *a, const RAY_REAL *b, int64_t n, RAY_REAL *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        to[2 * i] = a[i];
        to[2 * i + 1] = b[i];
    }
}

/* One line of results from those of its phases of the width, `step` numbers apart. */
static const RAY_REAL *join_phases(const plan *p, const RAY_REAL *sums, int64_t step,
                                   RAY_REAL *line)
{
    const ray_slab_axis *w = &p->slab.axes[2];
    int64_t phases = w->result_phases;
    if (phases == 1)
        return sums;
    if (phases == 2) {
        int64_t pairs = w->result / 2;
        interleave_two(sums, sums + step, pairs, line);
        if (w->result % 2)
            line[w->result - 1] = sums[pairs];
        return line;
    }
    for (int64_t r = 0; r < phases; r++)
        ray_row_scatter(line + r, sums + r * step, ray_slab_count(w, r), phases);
    return line;
}

/* All lines of one phase of depth and height of a result. */
static void write_lines(const plan *p, const piece *t, int64_t result, int64_t pz, int64_t py,
                        const RAY_REAL *sums, int64_t step)
{
    const ray_slab_axis *d = &p->slab.axes[0], *h = &p->slab.axes[1], *w = &p->slab.axes[2];
    int64_t plane = (t->part * p->results + result) * d->result * h->result * w->result;
    int64_t last = ray_smaller(t->first + p->slab.band, ray_slab_count(h, py));
    for (int64_t z = 0; z < ray_slab_count(d, pz); z++) {
        for (int64_t y = t->first; y < last; y++) {
            const RAY_REAL *from = sums + (z * p->slab.rows + y - t->first) * w->length;
            int64_t row = (z * d->result_phases + pz) * h->result + y * h->result_phases + py;
            from = join_phases(p, from, step, t->line);
            ray_finish_row(p->job->finish, t->group * p->results + result, from, w->result,
                           plane + row * w->result, p->job->to);
        }
    }
}

static void write_result(const plan *p, const piece *t, int64_t result, const RAY_REAL *sums,
                         int64_t step)
{
    const ray_slab_axis *x = p->slab.axes;
    if (p->flat) {
        write_flat(p, t, result, sums);
        return;
    }
    for (int64_t pz = 0; pz < x[0].result_phases; pz++) {
        for (int64_t py = 0; py < x[1].result_phases; py++) {
            int64_t phase = (pz * x[1].result_phases + py) * x[2].result_phases;
            write_lines(p, t, result, pz, py, sums + phase * step, step);
        }
    }
}

static int64_t first_row(const plan *p, int64_t sliver)
{
    return ray_sliver_row(&(ray_slivers){ p->rows, p->slivers, 0, 0 }, sliver);
}

/* Sums of phases without taps stay 0. */
static void clear_empty(const plan *p, const piece *t)
{
    for (int64_t k = 0; k < p->products; k++) {
        if (p->start[k] == p->start[k + 1])
            memset(t->sums + k * p->c_size, 0, (size_t)p->c_size * sizeof *t->sums);
    }
}

static void slab_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    piece t = piece_at(p, task, lane);
    int64_t end = t.sliver + t.slivers;
    int64_t step = p->merged ? p->results * p->c_row : p->c_size;
    fill(p, &t);
    clear_empty(p, &t);
    for (int64_t s = t.sliver, last; s < end; s = last) {
        last = ray_smaller(s + p->run, end);
        multiply(p, &t, s, last);
        int64_t row = first_row(p, s), rows = p->merged ? p->results : first_row(p, last) - row;
        for (int64_t r = 0; r < rows; r++)
            write_result(p, &t, row + r, t.sums + r * p->c_row, step);
    }
}

/* ---- The method ---- */

static int64_t tasks_of(const plan *p)
{
    return p->parts * p->bands * p->blocks;
}

static int64_t prepared(const ray_conv_job *job)
{
    plan p;
    ray_slab_plan_make(&p, job);
    return ray_slab_packed(&p);
}

static void prepare(const ray_conv_job *job, RAY_REAL *to)
{
    plan p;
    ray_slab_plan_make(&p, job);
    ray_slab_pack(&p, to);
}

static int64_t workspace(const ray_conv_job *job)
{
    plan p;
    ray_slab_plan_make(&p, job);
    return (job->prepared || p.fresh ? 0 : ray_slab_packed(&p))
           + ray_lanes(tasks_of(&p)) * p.lane_numbers;
}

static void run(const ray_conv_job *job)
{
    ray_conv_job rest = *job;
    plan p;
    ray_slab_plan_make(&p, &rest);
    p.packed = job->prepared;
    if (!p.packed && !p.fresh) {
        ray_slab_pack(&p, job->work);
        p.packed = job->work;
        rest.work += ray_slab_packed(&p);
    }
    ray_parallel(tasks_of(&p), slab_task, &p);
}

static bool fits(const ray_conv_job *job)
{
    return job->machine && (ray_conv_is_pointwise(job) || ray_slab_suits(job));
}

const ray_conv_method ray_conv_slab = {
    .name = "slab",
    .reason = "every tap reads its columns where they lie in a padded copy: none is gathered",
    .fits = fits,
    .workspace = workspace,
    .run = run,
    .prepared = prepared,
    .prepare = prepare,
    .clamps = true,
    .finishes = true,
};
