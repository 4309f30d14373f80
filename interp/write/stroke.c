/* SPDX-License-Identifier: MIT */
/* stroke.c - first how much of each pixel the whole line covers, then one blend: where its pieces
 * meet or overlap nothing gets darker. */
#include "stroke.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static const double line_radius = 1, dot_radius = 2.5;      /* pixels */

typedef struct cover {
    ray_box box;
    float  *share;              /* of each pixel of the box, 0 ... 1 */
} cover;

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double distance(ray_point p, ray_point a, ray_point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    double along = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    along = clamp(along, 0, 1);
    return hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/* The pixels from low to high, widened by what a line needs, within `size` from `start` on. */
static void find_pixels(double low, double high, double reach, int64_t start, int64_t size,
                        int64_t *first, int64_t *last)
{
    *first = (int64_t)clamp(floor(low - reach), (double)start, (double)(start + size)) - start;
    *last = (int64_t)clamp(ceil(high + reach), (double)(start - 1), (double)(start + size - 1))
            - start;
}

static void cover_segment(cover *c, ray_point a, ray_point b, double radius)
{
    int64_t left, right, top, bottom;
    double reach = radius + 1;
    find_pixels(fmin(a.x, b.x), fmax(a.x, b.x), reach, c->box.x, c->box.width, &left, &right);
    find_pixels(fmin(a.y, b.y), fmax(a.y, b.y), reach, c->box.y, c->box.height, &top, &bottom);
    for (int64_t y = top; y <= bottom; y++)
        for (int64_t x = left; x <= right; x++) {
            ray_point p = { (double)(c->box.x + x), (double)(c->box.y + y) };
            float share = (float)clamp(radius + 0.5 - distance(p, a, b), 0, 1);
            float *found = &c->share[y * c->box.width + x];
            *found = share > *found ? share : *found;
        }
}

static bool is_there(const ray_point *points, int64_t i, int64_t n)
{
    return i >= 0 && i < n && isfinite(points[i].x) && isfinite(points[i].y);
}

static void cover_line(cover *c, const ray_point *points, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        bool before = is_there(points, i - 1, n), after = is_there(points, i + 1, n);
        if (!is_there(points, i, n))
            continue;
        if (after)
            cover_segment(c, points[i], points[i + 1], line_radius);
        else if (!before)
            cover_segment(c, points[i], points[i], dot_radius);
    }
}

int ray_stroke_draw(ray_picture *canvas, ray_box box, const ray_point *points, int64_t n,
                    ray_colour colour, ray_error *error)
{
    cover c = { box, ray_alloc((size_t)(box.width * box.height), sizeof(float)) };
    if (!c.share)
        return ray_fail_memory(error);
    cover_line(&c, points, n);
    for (int64_t i = 0; i < box.width * box.height; i++)
        if (c.share[i] > 0)
            ray_canvas_blend(canvas, box.x + i % box.width, box.y + i / box.width, colour,
                             (double)c.share[i]);
    free(c.share);
    return 0;
}
