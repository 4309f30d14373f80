/* SPDX-License-Identifier: MIT */
/* parameter.c - a tensor of the weights as an activation: a class token, a position embedding.  It
 * reads nothing; no signal goes through it. */
#include <math.h>
#include <string.h>

#include "kind.h"

typedef struct parameter_options {
    ray_ints shape;
    bool     batched;
} parameter_options;

static const ray_option options[] = {
    { "shape", "of the tensor", RAY_INTS, RAY_REQUIRED, offsetof(parameter_options, shape), NAN, 1,
      INT32_MAX, NULL, RAY_MAX_RANK - 1 },
    { "batched", "the tensor's first dimension, of size 1, stands for the batch", RAY_BOOL, 0,
      offsetof(parameter_options, batched), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const parameter_options *o = c->options;
    const int32_t from = o->batched;
    ray_shape *weight = &c->weight[0];
    weight->rank = o->shape.n;
    memcpy(weight->dim, o->shape.v, (size_t)o->shape.n * sizeof *weight->dim);
    if (o->batched && (o->shape.n < 2 || o->shape.v[0] != 1))
        return ray_fail(c->error, "shape: with batched: true expected [1, ...], one size or more "
                        "after that of the batch");
    c->out.rank = weight->rank - from;
    memcpy(c->out.dim, weight->dim + from, (size_t)c->out.rank * sizeof *weight->dim);
    return 0;
}

/* The same for each item. */
static void forward(const ray_op *op)
{
    const int64_t size = ray_tensor_item_size(op->out);
    for (int64_t i = 0; i < op->out->dim[0]; i++)
        memcpy(op->out->data + i * size, op->weight[0].data, (size_t)size * sizeof(RAY_REAL));
}

static void backward(const ray_op *op)
{
    (void)op;       /* there is no input */
}

RAY_KINDS(parameter) = {
    {
        .name = "parameter",
        .summary = "a tensor of the weights, the same for each item; reads nothing",
        .max_in = RAY_NONE,
        .options = options,
        .options_size = sizeof(parameter_options),
        .weights = { "weight" },
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
