/* SPDX-License-Identifier: MIT */
/* Built for another major version of the interface. */
#include "ray_plugin.h"

static const ray_method methods[] = { { .name = "wrong_major" } };

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR + 1, 0, 1, sizeof(ray_method),
                                      sizeof(ray_option), sizeof(ray_rule), methods };
