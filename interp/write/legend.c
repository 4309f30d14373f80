/* SPDX-License-Identifier: MIT */
#include "legend.h"

#include <string.h>

enum {                          /* pixels */
    SAMPLE_WIDTH = 32,          /* of a colour before its name, with a gap */
    SAMPLE_GAP = 8,
    SAMPLE_HEIGHT = 4,
    NAME_GAP = 28               /* between a name and the next sample */
};

ray_legend ray_legend_at(ray_text_place place)
{
    return (ray_legend){ place, place.x, place.y };
}

void ray_legend_add(ray_page *page, ray_legend *legend, const char *name, ray_colour colour)
{
    int64_t width = SAMPLE_WIDTH + RAY_TEXT_ADVANCE * ray_text_columns(name, strlen(name));
    int64_t end = legend->place.x + legend->place.width;
    if (legend->x > legend->place.x && legend->x + width > end) {
        legend->x = legend->place.x;
        legend->place.y = legend->below;
    }
    ray_canvas_fill(&page->canvas,
                    (ray_box){ legend->x, legend->place.y + (RAY_TEXT_HEIGHT - SAMPLE_HEIGHT) / 2,
                               SAMPLE_WIDTH - SAMPLE_GAP, SAMPLE_HEIGHT }, colour);
    ray_text_place place = { legend->x + SAMPLE_WIDTH, legend->place.y,
                             end - legend->x - SAMPLE_WIDTH };
    legend->below = ray_page_text(page, place, name, RAY_PLAIN, NULL);
    legend->x += width + NAME_GAP;
}
