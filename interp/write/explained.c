/* SPDX-License-Identifier: MIT */
/* explained.c - the maps of a result as a figure, or as a sheet. */
#include <stdlib.h>

#include "base/memory.h"
#include "figure.h"
#include "network/network.h"
#include "read/preprocess.h"
#include "sheet.h"

/* A result on its way onto a page. */
typedef struct drawing {
    const ray_network *network;
    const ray_request *request;
    const ray_result  *result;
    ray_arena          texts;       /* and what else lives as long as the drawing */
    ray_picture       *pictures;    /* of each item of the input */
    int64_t            n_pictures;
    ray_error         *error;
} drawing;

static int64_t item_of(const drawing *d, int64_t row)
{
    return d->request->input.dim[0] > 1 ? row : 0;
}

static int drawing_open(drawing *d, const ray_network *network, const ray_request *request,
                        const ray_result *result, ray_error *error)
{
    *d = (drawing){ .network = network, .request = request, .result = result, .error = error };
    const ray_tensor *input = &request->input;
    int64_t channels = input->rank == 4 ? input->dim[1] : 0;
    d->pictures = ray_alloc((size_t)input->dim[0], sizeof *d->pictures);
    if (!d->pictures)
        return ray_fail_memory(error);
    d->n_pictures = input->dim[0];
    for (int64_t i = 0; i < d->n_pictures && (channels == 1 || channels == 3); i++)
        if (ray_preprocess_undo(&network->description.input, input, i, &d->pictures[i], error))
            return -1;
    return 0;
}

static void drawing_close(drawing *d)
{
    for (int64_t i = 0; i < d->n_pictures; i++)
        ray_picture_free(&d->pictures[i]);
    free(d->pictures);
    ray_arena_free(&d->texts);
}

/* ---- Words; NULL when memory is short ---- */

/* "star 4.21" */
static const char *caption_of(drawing *d, int64_t row)
{
    int64_t target = d->result->targets[row];
    double score = ray_output_score(&d->result->output, item_of(d, row), target);
    const char *label = ray_network_label(d->network, target);
    if (d->request->seed)
        return "signal from a file";
    return label ? ray_arena_format(&d->texts, "%s %.4g", label, score)
                 : ray_arena_format(&d->texts, "class %lld %.4g", (long long)target, score);
}

static const char *place_of(const ray_map *map)
{
    return *map->layer ? map->layer : "the input";
}

/* ", partial: 320 of 8000 masks", or nothing. */
static const char *partial_of(drawing *d, const ray_map *map)
{
    if (!map->partial)
        return "";
    return ray_arena_format(&d->texts, ", partial: %lld of %lld %s", (long long)map->done,
                            (long long)map->total, map->steps ? map->steps : "steps");
}

static const char *figure_title(drawing *d, const ray_map *map)
{
    const char *partial = partial_of(d, map), *name = ray_network_name(d->network);
    return partial ? ray_arena_format(&d->texts, "%s at %s of %s%s", map->method, place_of(map),
                                      *name ? name : "the network", partial)
                   : NULL;
}

/* "at relu4_1" */
static const char *sheet_note(drawing *d, const ray_map *map)
{
    const char *partial = partial_of(d, map);
    return partial ? ray_arena_format(&d->texts, "at %s%s", place_of(map), partial) : NULL;
}

/* ---- A figure ---- */

/* Planes of an extra for each map; 0 when it has none, or one, which is the map over again. */
static int64_t planes_of(const ray_extra *extra, const ray_map *map)
{
    const ray_tensor *t = &extra->tensor;
    if (extra->use != RAY_ARRAY_MAPS || t->rank != 4 || t->dim[1] != 1)
        return 0;
    int64_t planes = t->dim[0] / map->map.dim[0];
    return planes > 1 && planes * map->map.dim[0] == t->dim[0] ? planes : 0;
}

static int64_t rows_for_a_map(const ray_map *map)
{
    int64_t rows = 1;
    for (int i = 0; i < map->n_extras; i++)
        rows += planes_of(&map->extras[i], map);
    return rows;
}

/* Plane k of a tensor M x 1 x H x W. */
static ray_figure_row row_of(const drawing *d, const ray_tensor *maps, int64_t k, int64_t row,
                             const char *caption)
{
    int64_t height = maps->dim[2], width = maps->dim[3];
    return (ray_figure_row){ d->pictures[item_of(d, row)], maps->data + k * height * width, height,
                             width, caption };
}

