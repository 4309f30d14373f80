/* SPDX-License-Identifier: MIT */
/* weights.h - named tensors from a file: .safetensors (mapped, F32 used in place), .npz, or a
 * folder of .npy.  The format is chosen by what the path is and by its ending, not by its content.
 * F16, BF16 and F64 become F32.  Every tensor's bytes are checked against the file; values that are
 * not finite are refused when a tensor is taken. */
#ifndef RAY_READ_WEIGHTS_H
#define RAY_READ_WEIGHTS_H

#include "base/error.h"
#include "base/memory.h"

typedef struct ray_weights ray_weights;

int  ray_weights_open(ray_weights **out, const char *path, ray_error *error);
void ray_weights_close(ray_weights *weights);

int         ray_weights_count(const ray_weights *weights);
const char *ray_weights_name(const ray_weights *weights, int index);
const char *ray_weights_path(const ray_weights *weights);
int         ray_weights_find(const ray_weights *weights, const char *name);     /* -1: absent */
/* Shape without data; rank 0 for scalars. */
void        ray_weights_shape(const ray_weights *weights, int index, ray_tensor *shape);
/* Float data of a tensor, owned by the weights until they are closed (converted once where it must
 * be).  Errors: a type that is not floating point, NaN or infinity (says which element). */
int         ray_weights_take(ray_weights *weights, int index, ray_tensor *tensor, ray_error *error);

#endif
