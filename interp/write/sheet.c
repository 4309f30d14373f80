/* SPDX-License-Identifier: MIT */
/* sheet.c - lays out the sheet: a block is a grid of cells, the picture's first; a cell is a name
 * and a note above a panel, and a colour scale with its numbers below. */
#include "sheet.h"

#include <stdio.h>
#include <string.h>

#include "page.h"
#include "panel.h"
#include "scale.h"

enum {
    MOST_BLOCKS = 24,           /* shown; the sheet says how many there are */
    MOST_ACROSS = 5,            /* cells */
    WIDTH = 1200,               /* pixels, from here on: of a sheet with several cells a row */
    MOST_CELL = 400,            /* a cell's width */
    LEAST_WIDTH = 480,          /* of a sheet */
    MARGIN = RAY_PAGE_MARGIN,
    GAP = 20,                   /* between cells: their numbers must not be read as one */
    SCALE_GAP = 6,              /* above and below the colour scale */
    SCALE_HEIGHT = 10,
    ROW_GAP = 14,
    BLOCK_GAP = 10              /* below a block, besides */
};

typedef struct sheet {
    const char            *title;
    const ray_sheet_block *blocks;
    int     n_blocks, n_shown, across;
    int64_t cell;               /* a cell's width */
} sheet;

/* ---- Sizes ---- */

static int count_cells(const ray_sheet_block *block)
{
    return block->n_maps + (block->picture.pixels != NULL);
}

/* Rows of about the same length. */
static int cells_across(int n)
{
    int rows = (n + MOST_ACROSS - 1) / MOST_ACROSS;
    return rows > 0 ? (n + rows - 1) / rows : 1;
}

static ray_figure_row row_of(const ray_sheet_block *block, const ray_sheet_map *map)
{
    return (ray_figure_row){ block->picture, map->map, map->height, map->width, NULL };
}

/* Of the cell's width, unless that makes it more than a quarter higher than wide. */
static ray_panel_size size_of(const sheet *s, const ray_sheet_block *block)
{
    bool alone = !block->picture.pixels;
    double width = (double)(alone ? block->maps[0].width : block->picture.width);
    double height = (double)(alone ? block->maps[0].height : block->picture.height);
    double scale = (double)s->cell / width, highest = 1.25 * (double)s->cell;
    if (height * scale > highest)
        scale = highest / height;
    int64_t across = (int64_t)(width * scale + 0.5), down = (int64_t)(height * scale + 0.5);
    return (ray_panel_size){ across > 0 ? across : 1, down > 0 ? down : 1 };
}

/* ---- A cell ---- */

typedef struct cell {
    const ray_sheet_block *block;
    const ray_sheet_map   *map;     /* NULL: the picture's cell */
    int64_t                x, width;
    ray_panel_size         size;    /* of the panel, no wider than the cell */
} cell;

/* Cell i of a block, in so many columns from the left. */
static cell cell_at(const sheet *s, const ray_sheet_block *block, int i, int column)
{
    int map = i - (block->picture.pixels != NULL);
    return (cell){ block, map < 0 ? NULL : &block->maps[map],
                   MARGIN + column * (s->cell + GAP), s->cell, size_of(s, block) };
}

/* Returns where the panel may begin. */
static int64_t put_heading(ray_page *page, int64_t y, const cell *c)
{
    ray_text_place place = { c->x, y, c->width };
    const char *name = c->map ? c->map->name : c->block->caption;
    place.y = ray_page_text(page, place, name, RAY_BOLD, NULL);
    return ray_page_text(page, place, c->map ? c->map->note : "", RAY_FAINT, NULL);
}

/* share: how far to the right of the cell, 0 or 1; beyond: "<", ">" or "". */
static void put_number(ray_page *page, int64_t y, const cell *c, int share, const char *beyond,
                       double value)
{
    char number[RAY_NUMBER_SIZE], text[RAY_NUMBER_SIZE + 2];
    snprintf(text, sizeof text, "%s%s", beyond, ray_number_text(value, number));
    int64_t width = RAY_TEXT_ADVANCE * (int64_t)strlen(text) - 2;
    ray_canvas_text(&page->canvas, c->x + share * (c->width - width), y, text, strlen(text),
                    ray_faint);
}

/* The colours from left to right, and the numbers of their ends below.  As wide as the cell, so
 * that the numbers never meet. */
