/* SPDX-License-Identifier: MIT */
/* extremes.c - the largest or smallest of several activations, or of one and a number; NaN where
 * one is NaN.  Where several are equal to the result they share its gradient. */
#include "broadcast.h"
#include "vectors.h"

static const ray_option options[] = {
    RAY_SCALAR_OPTION,
    { 0 }
};

/* For the count of equal operands; and for an input as it repeats. */
static int64_t workspace(const ray_op *op)
{
    return ray_tensor_size(op->out) + ray_broadcast_room(op);
}

/* count += 1 where x equals y */
static void count_equal(const RAY_REAL *x, const RAY_REAL *y, int64_t n, RAY_REAL *count)
{
    #pragma omp parallel for simd if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++)
        count[i] += x[i] == y[i] ? (RAY_REAL)1 : (RAY_REAL)0;
}

/* count = how many operands equal the output */
static void count_all(const ray_op *op, RAY_REAL *count, RAY_REAL *room)
{
    const int64_t n = ray_tensor_size(op->out);
    const RAY_REAL *y = op->out->data, scalar = op->n_in == 1 ? ray_scalar_of(op) : 0;
    #pragma omp parallel for simd if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++)
        count[i] = op->n_in == 1 && y[i] == scalar ? 1 : 0;
    for (int32_t k = 0; k < op->n_in; k++)
        count_equal(ray_broadcast_expand(op, k, room), y, n, count);
}

/* count becomes dout / count. */
static void find_shares(const RAY_REAL *dout, int64_t n, RAY_REAL *count)
{
    #pragma omp parallel for simd if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++)
        count[i] = dout[i] / count[i];
}

/* signal = share where x equals y, else 0; signal may be x */
static void take_share(const RAY_REAL *x, const RAY_REAL *y, const RAY_REAL *share, int64_t n,
                       RAY_REAL *signal)
{
    #pragma omp parallel for simd if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++) {
        const RAY_REAL taken = share[i];
        signal[i] = x[i] == y[i] ? taken : 0;
    }
}

static void backward(const ray_op *op)
{
    const int64_t n = ray_tensor_size(op->out);
    RAY_REAL *share = op->work, *room = op->work + n;
    count_all(op, share, room);
    find_shares(op->dout->data, n, share);
    for (int32_t k = 0; k < op->n_in; k++) {
        RAY_REAL *signal = ray_broadcast_whole(op, k) ? op->din[k].data : room;
        if (!op->din[k].data)
            continue;
        take_share(ray_broadcast_expand(op, k, room), op->out->data, share, n, signal);
        ray_broadcast_collect(op, k, signal);
    }
}

static void maximum_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_LARGER);
}

static void minimum_forward(const ray_op *op)
{
    ray_broadcast_forward(op, RAY_WALK_SMALLER);
}

#define EXTREME(prefix, formula)                \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_MERGE,                    \
        .min_in = 1,                            \
        .max_in = RAY_ANY,                      \
        .reads = RAY_READS_IN | RAY_READS_OUT,  \
        .in_place = true,                       \
        .options = options,                     \
        .options_size = sizeof(ray_scalar_options), \
        .infer = ray_broadcast_infer,           \
        .workspace = workspace,                 \
        .forward = prefix##_forward,            \
        .backward = backward,                   \
    }

RAY_KINDS(extremes) = {
    EXTREME(maximum, "y = the largest of x1, x2, ..., or of x and scalar"),
    EXTREME(minimum, "y = the smallest of x1, x2, ..., or of x and scalar"),
    { 0 }
};
