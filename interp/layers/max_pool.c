/* SPDX-License-Identifier: MIT */
/* max_pool.c - the largest number in a sliding window.  NaN is larger than all; of equal numbers
 * the first gets the gradient, of several NaN the last, as in torch. */
#include <math.h>
#include <string.h>

#include "pool.h"
#include "real.h"
#include "vectors.h"

static const ray_option options[] = {
    RAY_POOL_OPTIONS,
    { "dilation", "step within the window: one number or one per axis", RAY_INTS, 0,
      offsetof(ray_pool_options, dilation), 1, 1, INT32_MAX, NULL, 3 },
    { "return_indices", "must be false: a layer has one output", RAY_BOOL, 0,
      offsetof(ray_pool_options, return_indices), 0, 0, 0, NULL, 0 },
    { 0 }
};

/* Positions from the first tap of a window to the last. */
static int64_t window_places(const ray_pool_axis *x)
{
    const int64_t lines = (x[0].kernel - 1) * x[0].dilation * x[1].in
                          + (x[1].kernel - 1) * x[1].dilation;
    return lines * x[2].in + (x[2].kernel - 1) * x[2].dilation;
}

static int infer(ray_infer *c, int axes)
{
    const ray_pool_options *o = c->options;
    if (o->return_indices)
        return ray_fail(c->error, "return_indices: true is not possible, a layer has one output; "
                        "expected false");
    if (ray_pool_infer(c, axes, true))
        return -1;
    return window_places(o->axis) <= INT32_MAX ? 0 : ray_fail(c->error, "kernel_size: a window "
                    "reaches over more than %d positions", INT32_MAX);
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

/* ---- The windows of one output row ----
 * A place is how far a number lies after the first tap of its window in the plane; NONE: the window
 * has no tap in the input. */

enum { LANES = 8, NONE = -1 };
typedef __typeof__(_Generic((RAY_REAL)0, double: (int64_t)0, default: (int32_t)0)) place;
typedef RAY_REAL reals __attribute__((vector_size(LANES * sizeof(RAY_REAL))));
typedef place    places __attribute__((vector_size(LANES * sizeof(RAY_REAL))));
typedef RAY_REAL reals_anywhere
    __attribute__((vector_size(LANES * sizeof(RAY_REAL)), aligned(sizeof(RAY_REAL)), may_alias));

#define LOAD(address) ((reals)*(const reals_anywhere *)(address))
#define STORE(address, v) (*(reals_anywhere *)(address) = (v))

typedef struct windows {
    const ray_pool_axis *x;
    const RAY_REAL *in;                     /* the input plane */
    int64_t first;                          /* where the first tap of output 0 lies in it */
    int64_t step[2];                        /* places from tap to tap along depth and height */
    int64_t from[2], past[2];               /* taps along these that lie in the input */
} windows;

/* Whether so many outputs of a row have all their taps along it that they can be taken together. */
static bool has_some(const ray_pool_axis *x)
{
    return x->inner_past - x->inner_first >= LANES;
}

RAY_INLINE void move_row(windows *w, int64_t row)
{
    const ray_pool_axis *x = w->x;
    const int64_t output[] = { row / x[1].out, row % x[1].out };
    for (int a = 0; a < 2; a++)
        ray_pool_taps(&x[a], output[a], &w->from[a], &w->past[a]);
    w->first = (ray_pool_at(&x[0], output[0], 0) * x[1].in + ray_pool_at(&x[1], output[1], 0))
                   * x[2].in - x[2].before;
    w->step[0] = x[0].dilation * x[1].in * x[2].in;
    w->step[1] = x[1].dilation * x[2].in;
}

/* Whether any line of the windows lies in the input; how far the first such is after the first
 * tap. */
RAY_INLINE bool has_lines(const windows *w)
{
    return w->from[0] < w->past[0] && w->from[1] < w->past[1];
}

RAY_INLINE int64_t first_line(const windows *w)
{
    return w->from[0] * w->step[0] + w->from[1] * w->step[1];
}

/* FOR_LINES(w, at) for each line of the windows that lies in the input: it is `at` places after the
 * first tap. */
#define FOR_LINES(w, at)                                                                   \
    for (int64_t kd = (w)->from[0]; kd < (w)->past[0]; kd++)                               \
        for (int64_t kh = (w)->from[1], at = kd * (w)->step[0] + kh * (w)->step[1];        \
             kh < (w)->past[1]; kh++, at += (w)->step[1])

/* The place of the largest number of one window. */
RAY_INLINE int64_t find_one(const windows *w, int64_t output)
{
    const ray_pool_axis *x = &w->x[2];
    const RAY_REAL *in = w->in + (w->first + output * x->stride);
    int64_t from, past;
    ray_pool_taps(x, output, &from, &past);
    if (from >= past || !has_lines(w))
        return NONE;
    int64_t where = first_line(w) + from * x->dilation;
    FOR_LINES(w, at) {
        for (int64_t here = at + from * x->dilation; here < at + past * x->dilation;
             here += x->dilation)
            where = ((in[here] > in[where]) | (in[here] != in[here])) ? here : where;
    }
    return where;
}

/* in[0], in[stride], ... in[7 stride] */
RAY_INLINE void load_apart(const RAY_REAL *in, int64_t stride, reals *v)
{
    if (stride == 1) {
        *v = LOAD(in);
    } else if (stride == 2) {
        const reals low = LOAD(in), high = LOAD(in + LANES - 1);
        *v = __builtin_shufflevector(low, high, 0, 2, 4, 6, 9, 11, 13, 15);
    } else {
        const RAY_REAL *i = in;
        *v = (reals){ i[0], i[stride], i[2 * stride], i[3 * stride], i[4 * stride], i[5 * stride],
                      i[6 * stride], i[7 * stride] };
    }
}

/* Whether LANES outputs from this one on read within the plane: some of them may belong to other
 * rows. */
RAY_INLINE bool reads_plane(const windows *w, int64_t output)
{
    const ray_pool_axis *x = w->x;
    const int64_t last = (w->past[0] - 1) * w->step[0] + (w->past[1] - 1) * w->step[1]
                         + (x[2].kernel - 1) * x[2].dilation + (LANES - 1) * x[2].stride;
    const int64_t at = w->first + output * x[2].stride;
    return at + first_line(w) >= 0 && at + last < ray_pool_plane(x);
}

/* The largest numbers, and their places, of LANES outputs from this one on, which have all their
 * taps along the row. */
RAY_INLINE void find_some(const windows *w, int64_t output, int64_t stride, reals *most,
                          places *where)
{
    const int64_t taps = w->x[2].kernel, dilation = w->x[2].dilation;
    const RAY_REAL *in = w->in + w->first + output * stride;
    load_apart(in + first_line(w), stride, most);
    *where = (places){ 0 } + (place)first_line(w);
    FOR_LINES(w, at) {
        for (int64_t k = 0; k < taps; k++) {
            const int64_t here = at + k * dilation;
            reals v;
            load_apart(in + here, stride, &v);
            const places larger = (v > *most) | (v != v);
            *most = (reals)((larger & (places)v) | (~larger & (places)*most));
            *where = (larger & (place)here) | (~larger & *where);
        }
    }
}

/* ---- Both directions ---- */

/* Where the maxima of a row go; back: where the row's signal goes. */
typedef struct target {
    RAY_REAL       *out;
    const RAY_REAL *signal;
    RAY_REAL       *din;        /* of the plane */
    bool            tiles;      /* windows side by side: each writes its numbers of din whole */
} target;

RAY_INLINE void take_one(const windows *w, const target *t, bool back, int64_t output)
{
    const int64_t where = find_one(w, output), at = w->first + output * w->x[2].stride + where;
    if (!back)
        t->out[output] = where == NONE ? -INFINITY : w->in[at];
    else if (where != NONE)
        t->din[at] += t->signal[output];
}

/* din = signal where the maximum is, else 0 */
RAY_INLINE void write_tiles(const windows *w, const target *t, int64_t output, const places *where)
{
    const int64_t taps = w->x[2].kernel;
    const places signal = (places)LOAD(t->signal + output);
    FOR_LINES(w, at) {
        RAY_REAL *line = t->din + w->first + output * taps + at;
        if (taps == 2) {
            const reals a = (reals)((*where == (place)at) & signal);
            const reals b = (reals)((*where == (place)(at + 1)) & signal);
            STORE(line, __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
            STORE(line + LANES, __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
            continue;
        }
        for (int64_t k = 0; k < taps; k++) {
            const reals v = (reals)((*where == (place)(at + k)) & signal);
            for (int i = 0; i < LANES; i++)
                line[i * taps + k] = v[i];
        }
    }
}

/* LANES outputs from this one on, of which fresh ... past - 1 are wanted; any from the row's inner
 * ones may be written again. */
RAY_INLINE void take_some(const windows *w, const target *t, bool back, int64_t stride,
                          int64_t output, int64_t fresh, int64_t past)
{
    reals most;
    places where;
    find_some(w, output, stride, &most, &where);
    if (!back && has_some(&w->x[2])) {
        STORE(t->out + output, most);
    } else if (!back) {
        for (int64_t o = fresh; o < past; o++)
            t->out[o] = most[o - output];
    } else if (t->tiles) {
        write_tiles(w, t, output, &where);
    } else {
        for (int64_t o = fresh; o < past; o++)
            t->din[w->first + o * stride + where[o - output]] += t->signal[o];
    }
}

/* The outputs that have all their taps along the row.  Returns the first that is left. */
RAY_INLINE int64_t take_inner(const windows *w, const target *t, bool back, int64_t stride)
{
    const int64_t first = w->x[2].inner_first, past = w->x[2].inner_past;
    if (!has_lines(w))
        return first;
    if (!has_some(&w->x[2])) {
        const int64_t from = reads_plane(w, first) ? first : past - LANES;
        if (first == past || !reads_plane(w, from))
            return first;
        take_some(w, t, back, stride, from, first, past);
    }
    for (int64_t o = first; has_some(&w->x[2]) && o < past; o += LANES) {
        const int64_t end = o + LANES < past ? o + LANES : past;
        take_some(w, t, back, stride, end - LANES, o, end);
    }
    return past;
}

/* The others one by one. */
RAY_INLINE void take_row(const windows *w, const target *t, bool back, int64_t stride)
{
    const ray_pool_axis *x = &w->x[2];
    for (int64_t o = 0; o < x->inner_first; o++)
        take_one(w, t, back, o);
    for (int64_t o = take_inner(w, t, back, stride); o < x->out; o++)
        take_one(w, t, back, o);
}

/* All rows of a plane; target of its first row. */
RAY_INLINE void take_plane(const ray_pool_axis *x, const RAY_REAL *in, target t, bool back)
{
    windows w = { .x = x, .in = in };
    for (int64_t row = 0; row < ray_pool_rows(x); row++) {
        move_row(&w, row);
        if (x[2].stride == 1)
            take_row(&w, &t, back, 1);
        else if (x[2].stride == 2)
            take_row(&w, &t, back, 2);
        else
            take_row(&w, &t, back, x[2].stride);
        t.out += back ? 0 : x[2].out;
        t.signal += back ? x[2].out : 0;
    }
}

RAY_CLONES static void forward_plane(const ray_pool_axis *x, const RAY_REAL *in, RAY_REAL *out)
{
    take_plane(x, in, (target){ .out = out }, false);
}

RAY_CLONES static void backward_plane(const ray_pool_axis *x, const RAY_REAL *in,
                                      const RAY_REAL *dout, RAY_REAL *din)
{
    const bool tiles = ray_pool_tiles(x) > 0 && has_some(&x[2]);
    const int64_t size = ray_pool_plane(x);
    if (!tiles || ray_pool_tiles(x) < size)
        memset(din, 0, (size_t)size * sizeof *din);
    take_plane(x, in, (target){ .signal = dout, .din = din, .tiles = tiles }, true);
}

static void forward(const ray_op *op)
{
    const ray_pool_axis *x = ((const ray_pool_options *)op->options)->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1];
    const int64_t in = ray_pool_plane(x), out = ray_pool_rows(x) * x[2].out;
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        forward_plane(x, op->in[0].data + p * in, op->out->data + p * out);
}

static void backward(const ray_op *op)
{
    const ray_pool_axis *x = ((const ray_pool_options *)op->options)->axis;
    const int64_t planes = op->out->dim[0] * op->out->dim[1];
    const int64_t in = ray_pool_plane(x), out = ray_pool_rows(x) * x[2].out;
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static) if (planes * in > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++)
        backward_plane(x, op->in[0].data + p * in, op->dout->data + p * out,
                       op->din[0].data + p * in);
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
