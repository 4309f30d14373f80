/* SPDX-License-Identifier: MIT */
/* model_read.c - a file becomes a model: its skeleton is unpacked, names joined, sizes checked. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "files.h"
#include "parts.h"
#include "skeleton.h"
#include "tensor.h"

enum { OLDEST_OPSET = 7 };

/* ---- What the file is ---- */

static bool is_own_domain(const char *domain)
{
    return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

static int read_opset(ray_onnx_model *model, const Onnx__ModelProto *proto, ray_error *error)
{
    bool found = false;
    for (size_t i = 0; i < proto->n_opset_import; i++) {
        if (!is_own_domain(proto->opset_import[i]->domain))
            continue;
        model->opset = proto->opset_import[i]->version;
        found = true;
    }
    if (model->opset >= OLDEST_OPSET)
        return 0;
    if (!found)
        return ray_fail(error, "%s: it does not say which version of the operators it uses "
                        "(opset_import)", model->path);
    return ray_fail(error, "%s: its operators are of opset %lld; %d and newer are read",
                    model->path, (long long)model->opset, OLDEST_OPSET);
}

static int check_parts(const ray_onnx_model *model, const Onnx__ModelProto *proto, ray_error *error)
{
    if (!proto->graph)
        return ray_fail(error, "%s: it holds no graph; is it an ONNX model?", model->path);
    if (proto->n_functions)
        return ray_fail(error, "%s: it defines functions of its own, which are not read; have "
                        "them inlined (onnx.inliner.inline_local_functions)", model->path);
    if (proto->n_training_info)
        return ray_fail(error, "%s: it is meant for training (training_info); export the network "
                        "for inference", model->path);
    if (proto->graph->n_sparse_initializer)
        return ray_fail(error, "%s: its constants are sparse, which is not read", model->path);
    return 0;
}

static int read_producer(ray_onnx_model *model, const Onnx__ModelProto *proto, ray_error *error)
{
    const char *name = proto->producer_name ? proto->producer_name : "";
    const char *version = proto->producer_version ? proto->producer_version : "";
    model->producer = ray_arena_format(&model->arena, "%s%s%s", name, *name && *version ? " " : "",
                                       version);
    return model->producer ? 0 : ray_fail_memory(error);
}

/* ---- Constants ---- */

static int read_constants(ray_onnx_model *model, const Onnx__GraphProto *graph,
                          ray_onnx_tensor **constants, ray_error *error)
{
    *constants = ray_arena_alloc(&model->arena, graph->n_initializer, sizeof **constants);
    if (!*constants)
        return ray_fail_memory(error);
    for (size_t i = 0; i < graph->n_initializer; i++) {
        const Onnx__TensorProto *proto = graph->initializer[i];
        if (!proto->name || !*proto->name)
            return ray_fail(error, "%s: constant %zu has no name", model->path, i);
        if (ray_onnx_tensor_read(model, proto, &(*constants)[i], error))
            return ray_fail_prefix(error, "%s: tensor \"%s\": ", model->path, proto->name);
    }
    return 0;
}

/* ---- Inputs and outputs ---- */

static int fail_port(const ray_onnx_model *model, const Onnx__ValueInfoProto *proto,
                     const char *what, ray_error *error)
{
    return ray_fail(error, "%s: \"%s\": %s", model->path, proto->name ? proto->name : "", what);
}

static int read_port_shape(ray_onnx_model *model, const Onnx__ValueInfoProto *proto,
                           const Onnx__TensorShapeProto *shape, ray_onnx_port *port,
                           ray_error *error)
{
    if (shape->n_dim > RAY_ONNX_MAX_RANK)
        return fail_port(model, proto, "an input or output of more than 8 dimensions", error);
    port->rank = (int32_t)shape->n_dim;
    for (int32_t i = 0; i < port->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool given = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        bool named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        port->dim[i] = given && dim->dim_value > 0 ? dim->dim_value : RAY_ONNX_ABSENT;
        port->dim_name[i] = named ? ray_arena_copy(&model->arena, dim->dim_param) : NULL;
        if (named && !port->dim_name[i])
            return ray_fail_memory(error);
        if (port->dim[i] > (int64_t)1 << 32)
            return fail_port(model, proto, "a dimension is larger than 2^32", error);
    }
    return 0;
}

static int read_port(ray_onnx_model *model, const Onnx__ValueInfoProto *proto, ray_onnx_port *port,
                     ray_error *error)
{
    const char *name = proto->name ? proto->name : "";
    port->rank = RAY_ONNX_ABSENT;
    port->value = ray_onnx_values_find(model, name);
    if (port->value == RAY_ONNX_ABSENT)
        return fail_port(model, proto, "it is an input or output of the graph, and no value has "
                         "this name", error);
    if (!proto->type || proto->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return 0;
    const Onnx__TypeProto__Tensor *type = proto->type->tensor_type;
    port->type = type->elem_type;
    return type->shape ? read_port_shape(model, proto, type->shape, port, error) : 0;
}

/* Inputs that have an initialiser are constants: old files list all of them. */
static int read_ports(ray_onnx_model *model, Onnx__ValueInfoProto *const *protos, size_t n,
                      bool inputs, ray_error *error)
{
    ray_onnx_port *ports = ray_arena_alloc(&model->arena, n, sizeof *ports);
    int32_t *count = inputs ? &model->n_inputs : &model->n_outputs;
    if (!ports)
        return ray_fail_memory(error);
    *(inputs ? &model->inputs : &model->outputs) = ports;
    for (size_t i = 0; i < n; i++) {
        ray_onnx_port *port = &ports[*count];
        memset(port, 0, sizeof *port);
        if (read_port(model, protos[i], port, error))
            return -1;
        *count += !inputs || !model->values[port->value].constant;
    }
    return 0;
}

/* ---- All of it ---- */

static int read_graph(ray_onnx_model *model, const Onnx__ModelProto *proto, ray_error *error)
{
    const Onnx__GraphProto *graph = proto->graph;
    ray_onnx_tensor *constants;
    return check_parts(model, proto, error) || read_opset(model, proto, error)
           || read_producer(model, proto, error)
           || read_constants(model, graph, &constants, error)
           || ray_onnx_values_make(model, graph, constants, error)
           || ray_onnx_nodes_make(model, graph, error)
           || ray_onnx_nodes_sort(model, graph, error)
           || read_ports(model, graph->input, graph->n_input, true, error)
           || read_ports(model, graph->output, graph->n_output, false, error) ? -1 : 0;
}

/* "models/resnet18.onnx": "resnet18" */
static const char *name_of(ray_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = ray_arena_copy(arena, slash ? slash + 1 : path);
    char *dot = name ? strrchr(name, '.') : NULL;
    if (dot && dot != name)
        *dot = '\0';
    return name;
}

static int read_file(ray_onnx_model *model, ray_error *error)
{
    ray_skeleton skeleton;
    if (ray_onnx_files_open(model, error)
        || ray_skeleton_make(&skeleton, model->files->mapping.data, model->files->mapping.size,
                             model->path, error))
        return -1;
    Onnx__ModelProto *proto = onnx__model_proto__unpack(NULL, skeleton.size, skeleton.bytes);
    ray_skeleton_free(&skeleton);
    if (!proto)
        return ray_fail(error, "%s: it cannot be read as an ONNX model", model->path);
    int failed = read_graph(model, proto, error);
    onnx__model_proto__free_unpacked(proto, NULL);
    return failed;
}

int ray_onnx_model_read(ray_onnx_model *model, const char *path, ray_error *error)
{
    memset(model, 0, sizeof *model);
    model->path = ray_arena_copy(&model->arena, path);
    model->name = name_of(&model->arena, path);
    int failed = model->path && model->name ? read_file(model, error) : ray_fail_memory(error);
    if (failed)
        ray_onnx_model_free(model);
    return failed;
}

void ray_onnx_model_free(ray_onnx_model *model)
{
    ray_onnx_files_close(model);
    ray_arena_free(&model->arena);
    memset(model, 0, sizeof *model);
}
