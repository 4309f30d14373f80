/* SPDX-License-Identifier: MIT */
/* ops.h - what operators ask for, for constants and activations alike. */
#ifndef RAY_ONNX_OPS_H
#define RAY_ONNX_OPS_H

#include "translate.h"

/* dim: room for RAY_ONNX_MAX_RANK.  batch: an axis before, then where it went. */
int ray_op_reshape_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, int64_t n, int32_t *out_rank, int64_t *out);
/* Of Squeeze and Unsqueeze. */
int ray_op_squeeze_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, int32_t *out_rank, int64_t *out, int32_t *batch);
int ray_op_transpose_perm(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                          int32_t *perm);

/* n indices from start on; step may be negative, never 0. */
typedef struct ray_op_range { int64_t start, step, n; } ray_op_range;
int ray_op_slice_ranges(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, ray_op_range *range);
/* Sizes that add up to the axis; one for each output. */
int ray_op_split_sizes(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                       const int64_t *dim, int32_t *axis, ray_int_list *sizes);

/* Is x W a layer `linear` for a constant W: inputs x outputs, or outputs x inputs where turned? */
bool ray_op_is_linear(const ray_known *x, const ray_onnx_tensor *w, bool turned);
/* out = x W + bias (NULL: none; one number for each output, of any dims). */
int ray_op_linear(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                  const ray_onnx_tensor *w, bool turned, const ray_onnx_tensor *bias,
                  ray_known *out);

/* Arithmetic of n operands that broadcast, as layer `kind`; in is brought to one scheme. */
int ray_op_merge(ray_translation *t, const ray_onnx_node *node, const char *kind,
                 const char *suffix, ray_known *in, int32_t n, ray_known *out);

/* Dimensions in another order: axis i of the result is axis perm[i] (permute.c). */
int ray_op_permute(ray_translation *t, const ray_onnx_node *node, const char *suffix, ray_known *x,
                   const int32_t *perm);
/* A layer with x's item in this order, the batch as 0.  The tensor's dims stay as they were. */
int ray_op_order(ray_translation *t, const ray_onnx_node *node, const char *suffix,
                 const int32_t *order, ray_known *x);
/* Where x is permuted: x before it, its batch in front, and the order.  Else *order is NULL. */
int ray_op_before(ray_translation *t, ray_known *x, const int32_t **order);
/* Where x is permuted, and does not get wider by the constant: both become what they are before the
 * permutation, and *order is that of the result.  Else *order is NULL. */
int ray_op_meet_constant(ray_translation *t, ray_known *x, ray_known *c, const int32_t **order);

/* Rows or pictures of one item, windows of it say, may lie where layers with channels have the
 * batch.  They become the first of the axes of positions, 1 x channels x rows x ..., or go back. */
bool ray_op_is_stacked(const ray_translation *t, const ray_known *x);
int  ray_op_stack(ray_translation *t, const ray_onnx_node *node, ray_known *x);
int  ray_op_unstack(ray_translation *t, const ray_onnx_node *node, ray_known *x);

#endif
