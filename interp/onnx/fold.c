/* SPDX-License-Identifier: MIT */
/* fold.c - strided views of constants, and results of folding. */
#include "fold.h"

#include <string.h>

void ray_fold_view_of(ray_fold_view *view, int32_t rank, const int64_t *dim)
{
    int64_t stride = 1;
    *view = (ray_fold_view){ .rank = rank };
    for (int32_t i = rank - 1; i >= 0; i--) {
        view->dim[i] = dim[i];
        view->stride[i] = stride;
        stride *= dim[i];
    }
}

void ray_fold_view_wide(ray_fold_view *view, const ray_onnx_tensor *from, int32_t rank,
                        const int64_t *dim)
{
    ray_fold_view own;
    ray_fold_view_of(&own, from->rank, from->dim);
    *view = (ray_fold_view){ .rank = rank };
    for (int32_t i = 0; i < rank; i++) {
        int32_t k = i - (rank - from->rank);
        view->dim[i] = dim[i];
        view->stride[i] = k < 0 || from->dim[k] == 1 ? 0 : own.stride[k];
    }
}

void ray_fold_view_next(const ray_fold_view *view, int64_t *index, int64_t *at)
{
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        *at += view->stride[i];
        if (++index[i] < view->dim[i])
            return;
        *at -= view->stride[i] * view->dim[i];
        index[i] = 0;
    }
}

ray_onnx_tensor *ray_fold_copy(ray_translation *t, const ray_onnx_tensor *from,
                               const ray_fold_view *view)
{
    ray_onnx_tensor *made = ray_constant_new(t, from->type, view->rank, view->dim);
    const size_t width = ray_constant_width(from->type);
    int64_t index[RAY_ONNX_MAX_RANK] = { 0 }, at = view->start;
    if (!made || made->n == 0)
        return made;
    char *to = (char *)(uintptr_t)made->data;
    for (int64_t i = 0; i < made->n; i++) {
        memcpy(to + (size_t)i * width, (const char *)from->data + (size_t)at * width, width);
        ray_fold_view_next(view, index, &at);
    }
    return made;
}

const ray_onnx_tensor *ray_constant_expand(ray_translation *t, const ray_onnx_tensor *tensor,
                                           int32_t rank, const int64_t *dim)
{
    ray_fold_view view;
    int32_t wide_rank = tensor->rank;
    int64_t n;
    int64_t wide[RAY_ONNX_MAX_RANK];
    memcpy(wide, tensor->dim, sizeof wide);
    if (!ray_dims_broadcast(&wide_rank, wide, rank, dim))
        return (void)ray_fail(t->error, "a constant does not broadcast to the shape"), NULL;
    ray_fold_view_wide(&view, tensor, wide_rank, wide);
    if (ray_onnx_count(wide_rank, wide, &n) && n == tensor->n)
        return ray_constant_view(t, tensor, wide_rank, wide);
    return ray_fold_copy(t, tensor, &view);
}

const ray_onnx_tensor *ray_fold_in(ray_translation *t, const ray_onnx_node *node, int32_t i)
{
    const ray_onnx_tensor *tensor = ray_node_constant(t, node, i);
    if (!tensor)
        ray_fail(t->error, "input %d is missing", i + 1);
    return tensor;
}

int ray_fold_set(ray_translation *t, const ray_onnx_node *node, const ray_onnx_tensor *tensor)
{
    ray_known known;
    if (!tensor)
        return -1;
    ray_known_constant(&known, tensor);
    ray_node_set(t, node, 0, &known);
    return 0;
}
