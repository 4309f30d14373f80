/* SPDX-License-Identifier: MIT */
/* Calls a function that nobody has. */
#include "ray_plugin.h"

int nobody_has_this_function(ray_run *run);

RAY_PLUGIN({ .name = "undefined_symbol", .prepare = nobody_has_this_function });
