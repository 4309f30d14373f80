/* SPDX-License-Identifier: MIT */
/* import.h - an ONNX model read and translated, and what can be had of it.  A build without ONNX
 * has the same functions; opening fails there. */
#ifndef RAY_ONNX_IMPORT_H
#define RAY_ONNX_IMPORT_H

#include "draft.h"
#include "read/weights.h"

typedef struct ray_onnx_import { ray_onnx_model model; ray_draft draft; } ray_onnx_import;

int  ray_onnx_import_open(ray_onnx_import **out, const char *path, const ray_draft_wishes *wishes,
                          ray_error *error);
void ray_onnx_import_close(ray_onnx_import *import);        /* NULL: nothing */

/* Is the file at path the model, or one that holds its numbers? */
bool ray_onnx_import_reads(const ray_onnx_import *import, const char *path);

/* Its weights without a file; to be closed before the import. */
int ray_onnx_import_weights(ray_weights **out, const ray_onnx_import *import, ray_error *error);

#endif
