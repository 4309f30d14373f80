/* SPDX-License-Identifier: MIT */
/* Services asked for at the wrong time or with wrong names, one a method. */
#include "ray_plugin.h"

static int keep_unknown(ray_run *run)
{
    return run->host->keep(run, "rellu1");
}

static int keep_late(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->keep(run, "relu1");
}

static int backward_first(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->backward(run, NULL);
}

static int end_at_unkept(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->forward(run) || run->host->backward(run, &(ray_pass){ .to = "relu1" });
}

static int end_at_unknown(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->forward(run) || run->host->backward(run, &(ray_pass){ .to = "relu9" });
}

static int seed_of_wrong_size(ray_run *run, ray_tensor *map)
{
    return run->host->forward(run) || run->host->backward(run, &(ray_pass){ .seed = map });
}

static int value_unkept(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->forward(run) || !run->host->value(run, "relu1");
}

static int value_first(ray_run *run, ray_tensor *map)
{
    (void)map;
    return !run->host->value(run, "");
}

static int signal_first(ray_run *run, ray_tensor *map)
{
    (void)map;
    return run->host->forward(run) || !run->host->signal(run, "");
}

static int batch_too_large(ray_run *run, ray_tensor *map)
{
    (void)map;
    return !run->host->batch(run, run->batch_max + 1);
}

static int batch_of_none(ray_run *run, ray_tensor *map)
{
    (void)map;
    return !run->host->batch(run, 0);
}

static int scratch_too_large(ray_run *run, ray_tensor *map)
{
    (void)map;
    return !run->host->scratch(run, 3, (const int64_t[]){ INT64_C(1) << 40, INT64_C(1) << 40, 4 });
}

static int read_what_it_said_it_would_not(ray_run *run, const ray_call *call)
{
    return run->host->layer_backward(run, call, call->in, call->out, call->weight, call->dout,
                                     call->din);
}

static int make_nan(ray_run *run, ray_tensor *map)
{
    (void)run;
    map->data[0] = 0.0f / (map->data[0] * 0.0f);
    return 0;
}

static int spoil_signal(ray_run *run, const ray_call *call)
{
    if (run->host->layer_backward(run, call, call->in, call->out, call->weight, call->dout,
                                  call->din))
        return -1;
    call->din[0].data[0] = 3e38f * 10;
    return 0;
}

static const ray_rule reads_nothing[] = {
    { .kind = "relu", .backward = read_what_it_said_it_would_not, .reads = RAY_READ_NONE },
    { .kind = "*" }, { 0 }
};
static const ray_rule spoils[] = {
    { .layers = "conv2", .backward = spoil_signal }, { .kind = "*" }, { 0 }
};

RAY_PLUGIN(
    { .name = "keep_unknown", .prepare = keep_unknown },
    { .name = "keep_late", .explain = keep_late },
    { .name = "backward_first", .explain = backward_first },
    { .name = "end_at_unkept", .explain = end_at_unkept },
    { .name = "end_at_unknown", .explain = end_at_unknown },
    { .name = "seed_of_wrong_size", .explain = seed_of_wrong_size },
    { .name = "value_unkept", .explain = value_unkept },
    { .name = "value_first", .explain = value_first },
    { .name = "signal_first", .explain = signal_first },
    { .name = "batch_too_large", .explain = batch_too_large },
    { .name = "batch_of_none", .explain = batch_of_none },
    { .name = "scratch_too_large", .explain = scratch_too_large },
    { .name = "forward_only_backward", .flags = RAY_FORWARD_ONLY, .explain = end_at_unkept },
    { .name = "reads_nothing", .rules = reads_nothing },
    { .name = "makes_nan", .explain = make_nan },
    { .name = "spoils_signal", .rules = spoils });
