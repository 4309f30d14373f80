/* SPDX-License-Identifier: MIT */
/* permute.c - dimensions in another order. */
#include <inttypes.h>
#include <math.h>

#include "dims.h"
#include "walk.h"

typedef struct permute_options {
    ray_ints dims;
    int32_t  from[RAY_MAX_RANK];    /* derived: the dimension of the input at each place */
} permute_options;

static const ray_option options[] = {
    { "dims", "dimensions of the input in the order of the output; 0, the batch, comes first",
      RAY_INTS, RAY_REQUIRED, offsetof(permute_options, dims), NAN, 0, 0, NULL, RAY_MAX_RANK },
    { 0 }
};

static int infer(ray_infer *c)
{
    permute_options *o = c->options;
    const ray_shape *in = &c->in[0];
    ray_ints rest = { .n = o->dims.n - 1 };
    bool named[RAY_MAX_RANK - 1];
    char text[128];
    if (o->dims.n != in->rank + 1)
        return ray_fail(c->error, "dims: %d are given; expected %d, for the batch and an item %s",
                        (int)o->dims.n, in->rank + 1, ray_shape_text(in, text));
    if (o->dims.v[0] != 0 && o->dims.v[0] != -o->dims.n)
        return ray_fail(c->error,
                        "dims: %" PRId64 " comes first; expected 0, the batch stays there",
                        o->dims.v[0]);
    for (int32_t i = 0; i < rest.n; i++)
        rest.v[i] = o->dims.v[i + 1];
    if (ray_dims_axes(c, "dims", &rest, named))
        return -1;
    c->out = *in;
    o->from[0] = 0;
    for (int32_t i = 0; i < rest.n; i++) {
        const int64_t dim = rest.v[i] < 0 ? rest.v[i] + o->dims.n : rest.v[i];
        o->from[i + 1] = (int32_t)dim;
        c->out.dim[i] = in->dim[dim - 1];
    }
    return 0;
}

/* Each number of the output meets the one of the input that it is. */
static void forward(const ray_op *op)
{
    const permute_options *o = op->options;
    ray_walk in, walk;
    ray_walk_dense(&in, &op->in[0]);
    ray_walk_dense(&walk, op->out);
    for (int32_t i = 0; i < walk.rank; i++)
        walk.stride[i] = in.stride[o->from[i]];
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->in[0].data, op->out->data);
}

/* And the other way round. */
static void backward(const ray_op *op)
{
    const permute_options *o = op->options;
    ray_walk out, walk;
    if (!op->din[0].data)
        return;
    ray_walk_dense(&out, op->out);
    ray_walk_dense(&walk, &op->in[0]);
    for (int32_t i = 0; i < walk.rank; i++)
        walk.stride[o->from[i]] = out.stride[i];
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->dout->data, op->din[0].data);
}

RAY_KINDS(permute) = {
    {
        .name = "permute",
        .summary = "dimensions in another order",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(permute_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
