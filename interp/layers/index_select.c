/* SPDX-License-Identifier: MIT */
/* index_select.c - chosen indices of one dimension, in any order and as often as they are named. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dims.h"
#include "vectors.h"

typedef struct index_options {
    int64_t  dim;
    ray_ints index;
    int32_t  axis;                      /* derived: of an item */
    int64_t  from[RAY_MAX_LIST];        /* derived: the indices, counted from the beginning */
} index_options;

static const ray_option options[] = {
    { "dim", "dimension to choose from; the batch is 0", RAY_INT, RAY_REQUIRED,
      offsetof(index_options, dim), 0, 0, 0, NULL, 0 },
    { "index", "which of it, in the order of the output; negative ones count from the end",
      RAY_INTS, RAY_REQUIRED, offsetof(index_options, index), NAN, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    index_options *o = c->options;
    if (ray_dim_axis(c, "dim", o->dim, &o->axis))
        return -1;
    const int64_t size = c->in[0].dim[o->axis];
    for (int32_t i = 0; i < o->index.n; i++) {
        o->from[i] = o->index.v[i] < 0 ? o->index.v[i] + size : o->index.v[i];
        if (o->from[i] < 0 || o->from[i] >= size)
            return ray_fail(c->error, "index: %" PRId64 " is not in a dimension of size %" PRId64,
                            o->index.v[i], size);
    }
    c->out = c->in[0];
    c->out.dim[o->axis] = o->index.n;
    return 0;
}

/* The dimension is parted into `outer` times size runs of `inner` numbers. */
typedef struct runs { int64_t outer, size, chosen, inner; } runs;

static runs find_runs(const ray_op *op)
{
    const int32_t dim = ((const index_options *)op->options)->axis + 1;
    return (runs){ ray_dims_product(op->out, 0, dim), op->in[0].dim[dim], op->out->dim[dim],
                   ray_dims_product(op->out, dim + 1, op->out->rank) };
}

static void forward(const ray_op *op)
{
    const index_options *o = op->options;
    const runs r = find_runs(op);
    #pragma omp parallel for schedule(static) if (ray_tensor_size(op->out) > RAY_SERIAL)
    for (int64_t p = 0; p < r.outer * r.chosen; p++)
        memcpy(op->out->data + p * r.inner,
               op->in[0].data + (p / r.chosen * r.size + o->from[p % r.chosen]) * r.inner,
               (size_t)r.inner * sizeof(RAY_REAL));
}

static void backward(const ray_op *op)
{
    const index_options *o = op->options;
    const runs r = find_runs(op);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static) if (ray_tensor_size(op->dout) > RAY_SERIAL)
    for (int64_t p = 0; p < r.outer; p++) {
        RAY_REAL *din = op->din[0].data + p * r.size * r.inner;
        const RAY_REAL *dout = op->dout->data + p * r.chosen * r.inner;
        memset(din, 0, (size_t)(r.size * r.inner) * sizeof *din);
        for (int64_t k = 0; k < r.chosen; k++, dout += r.inner) {
            RAY_REAL *to = din + o->from[k] * r.inner;
            #pragma omp simd
            for (int64_t i = 0; i < r.inner; i++)
                to[i] += dout[i];
        }
    }
}

RAY_KINDS(index_select) = {
    {
        .name = "index_select",
        .summary = "chosen indices of one dimension",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(index_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
