/* SPDX-License-Identifier: MIT */
/* A table of no methods. */
#include "ray_plugin.h"

static const ray_method methods[] = { { .name = "unused" } };

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR, RAY_ABI_MINOR, 0, sizeof(ray_method),
                                      sizeof(ray_option), sizeof(ray_rule), methods };
