/* SPDX-License-Identifier: MIT */
/* conv_filter.c - convolution with few channels in a group (depthwise), and its gradient, as sums
 * of shifted rows.
 *
 * A band of the source is copied into a slab with its padding, split into phases: source index =
 * index * step + phase - lead along each axis.  Then each tap reads the slab at a fixed distance,
 * rows of the slab follow one another, and a result channel is one long filter
 *     flat[i] = sum over taps of weight * slab[i + offset]
 * without any border.  Forward: step is the stride, the result is y.  Gradient: the source is dy,
 * step is 1, and the result falls into as many phases as the stride, each with taps of its own. */
#include <string.h>

#include "conv_methods.h"
#include "parallel.h"
#include "pieces.h"
#include "rows.h"
#include "vector.h"

enum {
    MOST_TAPS = 256,
    MOST_PHASES = 64,
    MOST_PRODUCT = 64,              /* channels in x channels out of a group */
    SLAB_NUMBERS = 16 * 1024,       /* of one channel, where it can be cut */
    TASK_NUMBERS = 8 * 1024,        /* results in a task, where there are as many */
    UNROLL = 8,                     /* vectors of a flat result computed at a time */
    SLACK = 2 * UNROLL * RAY_VECTOR /* numbers after a slab that may be read */
};

typedef struct axis {
    int64_t source, step, lead, phases, length;     /* length: of one phase in the slab */
    int64_t result, result_phases, count;           /* count: results of the longest phase */
} axis;

/* A tap in one phase of the result. */
typedef struct entry { int64_t offset; int64_t tap; } entry;

typedef struct plan {
    const ray_conv_job *job;
    bool    gradient;
    axis    axes[RAY_CONV_AXES];
    int64_t band, bands;            /* result rows (counted within a phase) at a time */
    int64_t rows;                   /* of the slab, per phase and depth */
    int64_t phase_size, slab_size;  /* numbers of one phase, of one channel */
    int64_t flat_size, lane_size;
    int64_t sources, results;       /* channels of a group */
    int64_t begin[MOST_PHASES];     /* of the source in a line, by phase of the width */
    int64_t end[MOST_PHASES];
    int64_t run;                    /* groups in a task */
    int64_t phases;                 /* of the result, all axes */
    int64_t phase[MOST_PHASES][RAY_CONV_AXES];
    int64_t start[MOST_PHASES + 1]; /* entries of each phase */
    entry   entries[MOST_TAPS];
} plan;

static bool fits(const ray_conv_job *job)
{
    return job->g.groups > 1 && job->taps <= MOST_TAPS
           && job->group_in * job->group_out <= MOST_PRODUCT
           && job->g.stride[0] <= MOST_PHASES && job->g.stride[1] <= MOST_PHASES
           && job->g.stride[2] <= MOST_PHASES && ray_conv_volume(job->g.stride) <= MOST_PHASES;
}

/* ---- The plan ---- */

static axis forward_axis(const ray_conv_geometry *g, int a)
{
    int64_t reach = (g->kernel[a] - 1) * g->dilation[a];
    axis x = { .source = g->in[a], .step = g->stride[a], .lead = g->before[a] };
    x.phases = ray_smaller(g->stride[a], reach + 1);
    x.length = g->out[a] + reach / g->stride[a];
    x.result = x.count = g->out[a];
    x.result_phases = 1;
    return x;
}

static axis gradient_axis(const ray_conv_geometry *g, int a)
{
    int64_t reach = (g->kernel[a] - 1) * g->dilation[a], before = g->before[a], s = g->stride[a];
    axis x = { .source = g->out[a], .step = 1, .phases = 1 };
    x.lead = reach > before ? (reach - before) / s : 0;
    x.result = g->in[a];
    x.result_phases = s;
    x.count = ray_divide_up(x.result, s);
    x.length = x.lead + x.count + (before + s - 1) / s;
    return x;
}

