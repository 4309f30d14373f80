/* SPDX-License-Identifier: MIT */
/* reduce.c - the mean, sum, largest or smallest number over whole dimensions.  Of several that are
 * equally large all get the same share of the gradient. */
#include <math.h>

#include "dims.h"
#include "vectors.h"
#include "walk.h"

typedef struct reduce_options {
    ray_ints dim;
    bool     keepdim;
    bool     reduced[RAY_MAX_RANK - 1];     /* derived: which axes of an item */
    int64_t  count;                         /* derived: numbers that one is made of */
} reduce_options;

static const ray_option options[] = {
    { "dim",
      "dimensions that become one number; the batch is 0, so that [2, 3] are height and width",
      RAY_INTS, RAY_REQUIRED, offsetof(reduce_options, dim), NAN, 0, 0, NULL, RAY_MAX_RANK - 1 },
    { "keepdim", "leave these dimensions in the shape, with size 1", RAY_BOOL, 0,
      offsetof(reduce_options, keepdim), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    reduce_options *o = c->options;
    if (ray_dims_axes(c, "dim", &o->dim, o->reduced))
        return -1;
    c->out = (ray_shape){ .rank = 0 };
    o->count = 1;
    for (int32_t i = 0; i < c->in[0].rank; i++) {
        if (o->reduced[i])
            o->count *= c->in[0].dim[i];
        if (!o->reduced[i] || o->keepdim)
            c->out.dim[c->out.rank++] = o->reduced[i] ? 1 : c->in[0].dim[i];
    }
    if (c->out.rank == 0)
        return ray_fail(c->error,
                        "dim: nothing is left of an item; keep a dimension, or set keepdim: true");
    return 0;
}

/* Each number of the input meets the one that it goes into. */
static ray_walk walk_input(const ray_op *op)
{
    const reduce_options *o = op->options;
    int64_t stride = 1;
    ray_walk walk;
    ray_walk_dense(&walk, &op->in[0]);
    for (int32_t i = walk.rank; i-- > 0;) {
        const bool reduced = i > 0 && o->reduced[i - 1];
        walk.stride[i] = reduced ? 0 : stride;
        stride *= reduced ? 1 : walk.dim[i];
    }
    return walk;
}

static int64_t workspace(const ray_op *op)
{
    return ray_tensor_size(op->out);
}

/* ---- Sum and mean ---- */

static void sum_forward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    ray_walk_sum(&walk, op->in[0].data, op->out->data, ray_tensor_size(op->out));
}

static void sum_backward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    if (op->din[0].data)
        ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->dout->data, op->din[0].data);
}

static void mean_forward(const ray_op *op)
{
    const RAY_REAL count = (RAY_REAL)((const reduce_options *)op->options)->count;
    const int64_t n = ray_tensor_size(op->out);
    sum_forward(op);
    for (int64_t i = 0; i < n; i++)
        op->out->data[i] /= count;
}

static void mean_backward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    const RAY_REAL count = (RAY_REAL)((const reduce_options *)op->options)->count;
    const int64_t n = ray_tensor_size(op->out);
    if (!op->din[0].data)
        return;
    for (int64_t i = 0; i < n; i++)
        op->work[i] = op->dout->data[i] / count;
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->work, op->din[0].data);
}

/* ---- Extremes ---- */

static void extreme_forward(const ray_op *op, RAY_REAL sign)
{
    const ray_walk walk = walk_input(op);
    ray_walk_extreme(&walk, sign, op->in[0].data, op->out->data, ray_tensor_size(op->out));
}

static void amax_forward(const ray_op *op)
{
    extreme_forward(op, 1);
}

static void amin_forward(const ray_op *op)
{
    extreme_forward(op, -1);
}

/* din is 1 where the input equals the output, else 0; then these are counted. */
static void extreme_backward(const ray_op *op)
{
    const ray_walk walk = walk_input(op);
    const int64_t n = ray_tensor_size(&op->in[0]), results = ray_tensor_size(op->out);
    const RAY_REAL *x = op->in[0].data;
    RAY_REAL *din = op->din[0].data;
    if (!din)
        return;
    ray_walk_gather(&walk, RAY_WALK_SET, NULL, op->out->data, din);
    #pragma omp parallel for simd if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++)
        din[i] = x[i] == din[i] ? 1 : 0;
    ray_walk_sum(&walk, din, op->work, results);
    for (int64_t i = 0; i < results; i++)
        op->work[i] = op->dout->data[i] / op->work[i];
    ray_walk_gather(&walk, RAY_WALK_MULTIPLY, din, op->work, din);
}

#define REDUCE(prefix, back, formula, kind_traits, backward_reads) \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = kind_traits,                  \
        .reads = backward_reads,                \
        .options = options,                     \
        .options_size = sizeof(reduce_options), \
        .infer = infer,                         \
        .workspace = workspace,                 \
        .forward = prefix##_forward,            \
        .backward = back##_backward,            \
    }

RAY_KINDS(reduce) = {
    REDUCE(mean, mean, "the mean over whole dimensions", RAY_LINEAR, 0),
    REDUCE(sum, sum, "the sum over whole dimensions", RAY_LINEAR, 0),
    REDUCE(amax, extreme, "the largest number over whole dimensions", RAY_POOL,
           RAY_READS_IN | RAY_READS_OUT),
    REDUCE(amin, extreme, "the smallest number over whole dimensions", RAY_POOL,
           RAY_READS_IN | RAY_READS_OUT),
    { 0 }
};
