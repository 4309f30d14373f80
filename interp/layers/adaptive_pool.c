/* SPDX-License-Identifier: MIT */
/* adaptive_pool.c - pools with a given number of outputs: output o of n covers the inputs from
 * floor(o in / n) to ceil((o + 1) in / n) - 1 along each axis, so that windows may overlap. */
#include <math.h>

#include "sum.h"
#include "window.h"

enum { KEEP = -1 };     /* output_size: null */

typedef struct adaptive_axis { int64_t in, out; } adaptive_axis;

typedef struct adaptive_options {
    ray_ints output_size;
    bool     return_indices;
    adaptive_axis axis[RAY_MAX_AXES];   /* derived; axes of size 1 before those of the input */
} adaptive_options;

#define SIZE_OPTION                                                                        \
    { "output_size", "outputs: one number or one per axis; null keeps the input's size", RAY_INTS, \
      RAY_REQUIRED, offsetof(adaptive_options, output_size), NAN, 1, INT32_MAX, "null", 3 }

static const ray_option avg_options[] = { SIZE_OPTION, { 0 } };

static const ray_option max_options[] = {
    SIZE_OPTION,
    { "return_indices", "must be false: a layer has one output", RAY_BOOL, 0,
      offsetof(adaptive_options, return_indices), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c, int axes)
{
    adaptive_options *o = c->options;
    int64_t size[RAY_MAX_AXES];
    if (o->return_indices)
        return ray_fail(c->error, "return_indices: true is not possible, a layer has one output; "
                        "expected false");
    if (ray_positions_check(&c->in[0], axes, c->error)
        || ray_axes_read(&o->output_size, "output_size", axes, size, c->error))
        return -1;
    for (int a = 0; a < RAY_MAX_AXES; a++)
        o->axis[a] = (adaptive_axis){ 1, 1 };
    c->out = c->in[0];
    for (int a = 0; a < axes; a++) {
        const int64_t in = c->in[0].dim[a + 1];
        c->out.dim[a + 1] = size[a] == KEEP ? in : size[a];
        o->axis[RAY_MAX_AXES - axes + a] = (adaptive_axis){ in, c->out.dim[a + 1] };
    }
    return 0;
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

/* The window of one output. */
typedef struct box { int64_t from[RAY_MAX_AXES], past[RAY_MAX_AXES]; } box;

/* Sizes 1 and in are so common that they go without a division. */
static box find_box(const adaptive_axis *x, int64_t output)
{
    box b;
    for (int a = RAY_MAX_AXES; a-- > 0;) {
        const int64_t in = x[a].in, n = x[a].out, o = n == 1 ? 0 : output % n;
        const bool each = in == n;
        b.from[a] = n == 1 ? 0 : each ? o : o * in / n;
        b.past[a] = n == 1 ? in : each ? o + 1 : ((o + 1) * in + n - 1) / n;
        output = n == 1 ? output : output / n;
    }
    return b;
}

static int64_t box_rows(const box *b)
{
    return (b->past[0] - b->from[0]) * (b->past[1] - b->from[1]);
}

/* Where row r of the box starts in the plane. */
static int64_t box_row(const adaptive_axis *x, const box *b, int64_t r)
{
    const int64_t height = b->past[1] - b->from[1];
    const int64_t d = b->from[0] + r / height, h = b->from[1] + r % height;
    return (d * x[1].in + h) * x[2].in + b->from[2];
}

static RAY_REAL mean(const adaptive_axis *x, const RAY_REAL *in, const box *b)
{
    const int64_t rows = box_rows(b), width = b->past[2] - b->from[2];
    RAY_REAL sum = 0;
    for (int64_t r = 0; r < rows; r++) {
        const RAY_REAL *row = in + box_row(x, b, r);
        RAY_SUM(sum, width, row[i]);
    }
    return sum / (RAY_REAL)(rows * width);
}

static void spread(const adaptive_axis *x, RAY_REAL *din, const box *b, RAY_REAL signal)
{
    const int64_t rows = box_rows(b), width = b->past[2] - b->from[2];
    const RAY_REAL share = signal / (RAY_REAL)(rows * width);
    for (int64_t r = 0; r < rows; r++) {
        RAY_REAL *row = din + box_row(x, b, r);
        #pragma omp simd
        for (int64_t i = 0; i < width; i++)
            row[i] += share;
    }
}

/* The place of the largest number in the box: the first of equal ones; of several NaN the last. */
static int64_t find_maximum(const adaptive_axis *x, const RAY_REAL *in, const box *b)
{
    const int64_t rows = box_rows(b), width = b->past[2] - b->from[2];
    int64_t best = box_row(x, b, 0);
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = box_row(x, b, r);
        for (int64_t i = at; i < at + width; i++)
            best = ((in[i] > in[best]) | (in[i] != in[i])) ? i : best;
    }
    return best;
}

/* planes, and numbers of an input and an output plane */
typedef struct planes { int64_t n, in, out; } planes;

static planes count_planes(const ray_op *op)
{
    const adaptive_axis *x = ((const adaptive_options *)op->options)->axis;
    return (planes){ op->out->dim[0] * op->out->dim[1], x[0].in * x[1].in * x[2].in,
                     x[0].out * x[1].out * x[2].out };
}

static void forward(const ray_op *op, bool is_max)
{
    const adaptive_axis *x = ((const adaptive_options *)op->options)->axis;
    const planes count = count_planes(op);
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < count.n; p++) {
        const RAY_REAL *in = op->in[0].data + p * count.in;
        RAY_REAL *out = op->out->data + p * count.out;
        for (int64_t o = 0; o < count.out; o++) {
            const box b = find_box(x, o);
            out[o] = is_max ? in[find_maximum(x, in, &b)] : mean(x, in, &b);
        }
    }
}

