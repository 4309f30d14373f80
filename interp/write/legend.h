/* SPDX-License-Identifier: MIT */
/* legend.h - what colours stand for: a sample of each before a name, beside each other as long as
 * there is room. */
#ifndef RAY_WRITE_LEGEND_H
#define RAY_WRITE_LEGEND_H

#include "page.h"

typedef struct ray_legend {
    ray_text_place place;           /* where it begins, and how wide it may be */
    int64_t        x, below;        /* where the next name would be, and the next line */
} ray_legend;

ray_legend ray_legend_at(ray_text_place place);
void       ray_legend_add(ray_page *page, ray_legend *legend, const char *name, ray_colour colour);

#endif
