/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include <string.h>

#include "pieces.h"
#include "rows.h"

/* ---- Axes ---- */

static ray_slab_axis forward_axis(const ray_conv_geometry *g, int a)
{
    int64_t reach = (g->kernel[a] - 1) * g->dilation[a];
    ray_slab_axis x = { .source = g->in[a], .step = g->stride[a], .lead = g->before[a] };
    x.phases = ray_smaller(g->stride[a], reach + 1);
    x.length = g->out[a] + reach / g->stride[a];
    x.result = x.count = g->out[a];
    x.result_phases = 1;
    return x;
}

static ray_slab_axis gradient_axis(const ray_conv_geometry *g, int a)
{
    int64_t reach = (g->kernel[a] - 1) * g->dilation[a], before = g->before[a], s = g->stride[a];
    ray_slab_axis x = { .source = g->out[a], .step = 1, .phases = 1 };
    x.lead = reach > before ? (reach - before) / s : 0;
    x.result = g->in[a];
    x.result_phases = s;
    x.count = ray_divide_up(x.result, s);
    x.length = x.lead + x.count + ray_larger(before + s - 1, 0) / s;
    return x;
}

static ray_slab_axis axis_of(const ray_conv_job *job, int a)
{
    return job->gradient ? gradient_axis(&job->g, a) : forward_axis(&job->g, a);
}

bool ray_slab_suits(const ray_conv_job *job)
{
    int64_t phases = 1, source_phases = 1;
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        if (job->g.stride[a] > RAY_SLAB_PHASES || job->taps > RAY_SLAB_TAPS)
            return false;
        ray_slab_axis x = axis_of(job, a);
        phases *= x.result_phases;
        source_phases *= x.phases;
        if (a == 2 && (x.length - x.count) * 2 > x.count)
            return false;
    }
    return phases <= RAY_SLAB_PHASES && source_phases <= RAY_SLAB_PHASES;
}

/* ---- Taps ---- */

/* Where tap k reads for phase r of the result: false when it does not contribute. */
static bool locate(const ray_slab *slab, int a, int64_t r, int64_t k, int64_t *phase,
                   int64_t *shift)
{
    const ray_conv_geometry *g = &slab->job->g;
    int64_t reach = k * g->dilation[a], s = g->stride[a];
    if (!slab->job->gradient) {
        *phase = reach % s;
        *shift = reach / s;
        return true;
    }
    int64_t n = r + g->before[a] - reach;
    *phase = 0;
    *shift = n / s + slab->axes[a].lead;
    return n % s == 0;
}

/* Adds a tap to phase r of the result, if it contributes there. */
static void enter_tap(ray_slab *slab, const int64_t *r, int64_t tap, int64_t *entries)
{
    int64_t phase[RAY_CONV_AXES], shift[RAY_CONV_AXES], rest = tap;
    for (int a = RAY_CONV_AXES - 1; a >= 0; a--) {
        int64_t k = rest % slab->job->g.kernel[a];
        rest /= slab->job->g.kernel[a];
        if (!locate(slab, a, r[a], k, &phase[a], &shift[a]))
            return;
    }
    const ray_slab_axis *x = slab->axes;
    int64_t index = (phase[0] * x[1].phases + phase[1]) * x[2].phases + phase[2];
    int64_t row = shift[0] * slab->rows + shift[1];
    slab->shift[*entries] = index * slab->phase_size + row * x[2].length + shift[2];
    slab->tap[(*entries)++] = tap;
}

static void enter_taps(ray_slab *slab)
{
    int64_t entries = 0;
    for (int64_t phase = 0; phase < slab->phases; phase++) {
        int64_t r[RAY_CONV_AXES], rest = phase;
        for (int a = RAY_CONV_AXES - 1; a >= 0; a--) {
            r[a] = rest % slab->axes[a].result_phases;
            rest /= slab->axes[a].result_phases;
        }
        slab->start[phase] = entries;
        for (int64_t tap = 0; tap < slab->job->taps; tap++)
            enter_tap(slab, r, tap, &entries);
    }
    slab->start[slab->phases] = entries;
}

/* ---- The plan ---- */

