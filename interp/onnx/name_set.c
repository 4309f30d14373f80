/* SPDX-License-Identifier: MIT */
/* name_set.c - a table of names, open addressing. */
#include "name_set.h"

#include <stdlib.h>
#include <string.h>

int ray_name_set_open(ray_name_set *set, int32_t most)
{
    set->room = 64;
    while (set->room < 4 * (size_t)most)
        set->room *= 2;
    set->slot = ray_alloc(set->room, sizeof *set->slot);
    return set->slot ? 0 : -1;
}

void ray_name_set_close(ray_name_set *set)
{
    free(set->slot);
    *set = (ray_name_set){ 0 };
}

static ray_name_slot *find(const ray_name_set *set, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    for (size_t i = hash & (set->room - 1);; i = (i + 1) & (set->room - 1))
        if (!set->slot[i].name || !strcmp(set->slot[i].name, name))
            return &set->slot[i];
}

const char *ray_name_set_add(ray_name_set *set, ray_arena *arena, const char *name)
{
    ray_name_slot *base = find(set, name), *slot = base;
    const char *made = base->name ? name : ray_arena_copy(arena, name);
    while (made && slot->name) {
        made = ray_arena_format(arena, "%s_%d", name, base->next++);
        slot = made ? find(set, made) : slot;
    }
    if (made)
        *slot = (ray_name_slot){ made, 2 };
    return made;
}

bool ray_name_ends(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);
    return n > e && !strcmp(name + n - e, ending);
}
