/* SPDX-License-Identifier: MIT */
/* avg_pool.c - the mean of a sliding window.  It is divided by the size of the window within the
 * padded input, or within the input when count_include_pad is false, or by divisor_override. */
#include <math.h>

#include "pool.h"

#define PADDED_OPTIONS                                                                     \
    RAY_POOL_OPTIONS,                                                                      \
    { "count_include_pad", "count padding as zeros, not as absent", RAY_BOOL, 0,           \
      offsetof(ray_pool_options, count_include_pad), 1, 0, 0, NULL, 0 }

static const ray_option options1[] = { PADDED_OPTIONS, { 0 } };

static const ray_option options[] = {
    PADDED_OPTIONS,
    { "divisor_override", "divide by this in place of the window's size", RAY_INT, 0,
      offsetof(ray_pool_options, divisor_override), NAN, 1, INT32_MAX, NULL, 0 },
    { 0 }
};

static int infer1(ray_infer *c)
{
    return ray_pool_infer(c, 1, false);
}

static int infer2(ray_infer *c)
{
    return ray_pool_infer(c, 2, false);
}

static int infer3(ray_infer *c)
{
    return ray_pool_infer(c, 3, false);
}

/* The size that an output counts along an axis. */
static int64_t count_taps(const ray_pool_axis *x, int64_t output, bool include_pad)
{
    const int64_t start = output * x->stride - x->before, end = start + x->kernel;
    const int64_t low = include_pad ? -x->before : 0, high = include_pad ? x->in + x->after : x->in;
    return (end < high ? end : high) - (start > low ? start : low);
}

/* What each output of a row is multiplied with for its width, to work; 1 with divisor_override. */
static void fill_shares(const ray_op *op)
{
    const ray_pool_options *o = op->options;
    const ray_pool_axis *x = &o->axis[2];
    for (int64_t i = 0; i < x->out; i++)
        op->work[i] =
            o->divisor_override ? 1 : 1 / (RAY_REAL)count_taps(x, i, o->count_include_pad);
}

/* And for the depth and height of row (d, h). */
static RAY_REAL row_share(const ray_pool_options *o, int64_t d, int64_t h)
{
    if (o->divisor_override)
        return 1 / (RAY_REAL)o->divisor_override;
    return 1 / (RAY_REAL)(count_taps(&o->axis[0], d, o->count_include_pad)
                          * count_taps(&o->axis[1], h, o->count_include_pad));
}

static int64_t workspace(const ray_op *op)
{
    return ((const ray_pool_options *)op->options)->axis[2].out;
}

/* row[i] += in[i stride] for n outputs */
static void add_row(RAY_REAL *row, const RAY_REAL *in, int64_t n, int64_t stride)
{
    if (stride == 1) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            row[i] += in[i];
    } else if (stride == 2) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            row[i] += in[2 * i];
    } else {
        for (int64_t i = 0; i < n; i++)
            row[i] += in[i * stride];
    }
}

/* in[i stride] += row[i] share[i] scale for n outputs */
static void spread_row(RAY_REAL *in, const RAY_REAL *row, const RAY_REAL *share, RAY_REAL scale,
                       int64_t n, int64_t stride)
{
    if (stride == 1) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            in[i] += row[i] * share[i] * scale;
    } else {
        for (int64_t i = 0; i < n; i++)
            in[i * stride] += row[i] * share[i] * scale;
    }
}

