/* SPDX-License-Identifier: MIT */
/* explained.c - the maps of a result as a figure. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "figure.h"
#include "network/network.h"
#include "read/preprocess.h"

enum { CAPTION = 256 };

static int64_t item_of(const ray_request *request, int64_t row)
{
    return request->input.dim[0] > 1 ? row : 0;
}

/* "star 4.21" */
static void write_caption(const ray_network *network, const ray_request *request,
                          const ray_result *result, int64_t row, char *caption)
{
    int64_t target = result->targets[row];
    double score = ray_output_score(&result->output, item_of(request, row), target);
    const char *label = ray_network_label(network, target);
    if (request->seed)
        snprintf(caption, CAPTION, "signal from a file");
    else if (label)
        snprintf(caption, CAPTION, "%s %.4g", label, score);
    else
        snprintf(caption, CAPTION, "class %lld %.4g", (long long)target, score);
}

static int fill_row(const ray_network *network, const ray_request *request,
                    const ray_result *result, const ray_map *map, int64_t row, ray_figure_row *out,
                    char *caption, ray_error *error)
{
    int64_t channels = request->input.rank == 4 ? request->input.dim[1] : 0;
    *out = (ray_figure_row){ .height = map->map.dim[2], .width = map->map.dim[3],
        .map = map->map.data + row * map->map.dim[2] * map->map.dim[3], .caption = caption };
    write_caption(network, request, result, row, caption);
    if (channels != 1 && channels != 3)
        return 0;
    return ray_preprocess_undo(&network->description.input, &request->input, item_of(request, row),
                               &out->picture, error);
}

static int save(const ray_network *network, const ray_request *request, const ray_result *result,
                const ray_map *map, const char *path, ray_figure_row *rows, char *captions,
                ray_error *error)
{
    char title[CAPTION];
    int64_t n = map->map.dim[0];
    for (int64_t i = 0; i < n; i++)
        if (fill_row(network, request, result, map, i, &rows[i], captions + i * CAPTION, error))
            return -1;
    snprintf(title, sizeof title, "%s at %s of %s", map->method,
             *map->layer ? map->layer : "the input",
             *ray_network_name(network) ? ray_network_name(network) : "the network");
    return ray_figure_write(path, title, rows, (int)n, error);
}

int ray_figure_check(const ray_map *map, ray_error *error)
{
    if (map->map.rank == 4)
        return 0;
    return ray_fail(error, "%s: its map at \"%s\" is not a picture and cannot be drawn; leave png "
                    "out of --format", map->method, *map->layer ? map->layer : "the input");
}

int ray_figure_save(const ray_network *network, const ray_request *request,
                    const ray_result *result, int index, const char *path, ray_error *error)
{
    const ray_map *map = &result->maps[index];
    if (ray_figure_check(map, error))
        return -1;
    size_t n = (size_t)map->map.dim[0];
    ray_figure_row *rows = ray_alloc(n, sizeof *rows);
    char *captions = ray_alloc(n, CAPTION);
    int failed = rows && captions ? save(network, request, result, map, path, rows, captions, error)
                                  : ray_fail_memory(error);
    for (size_t i = 0; rows && i < n; i++)
        ray_picture_free(&rows[i].picture);
    free(rows);
    free(captions);
    return failed;
}
