/* SPDX-License-Identifier: MIT */
/* tensor.h - constants of the file, and the types of their numbers. */
#ifndef RAY_ONNX_TENSOR_H
#define RAY_ONNX_TENSOR_H

#include "model.h"
#include "onnx.pb-c.h"

/* A tensor of the skeleton (skeleton.h): bytes that lie in a file stay there, others are copied
 * into the model's arena.  Errors have no name and no path. */
int ray_onnx_tensor_read(ray_onnx_model *model, const Onnx__TensorProto *proto,
                         ray_onnx_tensor *tensor, ray_error *error);

#endif
