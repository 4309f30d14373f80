/* SPDX-License-Identifier: MIT */
/* Built for a later minor version: it may call services that the host does not have. */
#include "ray_plugin.h"

static const ray_method methods[] = { { .name = "newer_minor" } };

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR, RAY_ABI_MINOR + 1, 1, sizeof(ray_method),
                                      sizeof(ray_option), sizeof(ray_rule), methods };
