/* SPDX-License-Identifier: MIT */
/* max_pool.c - the largest number in a sliding window.  NaN is larger than all; of equal numbers
 * the first gets the gradient, of several NaN the last, as in torch. */
#include <math.h>

#include "pool.h"
#include "real.h"

enum { CHUNK = 128 };       /* outputs of a row that backward treats together */

static const ray_option options[] = {
    RAY_POOL_OPTIONS,
    { "dilation", "step within the window: one number or one per axis", RAY_INTS, 0,
      offsetof(ray_pool_options, dilation), 1, 1, INT32_MAX, NULL, 3 },
    { "return_indices", "must be false: a layer has one output", RAY_BOOL, 0,
      offsetof(ray_pool_options, return_indices), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c, int axes)
{
    const ray_pool_options *o = c->options;
    if (o->return_indices)
        return ray_fail(c->error, "return_indices: true is not possible, a layer has one output; "
                        "expected false");
    return ray_pool_infer(c, axes, true);
}

static int infer1(ray_infer *c)
{
    return infer(c, 1);
}

static int infer2(ray_infer *c)
{
    return infer(c, 2);
}

static int infer3(ray_infer *c)
{
    return infer(c, 3);
}

/* row[o] = max(row[o], in[o stride]) for n outputs */
static void max_row(RAY_REAL *row, const RAY_REAL *in, int64_t n, int64_t stride)
{
    if (stride == 1) {
        #pragma omp simd
        for (int64_t o = 0; o < n; o++)
            row[o] = ray_max(row[o], in[o]);
    } else if (stride == 2) {
        #pragma omp simd
        for (int64_t o = 0; o < n; o++)
            row[o] = ray_max(row[o], in[2 * o]);
    } else {
        for (int64_t o = 0; o < n; o++)
            row[o] = ray_max(row[o], in[o * stride]);
    }
}

/* All taps of one output row, given the input row that the window's row lies on. */
static void max_taps(const ray_pool_axis *width, const RAY_REAL *in, RAY_REAL *row)
{
    for (int64_t k = width->tap_first; k < width->tap_past; k++) {
        int64_t first, past;
        ray_pool_outputs(width, k, &first, &past);
        if (first < past)
            max_row(row + first, in + ray_pool_at(width, first, k), past - first, width->stride);
    }
}

/* Output row (d, h) of a plane. */
static void forward_row(const ray_pool_axis *x, const RAY_REAL *in, int64_t d, int64_t h,
                        RAY_REAL *row)
{
    int64_t d0, d1, h0, h1;
    ray_pool_taps(&x[0], d, &d0, &d1);
    ray_pool_taps(&x[1], h, &h0, &h1);
    for (int64_t o = 0; o < x[2].out; o++)
        row[o] = -INFINITY;
    for (int64_t kd = d0; kd < d1; kd++) {
        for (int64_t kh = h0; kh < h1; kh++) {
            const int64_t line = ray_pool_at(&x[0], d, kd) * x[1].in + ray_pool_at(&x[1], h, kh);
            max_taps(&x[2], in + line * x[2].in, row);
        }
    }
}

static void forward(const ray_op *op)
{
    const ray_pool_axis *x = ((const ray_pool_options *)op->options)->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1], rows = x[0].out * x[1].out;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const RAY_REAL *in = op->in[0].data + p * size;
        RAY_REAL *out = op->out->data + p * rows * x[2].out;
        for (int64_t r = 0; r < rows; r++)
            forward_row(x, in, r / x[1].out, r % x[1].out, out + r * x[2].out);
    }
}

/* best[i] becomes the largest so far and at[i] its place, for n outputs that meet in[i stride],
 * which lies at start + i stride. */
static void find_row(RAY_REAL *best, int64_t *at, const RAY_REAL *in, int64_t start, int64_t n,
                     int64_t stride)
{
    for (int64_t i = 0; i < n; i++) {
        const RAY_REAL v = in[start + i * stride];
        const bool larger = (v > best[i]) | (v != v) | (at[i] < 0);
        best[i] = larger ? v : best[i];
        at[i] = larger ? start + i * stride : at[i];
    }
}

/* The places of the maxima of outputs from ... from + n - 1 of row (d, h); -1 where a window is
 * empty. */
static void find_maxima(const ray_pool_axis *x, const RAY_REAL *in, int64_t d, int64_t h,
                        int64_t from, int64_t n, int64_t *at)
{
    RAY_REAL best[CHUNK];
    int64_t d0, d1, h0, h1;
    ray_pool_taps(&x[0], d, &d0, &d1);
    ray_pool_taps(&x[1], h, &h0, &h1);
    for (int64_t i = 0; i < n; i++) {
        best[i] = -INFINITY;
        at[i] = -1;
    }
    for (int64_t kd = d0; kd < d1; kd++) {
        for (int64_t kh = h0; kh < h1; kh++) {
            const int64_t line = ray_pool_at(&x[0], d, kd) * x[1].in + ray_pool_at(&x[1], h, kh);
            for (int64_t k = x[2].tap_first; k < x[2].tap_past; k++) {
                int64_t first, past;
                ray_pool_outputs(&x[2], k, &first, &past);
                first = first < from ? from : first;
                past = past > from + n ? from + n : past;
                if (first < past)
                    find_row(best + (first - from), at + (first - from), in,
                             line * x[2].in + ray_pool_at(&x[2], first, k), past - first,
                             x[2].stride);
            }
        }
    }
}

static void backward_row(const ray_pool_axis *x, const RAY_REAL *in, int64_t d, int64_t h,
                         const RAY_REAL *dout, RAY_REAL *din)
{
    int64_t at[CHUNK];
    for (int64_t from = 0; from < x[2].out; from += CHUNK) {
        const int64_t n = x[2].out - from < CHUNK ? x[2].out - from : CHUNK;
        find_maxima(x, in, d, h, from, n, at);
        for (int64_t i = 0; i < n; i++) {
            if (at[i] >= 0)
                din[at[i]] += dout[from + i];
        }
    }
}

static void backward(const ray_op *op)
{
    const ray_pool_axis *x = ((const ray_pool_options *)op->options)->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1], rows = x[0].out * x[1].out;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        const RAY_REAL *in = op->in[0].data + p * size;
        const RAY_REAL *dout = op->dout->data + p * rows * x[2].out;
        RAY_REAL *din = op->din[0].data + p * size;
        for (int64_t i = 0; i < size; i++)
            din[i] = 0;
        for (int64_t r = 0; r < rows; r++)
            backward_row(x, in, r / x[1].out, r % x[1].out, dout + r * x[2].out, din);
    }
}

#define MAX_POOL(kind, formula, infer_axes)     \
    {                                           \
        .name = kind,                           \
        .summary = formula,                     \
        .traits = RAY_POOL,                     \
        .reads = RAY_READS_IN,                  \
        .options = options,                     \
        .options_size = sizeof(ray_pool_options), \
        .infer = infer_axes,                    \
        .forward = forward,                     \
        .backward = backward,                   \
    }

RAY_KINDS(max_pool) = {
    MAX_POOL("max_pool1d", "the largest number in each window of a C x L input", infer1),
    MAX_POOL("max_pool2d", "the largest number in each window of a C x H x W input", infer2),
    MAX_POOL("max_pool3d", "the largest number in each window of a C x D x H x W input", infer3),
    { 0 }
};
