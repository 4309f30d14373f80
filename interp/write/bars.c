/* SPDX-License-Identifier: MIT */
/* bars.c - lays out the bars: names to the left, right of them a box with a line for each bar,
 * below it the axis and what is counted. */
#include "bars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "frame.h"
#include "legend.h"

enum {
    MOST_STEPS = 8,             /* between ticks */
    MOST_NAME = 40,             /* characters */
    WIDTH = 1200,               /* pixels, from here on */
    MARGIN = RAY_PAGE_MARGIN,
    ROW = RAY_TEXT_LINE,        /* from one bar to the next */
    BAR = 14,                   /* a bar's height */
    VALUE_GAP = 8,              /* between a bar and its number */
    UNDER_LEGEND = 6,
    ABOVE_OTHERS = 6
};

typedef struct plan {
    const ray_bars *bars;
    bool     *shown;            /* by bar */
    int64_t   n_shown;
    ray_axis  axis;
    int64_t   left, width;      /* of the box */
} plan;

/* ---- Which bars, and how long ---- */

static double total_of(const ray_bars *bars, int64_t bar)
{
    double total = 0;
    for (int64_t s = 0; s < bars->n_series; s++)
        total += bars->values[bar * bars->n_series + s];
    return total;
}

/* There are fewer than RAY_MOST_BARS longer ones. */
static bool is_shown(const ray_bars *bars, int64_t bar)
{
    double total = total_of(bars, bar);
    int64_t longer = 0;
    for (int64_t i = 0; i < bars->n_bars && longer < RAY_MOST_BARS; i++) {
        double other = total_of(bars, i);
        longer += other > total || (other == total && i < bar);
    }
    return longer < RAY_MOST_BARS;
}

static void choose_bars(plan *p)
{
    for (int64_t i = 0; i < p->bars->n_bars; i++) {
        p->shown[i] = is_shown(p->bars, i);
        p->n_shown += p->shown[i];
    }
}

/* A name in at most MOST_NAME characters: of a longer one both ends.  size: of bytes. */
static const char *short_name(const char *name, char text[4 * MOST_NAME + 8])
{
    int64_t columns = ray_text_columns(name, strlen(name));
    const char *end = name, *tail = name;
    if (columns <= MOST_NAME)
        return name;
    while (ray_text_columns(name, (size_t)(end - name) + 1) <= MOST_NAME / 2 - 2)
        end++;
    while (ray_text_columns(tail, strlen(tail)) > MOST_NAME / 2)
        tail++;
    snprintf(text, 4 * MOST_NAME + 8, "%.*s..%s", (int)(end - name), name, tail);
    return text;
}

static int64_t columns_of(const char *text)
{
    return ray_text_columns(text, strlen(text));
}

static void plan_box(plan *p)
{
    double longest = 0;
    int64_t name = 1, value = 1;
    for (int64_t i = 0; i < p->bars->n_bars; i++) {
        char text[4 * MOST_NAME + 8], number[RAY_NUMBER_SIZE];
        if (!p->shown[i])
            continue;
        double total = total_of(p->bars, i);
        int64_t n = columns_of(short_name(p->bars->names[i], text));
        int64_t v = columns_of(ray_number_text(total, number));
        name = n > name ? n : name;
        value = v > value ? v : value;
        longest = total > longest ? total : longest;
    }
    p->axis = ray_axis_around(0, longest > 0 ? longest : 1, MOST_STEPS);
    p->left = MARGIN + RAY_TEXT_ADVANCE * name + RAY_FRAME_GAP;
    p->width = WIDTH - MARGIN - p->left - VALUE_GAP - RAY_TEXT_ADVANCE * value;
}

/* ---- The page ---- */

static int64_t put_legend(ray_page *page, int64_t y, const plan *p)
{
    ray_legend legend = ray_legend_at((ray_text_place){ p->left, y, WIDTH - MARGIN - p->left });
    for (int64_t s = 0; s < p->bars->n_series; s++)
        ray_legend_add(page, &legend, p->bars->series[s], ray_colour_series(s));
    return legend.below + UNDER_LEGEND;
}

