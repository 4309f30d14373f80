/* SPDX-License-Identifier: MIT */
/* chart.c - lays out the chart: for each plot strips below each other, one for each pair of axes,
 * above each the names of its curves, below the last one the steps. */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "frame.h"
#include "legend.h"
#include "stroke.h"

enum {
    MOST_PLOTS = 16,            /* shown; the chart says how many there are */
    MOST_TOGETHER = RAY_SERIES_COLOURS,         /* curves in a strip */
    MOST_STEPS_UP = 4,          /* between ticks */
    MOST_STEPS_RIGHT = 8,
    WIDTH = 960,                /* pixels, from here on */
    MARGIN = RAY_PAGE_MARGIN,
    STRIP_HEIGHT = 151,
    STRIP_GAP = 14,             /* below a strip */
    PLOT_GAP = 14,              /* below a plot, besides */
    UNDER_PLOT_TITLE = 4
};

typedef struct span { double low, high; } span;         /* low > high: nothing in it */

typedef struct plan {
    const ray_chart *chart;
    int64_t  n_shown;           /* plots */
    int64_t *strip;             /* of each curve, ascending from 0 in steps of at most 1 */
    ray_axis steps;
    int64_t  left, width;       /* of the strips' boxes, pixels */
} plan;

/* ---- Which curves share a strip ---- */

static float value_at(const ray_chart *chart, int64_t plot, int64_t step, int64_t curve)
{
    return chart->values[(plot * chart->n_steps + step) * chart->n_curves + curve];
}

static span span_join(span a, span b)
{
    return (span){ fmin(a.low, b.low), fmax(a.high, b.high) };
}

static span span_of(const ray_chart *chart, int64_t plot, int64_t curve)
{
    span s = { INFINITY, -INFINITY };
    for (int64_t i = 0; i < chart->n_steps; i++) {
        double value = (double)value_at(chart, plot, i, curve);
        if (isfinite(value))
            s = span_join(s, (span){ value, value });
    }
    return s;
}

/* Each of two is seen on an axis for both: it takes up a third of it. */
static bool spans_agree(span a, span b)
{
    span both = span_join(a, b);
    double third = (both.high - both.low) / 3;
    return a.high - a.low >= third && b.high - b.low >= third;
}

/* A curve joins the strip of the curve before it, if it can. */
static void plan_strips(plan *p)
{
    span before = { INFINITY, -INFINITY };
    int64_t together = 0;
    for (int64_t c = 0; c < p->chart->n_curves; c++) {
        span s = { INFINITY, -INFINITY };
        for (int64_t i = 0; i < p->n_shown; i++)
            s = span_join(s, span_of(p->chart, i, c));
        bool joins = c > 0 && together < MOST_TOGETHER && spans_agree(before, s);
        p->strip[c] = c == 0 ? 0 : p->strip[c - 1] + !joins;
        together = joins ? together + 1 : 1;
        before = joins ? span_join(before, s) : s;
    }
}

/* ---- A strip: curves first ... end - 1 of a plot ---- */

typedef struct strip {
    int64_t  plot, first, end;
    ray_axis axis;
    bool     last;              /* of its plot */
} strip;

/* The one that starts at curve `first`. */
static strip strip_at(const plan *p, int64_t plot, int64_t first)
{
    strip s = { .plot = plot, .first = first, .end = first };
    span range = { INFINITY, -INFINITY };
    while (s.end < p->chart->n_curves && p->strip[s.end] == p->strip[first])
        range = span_join(range, span_of(p->chart, plot, s.end++));
    if (range.low > range.high)
        range = (span){ 0, 1 };
    s.axis = ray_axis_around(range.low, range.high, MOST_STEPS_UP);
    s.last = s.end == p->chart->n_curves;
    return s;
}

static bool has_values(const ray_chart *chart, int64_t plot, int64_t curve)
{
    span s = span_of(chart, plot, curve);
    return s.low <= s.high;
}

/* Returns where the next line would be. */
static int64_t put_names(ray_page *page, int64_t y, const plan *p, const strip *s)
{
    ray_legend legend = ray_legend_at((ray_text_place){ p->left, y, WIDTH - MARGIN - p->left });
    for (int64_t c = s->first; c < s->end; c++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", p->chart->names[c],
                 has_values(p->chart, s->plot, c) ? "" : ": no values");
        ray_legend_add(page, &legend, name, ray_colour_series(c));
    }
    return legend.below;
}

