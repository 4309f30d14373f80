/* SPDX-License-Identifier: MIT */
/* dims.h - attributes that name dimensions as torch does: the batch is 0, negative ones count from
 * the end.  Here they become axes of one item: dimension 1 is axis 0. */
#ifndef RAY_LAYERS_DIMS_H
#define RAY_LAYERS_DIMS_H

#include "kind.h"

/* The axis of c->in[0] that dim names.  Fails, naming the attribute, for 0 and out of range. */
int ray_dim_axis(const ray_infer *c, const char *attribute, int64_t dim, int32_t *axis);

/* The same for a list, without repetition: named[axis] becomes true. */
int ray_dims_axes(const ray_infer *c, const char *attribute, const ray_ints *dims,
                  bool named[RAY_MAX_RANK - 1]);

/* Product of dim[from] ... dim[to - 1] of a tensor. */
int64_t ray_dims_product(const ray_tensor *tensor, int32_t from, int32_t to);

/* Widens dim to what it and b broadcast to, as in numpy; false, and nothing changed, when they do
 * not.  dim: room for RAY_MAX_RANK. */
bool ray_dims_broadcast(int32_t *rank, int64_t *dim, int32_t rank_b, const int64_t *dim_b);

/* Fails unless an optional attribute, 0 when not given, is what the input says. */
int ray_count_check(const ray_infer *c, const char *attribute, int64_t given, int64_t actual);

#endif
