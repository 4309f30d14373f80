/* SPDX-License-Identifier: MIT */
/* figure.c - lays out the figure: a title, and for each row a caption above three panels side by
 * side, the picture, the map over the picture, the colour scale. */
#include "figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "panel.h"
#include "png.h"
#include "scale.h"

enum {                          /* pixels */
    MARGIN = 16,                /* around everything, and between rows */
    GAP = 14,                   /* between panels */
    UNDER_TEXT = 2,             /* between a caption and what it belongs to */
    UNDER_TITLE = 10,
    BAR_WIDTH = 22,
    TICK_WIDTH = 6,             /* a mark inside the bar: beside it, it could be read as a minus */
    NUMBER_GAP = 8,             /* between the bar and its numbers */
    NUMBER_SPACE = 8 * RAY_TEXT_ADVANCE,
    LEAST_HEIGHT = 128,         /* of a row's panels: the scale must be legible */
    LEAST_WIDTH = 480,          /* of the figure */
    MOST_ROWS = 100             /* shown; the figure says how many there are */
};

static const ray_colour paper = { 255, 255, 255 }, ink = { 32, 32, 32 }, faint = { 105, 105, 105 };

typedef struct figure {
    const char           *title;
    const ray_figure_row *rows;
    int         n_rows, n_shown;
    int64_t     width, height;
    ray_picture canvas;         /* pixels NULL while measuring */
} figure;

/* A row's place: its text, then panels of one size. */
typedef struct row_plan {
    ray_panel_size panel;
    ray_scale      scale;
    int64_t        height;      /* of the panels' part */
    char           range[96];   /* what the map reaches, in words */
} row_plan;

static row_plan plan_row(const ray_figure_row *row)
{
    char low[RAY_NUMBER_SIZE], high[RAY_NUMBER_SIZE], most[RAY_NUMBER_SIZE];
    row_plan plan = { .panel = ray_panel_measure(row),
                      .scale = ray_scale_of(row->map, row->height * row->width) };
    const char *cut = ray_scale_is_cut(&plan.scale) ? ", colours end at " : "";
    plan.height = plan.panel.height > LEAST_HEIGHT ? plan.panel.height : LEAST_HEIGHT;
    if (plan.scale.low == 0 && plan.scale.high == 0)
        snprintf(plan.range, sizeof plan.range, "map: zero everywhere");
    else
        snprintf(plan.range, sizeof plan.range, "map: %s to %s%s%s",
                 ray_number_text(plan.scale.low, low), ray_number_text(plan.scale.high, high), cut,
                 *cut ? ray_number_text(plan.scale.most, most) : "");
    return plan;
}

static int64_t row_width(const ray_figure_row *row)
{
    ray_panel_size panel = ray_panel_measure(row);
    int64_t panels = row->picture.pixels ? 2 : 1;
    return panels * (panel.width + GAP) + BAR_WIDTH + NUMBER_SPACE;
}

/* Text in lines within the margins from y on; returns where the next line would be, *columns is the
 * length of the last one.  Draws nothing while measuring.  Bold is drawn twice, a pixel apart. */
static int64_t put_text(figure *f, int64_t y, const char *text, bool bold, int64_t *columns)
{
    int64_t most = (f->width - 2 * MARGIN) / RAY_TEXT_ADVANCE;
    *columns = 0;
    while (*text != '\0') {
        const char *rest;
        size_t n = ray_text_break(text, most, &rest);
        for (int64_t x = 0; f->canvas.pixels && x <= bold; x++)
            ray_canvas_text(&f->canvas, MARGIN + x, y, text, n, ink);
        *columns = ray_text_columns(text, n);
        text = rest;
        y += RAY_TEXT_LINE;
    }
    return y;
}

/* At the right end of the caption's last line, or below when there is no room. */
static int64_t put_range(figure *f, int64_t y, const char *range, int64_t columns)
{
    int64_t n = (int64_t)strlen(range), most = (f->width - 2 * MARGIN) / RAY_TEXT_ADVANCE;
    bool beside = columns > 0 && columns + 3 + n <= most;
    y -= beside ? RAY_TEXT_LINE : 0;
    if (f->canvas.pixels)
        ray_canvas_text(&f->canvas, f->width - MARGIN - n * RAY_TEXT_ADVANCE, y, range, (size_t)n,
                        faint);
    return y + RAY_TEXT_LINE;
}

