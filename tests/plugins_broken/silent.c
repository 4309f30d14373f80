/* SPDX-License-Identifier: MIT */
/* Callbacks that fail without a word, one a method. */
#include "ray_plugin.h"

static int fail_run(ray_run *run)
{
    (void)run;
    return 1;
}

static int fail_seed(ray_run *run, const ray_tensor *out, ray_tensor *dout)
{
    (void)run;
    (void)out;
    (void)dout;
    return 1;
}

static int keep_pool(ray_run *run)
{
    return run->host->keep(run, "pool1");
}

static int fail_visit(ray_run *run, const char *activation, const ray_tensor *value,
                      ray_tensor *signal)
{
    (void)run;
    (void)activation;
    (void)value;
    (void)signal;
    return -1;
}

static int fail_explain(ray_run *run, ray_tensor *map)
{
    (void)run;
    (void)map;
    return 7;
}

static int fail_saliency(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    (void)run;
    (void)x;
    (void)p;
    (void)map;
    return 1;
}

static int fail_rule(ray_run *run, const ray_call *call)
{
    (void)run;
    (void)call;
    return 1;
}

static const ray_rule rules[] = {
    { .kind = "relu", .backward = fail_rule }, { .kind = "*" }, { 0 }
};

RAY_PLUGIN(
    { .name = "silent_prepare", .prepare = fail_run },
    { .name = "silent_seed", .seed = fail_seed },
    { .name = "silent_visit", .prepare = keep_pool, .visit = fail_visit },
    { .name = "silent_explain", .explain = fail_explain },
    { .name = "silent_saliency", .saliency = fail_saliency },
    { .name = "silent_rule", .rules = rules });
