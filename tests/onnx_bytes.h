/* SPDX-License-Identifier: MIT */
/* onnx_bytes.h - ONNX files as the tests want them, broken ones among them, field by field. */
#ifndef RAY_TESTS_ONNX_BYTES_H
#define RAY_TESTS_ONNX_BYTES_H

#include <stdint.h>

#include "testing.h"

typedef struct message { unsigned char data[16384]; size_t n; } message;

static inline void put_byte(message *m, unsigned char byte)
{
    CU_ASSERT_FATAL(m->n < sizeof m->data);
    m->data[m->n++] = byte;
}

static inline void put_varint(message *m, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        put_byte(m, (unsigned char)(value | 0x80));
    put_byte(m, (unsigned char)value);
}

static inline void put_number(message *m, uint32_t field, int64_t value)
{
    put_varint(m, field << 3);
    put_varint(m, (uint64_t)value);
}

static inline void put_bytes(message *m, uint32_t field, const void *bytes, size_t n)
{
    put_varint(m, field << 3 | 2);
    put_varint(m, n);
    for (size_t i = 0; i < n; i++)
        put_byte(m, ((const unsigned char *)bytes)[i]);
}

static inline void put_text(message *m, uint32_t field, const char *text)
{
    put_bytes(m, field, text, strlen(text));
}

static inline void put_message(message *m, uint32_t field, const message *inner)
{
    put_bytes(m, field, inner->data, inner->n);
}

/* Numbers of the fields of the messages, as onnx.proto has them. */
enum {
    MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_TRAINING = 20,
    MODEL_FUNCTION = 25, OPSET_DOMAIN = 1, OPSET_VERSION = 2, GRAPH_NODE = 1, GRAPH_NAME = 2,
    GRAPH_CONSTANT = 5,
    GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15, NODE_INPUT = 1, NODE_OUTPUT = 2,
    NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_METADATA = 9, ATTRIBUTE_NAME = 1, ATTRIBUTE_I = 3,
    ATTRIBUTE_T = 5, ATTRIBUTE_G = 6, ATTRIBUTE_TYPE = 20, TENSOR_DIM = 1, TENSOR_TYPE = 2,
    TENSOR_SEGMENT = 3, TENSOR_FLOATS = 4, TENSOR_INT64S = 7, TENSOR_NAME = 8, TENSOR_RAW = 9,
    TENSOR_EXTERNAL = 13, TENSOR_LOCATION = 14, VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1,
    TYPE_ELEMENT = 1, TYPE_SHAPE = 2, SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2, ENTRY_KEY = 1,
    ENTRY_VALUE = 2
};

/* ---- A whole model ---- */

/* The next word of a list, cut out by one of the separators into buffer; false at its end. */
static inline bool next_word(const char **list, const char *separators, char buffer[64])
{
    size_t n = strcspn(*list, separators);
    if (!**list)
        return false;
    CU_ASSERT_FATAL(n < 64);
    memcpy(buffer, *list, n);
    buffer[n] = '\0';
    *list += n + ((*list)[n] != '\0');
    return true;
}

/* "Add:a,b>c": operator, inputs and results of a node, which is called as its operator in lower case. */
static inline message node_message(const char *text)
{
    message m = { .n = 0 };
    char word[64], inputs[64];
    next_word(&text, ":", word);
    put_text(&m, NODE_OP, word);
    word[0] = (char)(word[0] | 0x20);
    put_text(&m, NODE_NAME, word);
    next_word(&text, ">", inputs);
    for (const char *list = inputs; next_word(&list, ",", word);)
        put_text(&m, NODE_INPUT, word);
    while (next_word(&text, ",", word))
        put_text(&m, NODE_OUTPUT, word);
    return m;
}

/* float32 1 x 4 */
static inline message value_message(const char *name)
{
    message m = { .n = 0 }, type = { .n = 0 }, tensor = { .n = 0 }, shape = { .n = 0 };
    for (int i = 0; i < 2; i++) {
        message dim = { .n = 0 };
        put_number(&dim, DIM_VALUE, i ? 4 : 1);
        put_message(&shape, SHAPE_DIM, &dim);
    }
    put_number(&tensor, TYPE_ELEMENT, 1);
    put_message(&tensor, TYPE_SHAPE, &shape);
    put_message(&type, TYPE_TENSOR, &tensor);
    put_text(&m, VALUE_NAME, name);
    put_message(&m, VALUE_TYPE, &type);
    return m;
}

/* Four float32. */
static inline message constant_message(const char *name)
{
    static const float numbers[4] = { 1, 2, 3, 4 };
    message m = { .n = 0 };
    put_number(&m, TENSOR_DIM, 4);
    put_number(&m, TENSOR_TYPE, 1);
    put_text(&m, TENSOR_NAME, name);
    put_bytes(&m, TENSOR_RAW, numbers, sizeof numbers);
    return m;
}

/* Lists of words; nodes are separated by blanks. */
static inline message graph_message(const char *inputs, const char *constants, const char *nodes,
                                    const char *outputs)
{
    message m = { .n = 0 };
    char word[64];
    while (next_word(&nodes, " ", word)) {
        message node = node_message(word);
        put_message(&m, GRAPH_NODE, &node);
    }
    while (next_word(&constants, ",", word)) {
        message constant = constant_message(word);
        put_message(&m, GRAPH_CONSTANT, &constant);
    }
    while (next_word(&inputs, ",", word)) {
        message value = value_message(word);
        put_message(&m, GRAPH_INPUT, &value);
    }
    while (next_word(&outputs, ",", word)) {
        message value = value_message(word);
        put_message(&m, GRAPH_OUTPUT, &value);
    }
    return m;
}

static inline void put_opset(message *model, int64_t version)
{
    message opset = { .n = 0 };
    put_number(&opset, OPSET_VERSION, version);
    put_message(model, MODEL_OPSET, &opset);
}

static inline message model_message(const message *graph)
{
    message m = { .n = 0 };
    put_number(&m, MODEL_IR, 7);
    put_message(&m, MODEL_GRAPH, graph);
    put_opset(&m, 13);
    return m;
}

#endif
