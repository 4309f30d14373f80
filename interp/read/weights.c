/* SPDX-License-Identifier: MIT */
#include "weights.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "npy.h"
#include "weights_table.h"

static const ray_format *const file_formats[] = { &ray_format_safetensors, &ray_format_npz };

/* ---- Building ---- */

ray_entry *ray_weights_add(ray_weights *weights, const char *name)
{
    if (weights->n == weights->capacity) {
        int capacity = weights->capacity * 2 + 64;
        ray_entry *entries = ray_grow(weights->entries, (size_t)capacity, sizeof *entries);
        if (!entries)
            return NULL;
        weights->entries = entries;
        weights->capacity = capacity;
    }
    ray_entry *entry = &weights->entries[weights->n];
    memset(entry, 0, sizeof *entry);
    entry->name = ray_arena_copy(&weights->arena, name);
    if (!entry->name)
        return NULL;
    weights->n++;
    return entry;
}

int ray_entry_load_npy(const char *name, const unsigned char *bytes, size_t size, ray_entry *entry,
                       ray_error *error)
{
    ray_tensor tensor;
    if (ray_npy_parse(name, bytes, size, &tensor, error))
        return -1;
    if (tensor.rank != entry->shape.rank
        || memcmp(tensor.dim, entry->shape.dim, sizeof tensor.dim)) {
        ray_tensor_free(&tensor);
        return ray_fail(error, "%s: the file has changed since it was opened", name);
    }
    entry->shape.data = tensor.data;
    entry->owned = true;
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const ray_entry *)a)->name, ((const ray_entry *)b)->name);
}

static int sort_entries(ray_weights *weights, ray_error *error)
{
    if (weights->n > 1)
        qsort(weights->entries, (size_t)weights->n, sizeof *weights->entries, compare_entries);
    for (int i = 1; i < weights->n; i++)
        if (!strcmp(weights->entries[i - 1].name, weights->entries[i].name))
            return ray_fail(error, "%s: two tensors are named \"%s\"", weights->path,
                            weights->entries[i].name);
    return 0;
}

/* ---- Opening and closing ---- */

static const ray_format *find_format(const char *path, ray_error *error)
{
    struct stat status;
    if (stat(path, &status)) {
        ray_fail(error, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    if (S_ISDIR(status.st_mode))
        return &ray_format_npy_folder;
    for (size_t i = 0; i < sizeof file_formats / sizeof *file_formats; i++)
        if (ray_ends_with(path, file_formats[i]->ending))
            return file_formats[i];
    ray_fail(error, "%s: not a format of weights that is known; .safetensors, .npz or a folder of "
             ".npy files", path);
    return NULL;
}

int ray_weights_create(ray_weights **out, const ray_format *format, const char *path, void *source,
                       ray_error *error)
{
    *out = NULL;
    ray_weights *weights = ray_alloc(1, sizeof *weights);
    if (!weights)
        return ray_fail_memory(error);
    weights->format = format;
    weights->archive = source;
    weights->path = ray_string_copy(path);
    if (!weights->path)
        ray_fail_memory(error);
    else if (!format->open(weights, error) && !sort_entries(weights, error)) {
        *out = weights;
        return 0;
    }
    ray_weights_close(weights);
    return -1;
}

int ray_weights_open(ray_weights **out, const char *path, ray_error *error)
{
    const ray_format *format = find_format(path, error);
    *out = NULL;
    return format ? ray_weights_create(out, format, path, NULL, error) : -1;
}

void ray_weights_close(ray_weights *weights)
{
    if (!weights)
        return;
    if (weights->format->close)
        weights->format->close(weights);
    for (int i = 0; i < weights->n; i++)
        if (weights->entries[i].owned)
            ray_free_aligned(weights->entries[i].shape.data);
    ray_mapping_close(&weights->mapping);
    ray_arena_free(&weights->arena);
    free(weights->entries);
    free(weights->path);
    free(weights);
}

/* ---- Looking ---- */

int ray_weights_count(const ray_weights *weights)
{
    return weights->n;
}

const char *ray_weights_name(const ray_weights *weights, int index)
{
    return weights->entries[index].name;
}

const char *ray_weights_path(const ray_weights *weights)
{
    return weights->path;
}

int ray_weights_find(const ray_weights *weights, const char *name)
{
    ray_entry key = { .name = name }, *found = NULL;
    if (weights->n > 0)
        found = bsearch(&key, weights->entries, (size_t)weights->n, sizeof key, compare_entries);
    return found ? (int)(found - weights->entries) : -1;
}

void ray_weights_shape(const ray_weights *weights, int index, ray_tensor *shape)
{
    *shape = weights->entries[index].shape;
    shape->data = NULL;
}

/* ---- Taking ---- */

/* "[1, 0, 2]" of the element at a position */
static const char *element_text(const ray_tensor *shape, int64_t position, char buffer[192])
{
    int64_t index[RAY_MAX_RANK];
    for (int32_t k = shape->rank - 1; k >= 0; k--) {
        index[k] = position % shape->dim[k];
        position /= shape->dim[k];
    }
    size_t used = 0;
    snprintf(buffer, 192, "[");
    for (int32_t k = 0; k < shape->rank; k++)
        used += (size_t)snprintf(buffer + used, 192 - used, "%s%lld", k == 0 ? "[" : ", ",
                                 (long long)index[k]);
    strcat(buffer, "]");
    return buffer;
}

static int check_finite(const ray_weights *weights, const ray_entry *entry, ray_error *error)
{
    char where[192];
    int64_t bad = ray_numbers_find_bad(entry->shape.data, entry->count);
    if (bad < 0)
        return 0;
    const char *what = isnan(entry->shape.data[bad]) ? "NaN" : "infinite";
    return ray_fail(error, "%s: tensor \"%s\": element %s is %s", weights->path, entry->name,
                    element_text(&entry->shape, bad, where), what);
}

static void forget_numbers(ray_entry *entry)
{
    if (entry->owned)
        ray_free_aligned(entry->shape.data);
    entry->shape.data = NULL;
    entry->owned = false;
}

int ray_weights_take(ray_weights *weights, int index, ray_tensor *tensor, ray_error *error)
{
    ray_entry *entry = &weights->entries[index];
    if (!entry->type->floating)
        return ray_fail(error, "%s: tensor \"%s\": numbers of type %s cannot be weights; only "
                        "F32, F16, BF16 and F64", weights->path, entry->name, entry->type->name);
    if (!entry->shape.data) {
        if (weights->format->load(weights, entry, error))
            return -1;
        if (check_finite(weights, entry, error)) {
            forget_numbers(entry);
            return -1;
        }
    }
    *tensor = entry->shape;
    return 0;
}
