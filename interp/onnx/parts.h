/* SPDX-License-Identifier: MIT */
/* parts.h - the steps in which model_read.c makes a model of what was unpacked. */
#ifndef RAY_ONNX_PARTS_H
#define RAY_ONNX_PARTS_H

#include "model.h"
#include "onnx.pb-c.h"

/* "node "conv1" (Conv)", or "node 3 (Conv)" without a name; cut where it is long. */
typedef struct ray_node_text { char text[192]; } ray_node_text;
ray_node_text ray_onnx_node_text(const Onnx__GraphProto *graph, int32_t node);

/* model->values, by name, of the graph's inputs, its constants (n_initializer of them) and its
 * nodes' results.  Errors: a name that is given twice, or that is empty. */
int ray_onnx_values_make(ray_onnx_model *model, const Onnx__GraphProto *graph,
                         const ray_onnx_tensor *constants, ray_error *error);
/* RAY_ONNX_ABSENT: there is none. */
int32_t ray_onnx_values_find(const ray_onnx_model *model, const char *name);

/* model->nodes, in the file's order, with their attributes. */
int ray_onnx_nodes_make(ray_onnx_model *model, const Onnx__GraphProto *graph, ray_error *error);

/* Puts every node after those whose results it reads; where that holds already, nothing changes.
 * Errors: a cycle. */
int ray_onnx_nodes_sort(ray_onnx_model *model, const Onnx__GraphProto *graph, ray_error *error);

#endif
