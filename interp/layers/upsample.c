/* SPDX-License-Identifier: MIT */
/* upsample.c - positions enlarged (or reduced) to a size: nearest, linear along one, two or three
 * axes, or cubic along two.  Output o lies at (o + 1/2) in/out - 1/2 of the input, with
 * asymmetric coordinates at o in/out, with align_corners at o (in - 1) / (out - 1), within the
 * input's borders; nearest takes floor(o in/out), nearest_exact floor((o + 1/2) in/out).  A
 * scale_factor stands for out/in as given.  Cubic interpolation: Keys, "Cubic convolution
 * interpolation for digital image processing", IEEE Transactions on Acoustics, Speech, and Signal
 * Processing 1981, with -3/4 for his a. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "kernels/parallel.h"
#include "vectors.h"
#include "window.h"

enum { NEAREST, LINEAR, BILINEAR, TRILINEAR, BICUBIC, NEAREST_EXACT };
enum { HALF_PIXEL, ASYMMETRIC };

typedef struct up_axis { int64_t in, out; double scale; } up_axis;      /* scale 0: not given */

typedef struct upsample_options {
    ray_ints    size;
    ray_numbers scale_factor;
    int         mode, coordinates;
    bool        align_corners;
    up_axis     axis[RAY_MAX_AXES];     /* derived; axes of size 1 before those of the input */
} upsample_options;

static const ray_option options[] = {
    { "size", "outputs: one number or one per axis; this or scale_factor is needed", RAY_INTS, 0,
      offsetof(upsample_options, size), NAN, 1, INT32_MAX, NULL, 3 },
    { "scale_factor", "outputs for one input: one number or one per axis", RAY_NUMBERS, 0,
      offsetof(upsample_options, scale_factor), NAN, 0, INT32_MAX, NULL, 3 },
    { "mode",
      "nearest repeats; linear, bilinear and bicubic, trilinear interpolate along 1, 2, 3 axes",
      RAY_ENUM, 0, offsetof(upsample_options, mode), 0, 0, 0,
      "nearest|linear|bilinear|trilinear|bicubic|nearest_exact", 0 },
    { "align_corners", "the outermost inputs and outputs lie on each other (not with nearest)",
      RAY_BOOL, 0, offsetof(upsample_options, align_corners), 0, 0, 0, NULL, 0 },
    { "coordinates",
      "half_pixel: the borders of input and output lie on each other; asymmetric: their first "
      "positions (not with nearest or align_corners)", RAY_ENUM, 0,
      offsetof(upsample_options, coordinates), 0, 0, 0, "half_pixel|asymmetric", 0 },
    { 0 }
};

static bool is_nearest(const upsample_options *o)
{
    return o->mode == NEAREST || o->mode == NEAREST_EXACT;
}

static const char *mode_name(int mode)
{
    static const char *const names[] = { "nearest", "linear", "bilinear", "trilinear", "bicubic",
                                         "nearest_exact" };
    return names[mode];
}

static int check_places(const ray_infer *c)
{
    const upsample_options *o = c->options;
    if (is_nearest(o) && o->align_corners)
        return ray_fail(c->error, "align_corners: true means nothing with mode %s; expected false",
                        mode_name(o->mode));
    if (o->coordinates == ASYMMETRIC && (is_nearest(o) || o->align_corners))
        return ray_fail(c->error, "coordinates: asymmetric means nothing with %s",
                        o->align_corners ? "align_corners: true" : "mode nearest");
    return 0;
}

static int check_mode(const ray_infer *c, int axes)
{
    const upsample_options *o = c->options;
    const int wanted = o->mode == BICUBIC ? 2 : o->mode;
    char text[128];
    if (axes < 1 || axes > RAY_MAX_AXES)
        return ray_fail(c->error, "expects an input C x L, C x H x W or C x D x H x W, gets %s",
                        ray_shape_text(&c->in[0], text));
    if (!is_nearest(o) && wanted != axes)
        return ray_fail(c->error, "mode: %s does not fit an input %s; expected nearest or %s",
                        mode_name(o->mode), ray_shape_text(&c->in[0], text), mode_name(axes));
    return check_places(c);
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
        if (axis->in > INT32_MAX)
            return ray_fail(c->error, "expects at most %d positions along an axis, gets %" PRId64,
                            INT32_MAX, axis->in);
        if (infer_axis(c, a, axis))
            return -1;
        c->out.dim[a + 1] = axis->out;
    }
    return 0;
}

/* The inputs that an output is made of: one, two neighbours or four. */
enum { TAPS = 4 };
typedef struct tap { int32_t at[TAPS]; RAY_REAL weight[TAPS]; } tap;

/* Rounded at the places where torch rounds, so that the choice is the same. */
static int64_t find_nearest(const up_axis *x, int mode, int64_t output)
{
    const RAY_REAL step =
        x->scale > 0 ? (RAY_REAL)(1 / x->scale) : (RAY_REAL)x->in / (RAY_REAL)x->out;
    const RAY_REAL place = (RAY_REAL)output + (mode == NEAREST_EXACT ? (RAY_REAL)0.5 : 0);
    const int64_t at = (int64_t)(place * step);
    return at < x->in ? at : x->in - 1;
}

