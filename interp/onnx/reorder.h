/* SPDX-License-Identifier: MIT */
/* reorder.h - the numbers of a draft's tensor in the order in which they are written. */
#ifndef RAY_ONNX_REORDER_H
#define RAY_ONNX_REORDER_H

#include "draft.h"
#include "read/numbers.h"

/* The source seen with as few dimensions as its order allows, as they are written.  Rank 1: it is
 * in order as it lies. */
typedef struct ray_reorder {
    const ray_onnx_model  *model;       /* whose pages may be forgotten, or NULL */
    const unsigned char   *from;
    const ray_number_type *type;
    int32_t                rank;
    int64_t                dim[RAY_ONNX_MAX_RANK], stride[RAY_ONNX_MAX_RANK];   /* in numbers */
    int64_t                row;         /* numbers in one step of dim[0] */
} ray_reorder;

ray_reorder ray_reorder_make(const ray_draft_tensor *tensor, const ray_onnx_model *model);

/* `rows` steps of dim[0] from `first` on, as bytes of the source's type.  Pages of the source that
 * are done with are given back as it goes. */
void ray_reorder_copy(const ray_reorder *r, int64_t first, int64_t rows, unsigned char *to);

/* Hands all numbers over, in order, as float, in pieces of up to RAY_REORDER_PIECE; nonzero from
 * `take` ends it.  Returns -1 then, or without memory (with the error set), else 0. */
enum { RAY_REORDER_PIECE = 1 << 18 };
typedef int ray_reorder_take(void *context, const float *numbers, size_t n);
int ray_reorder_each(const ray_reorder *r, ray_reorder_take *take, void *context,
                     ray_error *error);

#endif
