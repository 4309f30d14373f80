/* SPDX-License-Identifier: MIT */
/* broadcast.c - shapes that repeat to fit each other. */
#include "broadcast.h"

#include "dims.h"

int ray_broadcast_infer(ray_infer *c)
{
    const ray_scalar_options *o = c->options;
    char first[128], other[128];
    if (c->n_in == 1 && o->scalar.n == 0)
        return ray_fail(c->error,
                        "one input needs another operand: more inputs in `from`, or scalar");
    if (c->n_in > 1 && o->scalar.n > 0)
        return ray_fail(c->error,
                        "scalar: stands beside %d inputs; it takes the place of the second one",
                        (int)c->n_in);
    c->out = c->in[0];
    for (int32_t k = 1; k < c->n_in; k++) {
        if (!ray_dims_broadcast(&c->out.rank, c->out.dim, c->in[k].rank, c->in[k].dim))
            return ray_fail(c->error, "input %d is %s beside %s; sizes must be equal or 1",
                            (int)k + 1, ray_shape_text(&c->in[k], other),
                            ray_shape_text(&c->out, first));
    }
    return 0;
}

RAY_REAL ray_scalar_of(const ray_op *op)
{
    return (RAY_REAL)((const ray_scalar_options *)op->options)->scalar.v[0];
}

bool ray_broadcast_whole(const ray_op *op, int32_t k)
{
    return ray_tensor_size(&op->in[k]) == ray_tensor_size(op->out);
}

int64_t ray_broadcast_room(const ray_op *op)
{
    for (int32_t k = 0; k < op->n_in; k++) {
        if (!ray_broadcast_whole(op, k))
            return ray_tensor_size(op->out);
    }
    return 0;
}

void ray_broadcast_scalar(const ray_tensor *dims, ray_walk_how how, const RAY_REAL *base,
                          RAY_REAL scalar, RAY_REAL *to)
{
    ray_walk walk;
    ray_walk_dense(&walk, dims);
    for (int32_t i = 0; i < walk.rank; i++)
        walk.stride[i] = 0;
    ray_walk_gather(&walk, how, base, &scalar, to);
}

void ray_broadcast_forward(const ray_op *op, ray_walk_how how)
{
    const RAY_REAL *base = op->in[0].data;
    ray_walk walk;
    if (op->n_in == 1) {
        ray_broadcast_scalar(op->out, how, base, ray_scalar_of(op), op->out->data);
        return;
    }
    if (!ray_broadcast_whole(op, 0)) {
        ray_walk_broadcast(&walk, op->out, &op->in[0]);
        ray_walk_gather(&walk, RAY_WALK_SET, NULL, base, op->out->data);
        base = op->out->data;
    }
    for (int32_t k = 1; k < op->n_in; k++) {
        ray_walk_broadcast(&walk, op->out, &op->in[k]);
        ray_walk_gather(&walk, how, base, op->in[k].data, op->out->data);
        base = op->out->data;
    }
}

const RAY_REAL *ray_broadcast_expand(const ray_op *op, int32_t k, RAY_REAL *room)
{
    ray_walk walk;
    if (ray_broadcast_whole(op, k))
        return op->in[k].data;
    ray_walk_broadcast(&walk, op->out, &op->in[k]);
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->in[k].data, room);
    return room;
}

void ray_broadcast_collect(const ray_op *op, int32_t k, const RAY_REAL *signal)
{
    ray_walk walk;
    ray_walk_broadcast(&walk, op->out, &op->in[k]);
    if (!ray_broadcast_whole(op, k))
        ray_walk_sum(&walk, signal, op->din[k].data, ray_tensor_size(&op->in[k]));
    else if (signal != op->din[k].data)
        ray_walk_gather(&walk, RAY_WALK_SET, NULL, signal, op->din[k].data);
}
