/* SPDX-License-Identifier: MIT */
/* adaptive_pool.c - pools with a given number of outputs: output o of n covers the inputs from
 * floor(o in / n) to ceil((o + 1) in / n) - 1 along each axis, so that windows may overlap. */
#include <math.h>
#include <string.h>

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

/* ---- The windows ----
 * Tables of each axis' windows, one after the other in the workspace.  Where a plane has one output
 * along its last axes, these are one long axis. */

typedef struct range { int64_t from, past; } range;

typedef struct windows {
    int64_t      in[RAY_MAX_AXES], out[RAY_MAX_AXES];
    const range *range[RAY_MAX_AXES];
    bool         apart;                 /* no input is in two of them */
} windows;

static int64_t workspace(const ray_op *op)
{
    const adaptive_axis *x = ((const adaptive_options *)op->options)->axis;
    return (x[0].out + x[1].out + x[2].out) * (int64_t)(sizeof(range) / sizeof(RAY_REAL));
}

static windows find_windows(const ray_op *op)
{
    const adaptive_axis *x = ((const adaptive_options *)op->options)->axis;
    windows w = { .in = { x[0].in, x[1].in, x[2].in }, .out = { x[0].out, x[1].out, x[2].out },
                  .apart = true };
    range *next = (range *)(void *)op->work;
    for (int a = 1; a >= 0 && w.out[2] == 1 && w.out[a] == 1; a--) {
        w.in[2] *= w.in[a];
        w.in[a] = 1;
    }
    for (int a = 0; a < RAY_MAX_AXES; a++) {
        const int64_t in = w.in[a], out = w.out[a];
        w.range[a] = next;
        w.apart = w.apart && in % out == 0;
        for (int64_t o = 0; o < out; o++)
            *next++ = (range){ o * in / out, ((o + 1) * in + out - 1) / out };
    }
    return w;
}

typedef struct box { range d, h, w; } box;      /* one window */

static int64_t box_size(const box *b)
{
    return (b->d.past - b->d.from) * (b->h.past - b->h.from) * (b->w.past - b->w.from);
}

/* For each row of a box: it begins at `at` of the plane. */
#define FOR_ROWS(x, b, at)                                                                      \
    for (int64_t kd = (b)->d.from; kd < (b)->d.past; kd++)                                      \
        for (int64_t kh = (b)->h.from, at = (kd * (x)->in[1] + kh) * (x)->in[2] + (b)->w.from;  \
             kh < (b)->h.past; kh++, at += (x)->in[2])

RAY_INLINE RAY_REAL mean(const windows *x, const RAY_REAL *in, const box *b)
{
    const int64_t width = b->w.past - b->w.from;
    RAY_REAL sum = 0;
    FOR_ROWS(x, b, at)
        RAY_SUM(sum, width, RAY_AT(in + at));
    return sum / (RAY_REAL)box_size(b);
}

RAY_INLINE void spread(const windows *x, RAY_REAL *din, const box *b, RAY_REAL signal)
{
    const int64_t width = b->w.past - b->w.from;
    const RAY_REAL share = signal / (RAY_REAL)box_size(b);
    FOR_ROWS(x, b, at) {
        #pragma omp simd
        for (int64_t i = at; i < at + width; i++)
            din[i] = x->apart ? share : din[i] + share;
    }
}

/* The place of the largest number in the box: the first of equal ones; of several NaN the last. */
RAY_INLINE int64_t find_maximum(const windows *x, const RAY_REAL *in, const box *b)
{
    const int64_t width = b->w.past - b->w.from;
    int64_t best = (b->d.from * x->in[1] + b->h.from) * x->in[2] + b->w.from;
    FOR_ROWS(x, b, at) {
        for (int64_t i = at; i < at + width; i++)
            best = ((in[i] > in[best]) | (in[i] != in[i])) ? i : best;
    }
    return best;
}

/* ---- Both directions ---- */

/* Numbers of an input and an output plane. */
static int64_t plane_in(const windows *x)
{
    return x->in[0] * x->in[1] * x->in[2];
}

static int64_t plane_out(const windows *x)
{
    return x->out[0] * x->out[1] * x->out[2];
}

static bool is_copy(const windows *x)
{
    return x->in[0] == x->out[0] && x->in[1] == x->out[1] && x->in[2] == x->out[2];
}

/* Goes through the outputs of a plane. */
typedef struct cursor { int64_t d, h, w; } cursor;

RAY_INLINE box next_box(const windows *x, cursor *c)
{
    const box b = { x->range[0][c->d], x->range[1][c->h], x->range[2][c->w] };
    if (++c->w == x->out[2]) {
        c->w = 0;
        c->d += ++c->h == x->out[1];
        c->h = c->h == x->out[1] ? 0 : c->h;
    }
    return b;
}

RAY_CLONES static void forward_plane(const windows *x, bool is_max, const RAY_REAL *in,
                                     RAY_REAL *out)
{
    cursor c = { 0, 0, 0 };
    for (int64_t o = 0; o < plane_out(x); o++) {
        const box b = next_box(x, &c);
        out[o] = is_max ? in[find_maximum(x, in, &b)] : mean(x, in, &b);
    }
}

RAY_CLONES static void backward_plane(const windows *x, const RAY_REAL *in, const RAY_REAL *dout,
                                      RAY_REAL *din)
{
    cursor c = { 0, 0, 0 };
    if (in || !x->apart)
        memset(din, 0, (size_t)plane_in(x) * sizeof *din);
    for (int64_t o = 0; o < plane_out(x); o++) {
        const box b = next_box(x, &c);
        if (in)
            din[find_maximum(x, in, &b)] += dout[o];
        else
            spread(x, din, &b, dout[o]);
    }
}

static void forward(const ray_op *op, bool is_max)
{
    const windows x = find_windows(op);
    const int64_t planes = op->out->dim[0] * op->out->dim[1];
    const int64_t in = plane_in(&x), out = plane_out(&x);
    if (is_copy(&x)) {
        memcpy(op->out->data, op->in[0].data, (size_t)(planes * in) * sizeof *op->out->data);
        return;
    }
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        forward_plane(&x, is_max, op->in[0].data + p * in, op->out->data + p * out);
}

static void backward(const ray_op *op, bool is_max)
{
    if (!op->din[0].data)
        return;
    const windows x = find_windows(op);
    const int64_t planes = op->dout->dim[0] * op->dout->dim[1];
    const int64_t in = plane_in(&x), out = plane_out(&x);
    if (is_copy(&x)) {
        memcpy(op->din[0].data, op->dout->data, (size_t)(planes * in) * sizeof *op->dout->data);
        return;
    }
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        backward_plane(&x, is_max ? op->in[0].data + p * in : NULL, op->dout->data + p * out,
                       op->din[0].data + p * in);
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
        .workspace = workspace,                 \
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