static void put_scale(ray_page *page, int64_t y, const cell *c, const ray_scale *scale)
{
    for (int64_t i = 0; i < c->width; i++) {
        double share = (double)i / (double)(c->width - 1);
        ray_canvas_fill(&page->canvas, (ray_box){ c->x + i, y, 1, SCALE_HEIGHT },
                        ray_scale_colour_at(scale, share));
    }
    y += SCALE_HEIGHT + SCALE_GAP;
    if (scale->is_signed)
        put_number(page, y, c, 0, scale->low < -scale->most ? "<" : "", -scale->most);
    else
        put_number(page, y, c, 0, "", scale->start);
    if (scale->most > 0)
        put_number(page, y, c, 1, scale->high > scale->most ? ">" : "", scale->most);
}

static int put_panel(ray_page *page, int64_t y, const cell *c, ray_error *error)
{
    ray_picture panel = { NULL, 0, 0, 0 };
    static const ray_sheet_map none = { NULL, NULL, NULL, 0, 0 };
    ray_figure_row row = row_of(c->block, c->map ? c->map : &none);
    ray_scale scale = ray_scale_of(row.map, row.height * row.width);
    if (c->map ? ray_panel_map(&row, c->size, &scale, &panel, error)
               : ray_panel_picture(&row, c->size, &panel, error))
        return -1;
    ray_canvas_draw(&page->canvas, c->x, y, &panel);
    if (c->map)
        put_scale(page, y + c->size.height + SCALE_GAP, c, &scale);
    ray_picture_free(&panel);
    return 0;
}

/* ---- The page ---- */

/* Cells first ... end - 1 beside each other, their panels at one height.  Returns where the next
 * row would be, or -1. */
static int64_t put_row(ray_page *page, int64_t y, const sheet *s, const ray_sheet_block *block,
                       int first, int end, ray_error *error)
{
    int64_t top = y;
    for (int i = first; i < end; i++) {
        cell c = cell_at(s, block, i, i - first);
        int64_t heading = put_heading(page, y, &c);
        top = heading > top ? heading : top;
    }
    top += RAY_UNDER_TEXT;
    for (int i = first; i < end && page->canvas.pixels; i++) {
        cell c = cell_at(s, block, i, i - first);
        if (put_panel(page, top, &c, error))
            return -1;
    }
    return top + size_of(s, block).height + 2 * SCALE_GAP + SCALE_HEIGHT + RAY_TEXT_LINE + ROW_GAP;
}

static int64_t put_block(ray_page *page, int64_t y, const sheet *s, const ray_sheet_block *block,
                         ray_error *error)
{
    int n = count_cells(block);
    if (!block->picture.pixels)
        y = ray_page_line(page, y, block->caption, RAY_PLAIN) + RAY_UNDER_TEXT;
    for (int i = 0; i < n && y >= 0; i += s->across)
        y = put_row(page, y, s, block, i, i + s->across < n ? i + s->across : n, error);
    return y < 0 ? y : y + BLOCK_GAP;
}

static int put_all(ray_page *page, void *content, ray_error *error)
{
    const sheet *s = content;
    int64_t y = ray_page_line(page, MARGIN, s->title ? s->title : "", RAY_BOLD);
    y += y > MARGIN ? RAY_UNDER_TITLE : 0;
    for (int i = 0; i < s->n_shown; i++) {
        y = put_block(page, y, s, &s->blocks[i], error);
        if (y < 0)
            return -1;
    }
    page->height = ray_page_more(page, y - BLOCK_GAP, s->n_shown, s->n_blocks);
    return 0;
}

int ray_sheet_write(const char *path, const char *title, const ray_sheet_block *blocks,
                    int n_blocks, ray_error *error)
{
    sheet s = { title, blocks, n_blocks, n_blocks < MOST_BLOCKS ? n_blocks : MOST_BLOCKS, 1, 0 };
    for (int i = 0; i < s.n_shown; i++) {
        int across = cells_across(count_cells(&blocks[i]));
        s.across = across > s.across ? across : s.across;
    }
    s.cell = (WIDTH - 2 * MARGIN + GAP) / s.across - GAP;
    s.cell = s.cell < MOST_CELL ? s.cell : MOST_CELL;
    int64_t width = 2 * MARGIN - GAP + s.across * (s.cell + GAP);
    return ray_page_write(path, width > LEAST_WIDTH ? width : LEAST_WIDTH, put_all, &s, error);
}
