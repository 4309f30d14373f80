/* SPDX-License-Identifier: MIT */
/* skeleton.h - a model's file without its numbers: a copy of the protobuf message in which the
 * bytes of every tensor are replaced by their place in the file, and in which only that is left
 * which is read here.  What is unpacked from it is small, whatever the file is.
 *
 * Fields that are refused where they are met (subgraphs, functions, sparse tensors) stay as empty
 * messages; those that never matter (documentation, inferred shapes) are gone.  A node's doc_string
 * holds the modules that torch's exporter says it lies in: "['', 'layer1', 'layer1.conv',
 * 'conv2d']". */
#ifndef RAY_ONNX_SKELETON_H
#define RAY_ONNX_SKELETON_H

#include "base/error.h"

typedef struct ray_skeleton { unsigned char *bytes; size_t size; } ray_skeleton;

/* What a skeleton's raw_data holds: where the numbers lie, little-endian, one after another. */
typedef struct ray_onnx_place { uint64_t offset, size; } ray_onnx_place;

/* path: for messages.  Errors: what is no ONNX model, is cut short or has more parts than any. */
int  ray_skeleton_make(ray_skeleton *skeleton, const unsigned char *file, size_t size,
                       const char *path, ray_error *error);
void ray_skeleton_free(ray_skeleton *skeleton);

#endif
