/* SPDX-License-Identifier: MIT */
/* upsample.c - positions enlarged (or reduced) to a size: nearest, or linear along one, two or
 * three axes.  Output o lies at (o + 1/2) in/out - 1/2 of the input, within its borders, or with
 * align_corners at o (in - 1) / (out - 1); nearest takes floor(o in/out).  A scale_factor stands
 * for out/in as given. */
#include <inttypes.h>
#include <math.h>

#include "window.h"

enum { NEAREST, LINEAR, BILINEAR, TRILINEAR };

typedef struct up_axis { int64_t in, out; double scale; } up_axis;      /* scale 0: not given */

typedef struct upsample_options {
    ray_ints    size;
    ray_numbers scale_factor;
    int         mode;
    bool        align_corners;
    up_axis     axis[RAY_MAX_AXES];     /* derived; axes of size 1 before those of the input */
} upsample_options;

static const ray_option options[] = {
    { "size", "outputs: one number or one per axis; this or scale_factor is needed", RAY_INTS, 0,
      offsetof(upsample_options, size), NAN, 1, INT32_MAX, NULL, 3 },
    { "scale_factor", "outputs for one input: one number or one per axis", RAY_NUMBERS, 0,
      offsetof(upsample_options, scale_factor), NAN, 0, INT32_MAX, NULL, 3 },
    { "mode", "nearest repeats; linear, bilinear, trilinear interpolate along 1, 2, 3 axes",
      RAY_ENUM, 0, offsetof(upsample_options, mode), 0, 0, 0, "nearest|linear|bilinear|trilinear",
      0 },
    { "align_corners", "the outermost inputs and outputs lie on each other (not with nearest)",
      RAY_BOOL, 0, offsetof(upsample_options, align_corners), 0, 0, 0, NULL, 0 },
    { 0 }
};

static int check_mode(const ray_infer *c, int axes)
{
    static const char *const names[] = { "nearest", "linear", "bilinear", "trilinear" };
    const upsample_options *o = c->options;
    char text[128];
    if (axes < 1 || axes > RAY_MAX_AXES)
        return ray_fail(c->error, "expects an input C x L, C x H x W or C x D x H x W, gets %s",
                        ray_shape_text(&c->in[0], text));
    if (o->mode != NEAREST && o->mode != axes)
        return ray_fail(c->error, "mode: %s does not fit an input %s; expected nearest or %s",
                        names[o->mode], ray_shape_text(&c->in[0], text), names[axes]);
    if (o->mode == NEAREST && o->align_corners)
        return ray_fail(c->error,
                        "align_corners: true means nothing with mode nearest; expected false");
    return 0;
}

/* The outputs of one axis, from size or scale_factor number k. */
static int infer_axis(ray_infer *c, int k, up_axis *axis)
{
    const upsample_options *o = c->options;
    if (o->size.n > 0) {
        axis->out = o->size.v[o->size.n == 1 ? 0 : k];
        return 0;
    }
    axis->scale = o->scale_factor.v[o->scale_factor.n == 1 ? 0 : k];
    const double out = floor((double)axis->in * axis->scale);
    if (out < 1 || out > INT32_MAX)
        return ray_fail(c->error,
                        "scale_factor: %g makes %g of %" PRId64 "; expected 1 to %d outputs",
                        axis->scale, out, axis->in, INT32_MAX);
    axis->out = (int64_t)out;
    return 0;
}

static int infer(ray_infer *c)
{
    upsample_options *o = c->options;
    const int axes = c->in[0].rank - 1;
    const int given = o->size.n > 0 ? o->size.n : o->scale_factor.n;
    if (check_mode(c, axes))
        return -1;
    if ((o->size.n > 0) == (o->scale_factor.n > 0))
        return ray_fail(c->error, "size and scale_factor: expected exactly one of them");
    if (given != 1 && given != axes)
        return ray_fail(c->error, "%s: %d numbers for %d axes; expected 1 or one per axis",
                        o->size.n > 0 ? "size" : "scale_factor", given, axes);
    for (int a = 0; a < RAY_MAX_AXES; a++)
        o->axis[a] = (up_axis){ 1, 1, 1 };
    c->out = c->in[0];
    for (int a = 0; a < axes; a++) {
        up_axis *axis = &o->axis[RAY_MAX_AXES - axes + a];
        *axis = (up_axis){ .in = c->in[0].dim[a + 1] };
        if (infer_axis(c, a, axis))
            return -1;
        c->out.dim[a + 1] = axis->out;
    }
    return 0;
}

/* The inputs that an output is made of. */
typedef struct tap { int64_t at[2]; RAY_REAL weight[2]; } tap;

/* Rounded at the places where torch rounds, so that the choice is the same. */
static int64_t find_nearest(const up_axis *x, int64_t output)
{
    const RAY_REAL step =
        x->scale > 0 ? (RAY_REAL)(1 / x->scale) : (RAY_REAL)x->in / (RAY_REAL)x->out;
    const int64_t at = (int64_t)((RAY_REAL)output * step);
    return at < x->in ? at : x->in - 1;
}

/* Where an output lies among the inputs, before the first and after the last too. */
static double find_place(const up_axis *x, bool align_corners, int64_t output)
{
    if (x->in == x->out)
        return (double)output;
    if (align_corners)
        return x->out > 1 ? (double)output * (double)(x->in - 1) / (double)(x->out - 1) : 0;
    const double step = x->scale > 0 ? 1 / x->scale : (double)x->in / (double)x->out;
    return ((double)output + 0.5) * step - 0.5;
}

