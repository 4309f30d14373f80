/* SPDX-License-Identifier: MIT */
/* constant.c - tensors made while translating. */
#include <inttypes.h>
#include <string.h>

#include "translate.h"

bool ray_constant_take(ray_translation *t, int64_t *left, int64_t n)
{
    if (n <= *left) {
        *left -= n;
        return true;
    }
    ray_fail(t->error, "the constants that it reads and makes are too large");
    return false;
}

size_t ray_constant_width(int32_t type)
{
    switch (type) {
    case RAY_ONNX_UINT8: case RAY_ONNX_INT8: case RAY_ONNX_BOOL: return 1;
    case RAY_ONNX_FLOAT16: case RAY_ONNX_BFLOAT16: return 2;
    case RAY_ONNX_FLOAT: case RAY_ONNX_INT32: return 4;
    case RAY_ONNX_INT64: case RAY_ONNX_DOUBLE: return 8;
    default: return 0;
    }
}

bool ray_constant_is_real(const ray_onnx_tensor *tensor)
{
    return tensor->type == RAY_ONNX_FLOAT || tensor->type == RAY_ONNX_DOUBLE
        || tensor->type == RAY_ONNX_FLOAT16 || tensor->type == RAY_ONNX_BFLOAT16;
}

ray_onnx_tensor *ray_constant_new(ray_translation *t, int32_t type, int32_t rank,
                                  const int64_t *dim)
{
    ray_onnx_tensor *made = ray_arena_alloc(&t->draft->arena, 1, sizeof *made);
    const int64_t width = (int64_t)ray_constant_width(type);
    void *data = NULL;
    if (!made)
        return (void)ray_fail_memory(t->error), NULL;
    *made = (ray_onnx_tensor){ .type = type, .rank = rank };
    if (rank > RAY_ONNX_MAX_RANK)
        return (void)ray_fail(t->error, "a constant of %d dimensions; at most %d are possible",
                              rank, RAY_ONNX_MAX_RANK), NULL;
    for (int32_t i = 0; i < rank; i++) {
        made->dim[i] = dim[i];
        if (dim[i] < 0)
            return (void)ray_fail(t->error, "a constant with a dimension of size %" PRId64, dim[i]),
                   NULL;
    }
    const bool counted = ray_onnx_count(rank, dim, &made->n);
    if (!ray_constant_take(t, &t->may_make, counted ? made->n * width : INT64_MAX))
        return NULL;
    data = ray_arena_alloc(&t->draft->arena, (size_t)made->n + 1, (size_t)width);
    if (!data)
        return (void)ray_fail_memory(t->error), NULL;
    made->data = made->n ? data : NULL;
    return made;
}

const ray_onnx_tensor *ray_constant_view(ray_translation *t, const ray_onnx_tensor *from,
                                         int32_t rank, const int64_t *dim)
{
    ray_onnx_tensor *view = ray_arena_alloc(&t->draft->arena, 1, sizeof *view);
    if (!view)
        return (void)ray_fail_memory(t->error), NULL;
    *view = *from;
    view->rank = rank;
    memset(view->dim, 0, sizeof view->dim);
    for (int32_t i = 0; i < rank; i++)
        view->dim[i] = dim[i];
    return view;
}

/* Made here: aligned, ours to write. */
void ray_constant_put(ray_onnx_tensor *tensor, int64_t i, double number)
{
    char *at = (char *)(uintptr_t)tensor->data + (size_t)i * ray_constant_width(tensor->type);
    float single = (float)number;
    if (tensor->type == RAY_ONNX_FLOAT)
        memcpy(at, &single, sizeof single);
    else if (tensor->type == RAY_ONNX_DOUBLE)
        memcpy(at, &number, sizeof number);
}

void ray_constant_put_integer(ray_onnx_tensor *tensor, int64_t i, int64_t number)
{
    char *at = (char *)(uintptr_t)tensor->data + (size_t)i * ray_constant_width(tensor->type);
    int32_t narrow = (int32_t)number;
    if (tensor->type == RAY_ONNX_INT64)
        memcpy(at, &number, sizeof number);
    else if (tensor->type == RAY_ONNX_INT32)
        memcpy(at, &narrow, sizeof narrow);
    else
        *at = (char)number;
}

static const ray_onnx_tensor *as_float(ray_translation *t, const ray_onnx_tensor *tensor,
                                       double factor)
{
    ray_onnx_tensor *made = ray_constant_new(t, RAY_ONNX_FLOAT, tensor->rank, tensor->dim);
    for (int64_t i = 0; made && i < made->n; i++)
        ray_constant_put(made, i, ray_onnx_number(tensor, i) * factor);
    return made;
}

const ray_onnx_tensor *ray_constant_scale(ray_translation *t, const ray_onnx_tensor *tensor,
                                          double factor)
{
    return factor == 1 ? tensor : as_float(t, tensor, factor);
}

const ray_onnx_tensor *ray_constant_real(ray_translation *t, const ray_onnx_tensor *tensor)
{
    return ray_constant_is_real(tensor) ? tensor : as_float(t, tensor, 1);
}