/* Where tap k reads for phase r of the result: false when it does not contribute. */
static bool locate(const plan *p, int a, int64_t r, int64_t k, int64_t *phase, int64_t *shift)
{
    const ray_conv_geometry *g = &p->job->g;
    int64_t reach = k * g->dilation[a], s = g->stride[a];
    if (!p->gradient) {
        *phase = reach % s;
        *shift = reach / s;
        return true;
    }
    int64_t n = r + g->before[a] - reach;
    *phase = 0;
    *shift = n / s + p->axes[a].lead;
    return n % s == 0;
}

/* Adds a tap to phase r of the result, if it contributes there. */
static void enter_tap(plan *p, const int64_t *r, int64_t tap, int64_t *entries)
{
    int64_t phase[RAY_CONV_AXES], shift[RAY_CONV_AXES], rest = tap;
    for (int a = RAY_CONV_AXES - 1; a >= 0; a--) {
        int64_t k = rest % p->job->g.kernel[a];
        rest /= p->job->g.kernel[a];
        if (!locate(p, a, r[a], k, &phase[a], &shift[a]))
            return;
    }
    int64_t index = (phase[0] * p->axes[1].phases + phase[1]) * p->axes[2].phases + phase[2];
    int64_t row = shift[0] * p->rows + shift[1];
    int64_t offset = index * p->phase_size + row * p->axes[2].length + shift[2];
    p->entries[(*entries)++] = (entry){ offset, tap };
}

static void phase_at(const plan *p, int64_t phase, int64_t *r)
{
    for (int a = RAY_CONV_AXES - 1; a >= 0; a--) {
        r[a] = phase % p->axes[a].result_phases;
        phase /= p->axes[a].result_phases;
    }
}

static void enter_taps(plan *p)
{
    int64_t entries = 0;
    for (int64_t phase = 0; phase < p->phases; phase++) {
        p->start[phase] = entries;
        phase_at(p, phase, p->phase[phase]);
        for (int64_t tap = 0; tap < p->job->taps; tap++)
            enter_tap(p, p->phase[phase], tap, &entries);
    }
    p->start[p->phases] = entries;
}

/* Which indices of a line of the slab have a source, in each phase of the width. */
static void find_borders(plan *p)
{
    const axis *w = &p->axes[2];
    for (int64_t phase = 0; phase < w->phases; phase++) {
        int64_t shift = phase - w->lead;
        int64_t end = w->source > shift ? ray_divide_up(w->source - shift, w->step) : 0;
        p->begin[phase] = shift >= 0 ? 0 : ray_divide_up(-shift, w->step);
        p->end[phase] = ray_smaller(end, w->length);
    }
}

/* How many rows at a time, and the sizes that follow from it. */
static void cut_bands(plan *p)
{
    const axis *d = &p->axes[0], *h = &p->axes[1], *w = &p->axes[2];
    int64_t phases = d->phases * h->phases * w->phases;
    int64_t fit = SLAB_NUMBERS / (phases * d->length * w->length);
    int64_t rows = ray_larger(fit - (h->length - h->count), 1);
    p->band = ray_divide_up(h->count, ray_divide_up(h->count, rows));
    p->bands = ray_divide_up(h->count, p->band);
    p->rows = p->band + h->length - h->count;
    p->phase_size = d->length * p->rows * w->length;
    p->slab_size = phases * p->phase_size;
    p->flat_size = ray_conv_align(d->count * p->rows * w->length + UNROLL * RAY_VECTOR);
    p->lane_size = ray_conv_align(p->sources * p->slab_size + SLACK) + p->flat_size
                 + ray_conv_align(p->sources * p->job->taps);
    p->run = ray_larger(TASK_NUMBERS / (p->flat_size * p->results * p->phases), 1);
    p->run = ray_smaller(p->run, p->job->g.groups);
}

static void make_plan(plan *p, const ray_conv_job *job, bool gradient)
{
    *p = (plan){ .job = job, .gradient = gradient, .phases = 1 };
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        p->axes[a] = gradient ? gradient_axis(&job->g, a) : forward_axis(&job->g, a);
        p->phases *= p->axes[a].result_phases;
    }
    p->sources = gradient ? job->group_out : job->group_in;
    p->results = gradient ? job->group_in : job->group_out;
    cut_bands(p);
    find_borders(p);
    enter_taps(p);
}

