/* SPDX-License-Identifier: MIT */
/* arithmetic.c - sums, differences and products of activations, or of one and a number.  Items are
 * broadcast to each other as in numpy; the batch stays apart. */
#include <math.h>

#include "walk.h"

typedef struct arithmetic_options {
    ray_numbers scalar;     /* n = 0: not given */
} arithmetic_options;

static const ray_option options[] = {
    { "scalar", "the second operand of a layer with one input", RAY_NUMBERS, 0,
      offsetof(arithmetic_options, scalar), NAN, 0, 0, NULL, 1 },
    { 0 }
};

/* Widens out so that in fits; false when it cannot. */
static bool broadcast(ray_shape *out, const ray_shape *in)
{
    ray_shape wide = { .rank = out->rank > in->rank ? out->rank : in->rank };
    for (int32_t i = 1; i <= wide.rank; i++) {
        const int64_t a = i > out->rank ? 1 : out->dim[out->rank - i];
        const int64_t b = i > in->rank ? 1 : in->dim[in->rank - i];
        if (a != b && a != 1 && b != 1)
            return false;
        wide.dim[wide.rank - i] = a == 1 ? b : a;
    }
    *out = wide;
    return true;
}

static int infer(ray_infer *c)
{
    const arithmetic_options *o = c->options;
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
        if (!broadcast(&c->out, &c->in[k]))
            return ray_fail(c->error, "input %d is %s beside %s; sizes must be equal or 1",
                            (int)k + 1, ray_shape_text(&c->in[k], other),
                            ray_shape_text(&c->out, first));
    }
    return 0;
}

static bool is_whole(const ray_op *op, int32_t k)
{
    return ray_tensor_size(&op->in[k]) == ray_tensor_size(op->out);
}

/* to = base HOW the number, for all of a tensor of these dims */
static void with_scalar(const ray_tensor *dims, ray_walk_how how, const RAY_REAL *base,
                        RAY_REAL scalar, RAY_REAL *to)
{
    ray_walk walk;
    ray_walk_dense(&walk, dims);
    for (int32_t i = 0; i < walk.rank; i++)
        walk.stride[i] = 0;
    ray_walk_gather(&walk, how, base, &scalar, to);
}

static RAY_REAL scalar_of(const ray_op *op)
{
    return (RAY_REAL)((const arithmetic_options *)op->options)->scalar.v[0];
}

static void forward(const ray_op *op, ray_walk_how how)
{
    const RAY_REAL *base = op->in[0].data;
    ray_walk walk;
    if (op->n_in == 1) {
        with_scalar(op->out, how, base, scalar_of(op), op->out->data);
        return;
    }
    if (!is_whole(op, 0)) {
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

/* din[k] = signal, shaped as the output, summed where input k was repeated */
static void collect(const ray_op *op, int32_t k, const RAY_REAL *signal)
{
    ray_walk walk;
    ray_walk_broadcast(&walk, op->out, &op->in[k]);
    if (!is_whole(op, k))
        ray_walk_sum(&walk, signal, op->din[k].data, ray_tensor_size(&op->in[k]));
    else if (signal != op->din[k].data)
        ray_walk_gather(&walk, RAY_WALK_SET, NULL, signal, op->din[k].data);
}

static void add_forward(const ray_op *op)
{
    forward(op, RAY_WALK_ADD);
}

static void add_backward(const ray_op *op)
{
    for (int32_t k = 0; k < op->n_in; k++) {
        if (op->din[k].data)
            collect(op, k, op->dout->data);
    }
}

static void sub_forward(const ray_op *op)
{
    forward(op, RAY_WALK_SUBTRACT);
}

static void sub_backward(const ray_op *op)
{
    add_backward(op);
    for (int32_t k = 1; k < op->n_in; k++) {
        if (op->din[k].data)
            with_scalar(&op->in[k], RAY_WALK_MULTIPLY, op->din[k].data, -1, op->din[k].data);
    }
}

/* Room for the product of all but one, where that one is broadcast. */
static int64_t mul_workspace(const ray_op *op)
{
    for (int32_t k = 0; k < op->n_in; k++) {
        if (!is_whole(op, k))
            return ray_tensor_size(op->out);
    }
    return 0;
}

static void mul_forward(const ray_op *op)
{
    forward(op, RAY_WALK_MULTIPLY);
}

/* The signal of input k: dout times all other inputs. */
static void mul_backward_one(const ray_op *op, int32_t k)
{
    RAY_REAL *product = is_whole(op, k) ? op->din[k].data : op->work;
    const RAY_REAL *base = op->dout->data;
    for (int32_t j = 0; j < op->n_in; j++) {
        ray_walk walk;
        if (j == k)
            continue;
        ray_walk_broadcast(&walk, op->out, &op->in[j]);
        ray_walk_gather(&walk, RAY_WALK_MULTIPLY, base, op->in[j].data, product);
        base = product;
    }
    collect(op, k, product);
}

static void mul_backward(const ray_op *op)
{
    if (op->n_in == 1 && op->din[0].data)
        with_scalar(op->dout, RAY_WALK_MULTIPLY, op->dout->data, scalar_of(op), op->din[0].data);
    for (int32_t k = 0; k < op->n_in && op->n_in > 1; k++) {
        if (op->din[k].data)
            mul_backward_one(op, k);
    }
}

#define ARITHMETIC(prefix, formula, most_in, backward_reads, room, joining)  \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_MERGE,                    \
        .min_in = 1,                            \
        .max_in = most_in,                      \
        .reads = backward_reads,                \
        .in_place = true,                       \
        .joins = joining,                       \
        .options = options,                     \
        .options_size = sizeof(arithmetic_options), \
        .infer = infer,                         \
        .workspace = room,                      \
        .forward = prefix##_forward,            \
        .backward = prefix##_backward,          \
    }

RAY_KINDS(arithmetic) = {
    ARITHMETIC(add, "y = x1 + x2 + ..., or x + scalar", RAY_ANY, 0, NULL, RAY_JOIN_ADD),
    ARITHMETIC(sub, "y = x1 - x2 - ..., or x - scalar", RAY_ANY, 0, NULL, 0),
    ARITHMETIC(mul, "y = x1 x2 ..., or x scalar", RAY_ANY, RAY_READS_IN, mul_workspace, 0),
    { 0 }
};