/* Where an output lies among the inputs, before the first and after the last too. */
static double find_place(const upsample_options *o, const up_axis *x, int64_t output)
{
    if (x->in == x->out)
        return (double)output;
    if (o->align_corners)
        return x->out > 1 ? (double)output * (double)(x->in - 1) / (double)(x->out - 1) : 0;
    const double step = x->scale > 0 ? 1 / x->scale : (double)x->in / (double)x->out;
    return o->coordinates == ASYMMETRIC ? (double)output * step
                                        : ((double)output + 0.5) * step - 0.5;
}

static tap find_linear(const up_axis *x, double found)
{
    const double last = (double)(x->in - 1), place = found < 0 ? 0 : found > last ? last : found;
    const int32_t first = (int32_t)place, second = first + 1 < x->in ? first + 1 : first;
    const double part = place - (double)first;
    return (tap){ { first, second }, { (RAY_REAL)(1 - part), (RAY_REAL)part } };
}

/* The weight of an input at some distance below 2. */
static double cubic_weight(double distance)
{
    const double a = -0.75, d = distance;
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/* Beyond the borders the outermost inputs go on. */
static tap find_cubic(const up_axis *x, double place)
{
    const double first = floor(place), part = place - first;
    tap t;
    for (int k = 0; k < TAPS; k++) {
        const double at = first + k - 1, last = (double)(x->in - 1);
        t.at[k] = (int32_t)(at < 0 ? 0 : at > last ? last : at);
        t.weight[k] = (RAY_REAL)cubic_weight(fabs(part + 1 - k));
    }
    return t;
}

static tap find_tap(const upsample_options *o, const up_axis *x, int64_t output)
{
    if (is_nearest(o)) {
        const int32_t at = (int32_t)find_nearest(x, o->mode, output);
        return (tap){ { at, at }, { 1, 0 } };
    }
    const double place = find_place(o, x, output);
    return o->mode == BICUBIC ? find_cubic(x, place) : find_linear(x, place);
}

/* ---- Lines ----
 * An output row is made of one, two or four input lines, each widened to the outputs along the row
 * and multiplied by its weight.  Neighbouring rows share them: so they are kept in slots, by the
 * parity of their place along depth and height (cubic: by the place along the height), in which
 * the lines of one row always differ. */

enum { SLOTS = 4, BAND = 32 };      /* BAND: output rows of a task */

typedef struct line { int64_t at; RAY_REAL *data; } line;       /* at: in the plane; -1: none yet */
typedef struct lines { line slot[SLOTS]; } lines;

typedef struct job {
    const ray_op           *op;
    const upsample_options *o;
    const tap              *table[RAY_MAX_AXES];
    int64_t                 rows, size;         /* output rows and input numbers of a plane */
    int64_t                 bands;              /* of a plane */
} job;

static int64_t count_tasks(const upsample_options *o, const ray_tensor *out)
{
    const int64_t rows = o->axis[0].out * o->axis[1].out;
    return out->dim[0] * out->dim[1] * ((rows + BAND - 1) / BAND);
}

/* Tables of the three axes, one after the other. */
static int64_t tables_size(const up_axis *x)
{
    return (x[0].out + x[1].out + x[2].out) * (int64_t)(sizeof(tap) / sizeof(RAY_REAL));
}

/* And four lines for each lane. */
static int64_t workspace(const ray_op *op)
{
    const upsample_options *o = op->options;
    return tables_size(o->axis) + ray_lanes(count_tasks(o, op->out)) * SLOTS * o->axis[2].out;
}

static job open_job(const ray_op *op)
{
    const upsample_options *o = op->options;
    const up_axis *x = o->axis;
    job j = { .op = op, .o = o, .rows = x[0].out * x[1].out, .size = x[0].in * x[1].in * x[2].in };
    tap *next = (tap *)(void *)op->work;
    j.bands = (j.rows + BAND - 1) / BAND;
    for (int a = 0; a < RAY_MAX_AXES; a++) {
        j.table[a] = next;
        for (int64_t i = 0; i < x[a].out; i++)
            *next++ = find_tap(o, &x[a], i);
    }
    return j;
}

static lines open_lines(const job *j, int32_t lane)
{
    const int64_t n = j->o->axis[2].out;
    RAY_REAL *data = j->op->work + tables_size(j->o->axis) + lane * SLOTS * n;
    return (lines){ { { -1, data }, { -1, data + n }, { -1, data + 2 * n },
                      { -1, data + 3 * n } } };
}

/* The lines of a row, at most four: where they begin in the plane, their slots and weights. */
typedef struct part { int64_t at; int slot; RAY_REAL weight; } part;

static int find_parts(const job *j, int64_t row, part parts[SLOTS])
{
    const up_axis *x = j->o->axis;
    const bool cubic = j->o->mode == BICUBIC;
    const int depths = cubic ? 1 : 2, heights = cubic ? TAPS : 2;
    const tap *d = &j->table[0][row / x[1].out], *h = &j->table[1][row % x[1].out];
    int n = 0;
    for (int k = 0; k < depths * heights; k++) {
        const int64_t at_d = d->at[k / heights], at_h = h->at[k % heights];
        const RAY_REAL weight = cubic ? h->weight[k] : d->weight[k / 2] * h->weight[k % 2];
        if (weight != 0)
            parts[n++] = (part){ (at_d * x[1].in + at_h) * x[2].in,
                                 (int)(cubic ? at_h % SLOTS : at_d % 2 * 2 + at_h % 2), weight };
    }
    return n;
}

/* to = weight from, or with `add` that more */
RAY_CLONES static void take_line(const RAY_REAL *from, int64_t n, RAY_REAL weight, bool add,
                                 RAY_REAL *to)
{
    if (add) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            to[i] += weight * from[i];
    } else {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            to[i] = weight * from[i];
    }
}

