/* SPDX-License-Identifier: MIT */
/* curves.c - the curves of a result as a chart. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "chart.h"

/* "reward|area term" in n parts; a NULL entry where it has fewer, an n + 1st one where it has
 * more. */
static const char **split_names(ray_arena *arena, const char *text, int64_t n)
{
    const char **names = ray_arena_alloc(arena, (size_t)n + 2, sizeof *names);
    char *rest = ray_arena_copy(arena, text);
    if (!names || (text && !rest))
        return NULL;
    for (int64_t i = 0; i <= n && rest; i++) {
        names[i] = rest;
        rest = strchr(rest, '|');
        if (rest)
            *rest++ = '\0';
    }
    return names;
}

static int save(const ray_extra *curves, const char *title, const char *path, ray_arena *arena,
                ray_error *error)
{
    const ray_tensor *t = &curves->tensor;
    const char **names = split_names(arena, curves->curves, t->dim[2]);
    if (!names)
        return ray_fail_memory(error);
    if (!names[t->dim[2] - 1] || names[t->dim[2]])
        return ray_fail(error, "%s: the array has %lld curves, named \"%s\"", curves->name,
                        (long long)t->dim[2], curves->curves ? curves->curves : "");
    ray_chart chart = { title, curves->steps, names, t->data, t->dim[0], t->dim[1], t->dim[2] };
    return ray_chart_write(path, &chart, error);
}

int ray_curves_save(const ray_extra *curves, const char *title, const char *path, ray_error *error)
{
    const ray_tensor *t = &curves->tensor;
    bool fits = t->rank == 3 && t->dim[0] > 0 && t->dim[1] > 0 && t->dim[2] > 0;
    if (!fits)
        return ray_fail(error, "%s: only plots x steps x curves, none of them 0, can be drawn",
                        curves->name);
    ray_arena arena = { 0 };
    int failed = save(curves, title, path, &arena, error);
    ray_arena_free(&arena);
    return failed;
}
