/* SPDX-License-Identifier: MIT */
/* arithmetic.c - sums, differences, products and quotients of activations, or of one and a
 * number. */
#include "broadcast.h"
#include "vectors.h"

static const ray_option options[] = {
    RAY_SCALAR_OPTION,
    { 0 }
};

static void add_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_ADD);
}

static void add_backward(const ray_op *op)
{
    for (int32_t k = 0; k < op->n_in; k++) {
        if (op->din[k].data)
            ray_broadcast_collect(op, k, op->dout->data);
    }
}

static void sub_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_SUBTRACT);
}

static void sub_backward(const ray_op *op)
{
    add_backward(op);
    for (int32_t k = 1; k < op->n_in; k++) {
        if (op->din[k].data)
            ray_broadcast_scalar(&op->in[k], RAY_WALK_MULTIPLY, op->din[k].data, -1,
                                 op->din[k].data);
    }
}

static void mul_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_MULTIPLY);
}

/* The signal of input k: dout times all other inputs. */
static void mul_backward_one(const ray_op *op, int32_t k)
{
    RAY_REAL *product = ray_broadcast_whole(op, k) ? op->din[k].data : op->work;
    const RAY_REAL *base = op->dout->data;
    for (int32_t j = 0; j < op->n_in; j++) {
        ray_walk walk;
        if (j == k)
            continue;
        ray_walk_broadcast(&walk, op->out, &op->in[j]);
        ray_walk_gather(&walk, RAY_WALK_MULTIPLY, base, op->in[j].data, product);
        base = product;
    }
    ray_broadcast_collect(op, k, product);
}

static void mul_backward(const ray_op *op)
{
    if (op->n_in == 1 && op->din[0].data)
        ray_broadcast_scalar(op->dout, RAY_WALK_MULTIPLY, op->dout->data, ray_scalar_of(op),
                             op->din[0].data);
    for (int32_t k = 0; k < op->n_in && op->n_in > 1; k++) {
        if (op->din[k].data)
            mul_backward_one(op, k);
    }
}

static void div_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_DIVIDE);
}

/* to = base over input k */
static void divide_by(const ray_op *op, int32_t k, const RAY_REAL *base, RAY_REAL *to)
{
    ray_walk walk;
    ray_walk_broadcast(&walk, op->out, &op->in[k]);
    ray_walk_gather(&walk, RAY_WALK_DIVIDE, base, op->in[k].data, to);
}

/* The signal of input 0 is dout over all other inputs, that of input k -dout y / x_k. */
static void div_backward_one(const ray_op *op, int32_t k)
{
    RAY_REAL *ratio = ray_broadcast_whole(op, k) ? op->din[k].data : op->work;
    const RAY_REAL *dout = op->dout->data;
    const int64_t n = ray_tensor_size(op->dout);
    if (k == 0) {
        divide_by(op, 1, dout, ratio);
        for (int32_t j = 2; j < op->n_in; j++)
            divide_by(op, j, ratio, ratio);
    } else {
        #pragma omp parallel for simd if (n > RAY_SERIAL)
        for (int64_t i = 0; i < n; i++)
            ratio[i] = -dout[i] * op->out->data[i];
        divide_by(op, k, ratio, ratio);
    }
    ray_broadcast_collect(op, k, ratio);
}

static void div_backward(const ray_op *op)
{
    if (op->n_in == 1 && op->din[0].data)
        ray_broadcast_scalar(op->dout, RAY_WALK_DIVIDE, op->dout->data, ray_scalar_of(op),
                             op->din[0].data);
    for (int32_t k = 0; k < op->n_in && op->n_in > 1; k++) {
        if (op->din[k].data)
            div_backward_one(op, k);
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
        .options_size = sizeof(ray_scalar_options), \
        .infer = ray_broadcast_infer,           \
        .workspace = room,                      \
        .forward = prefix##_forward,            \
        .backward = prefix##_backward,          \
    }

RAY_KINDS(arithmetic) = {
    ARITHMETIC(add, "y = x1 + x2 + ..., or x + scalar", RAY_ANY, 0, NULL, RAY_JOIN_ADD),
    ARITHMETIC(sub, "y = x1 - x2 - ..., or x - scalar", RAY_ANY, 0, NULL, 0),
    ARITHMETIC(mul, "y = x1 x2 ..., or x scalar", RAY_ANY, RAY_READS_IN, ray_broadcast_room, 0),
    ARITHMETIC(div, "y = x1 / x2 / ..., or x / scalar", RAY_ANY, RAY_READS_IN | RAY_READS_OUT,
               ray_broadcast_room, 0),
    { 0 }
};
