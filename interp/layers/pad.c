/* SPDX-License-Identifier: MIT */
/* pad.c - positions around the input: a constant, its mirror image, its border, or its other end.
 * Negative padding cuts positions off.  With two numbers for every dimension of an item its
 * channels are padded, too. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vectors.h"
#include "window.h"

enum { CONSTANT, REFLECT, REPLICATE, CIRCULAR };

typedef struct pad_axis { int64_t in, out, before; } pad_axis;

typedef struct pad_options {
    ray_ints padding;
    int      mode;
    double   value;
    pad_axis axis[RAY_MAX_AXES];        /* derived; axes of size 1 before those of the input */
    bool     whole;                     /* derived: an item's first dimension is one of them */
} pad_options;

static const ray_option options[] = {
    { "padding",
      "one number, one per axis, or two per axis: [top, bottom, left, right], or two for each "
      "dimension; below 0 cuts off",
      RAY_INTS, RAY_REQUIRED, offsetof(pad_options, padding), NAN, -INT32_MAX, INT32_MAX, NULL, 6 },
    { "mode",
      "constant: value; reflect: the mirror image, border not repeated; replicate: the border; "
      "circular: the other end",
      RAY_ENUM, 0, offsetof(pad_options, mode), 0, 0, 0, "constant|reflect|replicate|circular", 0 },
    { "value", "what mode constant pads with", RAY_NUMBER, 0, offsetof(pad_options, value), 0, 0, 0,
      NULL, 0 },
    { 0 }
};

static int check_axis(const ray_infer *c, int64_t in, int64_t before, int64_t after)
{
    const pad_options *o = c->options;
    const int64_t larger = before > after ? before : after,
                  smaller = before < after ? before : after;
    const int64_t most = o->mode == REFLECT ? in - 1 : in;
    if (in + before + after < 1)
        return ray_fail(c->error, "padding: %" PRId64 " and %" PRId64 " leave nothing of %" PRId64
                        " positions", before, after, in);
    if (o->mode == CIRCULAR && smaller < 0)
        return ray_fail(c->error,
                        "padding: %" PRId64 " is out of range; mode circular takes 0 or more",
                        smaller);
    if ((o->mode == REFLECT || o->mode == CIRCULAR) && larger > most)
        return ray_fail(c->error,
                        "padding: %" PRId64 " is more than %s has to give; at most %" PRId64
                        " for %" PRId64 " positions",
                        larger, o->mode == REFLECT ? "mode reflect" : "mode circular", most, in);
    return 0;
}

static int check_count(const ray_infer *c, int axes)
{
    const pad_options *o = c->options;
    const int n = o->padding.n;
    char text[128];
    if (axes < 1 || axes > RAY_MAX_AXES)
        return ray_fail(c->error, "expects an input C x L, C x H x W or C x D x H x W, gets %s",
                        ray_shape_text(&c->in[0], text));
    if (n != 1 && n != axes && n != 2 * axes)
        return ray_fail(c->error, "padding: %d numbers for %d %s; expected 1, one or two per axis",
                        n, axes, axes == 1 ? "axis" : "axes");
    return 0;
}

static int infer(ray_infer *c)
{
    pad_options *o = c->options;
    const int n = o->padding.n;
    o->whole = n == 2 * c->in[0].rank;
    const int axes = c->in[0].rank - !o->whole, first = !o->whole;
    if (check_count(c, axes))
        return -1;
    for (int a = 0; a < RAY_MAX_AXES; a++)
        o->axis[a] = (pad_axis){ 1, 1, 0 };
    c->out = c->in[0];
    for (int a = 0; a < axes; a++) {
        const int64_t *given = o->padding.v + (n == 1 ? 0 : n == axes ? a : 2 * a);
        const int64_t in = c->in[0].dim[first + a], after = given[n == 2 * axes ? 1 : 0];
        if (check_axis(c, in, given[0], after))
            return -1;
        c->out.dim[first + a] = in + given[0] + after;
        o->axis[RAY_MAX_AXES - axes + a] = (pad_axis){ in, in + given[0] + after, given[0] };
    }
    return 0;
}

/* Items, or their channels. */
static int64_t count_planes(const ray_op *op)
{
    const pad_options *o = op->options;
    return op->out->dim[0] * (o->whole ? 1 : op->out->dim[1]);
}

/* Where the value at an output position comes from; -1: it is the constant. */
static int64_t source(const pad_axis *x, int mode, int64_t output)
{
    const int64_t at = output - x->before, last = x->in - 1;
    if (at >= 0 && at <= last)
        return at;
    switch (mode) {
    case REFLECT:   return at < 0 ? -at : 2 * last - at;
    case REPLICATE: return at < 0 ? 0 : last;
    case CIRCULAR:  return at < 0 ? at + x->in : at - x->in;
    default:        return -1;
    }
}

