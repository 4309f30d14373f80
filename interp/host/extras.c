/* SPDX-License-Identifier: MIT */
/* extras.c - arrays and numbers that a method hands out beside its map. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result.h"
#include "services.h"

static ray_extra *find_extra(const ray_map *map, const char *name)
{
    for (int i = 0; i < map->n_extras; i++)
        if (!strcmp(map->extras[i].name, name))
            return &map->extras[i];
    return NULL;
}

/* A first dimension of all parts of the work; NULL without memory. */
static ray_extra *add_extra(ray_session *session, const ray_array *array)
{
    ray_map *out = session->out;
    ray_extra *grown = ray_grow(out->extras, (size_t)out->n_extras + 1, sizeof *grown);
    if (!grown)
        return NULL;
    out->extras = grown;
    ray_extra *extra = &grown[out->n_extras++];
    *extra = (ray_extra){ .name = ray_string_copy(array->name), .use = array->use,
                          .tensor = { .rank = array->rank } };
    memcpy(extra->tensor.dim, array->dim, sizeof extra->tensor.dim);
    if (!ray_multiply_checked(array->dim[0], session->parts, &extra->tensor.dim[0]))
        return NULL;
    extra->tensor.data = ray_alloc((size_t)ray_tensor_size(&extra->tensor) + 1, sizeof(RAY_REAL));
    if (array->use == RAY_ARRAY_CURVES) {
        extra->curves = ray_string_copy(array->curves ? array->curves : "");
        extra->steps = ray_string_copy(array->steps ? array->steps : "");
        if (!extra->curves || !extra->steps)
            return NULL;
    }
    return extra->name && extra->tensor.data ? extra : NULL;
}

static bool shape_is_possible(const ray_array *array)
{
    int64_t size = 1;
    if (array->rank < 1 || array->rank > RAY_MAX_RANK)
        return false;
    for (int32_t i = 0; i < array->rank; i++)
        if (array->dim[i] < 1 || !ray_multiply_checked(size, array->dim[i], &size))
            return false;
    return (array->use != RAY_ARRAY_MAPS || array->rank == 4)
           && (array->use != RAY_ARRAY_CURVES || array->rank == 3);
}

static bool is_same_shape(const ray_session *session, const ray_tensor *all, const ray_array *array)
{
    if (all->rank != array->rank || all->dim[0] != array->dim[0] * session->parts)
        return false;
    return !memcmp(all->dim + 1, array->dim + 1, (size_t)(all->rank - 1) * sizeof *all->dim);
}

ray_tensor *ray_service_array(ray_run *run, const ray_array *array)
{
    ray_session *session = ray_session_of(run);
    if (!session->out || !ray_text_is_name(array->name) || !shape_is_possible(array)) {
        ray_service_fail(run, "array() is for explain(), and takes a name of a-z, 0-9 and _ and a "
                         "shape that fits its use");
        return NULL;
    }
    if (session->method->flags & RAY_COPIES) {
        ray_service_fail(run, "array() is not for a method with RAY_COPIES");
        return NULL;
    }
    ray_extra *extra = find_extra(session->out, array->name);
    if (extra && !is_same_shape(session, &extra->tensor, array)) {
        ray_service_fail(run, "the array \"%s\" has another shape than before", array->name);
        return NULL;
    }
    extra = extra ? extra : add_extra(session, array);
    ray_tensor *part = extra ? ray_arena_alloc(&session->arena, 1, sizeof *part) : NULL;
    if (!part) {
        ray_fail_memory(session->error);
        return NULL;
    }
    *part = extra->tensor;
    part->dim[0] = array->dim[0];
    part->data += session->part * ray_tensor_size(part);
    return part;
}

/* The finding of a name, a new one at first; NULL without memory. */
static ray_finding *obtain_finding(ray_map *map, const char *name)
{
    for (int i = 0; i < map->n_findings; i++)
        if (!strcmp(map->findings[i].name, name))
            return &map->findings[i];
    ray_finding *grown = ray_grow(map->findings, (size_t)map->n_findings + 1, sizeof *grown);
    char *copy = ray_string_copy(name);
    map->findings = grown ? grown : map->findings;
    if (!grown || !copy) {
        free(copy);
        return NULL;
    }
    grown[map->n_findings] = (ray_finding){ .name = copy };
    return &grown[map->n_findings++];
}

int ray_service_numbers(ray_run *run, const char *name, int32_t n, const double *values)
{
    ray_session *session = ray_session_of(run);
    ray_map *out = session->out;
    if (!out || !ray_text_is_name(name) || n < 0 || !values)
        return ray_service_fail(run, "numbers() is for explain(), and takes a name of a-z, 0-9 "
                                "and _");
    ray_finding *finding = obtain_finding(out, name);
    size_t size = finding ? (size_t)finding->n + (size_t)n + 1 : 0;
    double *v = finding ? ray_grow(finding->v, size, sizeof *v) : NULL;
    if (!v)
        return ray_fail_memory(session->error);
    finding->v = v;
    memcpy(v + finding->n, values, (size_t)n * sizeof *v);
    finding->n += n;
    return 0;
}
