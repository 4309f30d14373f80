/* SPDX-License-Identifier: MIT */
/* expand.c - dimensions of size 1 repeated. */
#include <inttypes.h>
#include <math.h>

#include "walk.h"

typedef struct expand_options { ray_ints shape; } expand_options;

static const ray_option options[] = {
    { "shape", "shape of one item, without the batch; -1 keeps a size", RAY_INTS, RAY_REQUIRED,
      offsetof(expand_options, shape), NAN, -1, INT32_MAX, NULL, RAY_MAX_RANK - 1 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const expand_options *o = c->options;
    const ray_shape *in = &c->in[0];
    const int32_t lacking = o->shape.n - in->rank;
    char text[128];
    if (lacking < 0)
        return ray_fail(c->error, "shape: %d sizes for an item %s; expected %d or more",
                        (int)o->shape.n, ray_shape_text(in, text), in->rank);
    c->out.rank = o->shape.n;
    for (int32_t i = 0; i < c->out.rank; i++) {
        const int64_t given = o->shape.v[i], had = i < lacking ? 1 : in->dim[i - lacking];
        c->out.dim[i] = given == -1 && i >= lacking ? had : given;
        if (c->out.dim[i] < 1 || (had != 1 && had != c->out.dim[i]))
            return ray_fail(c->error, "shape: %" PRId64 " stands for size %" PRId64 " of an item "
                            "%s; only sizes of 1 repeat", given, had, ray_shape_text(in, text));
    }
    return 0;
}

static ray_walk walk_input(const ray_op *op)
{
    ray_walk walk;
    ray_walk_broadcast(&walk, op->out, &op->in[0]);
    return walk;
}

static void forward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->in[0].data, op->out->data);
}

static void backward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    if (op->din[0].data)
        ray_walk_sum(&walk, op->dout->data, op->din[0].data, ray_tensor_size(&op->in[0]));
}

RAY_KINDS(expand) = {
    {
        .name = "expand",
        .summary = "dimensions of size 1 repeated to a shape",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(expand_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