static int put_curve(ray_page *page, const plan *p, ray_box box, const strip *s,
                     int64_t curve, ray_error *error)
{
    int64_t n = p->chart->n_steps;
    ray_point *points = ray_alloc((size_t)n, sizeof *points);
    if (!points)
        return ray_fail_memory(error);
    for (int64_t i = 0; i < n; i++) {
        double value = (double)value_at(p->chart, s->plot, i, curve);
        points[i] = (ray_point){ ray_frame_x(box, &p->steps, (double)(i + 1)),
                                 ray_frame_y(box, &s->axis, value) };
    }
    ray_box around = { box.x - 3, box.y - 3, box.width + 6, box.height + 6 };
    int failed = ray_stroke_draw(&page->canvas, around, points, n, ray_colour_series(curve), error);
    free(points);
    return failed;
}

/* The box with its axes and curves; the steps below if it is the last one. */
static int put_box(ray_page *page, const plan *p, ray_box box, const strip *s, ray_error *error)
{
    ray_frame_rightward(&page->canvas, box, &p->steps, s->last);
    ray_frame_upward(&page->canvas, box, &s->axis);
    for (int64_t c = s->first; c < s->end; c++)
        if (put_curve(page, p, box, s, c, error))
            return -1;
    return 0;
}

/* What is counted, below the numbers of the steps. */
static int64_t put_steps(ray_page *page, int64_t y, const plan *p)
{
    const char *text = p->chart->steps ? p->chart->steps : "";
    int64_t room = p->width - RAY_TEXT_ADVANCE * ray_text_columns(text, strlen(text));
    ray_text_place place = { p->left + (room > 0 ? room / 2 : 0), y, p->width };
    return ray_page_text(page, place, text, RAY_FAINT, NULL);
}

/* Returns where the next strip would be, or -1. */
static int64_t put_strip(ray_page *page, int64_t y, const plan *p, const strip *s,
                         ray_error *error)
{
    y = put_names(page, y, p, s) + RAY_UNDER_TEXT;
    ray_box box = { p->left, y, p->width, STRIP_HEIGHT };
    if (page->canvas.pixels && put_box(page, p, box, s, error))
        return -1;
    y += STRIP_HEIGHT;
    return s->last ? put_steps(page, y + RAY_FRAME_BELOW, p) : y + STRIP_GAP;
}

/* ---- The page ---- */

static int64_t put_plot(ray_page *page, int64_t y, const plan *p, int64_t plot, ray_error *error)
{
    char title[64] = "";
    if (p->chart->n_plots > 1)
        snprintf(title, sizeof title, "plot %lld of %lld", (long long)plot + 1,
                 (long long)p->chart->n_plots);
    int64_t below = ray_page_line(page, y, title, RAY_BOLD);
    y = below > y ? below + UNDER_PLOT_TITLE : y;
    for (int64_t c = 0; c < p->chart->n_curves && y >= 0;) {
        strip s = strip_at(p, plot, c);
        y = put_strip(page, y, p, &s, error);
        c = s.end;
    }
    return y < 0 ? y : y + PLOT_GAP;
}

static int put_all(ray_page *page, void *content, ray_error *error)
{
    const plan *p = content;
    int64_t y = ray_page_line(page, MARGIN, p->chart->title ? p->chart->title : "", RAY_BOLD);
    y += y > MARGIN ? RAY_UNDER_TITLE : 0;
    for (int64_t i = 0; i < p->n_shown; i++) {
        y = put_plot(page, y, p, i, error);
        if (y < 0)
            return -1;
    }
    page->height = ray_page_more(page, y, p->n_shown, p->chart->n_plots);
    return 0;
}

/* The boxes of all strips lie right of the longest number, and end before the margin by what the
 * last number below needs. */
static void plan_boxes(plan *p)
{
    int64_t columns = 1;
    for (int64_t i = 0; i < p->n_shown; i++)
        for (int64_t c = 0; c < p->chart->n_curves;) {
            strip s = strip_at(p, i, c);
            int64_t n = ray_frame_columns(&s.axis);
            columns = n > columns ? n : columns;
            c = s.end;
        }
    p->steps = ray_axis_count(p->chart->n_steps, MOST_STEPS_RIGHT);
    p->left = MARGIN + RAY_TEXT_ADVANCE * columns + RAY_FRAME_GAP;
    p->width = WIDTH - MARGIN - p->left - RAY_TEXT_ADVANCE * ray_frame_columns(&p->steps) / 2;
}

int ray_chart_write(const char *path, const ray_chart *chart, ray_error *error)
{
    plan p = { .chart = chart, .n_shown = chart->n_plots < MOST_PLOTS ? chart->n_plots : MOST_PLOTS,
               .strip = ray_alloc((size_t)chart->n_curves, sizeof *p.strip) };
    if (!p.strip)
        return ray_fail_memory(error);
    plan_strips(&p);
    plan_boxes(&p);
    int failed = ray_page_write(path, WIDTH, put_all, &p, error);
    free(p.strip);
    return failed;
}
