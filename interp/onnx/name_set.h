/* SPDX-License-Identifier: MIT */
/* name_set.h - names that are taken. */
#ifndef RAY_ONNX_NAME_SET_H
#define RAY_ONNX_NAME_SET_H

#include "base/memory.h"

/* next: what is tried behind the name when it is asked for again. */
typedef struct ray_name_slot { const char *name; int32_t next; } ray_name_slot;
typedef struct ray_name_set { ray_name_slot *slot; size_t room; } ray_name_set;

/* most: names that will be added. */
int  ray_name_set_open(ray_name_set *set, int32_t most);     /* -1: no memory */
void ray_name_set_close(ray_name_set *set);
/* The name, or the first of NAME_2, NAME_3, ... that is free; it is taken from now on.  It belongs
 * to the arena.  NULL: no memory. */
const char *ray_name_set_add(ray_name_set *set, ray_arena *arena, const char *name);

bool ray_name_ends(const char *name, const char *ending);

#endif
