/* SPDX-License-Identifier: MIT */
/* A list of parameters that ends past its struct. */
#include "ray_plugin.h"

typedef struct params { bool on; ray_numbers list; } params;

static const ray_option options[] = {
    { .name = "list", .help = "some numbers", .type = RAY_NUMBERS,
      .offset = offsetof(params, list) },
    { 0 }
};

RAY_PLUGIN({ .name = "option_outside", .params = options, .params_size = sizeof(params) - 8 });