static void backward(const ray_op *op, bool is_max)
{
    const adaptive_axis *x = ((const adaptive_options *)op->options)->axis;
    const planes count = count_planes(op);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < count.n; p++) {
        const RAY_REAL *dout = op->dout->data + p * count.out;
        RAY_REAL *din = op->din[0].data + p * count.in;
        for (int64_t i = 0; i < count.in; i++)
            din[i] = 0;
        for (int64_t o = 0; o < count.out; o++) {
            const box b = find_box(x, o);
            if (is_max)
                din[find_maximum(x, op->in[0].data + p * count.in, &b)] += dout[o];
            else
                spread(x, din, &b, dout[o]);
        }
    }
}

static void avg_forward(const ray_op *op)
{
    forward(op, false);
}

static void avg_backward(const ray_op *op)
{
    backward(op, false);
}

static void max_forward(const ray_op *op)
{
    forward(op, true);
}

static void max_backward(const ray_op *op)
{
    backward(op, true);
}

#define ADAPTIVE_POOL(kind, formula, how, kind_traits, backward_reads, infer_axes)  \
    {                                           \
        .name = kind,                           \
        .summary = formula,                     \
        .traits = kind_traits,                  \
        .reads = backward_reads,                \
        .options = how##_options,               \
        .options_size = sizeof(adaptive_options), \
        .infer = infer_axes,                    \
        .forward = how##_forward,               \
        .backward = how##_backward,             \
    }
#define AVG(kind, formula, infer_axes) \
    ADAPTIVE_POOL(kind, formula, avg, RAY_LINEAR | RAY_POOL, 0, infer_axes)
#define MAX(kind, formula, infer_axes) \
    ADAPTIVE_POOL(kind, formula, max, RAY_POOL, RAY_READS_IN, infer_axes)

RAY_KINDS(adaptive_pool) = {
    AVG("adaptive_avg_pool1d", "the means of output_size windows of a C x L input", infer1),
    AVG("adaptive_avg_pool2d", "the means of output_size windows of a C x H x W input", infer2),
    AVG("adaptive_avg_pool3d", "the means of output_size windows of a C x D x H x W input", infer3),
    MAX("adaptive_max_pool1d", "the maxima of output_size windows of a C x L input", infer1),
    MAX("adaptive_max_pool2d", "the maxima of output_size windows of a C x H x W input", infer2),
    MAX("adaptive_max_pool3d", "the maxima of output_size windows of a C x D x H x W input",
        infer3),
    { 0 }
};
