/* SPDX-License-Identifier: MIT */
/* page.h - what figures, sheets and charts are drawn on: white paper as high as its content. */
#ifndef RAY_WRITE_PAGE_H
#define RAY_WRITE_PAGE_H

#include "canvas.h"

enum {                          /* pixels */
    RAY_PAGE_MARGIN = 16,       /* around everything */
    RAY_PAGE_GAP = 14,          /* between what stands side by side */
    RAY_UNDER_TEXT = 2,         /* between a caption and what it belongs to */
    RAY_UNDER_TITLE = 10
};

extern const ray_colour ray_paper, ray_ink, ray_faint;      /* faint: ink for what matters less */

/* Content is put on a page twice: the first time the canvas has no pixels, nothing that is drawn is
 * seen, and the height is found. */
typedef struct ray_page {
    ray_picture canvas;
    int64_t     width, height;
} ray_page;

/* Puts everything on the page and sets its height. */
typedef int (*ray_page_put)(ray_page *page, void *content, ray_error *error);

/* A page of this width as a PNG.  The same content gives the same bytes. */
int ray_page_write(const char *path, int64_t width, ray_page_put put, void *content,
                   ray_error *error);

typedef enum ray_text_style { RAY_PLAIN, RAY_BOLD, RAY_FAINT } ray_text_style;

/* Where lines of text begin, and how wide they may be. */
typedef struct ray_text_place { int64_t x, y, width; } ray_text_place;

/* Text broken into lines, no line for "".  Returns where the next line would be; *columns, unless
 * NULL, is the length of the last one in characters. */
int64_t ray_page_text(ray_page *page, ray_text_place place, const char *text, ray_text_style style,
                      int64_t *columns);

/* The same within the page's margins. */
int64_t ray_page_line(ray_page *page, int64_t y, const char *text, ray_text_style style);

/* The closing line "the first 16 of 40" when not all are shown. */
int64_t ray_page_more(ray_page *page, int64_t y, int64_t shown, int64_t of);

#endif
