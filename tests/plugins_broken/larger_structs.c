/* SPDX-License-Identifier: MIT */
/* Says that its structs are larger than this version's. */
#include "ray_plugin.h"

static const ray_method methods[] = { { .name = "larger_structs" } };

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR, RAY_ABI_MINOR, 1, sizeof(ray_method) + 8,
                                      sizeof(ray_option), sizeof(ray_rule), methods };
