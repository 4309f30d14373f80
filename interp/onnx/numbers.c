/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <stdio.h>
#include <string.h>

#include "model.h"

/* By TensorProto.DataType; like NULL: not read. */
static const struct { const char *name, *like; } types[] = {
    { "UNDEFINED", NULL },
    [RAY_ONNX_FLOAT] = { "FLOAT", "F32" },
    [RAY_ONNX_UINT8] = { "UINT8", "U8" },
    [RAY_ONNX_INT8] = { "INT8", "I8" },
    { "UINT16", NULL }, { "INT16", NULL },
    [RAY_ONNX_INT32] = { "INT32", "I32" },
    [RAY_ONNX_INT64] = { "INT64", "I64" },
    { "STRING", NULL },
    [RAY_ONNX_BOOL] = { "BOOL", "BOOL" },
    [RAY_ONNX_FLOAT16] = { "FLOAT16", "F16" },
    [RAY_ONNX_DOUBLE] = { "DOUBLE", "F64" },
    { "UINT32", NULL }, { "UINT64", NULL }, { "COMPLEX64", NULL }, { "COMPLEX128", NULL },
    [RAY_ONNX_BFLOAT16] = { "BFLOAT16", "BF16" },
};
enum { N_TYPES = sizeof types / sizeof *types };

const ray_number_type *ray_onnx_number_type(int32_t type)
{
    const char *like = type >= 0 && type < N_TYPES ? types[type].like : NULL;
    return like ? ray_number_type_named(like) : NULL;
}

const char *ray_onnx_type_name(int32_t type, char buffer[32])
{
    if (type >= 0 && type < N_TYPES)
        return types[type].name;
    snprintf(buffer, 32, "type %d", type);
    return buffer;
}

/* ---- One number ---- */

static int64_t integer_at(const ray_onnx_tensor *tensor, int64_t i)
{
    const unsigned char *bytes = tensor->data;
    int32_t number;
    int64_t large;
    switch (tensor->type) {
    case RAY_ONNX_INT64:
        memcpy(&large, bytes + i * 8, sizeof large);
        return large;
    case RAY_ONNX_INT32:
        memcpy(&number, bytes + i * 4, sizeof number);
        return number;
    case RAY_ONNX_INT8: return (int8_t)bytes[i];
    case RAY_ONNX_BOOL: return bytes[i] != 0;
    default: return bytes[i];
    }
}

static bool is_integer(int32_t type)
{
    return type == RAY_ONNX_INT64 || type == RAY_ONNX_INT32 || type == RAY_ONNX_INT8
           || type == RAY_ONNX_UINT8 || type == RAY_ONNX_BOOL;
}

double ray_onnx_number(const ray_onnx_tensor *tensor, int64_t i)
{
    const unsigned char *bytes = tensor->data;
    double number;
    RAY_REAL single;
    if (is_integer(tensor->type))
        return (double)integer_at(tensor, i);
    if (tensor->type == RAY_ONNX_DOUBLE) {
        memcpy(&number, bytes + i * 8, sizeof number);
        return number;
    }
    const ray_number_type *type = ray_onnx_number_type(tensor->type);
    if (!type)
        return 0;
    type->convert(bytes + i * type->width, 1, &single);
    return (double)single;
}

int64_t ray_onnx_integer(const ray_onnx_tensor *tensor, int64_t i)
{
    static const double limit = 9e18;       /* what an int64_t holds, nearly */
    if (is_integer(tensor->type))
        return integer_at(tensor, i);
    double number = ray_onnx_number(tensor, i);
    if (!(number > -limit))
        return number <= -limit ? INT64_MIN : 0;
    return number < limit ? (int64_t)number : INT64_MAX;
}
