/* SPDX-License-Identifier: MIT */
/* A .safetensors file: eight bytes that say how long the header is, the header (JSON: tensor name
 * to dtype, shape and data_offsets), the numbers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "weights_table.h"

enum { LENGTH_BYTES = 8, LARGEST_HEADER = 100000000 };

/* The part of the file after the header. */
typedef struct numbers { const unsigned char *data; int64_t size; } numbers;

/* ---- One tensor ---- */

static int fail_tensor(const ray_weights *w, const char *name, const char *what, ray_error *error)
{
    return ray_fail(error, "%s: tensor \"%s\": %s", w->path, name, what);
}

static int read_type(const ray_weights *w, const json_t *info, ray_entry *entry, ray_error *error)
{
    const char *name = json_string_value(json_object_get(info, "dtype"));
    if (!name)
        return fail_tensor(w, entry->name, "\"dtype\" is missing or no text", error);
    entry->type = ray_number_type_named(name);
    if (!entry->type)
        return ray_fail(error, "%s: tensor \"%s\": unknown dtype \"%s\"", w->path, entry->name,
                        name);
    return 0;
}

static int read_shape(const ray_weights *w, const json_t *info, ray_entry *entry, ray_error *error)
{
    const json_t *list = json_object_get(info, "shape");
    size_t rank = json_array_size(list);
    if (!json_is_array(list))
        return fail_tensor(w, entry->name, "\"shape\" is missing or no list", error);
    if (rank > RAY_MAX_RANK)
        return fail_tensor(w, entry->name, "more than 8 dimensions", error);
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(list, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return fail_tensor(w, entry->name, "\"shape\" has an entry that is no size", error);
        entry->shape.dim[i] = json_integer_value(size);
    }
    entry->shape.rank = (int32_t)rank;
    if (!ray_dims_count(&entry->shape, &entry->count))
        return fail_tensor(w, entry->name, "\"shape\" has more numbers than any file", error);
    return 0;
}

static int check_offsets(const ray_weights *w, const ray_entry *entry, int64_t begin, int64_t end,
                         const numbers *all, ray_error *error)
{
    char shape[192];
    int64_t size = entry->count * entry->type->width;
    if (begin < 0 || begin > end || end > all->size)
        return ray_fail(error, "%s: tensor \"%s\": data_offsets [%lld, %lld] do not lie in the "
                        "%lld bytes of numbers", w->path, entry->name, (long long)begin,
                        (long long)end, (long long)all->size);
    if (end - begin != size)
        return ray_fail(error, "%s: tensor \"%s\": %s of %s takes %lld bytes, data_offsets give "
                        "%lld", w->path, entry->name, ray_dims_text(&entry->shape, shape),
                        entry->type->name, (long long)size, (long long)(end - begin));
    if (begin % entry->type->width != 0)
        return ray_fail(error, "%s: tensor \"%s\": byte %lld is no place for numbers of %d bytes",
                        w->path, entry->name, (long long)begin, entry->type->width);
    return 0;
}

