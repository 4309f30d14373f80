/* SPDX-License-Identifier: MIT */
/* nodes.c - the nodes of a model with their attributes. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "numbers.h"
#include "parts.h"
#include "tensor.h"

enum { MOST_ATTRIBUTES = 256 };     /* of one node */

ray_node_text ray_onnx_node_text(const Onnx__GraphProto *graph, int32_t node)
{
    const Onnx__NodeProto *proto = graph->node[node];
    const char *op = proto->op_type ? proto->op_type : "";
    ray_node_text text;
    if (proto->name && *proto->name)
        snprintf(text.text, sizeof text.text, "node \"%.120s\" (%.40s)", proto->name, op);
    else
        snprintf(text.text, sizeof text.text, "node %d (%.40s)", node, op);
    return text;
}

/* ---- Attributes ---- */

/* Old files leave the type out. */
static int kind_of(const Onnx__AttributeProto *proto)
{
    if (proto->has_type && proto->type)
        return (int)proto->type;
    return proto->has_f ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
           : proto->has_i ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
           : proto->has_s ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
           : proto->t ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
           : proto->n_ints ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
           : proto->n_floats ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS : 0;
}

static const char *copy_bytes(ray_onnx_model *model, const ProtobufCBinaryData *bytes)
{
    char *text = ray_arena_alloc(&model->arena, bytes->len + 1, 1);
    if (text && bytes->len)
        memcpy(text, bytes->data, bytes->len);
    return text;
}

/* NULL: no memory. */
static const void *copy_list(ray_onnx_model *model, const void *list, size_t n, size_t width)
{
    void *copy = ray_arena_alloc(&model->arena, n, width);
    if (copy && n)
        memcpy(copy, list, n * width);
    return copy;
}

/* A tensor of a type that is not read stays RAY_ONNX_OTHER: whoever needs it says so. */
static int read_tensor(ray_onnx_model *model, const Onnx__AttributeProto *proto,
                       ray_onnx_attribute *attribute, ray_error *error)
{
    if (!proto->t || !ray_onnx_number_type(proto->t->data_type))
        return 0;
    ray_onnx_tensor *tensor = ray_arena_alloc(&model->arena, 1, sizeof *tensor);
    if (!tensor)
        return ray_fail_memory(error);
    if (ray_onnx_tensor_read(model, proto->t, tensor, error))
        return -1;
    attribute->tensor = tensor;
    attribute->type = RAY_ONNX_TENSOR;
    return 0;
}

static int set_list(ray_onnx_attribute *attribute, ray_onnx_attribute_type type, size_t n,
                    const void *list, ray_error *error)
{
    attribute->type = type;
    attribute->n = (int32_t)n;
    return list ? 0 : ray_fail_memory(error);
}

