/* SPDX-License-Identifier: MIT */
/* onnx_pb.h - files that hold one ONNX tensor, as far as the standard's tests write them: dims, type
 * and raw bytes. */
#ifndef RAY_TESTS_ONNX_PB_H
#define RAY_TESTS_ONNX_PB_H

#include "onnx/model.h"
#include "onnx/wire.h"
#include "scratch.h"

typedef struct pb_tensor {
    int32_t        type, rank;
    int64_t        dim[RAY_ONNX_MAX_RANK], n;
    size_t         size;
    unsigned char *data;
} pb_tensor;

enum { PB_DIMS = 1, PB_TYPE = 2, PB_FLOATS = 4, PB_RAW = 9 };

static inline uint64_t pb_varint(const unsigned char **at, const unsigned char *end)
{
    uint64_t value = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        const unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            break;
    }
    return value;
}

static inline void pb_take(pb_tensor *tensor, const ray_wire_field *field)
{
    const unsigned char *at = field->data, *end = field->data + field->size;
    if (field->number == PB_TYPE)
        tensor->type = (int32_t)pb_varint(&at, end);
    while (field->number == PB_DIMS && at < end && tensor->rank < RAY_ONNX_MAX_RANK)
        tensor->dim[tensor->rank++] = (int64_t)pb_varint(&at, end);
    if ((field->number != PB_RAW && field->number != PB_FLOATS) || field->size == 0)
        return;
    tensor->size = field->size;
    tensor->data = malloc(field->size);
    if (!tensor->data)
        abort();
    memcpy(tensor->data, field->data, field->size);
}

/* false: there is no such file. */
static inline bool pb_read(pb_tensor *tensor, const char *path)
{
    size_t size;
    ray_wire_field field;
    *tensor = (pb_tensor){ .n = 1 };
    if (access(path, R_OK))
        return false;
    unsigned char *bytes = file_content(path, &size);
    ray_wire wire = { bytes, bytes + size };
    while (ray_wire_next(&wire, &field) == 1)
        pb_take(tensor, &field);
    for (int32_t i = 0; i < tensor->rank; i++)
        tensor->n *= tensor->dim[i];
    free(bytes);
    return true;
}

static inline void pb_free(pb_tensor *tensor)
{
    free(tensor->data);
    *tensor = (pb_tensor){ 0 };
}

/* Of a tensor of type float that has all its bytes. */
static inline double pb_number(const pb_tensor *tensor, int64_t i)
{
    float number = NAN;
    if ((size_t)(i + 1) * sizeof number <= tensor->size)
        memcpy(&number, tensor->data + (size_t)i * sizeof number, sizeof number);
    return (double)number;
}

#endif
