/* SPDX-License-Identifier: MIT */
/* bench_bars.c - the times of a network's layers as bars. */
#include <stdlib.h>

#include "bars.h"
#include "base/memory.h"
#include "scale.h"

enum { SERIES = 2 };

/* Layers that others computed are left out. */
static int fill(const ray_network *network, const ray_bench *bench, ray_arena *arena,
                ray_bars *bars, ray_error *error)
{
    size_t n = (size_t)bench->n_layers + 1;
    const char **names = ray_arena_alloc(arena, n, sizeof *names);
    double *values = ray_arena_alloc(arena, n * SERIES, sizeof *values);
    if (!names || !values)
        return ray_fail_memory(error);
    bars->names = names;
    bars->values = values;
    for (int i = 0; i < bench->n_layers; i++) {
        const ray_bench_layer *layer = &bench->layers[i];
        ray_layer_info info;
        double *value = values + bars->n_bars * bars->n_series;
        ray_network_layer(network, i, &info);
        value[0] = layer->forward.median * 1e3;
        if (bars->n_series > 1)
            value[1] = layer->backward[1].median * 1e3;
        if (!layer->joined || (bars->n_series > 1 && value[1] > 0))
            names[bars->n_bars++] = info.name;
    }
    return 0;
}

/* "forward: 12.5 ms"; NULL without memory. */
static const char *series_name(const ray_bars *bars, int64_t series, const char *name,
                               ray_arena *arena)
{
    char number[RAY_NUMBER_SIZE];
    double sum = 0;
    for (int64_t i = 0; i < bars->n_bars; i++)
        sum += bars->values[i * bars->n_series + series];
    return ray_arena_format(arena, "%s: %s ms", name, ray_number_text(sum, number));
}

static int name_series(ray_bars *bars, const ray_bench *bench, const char *series[SERIES],
                       ray_arena *arena, ray_error *error)
{
    series[0] = series_name(bars, 0, "forward", arena);
    const char *backward = bars->n_series > 1
        ? ray_arena_format(arena, "backward (%s)", bench->entries[1].name) : "";
    series[1] = bars->n_series > 1 && backward ? series_name(bars, 1, backward, arena) : backward;
    bars->series = series;
    return series[0] && series[1] ? 0 : ray_fail_memory(error);
}

static int save(const ray_network *network, const ray_bench *bench, const char *path,
                ray_arena *arena, ray_error *error)
{
    const char *series[SERIES];
    ray_bars bars = {
        .title = ray_arena_format(arena, "%s: time of each layer", ray_network_name(network)),
        .note = ray_arena_format(arena, "batch %lld, %d thread%s, kernels %s, median of %d run%s",
                                 (long long)bench->items, bench->threads,
                                 bench->threads > 1 ? "s" : "", ray_kernels_name(), bench->runs,
                                 bench->runs > 1 ? "s" : ""),
        .unit = "milliseconds", .n_series = bench->n_entries > 1 ? 2 : 1 };
    if (!bars.title || !bars.note)
        return ray_fail_memory(error);
    if (fill(network, bench, arena, &bars, error)
        || name_series(&bars, bench, series, arena, error))
        return -1;
    return ray_bars_write(path, &bars, error);
}

int ray_bench_picture_save(const ray_network *network, const ray_bench *bench, const char *path,
                           ray_error *error)
{
    ray_arena arena = { 0 };
    int failed = save(network, bench, path, &arena, error);
    ray_arena_free(&arena);
    return failed;
}
