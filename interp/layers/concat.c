/* SPDX-License-Identifier: MIT */
/* concat.c - inputs side by side along one dimension. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "dims.h"

typedef struct concat_options {
    int64_t dim;
    int32_t axis;       /* derived: of an item */
} concat_options;

static const ray_option options[] = {
    { "dim", "dimension along which the inputs follow each other; the batch is 0", RAY_INT, 0,
      offsetof(concat_options, dim), 1, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    concat_options *o = c->options;
    char first[128], other[128];
    if (ray_dim_axis(c, "dim", o->dim, &o->axis))
        return -1;
    c->out = c->in[0];
    for (int32_t k = 1; k < c->n_in; k++) {
        bool fits = c->in[k].rank == c->out.rank;
        for (int32_t i = 0; fits && i < c->out.rank; i++)
            fits = i == o->axis || c->in[k].dim[i] == c->out.dim[i];
        if (!fits)
            return ray_fail(c->error,
                            "input %d is %s beside %s; all but dimension %d must be equal",
                            (int)k + 1, ray_shape_text(&c->in[k], other),
                            ray_shape_text(&c->in[0], first), o->axis + 1);
        if (!ray_add_checked(c->out.dim[o->axis], c->in[k].dim[o->axis], &c->out.dim[o->axis]))
            return ray_fail(c->error, "the inputs together are too large");
    }
    return 0;
}

enum { PIECE = 8192, SERIAL = 32768 };

/* rows copies of n neighbouring numbers; their starts lie to_apart and from_apart apart. */
static void copy_rows(RAY_REAL *to, int64_t to_apart, const RAY_REAL *from, int64_t from_apart,
                      int64_t rows, int64_t n)
{
    const int64_t pieces = (n + PIECE - 1) / PIECE;
    #pragma omp parallel for schedule(static) if (rows * n > SERIAL)
    for (int64_t p = 0; p < rows * pieces; p++) {
        const int64_t row = p / pieces, at = p % pieces * PIECE, left = n - at;
        memcpy(to + row * to_apart + at, from + row * from_apart + at,
               (size_t)(left < PIECE ? left : PIECE) * sizeof *to);
    }
}

static void forward(const ray_op *op)
{
    const int32_t dim = ((const concat_options *)op->options)->axis + 1;
    const int64_t rows = ray_dims_product(op->out, 0, dim);
    const int64_t length = ray_dims_product(op->out, dim, op->out->rank);
    RAY_REAL *to = op->out->data;
    for (int32_t k = 0; k < op->n_in; k++) {
        const int64_t n = ray_dims_product(&op->in[k], dim, op->out->rank);
        copy_rows(to, length, op->in[k].data, n, rows, n);
        to += n;
    }
}

static void backward(const ray_op *op)
{
    const int32_t dim = ((const concat_options *)op->options)->axis + 1;
    const int64_t rows = ray_dims_product(op->dout, 0, dim);
    const int64_t length = ray_dims_product(op->dout, dim, op->dout->rank);
    const RAY_REAL *from = op->dout->data;
    for (int32_t k = 0; k < op->n_in; k++) {
        const int64_t n = ray_dims_product(&op->in[k], dim, op->dout->rank);
        if (op->din[k].data)
            copy_rows(op->din[k].data, n, from, length, rows, n);
        from += n;
    }
}

RAY_KINDS(concat) = {
    {
        .name = "concat",
        .summary = "inputs one after the other along a dimension",
        .traits = RAY_MERGE,
        .min_in = 1,
        .max_in = RAY_ANY,
        .options = options,
        .options_size = sizeof(concat_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
