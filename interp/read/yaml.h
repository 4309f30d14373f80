/* SPDX-License-Identifier: MIT */
/* yaml.h - a YAML document as a tree in which every node knows its place.
 *
 * Aliases share the node of their anchor, merge keys (<<) are resolved, duplicate keys refused.
 * Limits against hostile files: depth 64, 1,000,000 nodes with aliases counted as often as they are
 * met, 64 MiB of text, no recursive aliases, one document. */
#ifndef RAY_READ_YAML_H
#define RAY_READ_YAML_H

#include "base/error.h"
#include "base/memory.h"

typedef enum ray_node_type { RAY_SCALAR, RAY_SEQUENCE, RAY_MAPPING } ray_node_type;

typedef struct ray_node ray_node;
struct ray_node {
    ray_node_type type;
    ray_mark      mark;
    bool          quoted;           /* scalar in quotes: never a number, bool or null */
    const char   *text;             /* scalar */
    int32_t       n;                /* entries of a sequence or pairs of a mapping */
    ray_node    **keys;             /* mapping: scalars */
    ray_node    **values;           /* sequence and mapping */
};

typedef struct ray_yaml { ray_arena arena; char *path; ray_node *root; } ray_yaml;
int  ray_yaml_read(ray_yaml *yaml, const char *path, ray_error *error);
int  ray_yaml_parse(ray_yaml *yaml, const char *path, const void *text, size_t size,
                    ray_error *error);
void ray_yaml_free(ray_yaml *yaml);

const ray_node *ray_node_find(const ray_node *mapping, const char *key);    /* NULL: absent */
bool ray_node_is_null(const ray_node *node);        /* ~, null or empty plain scalar */

#endif
