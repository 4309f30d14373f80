/* SPDX-License-Identifier: MIT */
#include "npy.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "npy_header.h"

/* from, with the first dimension fastest, into to, with the last dimension fastest. */
static void transpose(const ray_tensor *shape, int64_t count, const RAY_REAL *from, RAY_REAL *to)
{
    int64_t index[RAY_MAX_RANK] = { 0 }, step[RAY_MAX_RANK], at = 0, stride = 1;
    for (int32_t k = 0; k < shape->rank; k++) {
        step[k] = stride;
        stride *= shape->dim[k];
    }
    for (int64_t i = 0; i < count; i++) {
        to[i] = from[at];
        for (int32_t k = shape->rank - 1; k >= 0; k--) {
            at += step[k];
            if (++index[k] < shape->dim[k])
                break;
            at -= step[k] * index[k];
            index[k] = 0;
        }
    }
}

/* Numbers in memory of their own; NULL: no memory. */
static RAY_REAL *read_numbers(const ray_npy_header *header, const unsigned char *bytes)
{
    RAY_REAL *data = ray_alloc_aligned((size_t)header->count * sizeof *data);
    if (data)
        ray_numbers_convert(header->type, header->swapped, bytes, header->count, data);
    if (!data || !header->fortran || header->shape.rank < 2)
        return data;
    RAY_REAL *ordered = ray_alloc_aligned((size_t)header->count * sizeof *data);
    if (ordered)
        transpose(&header->shape, header->count, data, ordered);
    ray_free_aligned(data);
    return ordered;
}

int ray_npy_parse(const char *name, const unsigned char *bytes, size_t size, ray_tensor *tensor,
                  ray_error *error)
{
    ray_npy_header header;
    *tensor = (ray_tensor){ .data = NULL };
    if (ray_npy_header_parse(name, bytes, size, &header, error)
        || ray_npy_header_check(name, &header, size, error))
        return -1;
    RAY_REAL *data = read_numbers(&header, bytes + header.begin);
    if (!data)
        return ray_fail_memory(error);
    *tensor = header.shape;
    tensor->data = data;
    return 0;
}

int ray_npy_read(const char *path, ray_tensor *out, ray_error *error)
{
    ray_mapping mapping;
    *out = (ray_tensor){ .data = NULL };
    if (ray_mapping_open(&mapping, path, error))
        return -1;
    int failed = ray_npy_parse(path, mapping.data, mapping.size, out, error);
    ray_mapping_close(&mapping);
    return failed;
}
