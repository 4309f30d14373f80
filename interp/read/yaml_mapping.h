/* SPDX-License-Identifier: MIT */
/* yaml_mapping.h - what yaml.c collects becomes sequences and mappings (used by yaml.c only). */
#ifndef RAY_READ_YAML_MAPPING_H
#define RAY_READ_YAML_MAPPING_H

#include "yaml.h"

/* items: n values.  Copies them into the node. */
int ray_sequence_fill(ray_node *node, ray_node *const *items, int32_t n, ray_arena *arena,
                      ray_error *error);

/* items: n / 2 keys (scalars), each before its value.  Resolves merge keys: what the mapping says
 * itself goes before what it merges, an earlier merge before a later one.  Duplicate keys are
 * errors. */
int ray_mapping_fill(ray_node *node, ray_node *const *items, int32_t n, ray_arena *arena,
                     const char *path, ray_error *error);

#endif
