/* SPDX-License-Identifier: MIT */
/* resize.c - maps enlarged or reduced by interpolation.  The scale is rounded to float, and so is
 * the position of a nearest neighbour, as torch does: in double it could be another neighbour. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "map.h"

/* A target position lies between source positions `low` and `high`, `share` of the way. */
typedef struct between { int64_t low, high; float share; } between;

static between place_bilinear(int64_t target, float scale, int64_t n)
{
    double at = fmax((double)scale * ((double)target + 0.5) - 0.5, 0);
    int64_t low = (int64_t)at < n - 1 ? (int64_t)at : n - 1;
    return (between){ low, low < n - 1 ? low + 1 : low,
                      low < n - 1 ? (float)(at - (double)low) : 0 };
}

static between place_nearest(int64_t target, float scale, int64_t n)
{
    int64_t at = (int64_t)floorf((float)target * scale);
    at = at < n - 1 ? at : n - 1;
    return (between){ at, at, 0.0f };
}

/* One entry for each of `to` target positions; free(). */
static between *place_all(int64_t from, int64_t to, ray_resize_mode mode)
{
    between *place = ray_alloc((size_t)to, sizeof *place);
    float scale = (float)from / (float)to;
    for (int64_t i = 0; place && i < to; i++)
        place[i] = mode == RAY_RESIZE_NEAREST ? place_nearest(i, scale, from)
                                              : place_bilinear(i, scale, from);
    return place;
}

/* A share of zero must not read the other value: 0 x infinity is not a number. */
static RAY_REAL mix(RAY_REAL low, RAY_REAL high, float share)
{
    return share == 0.0f ? low : (1.0f - share) * low + share * high;
}

static void resize_row(const RAY_REAL *low, const RAY_REAL *high, float share,
                       const between *column, int64_t width, RAY_REAL *out)
{
    for (int64_t x = 0; x < width; x++) {
        between c = column[x];
        out[x] = mix(mix(low[c.low], low[c.high], c.share), mix(high[c.low], high[c.high], c.share),
                     share);
    }
}

static void resize_planes(const ray_tensor *map, const between *row, const between *column,
                          ray_tensor *out)
{
    int64_t height = out->dim[2], width = out->dim[3], from = map->dim[3];
    int64_t rows = out->dim[0] * out->dim[1] * height;
    #pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < rows; i++) {
        const RAY_REAL *plane = map->data + i / height * map->dim[2] * from;
        between r = row[i % height];
        resize_row(plane + r.low * from, plane + r.high * from, r.share, column, width,
                   out->data + i * width);
    }
}

static int check_sizes(const ray_tensor *map, int64_t height, int64_t width, size_t *bytes,
                       ray_error *error)
{
    int64_t size;
    if (map->rank != 4 || map->dim[2] < 1 || map->dim[3] < 1)
        return ray_fail(error, "only a map with height and width can be resized");
    if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX
        || !ray_multiply_checked(height, width, &size)
        || !ray_multiply_checked(size, map->dim[0] * map->dim[1], &size)
        || !ray_multiply_checked(size, sizeof(RAY_REAL), &size))
        return ray_fail(error, "a map cannot be resized to %lld x %lld", (long long)width,
                        (long long)height);
    *bytes = (size_t)size;
    return 0;
}

int ray_map_resize(const ray_tensor *map, int64_t height, int64_t width, ray_resize_mode mode,
                   ray_tensor *out, ray_error *error)
{
    size_t bytes = 0;
    *out = (ray_tensor){ .data = NULL };
    if (check_sizes(map, height, width, &bytes, error))
        return -1;
    between *row = place_all(map->dim[2], height, mode);
    between *column = place_all(map->dim[3], width, mode);
    *out = (ray_tensor){ ray_alloc_aligned(bytes), { map->dim[0], map->dim[1], height, width }, 4 };
    int failed = !row || !column || !out->data;
    if (!failed)
        resize_planes(map, row, column, out);
    free(row);
    free(column);
    if (!failed)
        return 0;
    ray_tensor_free(out);
    return ray_fail_memory(error);
}