static int read_offsets(const ray_weights *w, const json_t *info, ray_entry *entry,
                        const numbers *all, ray_error *error)
{
    const json_t *list = json_object_get(info, "data_offsets");
    const json_t *begin = json_array_get(list, 0), *end = json_array_get(list, 1);
    if (json_array_size(list) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return fail_tensor(w, entry->name, "\"data_offsets\" is missing or no pair of integers",
                           error);
    int64_t first = json_integer_value(begin);
    if (check_offsets(w, entry, first, json_integer_value(end), all, error))
        return -1;
    entry->bytes = all->data + first;
    return 0;
}

static int read_tensor(ray_weights *w, const char *name, const json_t *info, const numbers *all,
                       ray_error *error)
{
    if (!json_is_object(info))
        return fail_tensor(w, name, "its entry in the header is no object", error);
    ray_entry *entry = ray_weights_add(w, name);
    if (!entry)
        return ray_fail_memory(error);
    return read_type(w, info, entry, error) || read_shape(w, info, entry, error)
           || read_offsets(w, info, entry, all, error) ? -1 : 0;
}

/* ---- All tensors ---- */

static int compare_places(const void *a, const void *b)
{
    const ray_entry *p = *(const ray_entry *const *)a, *q = *(const ray_entry *const *)b;
    if (p->bytes != q->bytes)
        return p->bytes < q->bytes ? -1 : 1;
    return (p->count > q->count) - (p->count < q->count);   /* empty ones first */
}

static int check_overlaps(const ray_weights *w, ray_error *error)
{
    const ray_entry **sorted = ray_alloc((size_t)w->n, sizeof *sorted);
    if (!sorted)
        return ray_fail_memory(error);
    for (int i = 0; i < w->n; i++)
        sorted[i] = &w->entries[i];
    qsort(sorted, (size_t)w->n, sizeof *sorted, compare_places);
    int failed = 0;
    for (int i = 1; i < w->n && !failed; i++) {
        const ray_entry *a = sorted[i - 1], *b = sorted[i];
        if (a->bytes + a->count * a->type->width > b->bytes)
            failed = ray_fail(error, "%s: tensors \"%s\" and \"%s\" overlap", w->path, a->name,
                              b->name);
    }
    free(sorted);
    return failed;
}

static int read_tensors(ray_weights *w, json_t *header, const numbers *all, ray_error *error)
{
    const char *name;
    json_t *info;
    if (!json_is_object(header))
        return ray_fail(error, "%s: the header is no JSON object", w->path);
    json_object_foreach(header, name, info)
        if (strcmp(name, "__metadata__") && read_tensor(w, name, info, all, error))
            return -1;
    return check_overlaps(w, error);
}

/* ---- The file ---- */

/* The header's length, checked against the file. */
static int read_length(const ray_weights *w, size_t *length, ray_error *error)
{
    uint64_t claimed = 0;
    if (w->mapping.size < LENGTH_BYTES)
        return ray_fail(error, "%s: %zu bytes are too few for a .safetensors file", w->path,
                        w->mapping.size);
    memcpy(&claimed, w->mapping.data, LENGTH_BYTES);
    if (claimed > w->mapping.size - LENGTH_BYTES)
        return ray_fail(error, "%s: the header claims %llu bytes, the file has %zu after its first "
                        "8", w->path, (unsigned long long)claimed, w->mapping.size - LENGTH_BYTES);
    if (claimed > LARGEST_HEADER)
        return ray_fail(error, "%s: a header of %llu bytes is too long", w->path,
                        (unsigned long long)claimed);
    *length = (size_t)claimed;
    return 0;
}

static int open_safetensors(ray_weights *w, ray_error *error)
{
    size_t length = 0;
    json_error_t problem;
    if (ray_mapping_open(&w->mapping, w->path, error) || read_length(w, &length, error))
        return -1;
    const unsigned char *text = w->mapping.data + LENGTH_BYTES;
    json_t *header = json_loadb((const char *)text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!header)
        return ray_fail(error, "%s: the header is not valid JSON: %s (byte %d)", w->path,
                        problem.text, problem.position);
    numbers all = { text + length, (int64_t)(w->mapping.size - LENGTH_BYTES - length) };
    int failed = read_tensors(w, header, &all, error);
    json_decref(header);
    return failed;
}

/* Numbers that are float already, and where a float may be, are used where they are. */
static bool is_usable(const ray_entry *entry)
{
    return sizeof(RAY_REAL) == 4 && !strcmp(entry->type->name, "F32")
           && (uintptr_t)entry->bytes % _Alignof(RAY_REAL) == 0;
}

static int load_safetensors(const ray_weights *w, ray_entry *entry, ray_error *error)
{
    (void)w;
    if (is_usable(entry)) {
        entry->shape.data = (RAY_REAL *)(uintptr_t)entry->bytes;
        return 0;
    }
    RAY_REAL *data = ray_alloc_aligned((size_t)entry->count * sizeof *data);
    if (!data)
        return ray_fail_memory(error);
    ray_numbers_convert(entry->type, false, entry->bytes, entry->count, data);
    entry->shape.data = data;
    entry->owned = true;
    return 0;
}

const ray_format ray_format_safetensors = {
    .ending = ".safetensors",
    .open = open_safetensors,
    .load = load_safetensors,
};
