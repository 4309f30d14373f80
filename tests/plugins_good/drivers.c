/* SPDX-License-Identifier: MIT */
/* Methods that drive the network themselves, for the services that came with interface 1.1. */
#include <math.h>
#include <string.h>

#include "ray_plugin.h"

static int64_t count(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

static void copy(ray_tensor *to, const ray_tensor *from)
{
    memcpy(to->data, from->data, (size_t)count(to) * sizeof *to->data);
}

static void sum_channels(const ray_tensor *p, ray_tensor *map)
{
    int64_t positions = count(p) / p->dim[0] / p->dim[1];
    memset(map->data, 0, (size_t)count(map) * sizeof *map->data);
    for (int64_t i = 0; i < count(p); i++)
        map->data[i / positions / p->dim[1] * positions + i % positions] += p->data[i];
}

/* ---- An end before the output: the last item of a batch is the image, the others are zero ---- */

static int end_at_relu1(ray_run *run)
{
    return run->host->end_at(run, "relu1");
}

static int end_early(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    ray_tensor *batch = host->batch(run, 3);
    if (!batch)
        return -1;
    ray_tensor item = *batch;
    item.dim[0] = 1;
    memset(batch->data, 0, (size_t)count(batch) * sizeof *batch->data);
    item.data += 2 * count(&item);
    copy(&item, run->image);
    if (host->forward(run) || host->backward(run, NULL))
        return -1;
    const ray_tensor *out = host->output(run);
    if (out->dim[0] != 3 || out->dim[1] != 8 || out->rank != 4 || run->batch_max < 3)
        return host->fail(run, "the output is not that of relu1");
    ray_tensor p = *host->signal(run, "");
    p.dim[0] = 1;
    p.data += 2 * count(&p);
    sum_channels(&p, map);
    return 0;
}

/* The same on the request's own evaluation. */
static int end_early_on_the_image(ray_run *run, ray_tensor *map)
{
    if (run->host->forward(run) || run->host->backward(run, NULL))
        return -1;
    if (run->host->output(run)->dim[1] != 8)
        return run->host->fail(run, "the output is not that of relu1");
    sum_channels(run->host->signal(run, ""), map);
    return 0;
}

/* ---- Small services: the map's first numbers say what they gave ---- */

static void write_index(void *context, int64_t i)
{
    ((float *)context)[i] = (float)i;
}

static int count_in_parallel(ray_run *run, ray_tensor *map)
{
    run->host->parallel(run, count(map), write_index, map->data);
    return 0;
}

/* The first number of the run's seed, the first of the seed 1, and the first once more. */
static int draw_again(ray_run *run, ray_tensor *map)
{
    map->data[0] = (float)(run->host->random(run) & 0xffffff);
    run->host->random_seed(run, 1);
    map->data[1] = (float)(run->host->random(run) & 0xffffff);
    run->host->random_seed(run, 1);
    map->data[2] = (float)(run->host->random(run) & 0xffffff);
    return 0;
}

typedef struct params { int64_t border; const char *file; } params;

static const ray_option options[] = {
    { .name = "border", .help = "as ray_border", .type = RAY_INT,
      .offset = offsetof(params, border), .max = 1 },
    { .name = "file", .help = "a .npy", .type = RAY_STRING, .flags = RAY_PATH,
      .offset = offsetof(params, file) },
    { 0 }
};

/* A single one in the corner, blurred. */
static int blur_corner(ray_run *run, ray_tensor *map)
{
    const params *p = run->options;
    map->data[0] = 1;
    return run->host->blur(run, map, 2, (ray_border)p->border);
}

static int blur_too_much(ray_run *run, ray_tensor *map)
{
    return run->host->blur(run, map, -1, RAY_BORDER_ZERO);
}

static int show_file(ray_run *run, ray_tensor *map)
{
    const params *p = run->options;
    const ray_tensor *array = run->host->read_array(run, p->file ? p->file : "nothing.npy");
    if (!array)
        return -1;
    map->data[0] = (float)count(array);
    map->data[1] = array->data[0];
    return 0;
}

/* ---- Long work: each step adds a random number to a block and notes how far it is ---- */

enum { STEPS = 10 };

static int work(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    double sum = 0, steps = 0;
    const ray_block blocks[] = { { &sum, sizeof sum }, { &steps, sizeof steps } };
    const ray_array history = { .name = "history", .use = RAY_ARRAY_CURVES, .rank = 3,
                                .dim = { 2, STEPS, 1 }, .curves = "sum", .steps = "steps" };
    ray_tensor *curve = host->array(run, &history);
    int64_t done = host->resume(run, blocks, 2);
    if (!curve || done < 0)
        return -1;
    for (int64_t i = 0; i < 2 * STEPS; i++)
        curve->data[i] = NAN;
    int stop = 0;
    for (; done < STEPS && !stop; stop = host->progress(run, ++done, STEPS)) {
        sum += (double)(host->random(run) & 0xff) * (double)(1 + run->target[0]);
        steps++;
        curve->data[done] = (float)sum;
    }
    map->data[0] = (float)sum;
    map->data[1] = (float)steps;
    map->data[2] = (float)run->image->data[0];
    return host->numbers(run, "sum", 1, &sum) || host->numbers(run, "steps", 1, &steps);
}

/* Planes that are treated as the map is. */
static int hand_out_planes(ray_run *run, ray_tensor *map)
{
    const ray_array planes = { .name = "planes", .use = RAY_ARRAY_MAPS, .rank = 4,
                               .dim = { 2, 1, map->dim[2], map->dim[3] } };
    ray_tensor *array = run->host->array(run, &planes);
    if (!array)
        return -1;
    for (int64_t i = 0; i < count(map); i++)
        map->data[i] = array->data[i] = array->data[count(map) + i] = (float)(i % 7);
    return 0;
}

RAY_PLUGIN(
    { .name = "ends_early", .prepare = end_at_relu1, .explain = end_early },
    { .name = "ends_early_shared", .prepare = end_at_relu1, .explain = end_early_on_the_image },
    { .name = "counts", .explain = count_in_parallel },
    { .name = "draws_again", .explain = draw_again },
    { .name = "blurs", .explain = blur_corner, .params = options, .params_size = sizeof(params) },
    { .name = "blurs_too_much", .explain = blur_too_much },
    { .name = "reads", .explain = show_file, .params = options, .params_size = sizeof(params) },
    { .name = "goes_on", .explain = work, .steps = "stones", .params = options,
      .params_size = sizeof(params), .flags = RAY_EXPLAINS_INPUT | RAY_ONE_ITEM },
    { .name = "planes", .explain = hand_out_planes, .flags = RAY_MAP_IS_MASK });
