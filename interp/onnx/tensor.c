/* SPDX-License-Identifier: MIT */
#include "tensor.h"

#include <string.h>

#include "files.h"
#include "numbers.h"
#include "skeleton.h"

/* ---- Shape ---- */

bool ray_onnx_count(int32_t rank, const int64_t *dim, int64_t *n)
{
    int64_t all = 1;                    /* without dimensions of size 0 */
    *n = 1;
    for (int32_t i = 0; i < rank; i++) {
        if (dim[i] < 0 || !ray_multiply_checked(all, dim[i] ? dim[i] : 1, &all))
            return false;
        *n = dim[i] ? *n : 0;
    }
    *n = *n ? all : 0;
    return true;
}

static int read_dims(const Onnx__TensorProto *proto, ray_onnx_tensor *tensor, ray_error *error)
{
    if (proto->n_dims > RAY_ONNX_MAX_RANK)
        return ray_fail(error, "%zu dimensions; %d at most are read", proto->n_dims,
                        RAY_ONNX_MAX_RANK);
    tensor->rank = (int32_t)proto->n_dims;
    for (int32_t i = 0; i < tensor->rank; i++) {
        tensor->dim[i] = proto->dims[i];
        if (tensor->dim[i] < 0)
            return ray_fail(error, "dimension %d is %lld", i, (long long)tensor->dim[i]);
    }
    if (!ray_onnx_count(tensor->rank, tensor->dim, &tensor->n))
        return ray_fail(error, "its shape has more numbers than any file");
    return 0;
}

/* ---- Numbers in fields of their own ---- */

static int fail_count(int64_t wanted, size_t found, ray_error *error)
{
    return ray_fail(error, "its shape makes %lld numbers; there are %zu", (long long)wanted, found);
}

static int copy_numbers(ray_onnx_model *model, ray_onnx_tensor *tensor, const void *from,
                        size_t n, size_t width, ray_error *error)
{
    if ((uint64_t)tensor->n != n)
        return fail_count(tensor->n, n, error);
    void *copy = ray_arena_alloc(&model->arena, n, width);
    if (!copy)
        return ray_fail_memory(error);
    if (n)
        memcpy(copy, from, n * width);
    tensor->data = copy;
    return 0;
}

/* Types of less than 32 bits lie in int32_data, too. */
static int copy_small(ray_onnx_model *model, ray_onnx_tensor *tensor, const int32_t *from, size_t n,
                      size_t width, ray_error *error)
{
    if ((uint64_t)tensor->n != n)
        return fail_count(tensor->n, n, error);
    unsigned char *copy = ray_arena_alloc(&model->arena, n, width);
    if (!copy)
        return ray_fail_memory(error);
    for (size_t i = 0; i < n; i++)
        memcpy(copy + i * width, &from[i], width);      /* little-endian: the low bytes */
    tensor->data = copy;
    return 0;
}

static int read_numbers(ray_onnx_model *model, const Onnx__TensorProto *proto,
                        ray_onnx_tensor *tensor, size_t width, ray_error *error)
{
    switch (tensor->type) {
    case RAY_ONNX_FLOAT:
        return copy_numbers(model, tensor, proto->float_data, proto->n_float_data, width, error);
    case RAY_ONNX_DOUBLE:
        return copy_numbers(model, tensor, proto->double_data, proto->n_double_data, width, error);
    case RAY_ONNX_INT64:
        return copy_numbers(model, tensor, proto->int64_data, proto->n_int64_data, width, error);
    default:
        return copy_small(model, tensor, proto->int32_data, proto->n_int32_data, width, error);
    }
}

/* ---- Numbers that lie in a file ---- */

static int find_place(const ray_onnx_model *model, const Onnx__TensorProto *proto,
                      ray_onnx_tensor *tensor, int64_t size, ray_error *error)
{
    ray_onnx_place place;
    if (proto->raw_data.len != sizeof place)
        return ray_fail(error, "its bytes cannot be found");
    memcpy(&place, proto->raw_data.data, sizeof place);
    if (place.size != (uint64_t)size)
        return ray_fail(error, "its shape makes %lld bytes; there are %llu", (long long)size,
                        (unsigned long long)place.size);
    tensor->data = model->files->mapping.data + place.offset;
    return 0;
}

static int find_external(ray_onnx_model *model, const Onnx__TensorProto *proto,
                         ray_onnx_tensor *tensor, int64_t size, ray_error *error)
{
    ray_onnx_external external = { NULL, NULL, NULL };
    const unsigned char *bytes;
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = proto->external_data[i];
        const char *key = entry->key ? entry->key : "";
        const char **field = !strcmp(key, "location") ? &external.location
                             : !strcmp(key, "offset") ? &external.offset
                             : !strcmp(key, "length") ? &external.length : NULL;
        if (field)
            *field = entry->value;
    }
    if (ray_onnx_files_find(model, &external, size, &bytes, error))
        return -1;
    tensor->data = bytes;
    return 0;
}

static int read_data(ray_onnx_model *model, const Onnx__TensorProto *proto, ray_onnx_tensor *tensor,
                     size_t width, ray_error *error)
{
    int64_t size = tensor->n * (int64_t)width;
    if (proto->segment)
        return ray_fail(error, "it is one of several segments; those are not read");
    if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return find_external(model, proto, tensor, size, error);
    if (proto->raw_data.len)
        return find_place(model, proto, tensor, size, error);
    return read_numbers(model, proto, tensor, width, error);
}

int ray_onnx_tensor_read(ray_onnx_model *model, const Onnx__TensorProto *proto,
                         ray_onnx_tensor *tensor, ray_error *error)
{
    char buffer[32];
    *tensor = (ray_onnx_tensor){ .type = proto->data_type };
    tensor->name = ray_arena_copy(&model->arena, proto->name ? proto->name : "");
    if (!tensor->name)
        return ray_fail_memory(error);
    const ray_number_type *type = ray_onnx_number_type(tensor->type);
    if (!type)
        return ray_fail(error, "numbers of %s are not read",
                        ray_onnx_type_name(tensor->type, buffer));
    if (read_dims(proto, tensor, error)
        || read_data(model, proto, tensor, (size_t)type->width, error))
        return -1;
    if (tensor->n == 0)
        tensor->data = NULL;
    return 0;
}
