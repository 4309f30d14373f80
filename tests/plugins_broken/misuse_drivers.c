/* SPDX-License-Identifier: MIT */
/* Services of interface 1.1 asked for at the wrong time or with what they cannot take. */
#include "ray_plugin.h"

static const double numbers[] = { 1, 2 };

static int end_late(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->end_at(run, "relu1");
}

static int end_nowhere(ray_run *run)
{
    return run->host->end_at(run, "relu9");
}

static int hand_out_early(ray_run *run)
{
    const ray_array array = { .name = "a", .rank = 1, .dim = { 4 } };
    return !run->host->array(run, &array);
}

static int number_early(ray_run *run)
{
    return run->host->numbers(run, "n", 2, numbers);
}

static int hand_out_badly(ray_run *run, ray_tensor *map)
{
    const ray_array array = { .name = "No Name", .rank = 1, .dim = { 4 } };
    (void)map;
    return !run->host->array(run, &array);
}

static int hand_out_curves_of_one_axis(ray_run *run, ray_tensor *map)
{
    const ray_array array = { .name = "a", .use = RAY_ARRAY_CURVES, .rank = 1, .dim = { 4 } };
    (void)map;
    return !run->host->array(run, &array);
}

static int change_shape(ray_run *run, ray_tensor *map)
{
    ray_array array = { .name = "a", .rank = 1, .dim = { 4 } };
    (void)map;
    if (!run->host->array(run, &array))
        return -1;
    array.dim[0] = 5;
    return !run->host->array(run, &array);
}

static int save_nothing(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->resume(run, NULL, 0) < 0;
}

static int evaluate_early(ray_run *run)
{
    return run->host->forward(run);
}

/* The second pass of the network reads what the first one wrote: infinity. */
static int feed_infinity(ray_run *run, ray_tensor *map)
{
    (void)map;
    ray_tensor *batch = run->host->batch(run, 1);
    if (!batch)
        return -1;
    for (int64_t i = 0; i < batch->dim[1] * batch->dim[2] * batch->dim[3]; i++)
        batch->data[i] = 3e38f;
    return run->host->forward(run);
}

RAY_PLUGIN(
    { .name = "end_late", .explain = end_late },
    { .name = "end_nowhere", .prepare = end_nowhere },
    { .name = "hand_out_early", .prepare = hand_out_early },
    { .name = "number_early", .prepare = number_early },
    { .name = "evaluate_early", .prepare = evaluate_early },
    { .name = "hand_out_badly", .explain = hand_out_badly },
    { .name = "hand_out_curves_of_one_axis", .explain = hand_out_curves_of_one_axis },
    { .name = "change_shape", .explain = change_shape },
    { .name = "save_nothing", .explain = save_nothing },
    { .name = "feed_infinity", .explain = feed_infinity });