/* ---- Forward ---- */

static void widen(const job *j, const RAY_REAL *in, RAY_REAL *wide)
{
    const tap *t = j->table[2];
    const int64_t n = j->o->axis[2].out;
    if (is_nearest(j->o)) {
        for (int64_t i = 0; i < n; i++)
            wide[i] = in[t[i].at[0]];
        return;
    }
    for (int64_t i = 0; i < n; i++)
        wide[i] = t[i].weight[0] * in[t[i].at[0]] + t[i].weight[1] * in[t[i].at[1]];
    for (int64_t i = 0; j->o->mode == BICUBIC && i < n; i++)
        wide[i] += t[i].weight[2] * in[t[i].at[2]] + t[i].weight[3] * in[t[i].at[3]];
}

static void forward_row(const job *j, lines *l, const RAY_REAL *in, int64_t row, RAY_REAL *out)
{
    part parts[SLOTS];
    const int n = find_parts(j, row, parts);
    for (int k = 0; k < n; k++) {
        line *one = &l->slot[parts[k].slot];
        if (one->at != parts[k].at)
            widen(j, in + parts[k].at, one->data);
        one->at = parts[k].at;
        take_line(one->data, j->o->axis[2].out, parts[k].weight, k > 0, out);
    }
}

static void forward_band(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const int64_t plane = task / j->bands, first = task % j->bands * BAND;
    const int64_t past = first + BAND < j->rows ? first + BAND : j->rows, n = j->o->axis[2].out;
    lines l = open_lines(j, lane);
    for (int64_t r = first; r < past; r++)
        forward_row(j, &l, j->op->in[0].data + plane * j->size, r,
                    j->op->out->data + (plane * j->rows + r) * n);
}

static void forward(const ray_op *op)
{
    job j = open_job(op);
    ray_parallel(count_tasks(j.o, op->out), forward_band, &j);
}

/* ---- Backward ----
 * A slot gathers what its line is sent, until another line takes its place. */

static void close_line(const job *j, line *one, RAY_REAL *din)
{
    const tap *t = j->table[2];
    const int taps = is_nearest(j->o) ? 1 : j->o->mode == BICUBIC ? TAPS : 2;
    RAY_REAL *to = din + one->at;
    for (int64_t i = 0; one->at >= 0 && i < j->o->axis[2].out; i++) {
        for (int k = 0; k < taps; k++)
            to[t[i].at[k]] += t[i].weight[k] * one->data[i];
    }
    one->at = -1;
}

static void backward_row(const job *j, lines *l, const RAY_REAL *dout, int64_t row, RAY_REAL *din)
{
    part parts[SLOTS];
    const int n = find_parts(j, row, parts);
    for (int k = 0; k < n; k++) {
        line *one = &l->slot[parts[k].slot];
        const bool goes_on = one->at == parts[k].at;
        if (!goes_on)
            close_line(j, one, din);
        one->at = parts[k].at;
        take_line(dout, j->o->axis[2].out, parts[k].weight, goes_on, one->data);
    }
}

static void backward_plane(void *context, int64_t plane, int32_t lane)
{
    const job *j = context;
    RAY_REAL *din = j->op->din[0].data + plane * j->size;
    lines l = open_lines(j, lane);
    memset(din, 0, (size_t)j->size * sizeof *din);
    for (int64_t r = 0; r < j->rows; r++)
        backward_row(j, &l, j->op->dout->data + (plane * j->rows + r) * j->o->axis[2].out, r, din);
    for (int k = 0; k < SLOTS; k++)
        close_line(j, &l.slot[k], din);
}

static void backward(const ray_op *op)
{
    if (!op->din[0].data)
        return;
    job j = open_job(op);
    ray_parallel(op->dout->dim[0] * op->dout->dim[1], backward_plane, &j);
}

RAY_KINDS(upsample) = {
    {
        .name = "upsample",
        .summary = "positions enlarged to a size, nearest, linearly or cubically interpolated",
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
