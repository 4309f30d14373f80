/* SPDX-License-Identifier: MIT */
#include "grid_masks.h"

#include <string.h>

#include "picture.h"

/* Position 0 ... cells + 1 of the grid with its border. */
static int32_t cell_at(int64_t i, int64_t cells)
{
    int64_t mirrored = i < 1 ? 1 : i > cells ? cells - 2 : i - 1;
    return cells == 1 ? 0 : (int32_t)mirrored;
}

/* The first cell's pixels, those of the border, are left out. */
static int create_line(ray_run *run, int64_t size, int64_t cells, ray_tap_line *line)
{
    int64_t shifts = (size + cells - 1) / cells, span = (size + shifts + cells - 1) / cells;
    const float scale = 1 / (float)span;
    *line = (ray_tap_line){ .size = size, .shifts = shifts };
    line->taps = (ray_tap *)(void *)ray_floats_create(
        run, (size + shifts) * (int64_t)(sizeof(ray_tap) / sizeof(float)));
    for (int64_t i = 0; line->taps && i < size + shifts; i++) {
        double at = (double)scale * ((double)(span + i) + 0.5) - 0.5;
        int64_t low = (int64_t)at, high = low > cells ? low : low + 1;
        float past = (float)(at - (double)low);
        line->taps[i] = (ray_tap){ { 1 - past, past },
                                   { cell_at(low, cells), cell_at(high, cells) } };
    }
    return line->taps ? 0 : -1;
}

int ray_grid_masks_create(ray_run *run, ray_grid_masks *masks, int64_t height, int64_t width,
                          int64_t batch)
{
    int64_t numbers = masks->cells * masks->cells + 2;
    masks->chunk = masks->chunk < masks->count ? masks->chunk : masks->count;
    masks->n_drawn = masks->chunk * numbers;
    if (create_line(run, height, masks->cells, &masks->rows)
        || create_line(run, width, masks->cells, &masks->columns))
        return -1;
    masks->drawn = ray_floats_create(run, masks->n_drawn);
    masks->taken = masks->drawn ? ray_floats_create(run, batch * numbers) : NULL;
    masks->lines = masks->taken ? ray_floats_create(run, batch * 4 * width) : NULL;
    return masks->lines ? 0 : -1;
}

static void draw_chunk(ray_run *run, ray_grid_masks *masks, int64_t n)
{
    const float p = (float)masks->p;
    int64_t n_cells = n * masks->cells * masks->cells;
    float *shift = masks->drawn + n_cells;
    for (int64_t i = 0; i < n_cells; i++)
        masks->drawn[i] = (float)(run->host->random(run) & 0xffffff) * 0x1p-24f < p;
    for (int64_t i = 0; i < 2 * n; i++)
        shift[i] = (float)(run->host->random(run)
                           % (uint32_t)(i < n ? masks->rows.shifts : masks->columns.shifts));
}

void ray_grid_masks_draw(ray_run *run, ray_grid_masks *masks, int64_t first, int64_t n)
{
    int64_t n_cells = masks->cells * masks->cells;
    float *to = masks->taken;
    for (int64_t i = first; i < first + n; i++, to += n_cells + 2) {
        int64_t at = i % masks->chunk, left = masks->count - (i - at);
        int64_t chunk = left < masks->chunk ? left : masks->chunk;
        if (at == 0)
            draw_chunk(run, masks, chunk);
        memcpy(to, masks->drawn + at * n_cells, (size_t)n_cells * sizeof *to);
        to[n_cells] = masks->drawn[chunk * n_cells + at];
        to[n_cells + 1] = masks->drawn[chunk * (n_cells + 1) + at];
    }
}

/* A row of cells along a row of pixels: what these have from the cell before and the one after. */
static void enlarge_row(const float *cells, const ray_tap *columns, int64_t width, float *line)
{
    for (int64_t x = 0; x < width; x++)
        for (int k = 0; k < 2; k++)
            line[k * width + x] = columns[x].weight[k] * cells[columns[x].cell[k]];
}

/* Products are rounded to float and added in double: so masks are those of the method's reference
 * implementation to the bit. */
static void blend_rows(const float weight[2], const float *restrict line, int64_t width,
                       float *restrict mask)
{
    const float above = weight[0], below = weight[1];
    for (int64_t x = 0; x < width; x++) {
        float a = above * line[x], b = above * line[width + x];
        float c = below * line[2 * width + x], d = below * line[3 * width + x];
        mask[x] = (float)((double)a + (double)b + (double)c + (double)d);
    }
}

void ray_grid_masks_make(const ray_grid_masks *masks, int64_t i, float *mask)
{
    int64_t width = masks->columns.size, cells = masks->cells;
    const float *taken = masks->taken + i * (cells * cells + 2), *shift = taken + cells * cells;
    const ray_tap *rows = masks->rows.taps + (int64_t)shift[0];
    const ray_tap *columns = masks->columns.taps + (int64_t)shift[1];
    float *line = masks->lines + i * 4 * width;
    for (int64_t y = 0; y < masks->rows.size; y++) {
        bool same = y > 0 && !memcmp(rows[y].cell, rows[y - 1].cell, sizeof rows[y].cell);
        for (int k = 0; k < 2 && !same; k++)
            enlarge_row(taken + rows[y].cell[k] * cells, columns, width, line + 2 * k * width);
        blend_rows(rows[y].weight, line, width, mask + y * width);
    }
}