/* Output row (d, h) of a plane, from the input plane. */
static void forward_row(const ray_pool_options *o, const RAY_REAL *share, const RAY_REAL *in,
                        int64_t d, int64_t h, RAY_REAL *row)
{
    const ray_pool_axis *x = o->axis;
    const RAY_REAL scale = row_share(o, d, h);
    int64_t d0, d1, h0, h1, first, past;
    ray_pool_taps(&x[0], d, &d0, &d1);
    ray_pool_taps(&x[1], h, &h0, &h1);
    for (int64_t i = 0; i < x[2].out; i++)
        row[i] = 0;
    for (int64_t line = 0; line < (d1 - d0) * (h1 - h0); line++) {
        const int64_t at_d = ray_pool_at(&x[0], d, d0 + line / (h1 - h0));
        const int64_t at_h = ray_pool_at(&x[1], h, h0 + line % (h1 - h0));
        const RAY_REAL *from = in + (at_d * x[1].in + at_h) * x[2].in;
        for (int64_t k = x[2].tap_first; k < x[2].tap_past; k++) {
            ray_pool_outputs(&x[2], k, &first, &past);
            if (first < past)
                add_row(row + first, from + ray_pool_at(&x[2], first, k), past - first,
                        x[2].stride);
        }
    }
    for (int64_t i = 0; i < x[2].out; i++)
        row[i] *= share[i] * scale;
}

/* The signal of output row (d, h), added to that of the input plane. */
static void backward_row(const ray_pool_options *o, const RAY_REAL *share, const RAY_REAL *row,
                         int64_t d, int64_t h, RAY_REAL *din)
{
    const ray_pool_axis *x = o->axis;
    const RAY_REAL scale = row_share(o, d, h);
    int64_t d0, d1, h0, h1, first, past;
    ray_pool_taps(&x[0], d, &d0, &d1);
    ray_pool_taps(&x[1], h, &h0, &h1);
    for (int64_t line = 0; line < (d1 - d0) * (h1 - h0); line++) {
        const int64_t at_d = ray_pool_at(&x[0], d, d0 + line / (h1 - h0));
        const int64_t at_h = ray_pool_at(&x[1], h, h0 + line % (h1 - h0));
        RAY_REAL *to = din + (at_d * x[1].in + at_h) * x[2].in;
        for (int64_t k = x[2].tap_first; k < x[2].tap_past; k++) {
            ray_pool_outputs(&x[2], k, &first, &past);
            if (first < past)
                spread_row(to + ray_pool_at(&x[2], first, k), row + first, share + first, scale,
                           past - first, x[2].stride);
        }
    }
}

static void forward(const ray_op *op)
{
    const ray_pool_options *o = op->options;
    const ray_pool_axis *x = o->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1], rows = x[0].out * x[1].out;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    fill_shares(op);
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const RAY_REAL *in = op->in[0].data + p * size;
        RAY_REAL *out = op->out->data + p * rows * x[2].out;
        for (int64_t r = 0; r < rows; r++)
            forward_row(o, op->work, in, r / x[1].out, r % x[1].out, out + r * x[2].out);
    }
}

static void backward(const ray_op *op)
{
    const ray_pool_options *o = op->options;
    const ray_pool_axis *x = o->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1], rows = x[0].out * x[1].out;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    if (!op->din[0].data)
        return;
    fill_shares(op);
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const RAY_REAL *dout = op->dout->data + p * rows * x[2].out;
        RAY_REAL *din = op->din[0].data + p * size;
        for (int64_t i = 0; i < size; i++)
            din[i] = 0;
        for (int64_t r = 0; r < rows; r++)
            backward_row(o, op->work, dout + r * x[2].out, r / x[1].out, r % x[1].out, din);
    }
}

#define AVG_POOL(kind, formula, option_table, infer_axes)   \
    {                                           \
        .name = kind,                           \
        .summary = formula,                     \
        .traits = RAY_LINEAR | RAY_POOL,        \
        .options = option_table,                \
        .options_size = sizeof(ray_pool_options), \
        .infer = infer_axes,                    \
        .workspace = workspace,                 \
        .forward = forward,                     \
        .backward = backward,                   \
    }

RAY_KINDS(avg_pool) = {
    AVG_POOL("avg_pool1d", "the mean of each window of a C x L input", options1, infer1),
    AVG_POOL("avg_pool2d", "the mean of each window of a C x H x W input", options, infer2),
    AVG_POOL("avg_pool3d", "the mean of each window of a C x D x H x W input", options, infer3),
    { 0 }
};