/* A mark in the bar and the number beside it, which is kept within the bar's height. */
static void put_tick(figure *f, ray_box bar, const ray_scale *scale, double tick)
{
    char text[RAY_NUMBER_SIZE];
    double share = ray_scale_position(scale, tick);
    int64_t y = bar.y + (int64_t)((1 - share) * (double)(bar.height - 1) + 0.5);
    int64_t top = y - RAY_TEXT_HEIGHT / 2, lowest = bar.y + bar.height - RAY_TEXT_HEIGHT;
    bool bright = scale->is_signed ? share > 0.2 && share < 0.8 : share > 0.6;
    ray_canvas_fill(&f->canvas, (ray_box){ bar.x + bar.width - TICK_WIDTH, y, TICK_WIDTH, 1 },
                    bright ? ink : paper);
    ray_number_text(tick, text);
    ray_canvas_text(&f->canvas, bar.x + bar.width + NUMBER_GAP,
                    top < bar.y ? bar.y : top > lowest ? lowest : top, text, strlen(text), ink);
}

static void put_scale(figure *f, ray_box bar, const ray_scale *scale)
{
    for (int64_t i = 0; i < bar.height; i++) {
        double share = 1 - (double)i / (double)(bar.height - 1);
        ray_canvas_fill(&f->canvas, (ray_box){ bar.x, bar.y + i, bar.width, 1 },
                        ray_colour_at(scale->most > 0 ? share : 0, scale->is_signed));
    }
    double tick[RAY_MOST_TICKS];
    int n = ray_scale_ticks(scale, tick);
    for (int i = 0; i < n; i++)
        put_tick(f, bar, scale, tick[i]);
}

static int put_panels(figure *f, int64_t y, const ray_figure_row *row, const row_plan *plan,
                      ray_error *error)
{
    ray_picture left = { NULL, 0, 0, 0 }, map = { NULL, 0, 0, 0 };
    int failed = ray_panel_picture(row, plan->panel, &left, error);
    if (!failed)
        failed = ray_panel_map(row, plan->panel, &plan->scale, &map, error);
    int64_t x = MARGIN;
    if (!failed && left.pixels) {
        ray_canvas_draw(&f->canvas, x, y, &left);
        x += left.width + GAP;
    }
    if (!failed) {
        ray_canvas_draw(&f->canvas, x, y, &map);
        put_scale(f, (ray_box){ x + map.width + GAP, y, BAR_WIDTH, plan->height }, &plan->scale);
    }
    ray_picture_free(&left);
    ray_picture_free(&map);
    return failed;
}

/* Rows from y on; *end: below the last one. */
static int put_rows(figure *f, int64_t y, int64_t *end, ray_error *error)
{
    for (int i = 0; i < f->n_shown; i++) {
        const ray_figure_row *row = &f->rows[i];
        row_plan plan = plan_row(row);
        int64_t columns;
        y = put_text(f, y, row->caption ? row->caption : "", false, &columns);
        y = put_range(f, y, plan.range, columns) + UNDER_TEXT;
        if (f->canvas.pixels && put_panels(f, y, row, &plan, error))
            return -1;
        y += plan.height + MARGIN;
    }
    *end = y;
    return 0;
}

/* Everything, once to measure its height and once to draw it. */
static int put_all(figure *f, ray_error *error)
{
    char more[64] = "";
    int64_t columns, y = put_text(f, MARGIN, f->title ? f->title : "", true, &columns);
    if (put_rows(f, y + (columns > 0 ? UNDER_TITLE : 0), &y, error))
        return -1;
    if (f->n_shown < f->n_rows)
        snprintf(more, sizeof more, "the first %d of %d", f->n_shown, f->n_rows);
    y = put_text(f, y, more, false, &columns);
    f->height = y + (columns > 0 ? MARGIN - (RAY_TEXT_LINE - RAY_TEXT_HEIGHT) : 0);
    return 0;
}

int ray_figure_write(const char *path, const char *title, const ray_figure_row *rows, int n_rows,
                     ray_error *error)
{
    figure f = { .title = title, .rows = rows, .n_rows = n_rows, .width = LEAST_WIDTH,
                 .n_shown = n_rows < MOST_ROWS ? n_rows : MOST_ROWS };
    for (int i = 0; i < f.n_shown; i++) {
        int64_t width = row_width(&rows[i]) + 2 * MARGIN;
        f.width = width > f.width ? width : f.width;
    }
    put_all(&f, error);
    if (ray_picture_alloc(&f.canvas, f.width, f.height, 3, error))
        return ray_fail_prefix(error, "cannot write %s: ", path);
    ray_canvas_fill(&f.canvas, (ray_box){ 0, 0, f.width, f.height }, paper);
    int failed = put_all(&f, error);
    if (!failed)
        failed = ray_png_write(path, &f.canvas, error);
    ray_picture_free(&f.canvas);
    return failed;
}