static tap find_tap(const upsample_options *o, const up_axis *x, int64_t output)
{
    if (o->mode == NEAREST) {
        const int64_t at = find_nearest(x, output);
        return (tap){ { at, at }, { 1, 0 } };
    }
    const double last = (double)(x->in - 1), found = find_place(x, o->align_corners, output);
    const double place = found < 0 ? 0 : found > last ? last : found;
    const int64_t first = (int64_t)place, second = first + 1 < x->in ? first + 1 : first;
    const double part = place - (double)first;
    return (tap){ { first, second }, { (RAY_REAL)(1 - part), (RAY_REAL)part } };
}

/* Tables of the three axes, one after the other. */
static int64_t workspace(const ray_op *op)
{
    const up_axis *x = ((const upsample_options *)op->options)->axis;
    return (x[0].out + x[1].out + x[2].out) * (int64_t)(sizeof(tap) / sizeof(RAY_REAL));
}

static void fill_taps(const ray_op *op, const tap *table[RAY_MAX_AXES])
{
    const upsample_options *o = op->options;
    tap *next = (tap *)(void *)op->work;
    for (int a = 0; a < RAY_MAX_AXES; a++) {
        table[a] = next;
        for (int64_t i = 0; i < o->axis[a].out; i++)
            *next++ = find_tap(o, &o->axis[a], i);
    }
}

static void add_row(const tap *width, int64_t n, const RAY_REAL *in, RAY_REAL weight, RAY_REAL *row)
{
    for (int64_t i = 0; i < n; i++) {
        const tap *t = &width[i];
        row[i] += weight * (t->weight[0] * in[t->at[0]] + t->weight[1] * in[t->at[1]]);
    }
}

static void spread_row(const tap *width, int64_t n, const RAY_REAL *row, RAY_REAL weight,
                       RAY_REAL *din)
{
    for (int64_t i = 0; i < n; i++) {
        const tap *t = &width[i];
        din[t->at[0]] += weight * t->weight[0] * row[i];
        din[t->at[1]] += weight * t->weight[1] * row[i];
    }
}

/* Output row r is made of up to four input rows: the k-th starts at offset and has this weight. */
typedef struct row_part { int64_t offset; RAY_REAL weight; } row_part;

static row_part find_part(const up_axis *x, const tap *const *table, int64_t r, int k)
{
    const tap *d = &table[0][r / x[1].out], *h = &table[1][r % x[1].out];
    return (row_part){ .offset = (d->at[k / 2] * x[1].in + h->at[k % 2]) * x[2].in,
                       .weight = d->weight[k / 2] * h->weight[k % 2] };
}

static void forward_row(const upsample_options *o, const tap *const *table, const RAY_REAL *in,
                        int64_t r, RAY_REAL *row)
{
    const int64_t n = o->axis[2].out;
    if (o->mode == NEAREST) {
        const RAY_REAL *from = in + find_part(o->axis, table, r, 0).offset;
        for (int64_t i = 0; i < n; i++)
            row[i] = from[table[2][i].at[0]];
        return;
    }
    for (int64_t i = 0; i < n; i++)
        row[i] = 0;
    for (int k = 0; k < 4; k++) {
        const row_part part = find_part(o->axis, table, r, k);
        if (part.weight != 0)
            add_row(table[2], n, in + part.offset, part.weight, row);
    }
}

static void backward_row(const upsample_options *o, const tap *const *table, const RAY_REAL *row,
                         int64_t r, RAY_REAL *din)
{
    for (int k = 0; k < 4; k++) {
        const row_part part = find_part(o->axis, table, r, k);
        if (part.weight != 0)
            spread_row(table[2], o->axis[2].out, row, part.weight, din + part.offset);
    }
}

static void forward(const ray_op *op)
{
    const upsample_options *o = op->options;
    const up_axis *x = o->axis;
    const int64_t rows = x[0].out * x[1].out, all = op->out->dim[0] * op->out->dim[1] * rows;
    const int64_t size = x[0].in * x[1].in * x[2].in;
    const tap *table[RAY_MAX_AXES];
    fill_taps(op, table);
    #pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < all; r++)
        forward_row(o, table, op->in[0].data + r / rows * size, r % rows,
                    op->out->data + r * x[2].out);
}

static void backward(const ray_op *op)
{
    const upsample_options *o = op->options;
    const up_axis *x = o->axis;
    const int64_t rows = x[0].out * x[1].out, planes = op->dout->dim[0] * op->dout->dim[1];
    const int64_t size = x[0].in * x[1].in * x[2].in;
    const tap *table[RAY_MAX_AXES];
    if (!op->din[0].data)
        return;
    fill_taps(op, table);
    #pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < planes; p++) {
        RAY_REAL *din = op->din[0].data + p * size;
        for (int64_t i = 0; i < size; i++)
            din[i] = 0;
        for (int64_t r = 0; r < rows; r++)
            backward_row(o, table, op->dout->data + (p * rows + r) * x[2].out, r, din);
    }
}

RAY_KINDS(upsample) = {
    {
        .name = "upsample",
        .summary = "positions enlarged to a size, nearest or linearly interpolated",
        .traits = RAY_SHAPE,
        .options = options,
        .options_size = sizeof(upsample_options),
        .infer = infer,
        .workspace = workspace,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
