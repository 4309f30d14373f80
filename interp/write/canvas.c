/* SPDX-License-Identifier: MIT */
#include "canvas.h"

#include <string.h>

#include "font.h"

static void set_pixel(ray_picture *canvas, int64_t x, int64_t y, ray_colour colour)
{
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        return;
    unsigned char *pixel = canvas->pixels + 3 * (y * canvas->width + x);
    pixel[0] = colour.red;
    pixel[1] = colour.green;
    pixel[2] = colour.blue;
}

void ray_canvas_fill(ray_picture *canvas, ray_box box, ray_colour colour)
{
    for (int64_t y = box.y; y < box.y + box.height; y++)
        for (int64_t x = box.x; x < box.x + box.width; x++)
            set_pixel(canvas, x, y, colour);
}

void ray_canvas_blend(ray_picture *canvas, int64_t x, int64_t y, ray_colour colour, double share)
{
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        return;
    const unsigned char *pixel = canvas->pixels + 3 * (y * canvas->width + x);
    ray_colour under = { pixel[0], pixel[1], pixel[2] };
    set_pixel(canvas, x, y, ray_colour_mix(under, colour, share));
}

void ray_canvas_draw(ray_picture *canvas, int64_t x, int64_t y, const ray_picture *rgb)
{
    const unsigned char *pixel = rgb->pixels;
    for (int64_t dy = 0; dy < rgb->height; dy++)
        for (int64_t dx = 0; dx < rgb->width; dx++, pixel += 3)
            set_pixel(canvas, x + dx, y + dy, (ray_colour){ pixel[0], pixel[1], pixel[2] });
}

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

int64_t ray_text_columns(const char *text, size_t n)
{
    int64_t columns = 0;
    for (size_t i = 0; i < n; i++)
        columns += !continues_character(text[i]);
    return columns;
}

size_t ray_text_break(const char *text, int64_t columns, const char **rest)
{
    size_t n = 0, space = 0, mark = 0;
    for (int64_t left = columns; text[n] != '\0'; n++) {
        if (!continues_character(text[n]) && left-- == 0)
            break;
        if (text[n] == ' ')
            space = n;
        else if (strchr("_./", text[n]))
            mark = n + 1;
    }
    if (text[n] != '\0' && text[n] != ' ' && (space > 0 || mark > 0))
        n = mark > 0 && space < n / 2 ? mark : space;
    *rest = text + n + strspn(text + n, " ");
    return n;
}

static bool dot_at(const unsigned char *glyph, int x, int y)
{
    bool inside = x >= 0 && x < RAY_GLYPH_WIDTH && y >= 0 && y < RAY_GLYPH_HEIGHT;
    return inside && (glyph[y] >> (RAY_GLYPH_WIDTH - 1 - x) & 1) != 0;
}

/* Each dot becomes 2 x 2 pixels.  A pixel takes the colour of the two dots it touches when these
 * agree and the two on the far side do not: this rounds off the stairs of slanted strokes. */
static bool pixel_at(const unsigned char *glyph, int px, int py)
{
    int x = px / 2, y = py / 2, dx = px % 2 * 2 - 1, dy = py % 2 * 2 - 1;
    bool beside = dot_at(glyph, x + dx, y), above = dot_at(glyph, x, y + dy);
    if (beside == above && beside != dot_at(glyph, x, y - dy) && above != dot_at(glyph, x - dx, y))
        return beside;
    return dot_at(glyph, x, y);
}

static void draw_glyph(ray_picture *canvas, int64_t x, int64_t y, unsigned char character,
                       ray_colour colour)
{
    const unsigned char *glyph = ray_font_glyph(character);
    for (int py = 0; py < 2 * RAY_GLYPH_HEIGHT; py++)
        for (int px = 0; px < 2 * RAY_GLYPH_WIDTH; px++)
            if (pixel_at(glyph, px, py))
                set_pixel(canvas, x + px, y + py, colour);
}

void ray_canvas_text(ray_picture *canvas, int64_t x, int64_t y, const char *text, size_t n,
                     ray_colour colour)
{
    for (size_t i = 0; i < n; i++) {
        if (continues_character(text[i]))
            continue;
        draw_glyph(canvas, x, y, (unsigned char)text[i], colour);
        x += RAY_TEXT_ADVANCE;
    }
}