/* Which indices of a line of the slab have a source, in each phase of the width. */
static void find_borders(ray_slab *slab)
{
    const ray_slab_axis *w = &slab->axes[2];
    for (int64_t phase = 0; phase < w->phases; phase++) {
        int64_t shift = phase - w->lead;
        int64_t end = w->source > shift ? ray_divide_up(w->source - shift, w->step) : 0;
        slab->begin[phase] =
            ray_smaller(shift >= 0 ? 0 : ray_divide_up(-shift, w->step), w->length);
        slab->end[phase] = ray_larger(ray_smaller(end, w->length), slab->begin[phase]);
    }
}

int64_t ray_slab_columns(const ray_slab *slab, int64_t band)
{
    const ray_slab_axis *d = &slab->axes[0], *w = &slab->axes[2];
    return ((d->count - 1) * slab->rows + band - 1) * w->length + w->count;
}

void ray_slab_cut(ray_slab *slab, int64_t band)
{
    const ray_slab_axis *d = &slab->axes[0], *h = &slab->axes[1], *w = &slab->axes[2];
    slab->band = band;
    slab->bands = ray_divide_up(h->count, band);
    slab->rows = band + h->length - h->count;
    slab->phase_size = d->length * slab->rows * w->length;
    int64_t lines = ray_divide_up(d->phases * h->phases * w->phases * slab->phase_size, 16);
    slab->size = (lines | 1) * 16; /* odd: channels meet in different cache sets */
    enter_taps(slab);
}

void ray_slab_make(ray_slab *slab, const ray_conv_job *job, int64_t numbers)
{
    *slab = (ray_slab){ .job = job, .phases = 1 };
    for (int a = 0; a < RAY_CONV_AXES; a++) {
        slab->axes[a] = axis_of(job, a);
        slab->phases *= slab->axes[a].result_phases;
    }
    slab->sources = job->gradient ? job->group_out : job->group_in;
    const ray_slab_axis *d = &slab->axes[0], *h = &slab->axes[1], *w = &slab->axes[2];
    int64_t row = d->phases * h->phases * w->phases * d->length * w->length * slab->sources;
    int64_t fit = numbers / row - (h->length - h->count);
    find_borders(slab);
    ray_slab_cut(slab, ray_even_piece(h->count, fit));
}

/* ---- Filling ---- */

static void zero(RAY_REAL *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = 0;
}

/* One row of the source (NULL: none) into each phase of a line; to: that line of phase 0 of the
 * width. */
static void fill_lines(const ray_slab *slab, const RAY_REAL *row, RAY_REAL *to)
{
    const ray_slab_axis *w = &slab->axes[2];
    for (int64_t phase = 0; phase < w->phases; phase++, to += slab->phase_size) {
        int64_t begin = row ? slab->begin[phase] : w->length, end = row ? slab->end[phase] : 0;
        zero(to, begin);
        if (begin < end)
            ray_row_gather(to + begin, row + (begin * w->step + phase - w->lead), end - begin,
                           w->step);
        if (row)
            zero(to + end, w->length - end);
    }
}

/* A plane of the source (NULL: none) into one of the slab: rows from `first` on. */
static void fill_plane(const ray_slab *slab, const RAY_REAL *source, int64_t first, RAY_REAL *to)
{
    const ray_slab_axis *h = &slab->axes[1], *w = &slab->axes[2];
    int64_t phase_rows = w->phases * slab->phase_size;
    for (int64_t line = 0; line < slab->rows; line++, to += w->length) {
        int64_t y = (first + line) * h->step - h->lead;
        for (int64_t phase = 0; phase < h->phases; phase++, y++) {
            bool inside = source && y >= 0 && y < h->source;
            fill_lines(slab, inside ? source + y * w->source : NULL, to + phase * phase_rows);
        }
    }
}

void ray_slab_fill(const ray_slab *slab, const RAY_REAL *source, int64_t first, RAY_REAL *to)
{
    const ray_slab_axis *d = &slab->axes[0], *h = &slab->axes[1], *w = &slab->axes[2];
    int64_t plane = h->source * w->source, slab_plane = slab->rows * w->length;
    int64_t phase_planes = h->phases * w->phases * slab->phase_size;
    for (int64_t c = 0; c < slab->sources; c++, source += d->source * plane, to += slab->size) {
        for (int64_t i = 0; i < d->phases * d->length; i++) {
            int64_t phase = i % d->phases, z = i / d->phases * d->step + phase - d->lead;
            bool inside = z >= 0 && z < d->source;
            fill_plane(slab, inside ? source + z * plane : NULL, first,
                       to + phase * phase_planes + i / d->phases * slab_plane);
        }
    }
}
