/* SPDX-License-Identifier: MIT */
/* avg_pool.c - the mean of a sliding window.  It is divided by the size of the window within the
 * padded input, or within the input when count_include_pad is false, or by divisor_override. */
#include <math.h>
#include <string.h>

#include "pool.h"
#include "vectors.h"

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

/* ---- The lines of a row ---- */

/* Output row (d, h), and the taps along these axes that lie in the input. */
typedef struct lines { int64_t d, h, d0, d1, h0, h1; } lines;

static lines find_lines(const ray_pool_axis *x, int64_t row)
{
    lines l = { .d = row / x[1].out, .h = row % x[1].out };
    ray_pool_taps(&x[0], l.d, &l.d0, &l.d1);
    ray_pool_taps(&x[1], l.h, &l.h0, &l.h1);
    return l;
}

/* For each input line that they meet: it begins at `at` of the plane. */
#define FOR_LINES(x, l, at)                                                                 \
    for (int64_t kd = (l).d0; kd < (l).d1; kd++)                                            \
        for (int64_t kh = (l).h0, at = (ray_pool_at(&(x)[0], (l).d, kd) * (x)[1].in         \
                                        + ray_pool_at(&(x)[1], (l).h, kh)) * (x)[2].in;     \
             kh < (l).h1; kh++, at += (x)[2].in)

/* ---- Forward ---- */

/* row[o] = the sum of in[o stride + k] for k = 0 ... taps - 1; more: added to what row holds. */
RAY_INLINE void sum_taps(const RAY_REAL *in, int64_t n, int64_t taps, int64_t stride, bool more,
                         RAY_REAL *row)
{
    #pragma omp simd
    for (int64_t o = 0; o < n; o++) {
        RAY_REAL sum = in[o * stride];
        sum += taps > 1 ? in[o * stride + 1] : 0;
        sum += taps > 2 ? in[o * stride + 2] : 0;
        row[o] = more ? row[o] + sum : sum;
    }
}

/* For the outputs that have all taps along the row; `in`: tap 0 of the first. */
RAY_INLINE void sum_inner(const ray_pool_axis *x, const RAY_REAL *in, int64_t n, bool more,
                          RAY_REAL *row)
{
    if (x->kernel == 2 && x->stride == 2)
        sum_taps(in, n, 2, 2, more, row);
    else if (x->kernel == 3 && x->stride == 1)
        sum_taps(in, n, 3, 1, more, row);
    else if (x->kernel == 3 && x->stride == 2)
        sum_taps(in, n, 3, 2, more, row);
    else
        for (int64_t k = 0; k < x->kernel; k++)
            sum_taps(in + k, n, 1, x->stride, more || k > 0, row);
}

/* For one output. */
RAY_INLINE void sum_edge(const ray_pool_axis *x, const RAY_REAL *line, int64_t output, bool more,
                         RAY_REAL *row)
{
    int64_t from, past;
    RAY_REAL sum = more ? row[output] : 0;
    ray_pool_taps(x, output, &from, &past);
    for (int64_t k = from; k < past; k++)
        sum += line[ray_pool_at(x, output, k)];
    row[output] = sum;
}

RAY_INLINE void sum_line(const ray_pool_axis *x, const RAY_REAL *line, bool more, RAY_REAL *row)
{
    const int64_t first = x->inner_first, past = x->inner_past;
    for (int64_t o = 0; o < first; o++)
        sum_edge(x, line, o, more, row);
    if (first < past)
        sum_inner(x, line + ray_pool_at(x, first, 0), past - first, more, row + first);
    for (int64_t o = past; o < x->out; o++)
        sum_edge(x, line, o, more, row);
}