static int read_value(ray_onnx_model *model, const Onnx__AttributeProto *proto,
                      ray_onnx_attribute *a, ray_error *error)
{
    switch (kind_of(proto)) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        a->type = RAY_ONNX_NUMBER;
        a->number = (double)proto->f;
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        a->type = RAY_ONNX_INT;
        a->i = proto->i;
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        a->type = RAY_ONNX_STRING;
        a->text = copy_bytes(model, &proto->s);
        return a->text ? 0 : ray_fail_memory(error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        a->ints = copy_list(model, proto->ints, proto->n_ints, sizeof *a->ints);
        return set_list(a, RAY_ONNX_INTS, proto->n_ints, a->ints, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        a->numbers = copy_list(model, proto->floats, proto->n_floats, sizeof *a->numbers);
        return set_list(a, RAY_ONNX_NUMBERS, proto->n_floats, a->numbers, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        return read_tensor(model, proto, a, error);
    default:
        return 0;
    }
}

static int read_attributes(ray_onnx_model *model, const Onnx__GraphProto *graph, int32_t index,
                           ray_error *error)
{
    const Onnx__NodeProto *proto = graph->node[index];
    ray_onnx_node *node = &model->nodes[index];
    node->attributes = ray_arena_alloc(&model->arena, proto->n_attribute, sizeof *node->attributes);
    if (!node->attributes)
        return ray_fail_memory(error);
    if (proto->n_attribute > MOST_ATTRIBUTES)
        return ray_fail(error, "%s: %s has %zu attributes; no operator has more than %d",
                        model->path, ray_onnx_node_text(graph, index).text, proto->n_attribute,
                        MOST_ATTRIBUTES);
    for (size_t i = 0; i < proto->n_attribute; i++) {
        const Onnx__AttributeProto *from = proto->attribute[i];
        ray_onnx_attribute *a = &node->attributes[node->n_attributes];
        a->name = ray_arena_copy(&model->arena, from->name ? from->name : "");
        if (!a->name)
            return ray_fail_memory(error);
        if (ray_onnx_attribute_find(node, a->name))
            return ray_fail(error, "%s: %s: attribute \"%s\" is given twice", model->path,
                            ray_onnx_node_text(graph, index).text, a->name);
        if (read_value(model, from, a, error))
            return ray_fail_prefix(error, "%s: %s: attribute \"%s\": ", model->path,
                                   ray_onnx_node_text(graph, index).text, a->name);
        node->n_attributes++;
    }
    return 0;
}

const ray_onnx_attribute *ray_onnx_attribute_find(const ray_onnx_node *node, const char *name)
{
    for (int32_t i = 0; i < node->n_attributes; i++)
        if (!strcmp(node->attributes[i].name, name))
            return &node->attributes[i];
    return NULL;
}

/* ---- Nodes ---- */

static int fail_unknown(const ray_onnx_model *model, const Onnx__GraphProto *graph, int32_t index,
                        const char *name, ray_error *error)
{
    ray_nearest nearest = ray_nearest_start(name);
    char hint[160];
    for (int32_t i = 0; i < model->n_values; i++)
        ray_nearest_offer(&nearest, model->values[i].name);
    return ray_fail(error, "%s: %s reads \"%s\", which is no input, no constant and no node's "
                    "result%s", model->path, ray_onnx_node_text(graph, index).text, name,
                    ray_nearest_hint(&nearest, hint, sizeof hint));
}

/* Names into values; NULL without memory, or with *unknown the first that is none. */
static int32_t *find_values(ray_onnx_model *model, char *const *names, size_t n,
                            const char **unknown)
{
    int32_t *found = ray_arena_alloc(&model->arena, n, sizeof *found);
    for (size_t i = 0; found && i < n; i++) {
        found[i] = *names[i] ? ray_onnx_values_find(model, names[i]) : RAY_ONNX_ABSENT;
        if (*names[i] && found[i] == RAY_ONNX_ABSENT && !*unknown)
            *unknown = names[i];
    }
    return found;
}

/* "['', 'layer1', 'layer1.conv', 'conv2d']", modules and then the node: "layer1.conv". */
static char *read_module(ray_onnx_model *model, const char *scopes)
{
    const char *last = "", *before = "";
    size_t n_last = 0, n_before = 0;
    for (const char *at = strchr(scopes, '\''); at; at = strchr(last + n_last + 1, '\'')) {
        before = last;
        n_before = n_last;
        last = at + 1;
        n_last = strcspn(last, "'");
        if (!last[n_last])
            break;
    }
    return ray_arena_format(&model->arena, "%.*s", (int)n_before, before);
}

static int read_node(ray_onnx_model *model, const Onnx__GraphProto *graph, int32_t index,
                     ray_error *error)
{
    const Onnx__NodeProto *proto = graph->node[index];
    ray_onnx_node *node = &model->nodes[index];
    const char *unknown = NULL;
    bool own = !proto->domain || !strcmp(proto->domain, "ai.onnx");
    if (!proto->op_type || !*proto->op_type)
        return ray_fail(error, "%s: node %d says no operator", model->path, index);
    node->name = ray_arena_copy(&model->arena, proto->name ? proto->name : "");
    node->op = ray_arena_copy(&model->arena, proto->op_type);
    node->domain = ray_arena_copy(&model->arena, own ? "" : proto->domain);
    node->n_in = (int32_t)proto->n_input;
    node->n_out = (int32_t)proto->n_output;
    node->module = read_module(model, proto->doc_string ? proto->doc_string : "");
    node->in = find_values(model, proto->input, proto->n_input, &unknown);
    node->out = find_values(model, proto->output, proto->n_output, &unknown);
    if (!node->name || !node->op || !node->domain || !node->module || !node->in || !node->out)
        return ray_fail_memory(error);
    return unknown ? fail_unknown(model, graph, index, unknown, error)
                   : read_attributes(model, graph, index, error);
}

int ray_onnx_nodes_make(ray_onnx_model *model, const Onnx__GraphProto *graph, ray_error *error)
{
    model->n_nodes = (int32_t)graph->n_node;
    model->nodes = ray_arena_alloc(&model->arena, graph->n_node, sizeof *model->nodes);
    if (!model->nodes)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < model->n_nodes; i++)
        if (read_node(model, graph, i, error))
            return -1;
    return 0;
}
