/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdio.h>

#include "png.h"

const ray_colour ray_paper = { 255, 255, 255 }, ray_ink = { 32, 32, 32 },
                 ray_faint = { 105, 105, 105 };

int ray_page_write(const char *path, int64_t width, ray_page_put put, void *content,
                   ray_error *error)
{
    ray_page page = { .width = width };
    if (put(&page, content, error))
        return -1;
    if (ray_picture_alloc(&page.canvas, width, page.height, 3, error))
        return ray_fail_prefix(error, "cannot write %s: ", path);
    ray_canvas_fill(&page.canvas, (ray_box){ 0, 0, width, page.height }, ray_paper);
    int failed = put(&page, content, error);
    if (!failed)
        failed = ray_png_write(path, &page.canvas, error);
    ray_picture_free(&page.canvas);
    return failed;
}

/* Bold is drawn twice, a pixel apart. */
int64_t ray_page_text(ray_page *page, ray_text_place place, const char *text, ray_text_style style,
                      int64_t *columns)
{
    int64_t most = place.width / RAY_TEXT_ADVANCE, last = 0, strokes = style == RAY_BOLD ? 2 : 1;
    while (*text != '\0') {
        const char *rest;
        size_t n = ray_text_break(text, most > 0 ? most : 1, &rest);
        for (int64_t x = 0; x < strokes; x++)
            ray_canvas_text(&page->canvas, place.x + x, place.y, text, n,
                            style == RAY_FAINT ? ray_faint : ray_ink);
        last = ray_text_columns(text, n);
        text = rest;
        place.y += RAY_TEXT_LINE;
    }
    if (columns)
        *columns = last;
    return place.y;
}

int64_t ray_page_line(ray_page *page, int64_t y, const char *text, ray_text_style style)
{
    ray_text_place place = { RAY_PAGE_MARGIN, y, page->width - 2 * RAY_PAGE_MARGIN };
    return ray_page_text(page, place, text, style, NULL);
}

int64_t ray_page_more(ray_page *page, int64_t y, int64_t shown, int64_t of)
{
    char text[64] = "";
    if (shown < of)
        snprintf(text, sizeof text, "the first %lld of %lld", (long long)shown, (long long)of);
    int64_t end = ray_page_line(page, y, text, RAY_PLAIN);
    return end + (end > y ? RAY_PAGE_MARGIN - (RAY_TEXT_LINE - RAY_TEXT_HEIGHT) : 0);
}