RAY_CLONES static void forward_plane(const ray_pool_options *o, const RAY_REAL *share,
                                     const RAY_REAL *in, RAY_REAL *row)
{
    const ray_pool_axis *x = o->axis;
    for (int64_t r = 0; r < ray_pool_rows(x); r++, row += x[2].out) {
        const lines met = find_lines(x, r);
        bool more = false;
        FOR_LINES(x, met, at) {
            sum_line(&x[2], in + at, more, row);
            more = true;
        }
        const RAY_REAL scale = row_share(o, met.d, met.h);
        #pragma omp simd
        for (int64_t i = 0; i < x[2].out; i++)
            row[i] = more ? row[i] * (share[i] * scale) : 0;
    }
}

/* ---- Backward ---- */

enum { CHUNK = 128 };       /* outputs of a row that are treated together */

/* Adds signal[0] to the taps of output `from`, and so on; tiles: sets them, two to each. */
RAY_INLINE void spread_line(const ray_pool_axis *x, const RAY_REAL *signal, int64_t from, int64_t n,
                            bool tiles, RAY_REAL *line)
{
    if (tiles && x->kernel == 2) {
        RAY_REAL *to = line + 2 * from;
        #pragma omp simd
        for (int64_t o = 0; o < n; o++)
            to[2 * o] = to[2 * o + 1] = signal[o];
        return;
    }
    for (int64_t k = x->tap_first; k < x->tap_past; k++) {
        const int64_t at = ray_pool_at(x, from, k);
        const int64_t first = at >= 0 ? 0 : (x->stride - 1 - at) / x->stride;
        const int64_t fit = (x->in - at + x->stride - 1) / x->stride, past = fit < n ? fit : n;
        RAY_REAL *to = line + at;
        if (x->stride == 1) {
            #pragma omp simd
            for (int64_t o = first; o < past; o++)
                to[o] += signal[o];
        } else {
            for (int64_t o = first; o < past; o++)
                to[o * x->stride] += signal[o];
        }
    }
}

RAY_INLINE void spread_row(const ray_pool_options *o, const RAY_REAL *share, const RAY_REAL *row,
                           const lines *met, bool tiles, RAY_REAL *din)
{
    const ray_pool_axis *x = o->axis;
    const RAY_REAL scale = row_share(o, met->d, met->h);
    RAY_REAL signal[CHUNK];
    for (int64_t from = 0; from < x[2].out; from += CHUNK) {
        const int64_t n = x[2].out - from < CHUNK ? x[2].out - from : CHUNK;
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            signal[i] = row[from + i] * (share[from + i] * scale);
        FOR_LINES(x, *met, at)
            spread_line(&x[2], signal, from, n, tiles, din + at);
    }
}

RAY_CLONES static void backward_plane(const ray_pool_options *o, const RAY_REAL *share,
                                      const RAY_REAL *row, RAY_REAL *din)
{
    const ray_pool_axis *x = o->axis;
    const int64_t size = ray_pool_plane(x);
    const bool tiles = x[2].kernel == 2 && ray_pool_tiles(x) > 0;
    if (!tiles || ray_pool_tiles(x) < size)
        memset(din, 0, (size_t)size * sizeof *din);
    for (int64_t r = 0; r < ray_pool_rows(x); r++, row += x[2].out) {
        const lines met = find_lines(x, r);
        spread_row(o, share, row, &met, tiles, din);
    }
}

static void forward(const ray_op *op)
{
    const ray_pool_options *o = op->options;
    const int64_t planes = op->out->dim[0] * op->out->dim[1];
    const int64_t in = ray_pool_plane(o->axis), out = ray_pool_rows(o->axis) * o->axis[2].out;
    fill_shares(op);
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        forward_plane(o, op->work, op->in[0].data + p * in, op->out->data + p * out);
}

static void backward(const ray_op *op)
{
    const ray_pool_options *o = op->options;
    const int64_t planes = op->out->dim[0] * op->out->dim[1];
    const int64_t in = ray_pool_plane(o->axis), out = ray_pool_rows(o->axis) * o->axis[2].out;
    if (!op->din[0].data)
        return;
    fill_shares(op);
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        backward_plane(o, op->work, op->dout->data + p * out, op->din[0].data + p * in);
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
