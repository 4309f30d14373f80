/* SPDX-License-Identifier: MIT */
/* blur.c - a separable Gaussian.  Sums are made in double, one target value at a time and always in
 * the same order, so that the result does not depend on the number of threads.
 *
 * Beyond the map lies its border value or zero, so all taps that fall there act as one: `tail`
 * gives their weight, and the work never exceeds the map's length, however wide the filter. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "map.h"

static const double widest = 1e5;       /* standard deviation, in pixels */

/* For the distances 0 ... reach: a tap's weight; tail[k] is the sum of weight[k + 1 ... reach]. */
typedef struct gauss { double *weight, *tail; int64_t reach; } gauss;

static int gauss_make(gauss *g, double sigma, ray_error *error)
{
    *g = (gauss){ .reach = (int64_t)ceil(4 * sigma) };
    g->weight = ray_alloc((size_t)(2 * (g->reach + 1)), sizeof(double));
    if (!g->weight)
        return ray_fail_memory(error);
    g->tail = g->weight + g->reach + 1;
    double width = sqrt(2) * sigma + FLT_EPSILON, sum = 0;
    for (int64_t k = g->reach; k >= 0; k--) {
        g->weight[k] = exp(-(k / width) * (k / width));
        sum += (k == 0 ? 1 : 2) * g->weight[k];
    }
    for (int64_t k = g->reach; k >= 0; k--) {
        g->weight[k] /= sum;
        g->tail[k] = k == g->reach ? 0 : g->tail[k + 1] + g->weight[k + 1];
    }
    return 0;
}

/* The weight of all taps further away than `distance`. */
static double beyond(const gauss *g, int64_t distance)
{
    return distance >= g->reach ? 0 : g->tail[distance];
}

/* Value i of a line of n values that are `step` apart. */
static double blur_at(const gauss *g, const RAY_REAL *line, int64_t step, int64_t n, int64_t i,
                      ray_border border)
{
    int64_t first = i > g->reach ? i - g->reach : 0;
    int64_t end = n - i > g->reach ? i + g->reach + 1 : n;
    double sum = 0;
    for (int64_t j = first; j < i; j++)
        sum += g->weight[i - j] * line[j * step];
    for (int64_t j = i; j < end; j++)
        sum += g->weight[j - i] * line[j * step];
    if (border == RAY_BORDER_REPLICATE)
        sum += beyond(g, i) * line[0] + beyond(g, n - 1 - i) * line[(n - 1) * step];
    return sum;
}

static void blur_rows(const gauss *g, const ray_tensor *map, ray_border border, RAY_REAL *out)
{
    int64_t width = map->dim[3], rows = map->dim[0] * map->dim[1] * map->dim[2];
    #pragma omp parallel for schedule(static)
    for (int64_t y = 0; y < rows; y++)
        for (int64_t x = 0; x < width; x++)
            out[y * width + x] = (RAY_REAL)blur_at(g, map->data + y * width, 1, width, x, border);
}

static void blur_columns(const gauss *g, const RAY_REAL *in, ray_border border, ray_tensor *map)
{
    int64_t height = map->dim[2], width = map->dim[3], rows = map->dim[0] * map->dim[1] * height;
    #pragma omp parallel for schedule(static)
    for (int64_t y = 0; y < rows; y++) {
        const RAY_REAL *plane = in + y / height * height * width;
        for (int64_t x = 0; x < width; x++)
            map->data[y * width + x] =
                (RAY_REAL)blur_at(g, plane + x, width, height, y % height, border);
    }
}

int ray_map_blur(ray_tensor *map, double sigma, ray_border border, ray_error *error)
{
    if (map->rank != 4)
        return ray_fail(error, "only a map with height and width can be smoothed");
    if (!(sigma >= 0 && sigma <= widest))
        return ray_fail(error, "a standard deviation of %g pixels is out of range; 0 to %g", sigma,
                        widest);
    if (sigma == 0)
        return 0;
    gauss g;
    size_t n = (size_t)(map->dim[0] * map->dim[1] * map->dim[2] * map->dim[3]);
    RAY_REAL *rows = ray_alloc(n, sizeof *rows);
    if (!rows)
        return ray_fail_memory(error);
    int failed = gauss_make(&g, sigma, error);
    if (!failed) {
        blur_rows(&g, map, border, rows);
        blur_columns(&g, rows, border, map);
        free(g.weight);
    }
    free(rows);
    return failed;
}
