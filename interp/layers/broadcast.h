/* SPDX-License-Identifier: MIT */
/* broadcast.h - layers that combine activations, or one and a number, number by number.  Items are
 * broadcast to each other as in numpy; the batch stays apart. */
#ifndef RAY_LAYERS_BROADCAST_H
#define RAY_LAYERS_BROADCAST_H

#include <math.h>

#include "walk.h"

typedef struct ray_scalar_options {
    ray_numbers scalar;     /* n = 0: not given */
} ray_scalar_options;

#define RAY_SCALAR_OPTION                                                                  \
    { "scalar", "the second operand of a layer with one input", RAY_NUMBERS, 0,            \
      offsetof(ray_scalar_options, scalar), NAN, 0, 0, NULL, 1 }

/* infer of all: the output's shape; fails unless there are inputs that fit, or one and the
 * scalar. */
int ray_broadcast_infer(ray_infer *c);

/* The scalar of a layer with one input. */
RAY_REAL ray_scalar_of(const ray_op *op);

/* Whether nothing of input k repeats. */
bool ray_broadcast_whole(const ray_op *op, int32_t k);

/* Numbers of the output where an input repeats, else 0. */
int64_t ray_broadcast_room(const ray_op *op);

/* out = in[0] HOW in[1] HOW in[2] ..., or in[0] HOW scalar */
void ray_broadcast_forward(const ray_op *op, ray_walk_how how);

/* Input k with the output's shape: its own memory where nothing repeats, else a copy in room. */
const RAY_REAL *ray_broadcast_expand(const ray_op *op, int32_t k, RAY_REAL *room);

/* to = base HOW the number, for all of a tensor of these dims */
void ray_broadcast_scalar(const ray_tensor *dims, ray_walk_how how, const RAY_REAL *base,
                          RAY_REAL scalar, RAY_REAL *to);

/* din[k] = signal, shaped as the output, summed where input k was repeated */
void ray_broadcast_collect(const ray_op *op, int32_t k, const RAY_REAL *signal);

#endif