/* The outputs first ... past - 1 of an axis that are inputs as they stand. */
static int64_t middle_first(const pad_axis *x)
{
    const int64_t first = x->before > 0 ? x->before : 0;
    return first < x->out ? first : x->out;
}

static int64_t middle_past(const pad_axis *x)
{
    const int64_t past = x->before + x->in < x->out ? x->before + x->in : x->out;
    return past > middle_first(x) ? past : middle_first(x);
}

/* Whether nothing of the input is cut off. */
static bool is_inside(const pad_axis *x)
{
    return middle_past(x) - middle_first(x) == x->in;
}

/* The first input of the row that output row r comes from; -1: it is all constant. */
static int64_t source_row(const pad_options *o, int64_t r)
{
    const pad_axis *x = o->axis;
    const int64_t d = source(&x[0], o->mode, r / x[1].out),
                  h = source(&x[1], o->mode, r % x[1].out);
    return d < 0 || h < 0 ? -1 : (d * x[1].in + h) * x[2].in;
}

/* Outputs from ... past - 1 of a row, one by one. */
static void fill_edge(const pad_options *o, const RAY_REAL *in, int64_t from, int64_t past,
                      RAY_REAL *row)
{
    for (int64_t i = from; i < past; i++) {
        const int64_t at = o->mode == CONSTANT ? -1 : source(&o->axis[2], o->mode, i);
        row[i] = at < 0 ? (RAY_REAL)o->value : in[at];
    }
}

static void forward_row(const pad_options *o, const RAY_REAL *in, RAY_REAL *row)
{
    const pad_axis *x = &o->axis[2];
    const int64_t first = middle_first(x), past = middle_past(x);
    fill_edge(o, in, 0, first, row);
    if (first < past)
        memcpy(row + first, in + (first - x->before), (size_t)(past - first) * sizeof *row);
    fill_edge(o, in, past, x->out, row);
}

static void spread_edge(const pad_options *o, const RAY_REAL *row, int64_t from, int64_t past,
                        RAY_REAL *din)
{
    for (int64_t i = from; i < past; i++) {
        const int64_t at = source(&o->axis[2], o->mode, i);
        if (at >= 0)
            din[at] += row[i];
    }
}

/* The middle is written, or added where an edge came first. */
static void backward_row(const pad_options *o, const RAY_REAL *row, bool add, RAY_REAL *din)
{
    const pad_axis *x = &o->axis[2];
    const int64_t first = middle_first(x), past = middle_past(x);
    if (!add && first < past)
        memcpy(din + (first - x->before), row + first, (size_t)(past - first) * sizeof *din);
    #pragma omp simd
    for (int64_t i = first; i < (add ? past : first); i++)
        din[i - x->before] += row[i];
    spread_edge(o, row, 0, first, din);
    spread_edge(o, row, past, x->out, din);
}

static void forward(const ray_op *op)
{
    const pad_options *o = op->options;
    const pad_axis *x = o->axis;
    const int64_t rows = x[0].out * x[1].out, all = count_planes(op) * rows;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    #pragma omp parallel for schedule(static) if (all * x[2].out > RAY_SERIAL)
    for (int64_t r = 0; r < all; r++) {
        const int64_t from = source_row(o, r % rows);
        RAY_REAL *row = op->out->data + r * x[2].out;
        if (from >= 0)
            forward_row(o, op->in[0].data + r / rows * size + from, row);
        for (int64_t i = 0; from < 0 && i < x[2].out; i++)
            row[i] = (RAY_REAL)o->value;
    }
}

static void backward(const ray_op *op)
{
    const pad_options *o = op->options;
    const pad_axis *x = o->axis;
    const int64_t rows = x[0].out * x[1].out, planes = count_planes(op);
    const int64_t size = x[0].in * x[1].in * x[2].in;
    const bool covered = o->mode == CONSTANT && is_inside(&x[0]) && is_inside(&x[1])
                         && is_inside(&x[2]);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static) if (planes * size > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++) {
        RAY_REAL *din = op->din[0].data + p * size;
        if (!covered)
            memset(din, 0, (size_t)size * sizeof *din);
        for (int64_t r = 0; r < rows; r++) {
            const int64_t from = source_row(o, r);
            if (from >= 0)
                backward_row(o, op->dout->data + (p * rows + r) * x[2].out, o->mode != CONSTANT,
                             din + from);
        }
    }
}

RAY_KINDS(pad) = {
    {
        .name = "pad",
        .summary = "positions around the input: constant, reflected, replicated or circular",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(pad_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
