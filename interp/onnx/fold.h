/* SPDX-License-Identifier: MIT */
/* fold.h - for the files that fold constants. */
#ifndef RAY_ONNX_FOLD_H
#define RAY_ONNX_FOLD_H

#include "translate.h"

/* A tensor seen with other dims: number (i, j, ...) is start + i stride[0] + j stride[1] + ... */
typedef struct ray_fold_view {
    int32_t rank;
    int64_t dim[RAY_ONNX_MAX_RANK], stride[RAY_ONNX_MAX_RANK], start;
} ray_fold_view;
void ray_fold_view_of(ray_fold_view *view, int32_t rank, const int64_t *dim);   /* as it lies */
/* Dimensions of size 1, or lacking, repeat: dims as ray_dims_broadcast made them. */
void ray_fold_view_wide(ray_fold_view *view, const ray_onnx_tensor *from, int32_t rank,
                        const int64_t *dim);
/* Goes on to the next number; at: its place, index: counters, all zero and at = start before. */
void ray_fold_view_next(const ray_fold_view *view, int64_t *index, int64_t *at);
/* A new tensor of what the view shows.  NULL: told. */
ray_onnx_tensor *ray_fold_copy(ray_translation *t, const ray_onnx_tensor *from,
                               const ray_fold_view *view);

/* Input i, which is a constant where folds are called; NULL and told where it is left out. */
const ray_onnx_tensor *ray_fold_in(ray_translation *t, const ray_onnx_node *node, int32_t i);
/* Result 0; tensor NULL: -1. */
int ray_fold_set(ray_translation *t, const ray_onnx_node *node, const ray_onnx_tensor *tensor);

#endif
