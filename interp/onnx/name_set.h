/* SPDX-License-Identifier: MIT */
/* name_set.h - names that are taken. */
#ifndef RAY_ONNX_NAME_SET_H
#define RAY_ONNX_NAME_SET_H

#include "base/memory.h"

typedef struct ray_name_set { const char **slot; size_t room; } ray_name_set;

int  ray_name_set_open(ray_name_set *set, int32_t most);     /* -1: no memory */
void ray_name_set_close(ray_name_set *set);
/* The name, or the first of NAME_2, NAME_3, ... that is free; it is taken from now on.  It belongs to
 * the arena.  NULL: no memory. */
const char *ray_name_set_add(ray_name_set *set, ray_arena *arena, const char *name);

bool ray_name_ends(const char *name, const char *ending);

#endif
