/* SPDX-License-Identifier: MIT */
/* figure.c - lays out the figure: a title, and for each row a caption above three panels side by
 * side, the picture, the map over the picture, the colour scale. */
#include "figure.h"

#include <stdio.h>
#include <string.h>

#include "page.h"
#include "panel.h"
#include "scale.h"

enum {                          /* pixels */
    MARGIN = RAY_PAGE_MARGIN,   /* around everything, and between rows */
    GAP = RAY_PAGE_GAP,         /* between panels */
    BAR_WIDTH = 22,
    TICK_WIDTH = 6,             /* a mark inside the bar: beside it, it could be read as a minus */
    NUMBER_GAP = 8,             /* between the bar and its numbers */
    NUMBER_SPACE = 8 * RAY_TEXT_ADVANCE,
    LEAST_HEIGHT = 128,         /* of a row's panels: the scale must be legible */
    LEAST_WIDTH = 480,          /* of the figure */
    MOST_ROWS = 100             /* shown; the figure says how many there are */
};

typedef struct figure {
    const char           *title;
    const ray_figure_row *rows;
    int n_rows, n_shown;
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

/* At the right end of the caption's last line, or below when there is no room. */
static int64_t put_range(ray_page *page, int64_t y, const char *range, int64_t columns)
{
    int64_t n = (int64_t)strlen(range), most = (page->width - 2 * MARGIN) / RAY_TEXT_ADVANCE;
    bool beside = columns > 0 && columns + 3 + n <= most;
    y -= beside ? RAY_TEXT_LINE : 0;
    ray_canvas_text(&page->canvas, page->width - MARGIN - n * RAY_TEXT_ADVANCE, y, range, (size_t)n,
                    ray_faint);
    return y + RAY_TEXT_LINE;
}

/* A mark in the bar and the number beside it, which is kept within the bar's height. */
static void put_tick(ray_page *page, ray_box bar, const ray_scale *scale, double tick)
{
    char text[RAY_NUMBER_SIZE];
    double share = ray_scale_position(scale, tick);
    int64_t y = bar.y + (int64_t)((1 - share) * (double)(bar.height - 1) + 0.5);
    int64_t top = y - RAY_TEXT_HEIGHT / 2, lowest = bar.y + bar.height - RAY_TEXT_HEIGHT;
    bool bright = scale->is_signed ? share > 0.2 && share < 0.8 : share > 0.6;
    ray_canvas_fill(&page->canvas, (ray_box){ bar.x + bar.width - TICK_WIDTH, y, TICK_WIDTH, 1 },
                    bright ? ray_ink : ray_paper);
    ray_number_digits(tick, scale->start > 0 ? 4 : 3, text);
    ray_canvas_text(&page->canvas, bar.x + bar.width + NUMBER_GAP,
                    top < bar.y ? bar.y : top > lowest ? lowest : top, text, strlen(text), ray_ink);
}

static void put_scale(ray_page *page, ray_box bar, const ray_scale *scale)
{
    for (int64_t i = 0; i < bar.height; i++) {
        double share = 1 - (double)i / (double)(bar.height - 1);
        ray_canvas_fill(&page->canvas, (ray_box){ bar.x, bar.y + i, bar.width, 1 },
                        ray_scale_colour_at(scale, share));
    }
    double tick[RAY_MOST_TICKS];
    int n = ray_scale_ticks(scale, tick);
    for (int i = 0; i < n; i++)
        put_tick(page, bar, scale, tick[i]);
}

static int put_panels(ray_page *page, int64_t y, const ray_figure_row *row, const row_plan *plan,
                      ray_error *error)
{
    ray_picture left = { NULL, 0, 0, 0 }, map = { NULL, 0, 0, 0 };
    int failed = ray_panel_picture(row, plan->panel, &left, error);
    if (!failed)
        failed = ray_panel_map(row, plan->panel, &plan->scale, &map, error);
    int64_t x = MARGIN;
    if (!failed && left.pixels) {
        ray_canvas_draw(&page->canvas, x, y, &left);
        x += left.width + GAP;
    }
    if (!failed) {
        ray_canvas_draw(&page->canvas, x, y, &map);
        put_scale(page, (ray_box){ x + map.width + GAP, y, BAR_WIDTH, plan->height }, &plan->scale);
    }
    ray_picture_free(&left);
    ray_picture_free(&map);
    return failed;
}

/* Returns where the next row would be, or -1. */
static int64_t put_row(ray_page *page, int64_t y, const ray_figure_row *row, ray_error *error)
{
    row_plan plan = plan_row(row);
    ray_text_place place = { MARGIN, y, page->width - 2 * MARGIN };
    int64_t columns;
    y = ray_page_text(page, place, row->caption ? row->caption : "", RAY_PLAIN, &columns);
    y = put_range(page, y, plan.range, columns) + RAY_UNDER_TEXT;
    if (page->canvas.pixels && put_panels(page, y, row, &plan, error))
        return -1;
    return y + plan.height + MARGIN;
}

static int put_all(ray_page *page, void *content, ray_error *error)
{
    const figure *f = content;
    int64_t y = ray_page_line(page, MARGIN, f->title ? f->title : "", RAY_BOLD);
    y += y > MARGIN ? RAY_UNDER_TITLE : 0;
    for (int i = 0; i < f->n_shown; i++) {
        y = put_row(page, y, &f->rows[i], error);
        if (y < 0)
            return -1;
    }
    page->height = ray_page_more(page, y, f->n_shown, f->n_rows);
    return 0;
}

int ray_figure_write(const char *path, const char *title, const ray_figure_row *rows, int n_rows,
                     ray_error *error)
{
    figure f = { title, rows, n_rows, n_rows < MOST_ROWS ? n_rows : MOST_ROWS };
    int64_t width = LEAST_WIDTH;
    for (int i = 0; i < f.n_shown; i++) {
        int64_t needed = row_width(&rows[i]) + 2 * MARGIN;
        width = needed > width ? needed : width;
    }
    return ray_page_write(path, width, put_all, &f, error);
}
