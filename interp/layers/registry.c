/* SPDX-License-Identifier: MIT */
/* registry.c - the table of all layer kinds, made from the list in meson.build. */
#include <string.h>

#include "base/text.h"
#include "kind.h"

#define RAY_KIND_FILE(file) extern RAY_KINDS(file);
#include "kinds_list.h"
#undef RAY_KIND_FILE

#define RAY_KIND_FILE(file) ray_kinds_##file,
static const ray_kind *const files[] = {
#include "kinds_list.h"
};
#undef RAY_KIND_FILE

const ray_kind *ray_kind_at(int index)
{
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        for (const ray_kind *kind = files[f]; kind->name; kind++) {
            if (index-- == 0)
                return kind;
        }
    }
    return NULL;
}

const ray_kind *ray_kind_find(const char *name)
{
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        for (const ray_kind *kind = files[f]; kind->name; kind++) {
            if (!strcmp(kind->name, name))
                return kind;
        }
    }
    return NULL;
}

int32_t ray_kind_min_in(const ray_kind *kind)
{
    return kind->max_in == RAY_NONE ? 0 : kind->max_in == 0 ? 1 : kind->min_in;
}

int32_t ray_kind_max_in(const ray_kind *kind)
{
    return kind->max_in == RAY_NONE ? 0 : kind->max_in == 0 ? 1 : kind->max_in;
}

int ray_kind_unknown(const char *name, ray_error *error)
{
    ray_nearest nearest = ray_nearest_start(name);
    char hint[160];
    for (int i = 0; ray_kind_at(i); i++)
        ray_nearest_offer(&nearest, ray_kind_at(i)->name);
    return ray_fail(error, "there is no layer type \"%s\"%s; `rayinterp layers` lists them", name,
                    ray_nearest_hint(&nearest, hint, sizeof hint));
}
