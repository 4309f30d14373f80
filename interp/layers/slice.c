/* SPDX-License-Identifier: MIT */
/* slice.c - a part of one dimension, as x[start:end:step] in Python. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dims.h"
#include "walk.h"

typedef struct slice_options {
    int64_t  dim, start, step;
    ray_ints end;               /* n = 0: to the end */
    int32_t  axis;              /* derived: of an item */
    int64_t  first;             /* derived: start, counted from the beginning */
} slice_options;

static const ray_option options[] = {
    { "dim", "dimension to cut; the batch is 0", RAY_INT, RAY_REQUIRED,
      offsetof(slice_options, dim), 0, 0, 0, NULL, 0 },
    { "start", "first index; negative ones count from the end", RAY_INT, 0,
      offsetof(slice_options, start), 0, 0, 0, NULL, 0 },
    { "end", "index after the last; negative ones count from the end; to the end when not given",
      RAY_INTS, 0, offsetof(slice_options, end), NAN, 0, 0, NULL, 1 },
    { "step", "every step-th index is taken", RAY_INT, 0, offsetof(slice_options, step), 1, 1,
      INT32_MAX, NULL, 0 },
    { 0 }
};

/* An index as Python reads it: from the end when negative, cut to 0 ... size. */
static int64_t resolve(int64_t index, int64_t size)
{
    if (index < 0)
        index = index < -size ? 0 : index + size;
    return index > size ? size : index;
}

static int infer(ray_infer *c)
{
    slice_options *o = c->options;
    if (ray_dim_axis(c, "dim", o->dim, &o->axis))
        return -1;
    const int64_t size = c->in[0].dim[o->axis];
    const int64_t end = o->end.n > 0 ? resolve(o->end.v[0], size) : size;
    o->first = resolve(o->start, size);
    if (o->first >= end)
        return ray_fail(c->error,
                        "start: nothing lies from %" PRId64 " to %" PRId64 " in a dimension of "
                        "size %" PRId64,
                        o->first, end, size);
    c->out = c->in[0];
    c->out.dim[o->axis] = (end - o->first + o->step - 1) / o->step;
    return 0;
}

/* Each number of the output meets the one of the input that it is. */
static ray_walk walk_input(const ray_op *op)
{
    const slice_options *o = op->options;
    const int32_t dim = o->axis + 1;
    ray_walk walk;
    ray_walk_dense(&walk, &op->in[0]);
    walk.start = o->first * walk.stride[dim];
    walk.stride[dim] *= o->step;
    walk.dim[dim] = op->out->dim[dim];
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
    if (!op->din[0].data)
        return;
    memset(op->din[0].data, 0, (size_t)ray_tensor_size(&op->din[0]) * sizeof(RAY_REAL));
    ray_walk_scatter(&walk, op->dout->data, op->din[0].data);
}

RAY_KINDS(slice) = {
    {
        .name = "slice",
        .summary = "a part of one dimension, x[start:end:step]",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(slice_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
