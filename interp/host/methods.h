/* SPDX-License-Identifier: MIT */
/* methods.h - the set of methods that plugins brought: what ray_methods is inside. */
#ifndef RAY_HOST_METHODS_H
#define RAY_HOST_METHODS_H

#include "base/error.h"
#include "base/memory.h"
#include "ray_plugin.h"
#include "rayinterp.h"

typedef struct ray_method_entry { ray_method method; const char *file; } ray_method_entry;

struct ray_methods {
    ray_arena         arena;
    ray_method_entry *entries;      /* in order of loading */
    int               n;
};

/* By name or alias; NULL and an error with the nearest name when unknown. */
const ray_method *ray_methods_find(const ray_methods *methods, const char *name, ray_error *error);

/* "; did you mean \"ebp\"?" when the name looks like a slip, else "". */
const char *ray_methods_hint(const ray_methods *methods, const char *name, char *buffer,
                             size_t size);

/* Adds the methods of an entry point that has been found in `file`; checks all of it first. */
int ray_methods_add(ray_methods *methods, const ray_plugin *plugin, const char *file,
                    ray_error *error);

#endif