/* The map of one target, then the planes that belong to it. */
static int fill_rows(drawing *d, const ray_map *map, int64_t row, ray_figure_row *out)
{
    const char *caption = caption_of(d, row);
    if (!caption)
        return ray_fail_memory(d->error);
    *out++ = row_of(d, &map->map, row, row, caption);
    for (int i = 0; i < map->n_extras; i++) {
        const ray_extra *extra = &map->extras[i];
        int64_t planes = planes_of(extra, map);
        for (int64_t k = 0; k < planes; k++) {
            const char *text = ray_arena_format(&d->texts, "%s, %s %lld of %lld", caption,
                                                extra->name, (long long)k + 1, (long long)planes);
            if (!text)
                return ray_fail_memory(d->error);
            *out++ = row_of(d, &extra->tensor, row * planes + k, row, text);
        }
    }
    return 0;
}

static int save_figure(drawing *d, const ray_map *map, const char *path)
{
    int64_t n = map->map.dim[0], each = rows_for_a_map(map);
    const char *title = figure_title(d, map);
    ray_figure_row *rows = ray_arena_alloc(&d->texts, (size_t)(n * each), sizeof *rows);
    if (!title || !rows)
        return ray_fail_memory(d->error);
    for (int64_t i = 0; i < n; i++)
        if (fill_rows(d, map, i, rows + i * each))
            return -1;
    return ray_figure_write(path, title, rows, (int)(n * each), d->error);
}

int ray_figure_check(const ray_map *map, ray_error *error)
{
    if (map->map.rank == 4)
        return 0;
    return ray_fail(error, "%s: its map at \"%s\" is not a picture and cannot be drawn; leave png "
                    "out of --format", map->method, place_of(map));
}

int ray_figure_save(const ray_network *network, const ray_request *request,
                    const ray_result *result, int index, const char *path, ray_error *error)
{
    drawing d;
    if (ray_figure_check(&result->maps[index], error))
        return -1;
    int failed = drawing_open(&d, network, request, result, error);
    if (!failed)
        failed = save_figure(&d, &result->maps[index], path);
    drawing_close(&d);
    return failed;
}

/* ---- A sheet ---- */

static int fill_sheet_map(drawing *d, const ray_map *map, int64_t row, ray_sheet_map *out)
{
    int64_t height = map->map.dim[2], width = map->map.dim[3];
    *out = (ray_sheet_map){ map->method, sheet_note(d, map), map->map.data + row * height * width,
                            height, width };
    return out->note ? 0 : ray_fail_memory(d->error);
}

static int fill_block(drawing *d, int64_t row, ray_sheet_block *out)
{
    const ray_result *result = d->result;
    ray_sheet_map *maps = ray_arena_alloc(&d->texts, (size_t)result->n_maps, sizeof *maps);
    *out = (ray_sheet_block){ d->pictures[item_of(d, row)], caption_of(d, row), maps,
                              result->n_maps };
    if (!maps || !out->caption)
        return ray_fail_memory(d->error);
    for (int i = 0; i < result->n_maps; i++)
        if (fill_sheet_map(d, &result->maps[i], row, &maps[i]))
            return -1;
    return 0;
}

static int save_sheet(drawing *d, const char *path)
{
    int64_t n = d->result->n_targets;
    ray_sheet_block *blocks = ray_arena_alloc(&d->texts, (size_t)n, sizeof *blocks);
    if (!blocks)
        return ray_fail_memory(d->error);
    for (int64_t i = 0; i < n; i++)
        if (fill_block(d, i, &blocks[i]))
            return -1;
    return ray_sheet_write(path, ray_network_name(d->network), blocks, (int)n, d->error);
}

int ray_sheet_save(const ray_network *network, const ray_request *request, const ray_result *result,
                   const char *path, ray_error *error)
{
    drawing d;
    if (result->n_maps == 0)
        return ray_fail(error, "cannot write %s: there are no maps", path);
    for (int i = 0; i < result->n_maps; i++)
        if (ray_figure_check(&result->maps[i], error))
            return -1;
    int failed = drawing_open(&d, network, request, result, error);
    if (!failed)
        failed = save_sheet(&d, path);
    drawing_close(&d);
    return failed;
}