static int64_t tasks_of(const plan *p)
{
    return p->job->g.items * ray_divide_up(p->job->g.groups, p->run) * p->bands;
}

static int64_t workspace(const ray_conv_job *job)
{
    plan p;
    make_plan(&p, job, job->gradient);
    return ray_lanes(tasks_of(&p)) * p.lane_size;
}

/* ---- The slab ---- */

/* One row of the source into each phase of a line; to: that line of phase 0 of the width. */
static void fill_lines(const plan *p, const RAY_REAL *row, RAY_REAL *to)
{
    const axis *w = &p->axes[2];
    for (int64_t phase = 0; phase < w->phases; phase++, to += p->phase_size) {
        int64_t x = p->begin[phase], n = p->end[phase] - x;
        if (n > 0)
            ray_row_gather(to + x, row + (x * w->step + phase - w->lead), n, w->step);
    }
}

/* A plane of the source into one of the slab: rows from `first` on, in the order of the source. */
static void fill_plane(const plan *p, const RAY_REAL *source, int64_t first, RAY_REAL *to)
{
    const axis *h = &p->axes[1], *w = &p->axes[2];
    int64_t phase_rows = w->phases * p->phase_size;
    for (int64_t line = 0; line < p->rows; line++, to += w->length) {
        int64_t y = (first + line) * h->step - h->lead;
        for (int64_t phase = 0; phase < h->phases; phase++, y++) {
            if (y >= 0 && y < h->source)
                fill_lines(p, source + y * w->source, to + phase * phase_rows);
        }
    }
}

/* Into a slab that is 0 where there is no source. */
static void fill_slab(const plan *p, const RAY_REAL *source, int64_t first, RAY_REAL *slab)
{
    const axis *d = &p->axes[0];
    int64_t plane = p->axes[1].source * p->axes[2].source, slab_plane = p->rows * p->axes[2].length;
    int64_t phase_planes = p->axes[1].phases * p->axes[2].phases * p->phase_size;
    for (int64_t c = 0; c < p->sources; c++, source += d->source * plane, slab += p->slab_size) {
        for (int64_t i = 0; i < d->phases * d->length; i++) {
            int64_t phase = i % d->phases, z = i / d->phases * d->step + phase - d->lead;
            if (z >= 0 && z < d->source)
                fill_plane(p, source + z * plane, first,
                           slab + phase * phase_planes + i / d->phases * slab_plane);
        }
    }
}

/* ---- The filter ---- */

/* What one result channel reads. */
typedef struct filter {
    const RAY_REAL *slab, *weight;          /* weight: sources x taps */
    int64_t         slab_size, sources, taps;
    const entry    *entries;
    RAY_REAL        bias;
} filter;

/* `vectors` vectors of the flat result, from number i on. */
static inline __attribute__((always_inline)) void filter_vectors(const filter *f, int64_t i,
                                                                 const int vectors, RAY_REAL *flat)
{
    ray_vector sum[UNROLL], zero = { 0 };
    #pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        sum[v] = zero + f->bias;
    for (int64_t c = 0; c < f->sources; c++) {
        const RAY_REAL *slab = f->slab + c * f->slab_size + i, *weight = f->weight + c * f->taps;
        for (int64_t t = 0; t < f->taps; t++) {
            const RAY_REAL *from = slab + f->entries[t].offset;
            #pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[v] += weight[t] * RAY_LOAD(from + v * RAY_VECTOR);
        }
    }
    #pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        RAY_STORE(flat + i + v * RAY_VECTOR, sum[v]);
}

RAY_CLONES static void run_filter(const filter *f, int64_t n, RAY_REAL *flat)
{
    int64_t i = 0;
    for (; i + (UNROLL - 2) * RAY_VECTOR <= n; i += UNROLL * RAY_VECTOR)
        filter_vectors(f, i, UNROLL, flat);
    for (; i < n; i += 2 * RAY_VECTOR)
        filter_vectors(f, i, 2, flat);
}

/* ---- Results ---- */

/* Numbers of phase r of an axis. */
static int64_t count_of(const axis *x, int64_t r)
{
    return r < x->result ? ray_divide_up(x->result - r, x->result_phases) : 0;
}

