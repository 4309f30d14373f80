/* SPDX-License-Identifier: MIT */
/* files.h - the files that a model's numbers lie in: its own, and those it names, from below its
 * folder only. */
#ifndef RAY_ONNX_FILES_H
#define RAY_ONNX_FILES_H

#include "base/file.h"
#include "model.h"

typedef struct ray_onnx_file {
    ray_mapping           mapping;
    char                 *path;         /* that of the model as given; of others without links */
    struct ray_onnx_file *next;
} ray_onnx_file;

/* Maps the model's own file, the first of model->files. */
int  ray_onnx_files_open(ray_onnx_model *model, ray_error *error);
void ray_onnx_files_close(ray_onnx_model *model);

/* What external_data says of a tensor; texts NULL: not given. */
typedef struct ray_onnx_external { const char *location, *offset, *length; } ray_onnx_external;

/* The `size` bytes of a tensor, in a file that is mapped once.  Errors, without the tensor's name:
 * a place that is not below the model's folder, no regular file, or too short. */
int ray_onnx_files_find(ray_onnx_model *model, const ray_onnx_external *external, int64_t size,
                        const unsigned char **bytes, ray_error *error);

/* Bytes of all of them. */
int64_t ray_onnx_files_size(const ray_onnx_model *model);
/* Is this one of them? */
bool ray_onnx_files_has(const ray_onnx_model *model, const char *path);

/* Bytes that were read and are not needed for now: their pages need not stay in memory.  Does
 * nothing for bytes that lie in no mapped file. */
void ray_onnx_files_forget(const ray_onnx_model *model, const void *bytes, size_t size);

#endif
