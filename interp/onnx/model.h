/* SPDX-License-Identifier: MIT */
/* model.h - an ONNX model as it was read: nodes, values and constants, before they mean anything
 * here.  Everything belongs to the model until ray_onnx_model_free(). */
#ifndef RAY_ONNX_MODEL_H
#define RAY_ONNX_MODEL_H

#include "base/error.h"
#include "base/memory.h"

/* TensorProto.DataType, those that are read. */
enum {
    RAY_ONNX_FLOAT = 1, RAY_ONNX_UINT8 = 2, RAY_ONNX_INT8 = 3, RAY_ONNX_INT32 = 6,
    RAY_ONNX_INT64 = 7, RAY_ONNX_BOOL = 9, RAY_ONNX_FLOAT16 = 10, RAY_ONNX_DOUBLE = 11,
    RAY_ONNX_BFLOAT16 = 16
};

enum { RAY_ONNX_ABSENT = -1, RAY_ONNX_MAX_RANK = 8 };

/* A constant.  Its bytes are little-endian and lie in a mapped file, at any alignment, or were
 * computed and lie in the model's arena. */
typedef struct ray_onnx_tensor {
    const char *name;
    int32_t     type, rank;
    int64_t     dim[RAY_ONNX_MAX_RANK];
    int64_t     n;                      /* numbers */
    const void *data;                   /* NULL where n is 0 */
} ray_onnx_tensor;

typedef enum ray_onnx_attribute_type {
    RAY_ONNX_OTHER, RAY_ONNX_INT, RAY_ONNX_NUMBER, RAY_ONNX_STRING, RAY_ONNX_INTS,
    RAY_ONNX_NUMBERS, RAY_ONNX_TENSOR
} ray_onnx_attribute_type;

typedef struct ray_onnx_attribute {
    const char             *name;
    ray_onnx_attribute_type type;
    int64_t                 i;
    double                  number;
    const char             *text;
    int32_t                 n;          /* of ints or numbers */
    const int64_t          *ints;
    const float            *numbers;
    const ray_onnx_tensor  *tensor;
} ray_onnx_attribute;

typedef struct ray_onnx_node {
    const char         *name;           /* "" where the file has none */
    const char         *op, *domain;    /* domain "" is ONNX's own */
    const char         *module;         /* "layer1.0.conv1", where its exporter says so, or "" */
    int32_t             n_in, n_out, n_attributes;
    int32_t            *in, *out;       /* values; RAY_ONNX_ABSENT: left out */
    ray_onnx_attribute *attributes;
} ray_onnx_node;

typedef struct ray_onnx_value {
    const char            *name;
    int32_t                producer;    /* node; RAY_ONNX_ABSENT: an input or a constant */
    const ray_onnx_tensor *constant;    /* NULL: computed from the input */
} ray_onnx_value;

/* An input or output of the graph as declared; rank RAY_ONNX_ABSENT: not said. */
typedef struct ray_onnx_port {
    int32_t     value, type, rank;
    int64_t     dim[RAY_ONNX_MAX_RANK];         /* RAY_ONNX_ABSENT: free or named */
    const char *dim_name[RAY_ONNX_MAX_RANK];    /* NULL: no name */
} ray_onnx_port;

typedef struct ray_onnx_model {
    ray_arena       arena;
    const char     *path, *name;        /* name: the file's without folder and ending */
    const char     *producer;           /* "pytorch 1.13.1", "" */
    int64_t         opset;              /* of ONNX's own domain */
    ray_onnx_node  *nodes;              /* each after those whose results it reads */
    int32_t         n_nodes;
    ray_onnx_value *values;
    int32_t         n_values;
    ray_onnx_port  *inputs, *outputs;   /* inputs: those without an initialiser */
    int32_t         n_inputs, n_outputs;
    struct ray_onnx_file *files;        /* what is mapped */
} ray_onnx_model;

/* Reads and checks a file: sizes against bytes, names against nodes, no cycle, external data only
 * from below the model's folder.  Errors are one line that names file, node or tensor. */
int  ray_onnx_model_read(ray_onnx_model *model, const char *path, ray_error *error);
void ray_onnx_model_free(ray_onnx_model *model);

/* NULL when the node has no such attribute. */
const ray_onnx_attribute *ray_onnx_attribute_find(const ray_onnx_node *node, const char *name);

/* How many numbers a shape has; false: a dimension is negative, or some of them have a product that
 * is more than any file holds, whatever the others are. */
bool ray_onnx_count(int32_t rank, const int64_t *dim, int64_t *n);

/* Number i of a tensor of any readable type. */
double  ray_onnx_number(const ray_onnx_tensor *tensor, int64_t i);
int64_t ray_onnx_integer(const ray_onnx_tensor *tensor, int64_t i);

#endif
