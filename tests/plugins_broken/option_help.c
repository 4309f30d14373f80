/* SPDX-License-Identifier: MIT */
/* A parameter that nobody explains. */
#include "ray_plugin.h"

typedef struct params { bool on; } params;

static const ray_option options[] = {
    { .name = "on", .type = RAY_BOOL, .offset = offsetof(params, on) },
    { 0 }
};

RAY_PLUGIN({ .name = "option_help", .params = options, .params_size = sizeof(params) });
