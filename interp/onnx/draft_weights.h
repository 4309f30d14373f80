/* SPDX-License-Identifier: MIT */
/* draft_weights.h - a draft's tensors as weights, without a file of their own. */
#ifndef RAY_ONNX_DRAFT_WEIGHTS_H
#define RAY_ONNX_DRAFT_WEIGHTS_H

#include "draft.h"
#include "read/weights.h"

/* float32 that lies in order in the model's file is used where it is.  The draft, and its model,
 * live until the weights are closed. */
int ray_draft_open_weights(ray_weights **out, const ray_draft *draft, const char *path,
                           ray_error *error);

#endif
