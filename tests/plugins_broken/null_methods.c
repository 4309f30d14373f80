/* SPDX-License-Identifier: MIT */
/* Claims a method and has no table of them. */
#include "ray_plugin.h"

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR, RAY_ABI_MINOR, 1, sizeof(ray_method),
                                      sizeof(ray_option), sizeof(ray_rule), NULL };
