/* SPDX-License-Identifier: MIT */
/* shape.c - sizes of shapes and tensors. */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "kind.h"

int64_t ray_shape_size(const ray_shape *shape)
{
    int64_t size = 1;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (!ray_multiply_checked(size, shape->dim[i], &size))
            return -1;
    }
    return size;
}

const char *ray_shape_text(const ray_shape *shape, char buffer[128])
{
    size_t used = 0;
    buffer[0] = '\0';
    for (int32_t i = 0; i < shape->rank && used < 128; i++) {
        int n = snprintf(buffer + used, 128 - used, "%s%" PRId64, i > 0 ? "x" : "", shape->dim[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return buffer;
}

static int64_t product(const ray_tensor *tensor, int32_t from)
{
    int64_t size = 1;
    for (int32_t i = from; i < tensor->rank; i++)
        size *= tensor->dim[i];
    return size;
}

int64_t ray_tensor_size(const ray_tensor *tensor)
{
    return product(tensor, 0);
}

int64_t ray_tensor_item_size(const ray_tensor *tensor)
{
    return product(tensor, 1);
}
