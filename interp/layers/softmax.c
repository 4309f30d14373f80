/* SPDX-License-Identifier: MIT */
/* softmax.c - softmax and its logarithm along one dimension. */
#include <math.h>
#include "layers/dims.h"
#include "layers/elementwise.h"

typedef struct softmax_options {
    int64_t dim;
    int32_t axis;       /* derived: of an item */
} softmax_options;

static const ray_option options[] = {
    { "dim", "dimension to normalise over; the batch is 0", RAY_INT, 0, offsetof(softmax_options, dim), 1,
      0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    softmax_options *o = c->options;
    if (ray_dim_axis(c, "dim", o->dim, &o->axis))
        return -1;
    return ray_infer_same(c);
}

/* The numbers that are normalised together lie `apart` from each other; `inner` lines interleave. */
typedef struct lines { int64_t n, length, apart; } lines;

static lines find_lines(const ray_op *op)
{
    const int32_t dim = ((const softmax_options *)op->options)->axis + 1;
    const int64_t length = op->out->dim[dim];
    return (lines){ .n = ray_tensor_size(op->out) / length, .length = length,
                    .apart = ray_dims_product(op->out, dim + 1, op->out->rank) };
}

static int64_t line_start(const lines *l, int64_t line)
{
    return line / l->apart * l->apart * l->length + line % l->apart;
}

static RAY_REAL line_maximum(const lines *l, const RAY_REAL *x)
{
    RAY_REAL most = *x;
    for (int64_t i = 1; i < l->length; i++)
        most = ray_max(most, x[i * l->apart]);
    return most;
}

static void softmax_line(const lines *l, const RAY_REAL *x, RAY_REAL *y)
{
    const RAY_REAL most = line_maximum(l, x);
    RAY_REAL sum = 0;
    for (int64_t i = 0; i < l->length; i++) {
        y[i * l->apart] = ray_exp(x[i * l->apart] - most);
        sum += y[i * l->apart];
    }
    for (int64_t i = 0; i < l->length; i++)
        y[i * l->apart] /= sum;
}

static void log_softmax_line(const lines *l, const RAY_REAL *x, RAY_REAL *y)
{
    const RAY_REAL most = line_maximum(l, x);
    RAY_REAL sum = 0;
    for (int64_t i = 0; i < l->length; i++)
        sum += ray_exp(x[i * l->apart] - most);
    sum = ray_log(sum);
    for (int64_t i = 0; i < l->length; i++)
        y[i * l->apart] = x[i * l->apart] - most - sum;
}

/* dx = y (dy - sum of y dy) */
static void softmax_line_back(const lines *l, const RAY_REAL *y, const RAY_REAL *dy, RAY_REAL *dx)
{
    RAY_REAL sum = 0;
    for (int64_t i = 0; i < l->length; i++)
        sum += y[i * l->apart] * dy[i * l->apart];
    for (int64_t i = 0; i < l->length; i++)
        dx[i * l->apart] = y[i * l->apart] * (dy[i * l->apart] - sum);
}

/* dx = dy - exp(y) sum of dy */
static void log_softmax_line_back(const lines *l, const RAY_REAL *y, const RAY_REAL *dy, RAY_REAL *dx)
{
    RAY_REAL sum = 0;
    for (int64_t i = 0; i < l->length; i++)
        sum += dy[i * l->apart];
    for (int64_t i = 0; i < l->length; i++)
        dx[i * l->apart] = dy[i * l->apart] - ray_exp(y[i * l->apart]) * sum;
}

static void for_lines(const ray_op *op, void (*line)(const lines *l, const RAY_REAL *x, RAY_REAL *y))
{
    const lines l = find_lines(op);
    #pragma omp parallel for schedule(static) if (l.n * l.length > RAY_SERIAL)
    for (int64_t i = 0; i < l.n; i++) {
        const int64_t at = line_start(&l, i);
        line(&l, op->in[0].data + at, op->out->data + at);
    }
}

static void for_lines_back(const ray_op *op, void (*line)(const lines *l, const RAY_REAL *y,
                                                          const RAY_REAL *dy, RAY_REAL *dx))
{
    const lines l = find_lines(op);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static) if (l.n * l.length > RAY_SERIAL)
    for (int64_t i = 0; i < l.n; i++) {
        const int64_t at = line_start(&l, i);
        line(&l, op->out->data + at, op->dout->data + at, op->din[0].data + at);
    }
}

static void softmax_forward(const ray_op *op)
{
    for_lines(op, softmax_line);
}

static void softmax_backward(const ray_op *op)
{
    for_lines_back(op, softmax_line_back);
}

static void log_softmax_forward(const ray_op *op)
{
    for_lines(op, log_softmax_line);
}

static void log_softmax_backward(const ray_op *op)
{
    for_lines_back(op, log_softmax_line_back);
}

#define SOFTMAX(prefix, formula)                \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_ACTIVATION,               \
        .reads = RAY_READS_OUT,                 \
        .options = options,                     \
        .options_size = sizeof(softmax_options), \
        .infer = infer,                         \
        .forward = prefix##_forward,            \
        .backward = prefix##_backward,          \
    }

RAY_KINDS(softmax) = {
    SOFTMAX(softmax, "y = exp(x) / sum of exp(x) over a dimension"),
    SOFTMAX(log_softmax, "y = x - log(sum of exp(x)) over a dimension"),
    { 0 }
};