static void put_name(ray_page *page, int64_t y, const plan *p, const char *name)
{
    char text[4 * MOST_NAME + 8];
    const char *shown = short_name(name, text);
    ray_canvas_text(&page->canvas, p->left - RAY_FRAME_GAP - RAY_TEXT_ADVANCE * columns_of(shown),
                    y + (ROW - RAY_TEXT_HEIGHT) / 2, shown, strlen(shown), ray_ink);
}

/* y: the upper end of its row. */
static void put_bar(ray_page *page, int64_t y, const plan *p, ray_box box, int64_t bar)
{
    char text[RAY_NUMBER_SIZE];
    double sum = 0;
    int64_t x = box.x;
    for (int64_t s = 0; s < p->bars->n_series; s++) {
        sum += p->bars->values[bar * p->bars->n_series + s];
        int64_t end = (int64_t)lrint(ray_frame_x(box, &p->axis, sum));
        ray_canvas_fill(&page->canvas, (ray_box){ x, y + (ROW - BAR) / 2, end - x, BAR },
                        ray_colour_series(s));
        x = end;
    }
    ray_number_text(sum, text);
    ray_canvas_text(&page->canvas, x + VALUE_GAP, y + (ROW - RAY_TEXT_HEIGHT) / 2, text,
                    strlen(text), ray_faint);
}

static int64_t put_bars(ray_page *page, int64_t y, const plan *p)
{
    ray_box box = { p->left, y, p->width, p->n_shown * ROW };
    ray_frame_rightward(&page->canvas, box, &p->axis, true);
    for (int64_t i = 0; i < p->bars->n_bars; i++) {
        if (!p->shown[i])
            continue;
        put_name(page, y, p, p->bars->names[i]);
        put_bar(page, y, p, box, i);
        y += ROW;
    }
    return y + RAY_FRAME_BELOW;
}

static int64_t put_unit(ray_page *page, int64_t y, const plan *p)
{
    int64_t room = p->width - RAY_TEXT_ADVANCE * columns_of(p->bars->unit);
    ray_text_place place = { p->left + (room > 0 ? room / 2 : 0), y, p->width };
    return ray_page_text(page, place, p->bars->unit, RAY_FAINT, NULL);
}

static int64_t put_others(ray_page *page, int64_t y, const plan *p)
{
    char text[128], number[RAY_NUMBER_SIZE];
    double sum = 0;
    int64_t others = p->bars->n_bars - p->n_shown;
    if (!others)
        return y;
    for (int64_t i = 0; i < p->bars->n_bars; i++)
        sum += p->shown[i] ? 0 : total_of(p->bars, i);
    snprintf(text, sizeof text, "The %lld longest of %lld; the others: %s %s together",
             (long long)p->n_shown, (long long)p->bars->n_bars, ray_number_text(sum, number),
             p->bars->unit);
    return ray_page_line(page, y + ABOVE_OTHERS, text, RAY_PLAIN);
}

static int put_all(ray_page *page, void *content, ray_error *error)
{
    const plan *p = content;
    (void)error;
    int64_t y = ray_page_line(page, MARGIN, p->bars->title ? p->bars->title : "", RAY_BOLD);
    y = ray_page_line(page, y, p->bars->note ? p->bars->note : "", RAY_FAINT);
    y += y > MARGIN ? RAY_UNDER_TITLE : 0;
    y = put_bars(page, put_legend(page, y, p), p);
    y = put_others(page, put_unit(page, y, p), p);
    page->height = y + MARGIN - (RAY_TEXT_LINE - RAY_TEXT_HEIGHT);
    return 0;
}

int ray_bars_write(const char *path, const ray_bars *bars, ray_error *error)
{
    plan p = { .bars = bars, .shown = ray_alloc((size_t)bars->n_bars, sizeof *p.shown) };
    if (!p.shown)
        return ray_fail_memory(error);
    choose_bars(&p);
    plan_box(&p);
    int failed = ray_page_write(path, WIDTH, put_all, &p, error);
    free(p.shown);
    return failed;
}