static void put_results(const plan *p, const int64_t *r, int64_t first, const RAY_REAL *flat,
                        RAY_REAL *to)
{
    const axis *d = &p->axes[0], *h = &p->axes[1], *w = &p->axes[2];
    int64_t nz = count_of(d, r[0]), nx = count_of(w, r[2]);
    int64_t last = ray_smaller(first + p->band, count_of(h, r[1]));
    for (int64_t z = 0; z < nz; z++) {
        for (int64_t y = first; y < last; y++) {
            const RAY_REAL *from = flat + (z * p->rows + y - first) * w->length;
            int64_t row = (z * d->result_phases + r[0]) * h->result + y * h->result_phases + r[1];
            RAY_REAL *line = to + row * w->result + r[2];
            ray_row_scatter(line, from, nx, w->result_phases);
        }
    }
}

/* The weights of one result channel for the taps of one phase: sources x taps. */
static void pick_weights(const plan *p, const filter *f, int64_t group, int64_t result,
                         RAY_REAL *to)
{
    const ray_conv_job *job = p->job;
    for (int64_t source = 0; source < p->sources; source++) {
        int64_t out = p->gradient ? source : result, in = p->gradient ? result : source;
        const RAY_REAL *w = job->weight
                          + ((group * job->group_out + out) * job->group_in + in) * job->taps;
        for (int64_t t = 0; t < f->taps; t++)
            *to++ = w[f->entries[t].tap];
    }
}

/* One result channel in every phase; `channel` counts all groups. */
static void filter_channel(const plan *p, filter *f, int64_t channel, int64_t first,
                           RAY_REAL *weight, RAY_REAL *flat, RAY_REAL *to)
{
    const ray_conv_job *job = p->job;
    int64_t last = ray_smaller(first + p->band, p->axes[1].count);
    int64_t row = (p->axes[0].count - 1) * p->rows + last - first - 1;
    f->bias = job->bias && !p->gradient ? job->bias[channel] : 0;
    for (int64_t phase = 0; phase < p->phases; phase++) {
        f->entries = p->entries + p->start[phase];
        f->taps = p->start[phase + 1] - p->start[phase];
        pick_weights(p, f, channel / p->results, channel % p->results, weight);
        run_filter(f, row * p->axes[2].length + p->axes[2].count, flat);
        put_results(p, p->phase[phase], first, flat, to);
    }
}

static void filter_task(void *context, int64_t task, int32_t lane)
{
    const plan *p = context;
    const ray_conv_job *job = p->job;
    const axis *x = p->axes;
    int64_t runs = ray_divide_up(job->g.groups, p->run), first = task % p->bands * p->band;
    int64_t item = task / p->bands / runs, group = task / p->bands % runs * p->run;
    int64_t end = ray_smaller(group + p->run, job->g.groups);
    int64_t source_size = x[0].source * x[1].source * x[2].source;
    int64_t result_size = x[0].result * x[1].result * x[2].result;
    RAY_REAL *slab = job->work + lane * p->lane_size;
    RAY_REAL *flat = slab + ray_conv_align(p->sources * p->slab_size + SLACK);
    filter f = { .slab = slab, .weight = flat + p->flat_size, .slab_size = p->slab_size,
                 .sources = p->sources };
    memset(slab, 0, (size_t)(p->sources * p->slab_size + SLACK) * sizeof *slab);
    for (; group < end; group++) {
        int64_t part = item * job->g.groups + group;
        fill_slab(p, job->from + part * p->sources * source_size, first, slab);
        for (int64_t c = 0; c < p->results; c++)
            filter_channel(p, &f, group * p->results + c, first, flat + p->flat_size, flat,
                           job->to + (part * p->results + c) * result_size);
    }
}

static void run(const ray_conv_job *job)
{
    plan p;
    make_plan(&p, job, job->gradient);
    ray_parallel(tasks_of(&p), filter_task, &p);
}

const ray_conv_method ray_conv_filter = {
    .name = "filter",
    .reason = "few channels in a group: there is no matrix to multiply",
    .fits = fits,
    .workspace = workspace,
    .run = run,
};
