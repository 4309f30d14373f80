/* SPDX-License-Identifier: MIT */
/* A parameter of a type that there is not. */
#include "ray_plugin.h"

typedef struct params { bool on; } params;

static const ray_option options[] = {
    { .name = "on", .help = "yes or no", .type = (ray_type)99, .offset = offsetof(params, on) },
    { 0 }
};

RAY_PLUGIN({ .name = "option_type", .params = options, .params_size = sizeof(params) });
