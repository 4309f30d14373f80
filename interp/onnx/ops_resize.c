/* SPDX-License-Identifier: MIT */
/* ops_resize.c - Resize and Upsample: sizes, and which of our ways of interpolation they mean. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "translate.h"

enum { MOST_AXES = 3, MOST_SIZE = 1 << 20 };

typedef struct resize {
    ray_known   x;
    int32_t     axes;                       /* positions */
    int64_t     out[MOST_AXES];
    double      scale[MOST_AXES];           /* as the operator computes with it */
    const char *mode, *place, *nearest;     /* attributes mode, coordinate_transformation_mode */
} resize;

/* ---- Sizes ---- */

static const ray_onnx_tensor *scales_of(const ray_translation *t, const ray_onnx_node *node)
{
    const bool early = t->model->opset < 11;
    const ray_onnx_tensor *scales = ray_node_constant(t, node, early ? 1 : 2);
    return scales && scales->n > 0 ? scales : NULL;
}

/* Scale number i of all axes; 0: not given. */
static double scale_at(const ray_translation *t, const ray_onnx_node *node, int32_t i, int32_t n)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, "scales");
    const ray_onnx_tensor *scales = scales_of(t, node);
    if (scales)
        return i < scales->n && scales->n == n ? ray_onnx_number(scales, i) : 0;
    return a && a->type == RAY_ONNX_NUMBERS && i < a->n && a->n == n ? (double)a->numbers[i] : 0;
}

/* 0 where it is out of range. */
static int64_t to_size(double size)
{
    return size >= 1 && size <= MOST_SIZE ? (int64_t)floor(size) : 0;
}

/* One scale for all of the given sizes: the smallest, or the largest. */
static void keep_ratio(const ray_known *x, const char *policy, const bool *named,
                       const ray_int_list *sizes, double *scale, int64_t *size)
{
    const bool larger = !strcmp(policy, "not_smaller");
    double best = larger ? 0 : INFINITY;
    if (!strcmp(policy, "stretch") || sizes->n < 0)
        return;
    for (int32_t i = 0; i < x->rank; i++)
        if (named[i])
            best = larger ? fmax(best, scale[i]) : fmin(best, scale[i]);
    for (int32_t i = 0; i < x->rank; i++) {
        if (!named[i])
            continue;
        scale[i] = best;
        size[i] = to_size(best * (double)x->dim[i] + 0.5);
    }
}

/* Where `axes` names an axis; without it every axis is at its own place. -1: nowhere. */
static int32_t place_in(ray_int_list *axes, int32_t rank, int32_t axis)
{
    for (int32_t k = 0; k < axes->n; k++)
        if (axes->v[k] == axis || axes->v[k] == axis - rank)
            return k;
    return axes->n < 0 ? axis : -1;
}

/* Scales and sizes of all axes of x. */
static int find_sizes(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                      double *scale, int64_t *size)
{
    ray_int_list sizes, axes;
    bool named[RAY_ONNX_MAX_RANK];
    if (ray_node_ints(t, node, "sizes", t->model->opset < 11 ? -1 : 3, &sizes)
        || ray_node_ints(t, node, "axes", -1, &axes) || ray_node_axes(t, &axes, x->rank, named))
        return -1;
    const int32_t n = axes.n < 0 ? x->rank : axes.n;
    for (int32_t i = 0; i < x->rank; i++) {
        named[i] = named[i] || axes.n < 0;
        size[i] = x->dim[i];
        scale[i] = 1;
        const int32_t k = place_in(&axes, x->rank, i);
        if (k < 0)
            continue;
        scale[i] = sizes.n == n ? (double)sizes.v[k] / (double)x->dim[i] : scale_at(t, node, k, n);
        size[i] = sizes.n == n ? sizes.v[k] : to_size((double)x->dim[i] * scale[i]);
    }
    keep_ratio(x, ray_node_word(node, "keep_aspect_ratio_policy", "stretch"), named, &sizes,
               scale, size);
    for (int32_t i = 0; i < x->rank; i++)
        if (!(scale[i] > 0) || size[i] < 1 || (named[i] && size[i] > MOST_SIZE))
            return ray_fail(t->error, "its scales or sizes are missing, computed or out of range");
    return 0;
}

static int read_sizes(ray_translation *t, const ray_onnx_node *node, resize *r)
{
    double scale[RAY_ONNX_MAX_RANK];
    int64_t size[RAY_ONNX_MAX_RANK];
    if (find_sizes(t, node, &r->x, scale, size))
        return -1;
    r->axes = r->x.rank - 2;
    if (r->axes < 1 || r->axes > MOST_AXES)
        return ray_fail(t->error, "an input of %d dimensions; expected 3 to 5", r->x.rank);
    if (scale[0] != 1 || scale[1] != 1)
        return ray_fail(t->error, "only positions can be resized, not the batch or channels");
    for (int32_t a = 0; a < r->axes; a++) {
        r->out[a] = size[a + 2];
        r->scale[a] = scale[a + 2];
    }
    return 0;
}

/* ---- Nearest ---- */

static double place_of(const resize *r, int32_t a, int64_t o)
{
    const double in = (double)r->x.dim[a + 2], s = r->scale[a], out = (double)o;
    const double length = (double)r->out[a];
    if (!strcmp(r->place, "asymmetric"))
        return out / s;
    if (!strcmp(r->place, "align_corners"))
        return length > 1 ? out * (in - 1) / (length - 1) : 0;
    if (!strcmp(r->place, "pytorch_half_pixel") && length <= 1)
        return 0;
    if (!strcmp(r->place, "tf_half_pixel_for_nn"))
        return (out + 0.5) / s;
    if (!strcmp(r->place, "half_pixel_symmetric"))
        return in / 2 * (1 - length / (s * in)) + (out + 0.5) / s - 0.5;
    return (out + 0.5) / s - 0.5;
}

static int64_t nearest_of(const resize *r, int32_t a, int64_t o)
{
    const double p = place_of(r, a, o), last = (double)r->x.dim[a + 2] - 1;
    double at = ceil(p - 0.5);
    if (!strcmp(r->nearest, "round_prefer_ceil"))
        at = floor(p + 0.5);
    else if (!strcmp(r->nearest, "floor"))
        at = floor(p);
    else if (!strcmp(r->nearest, "ceil"))
        at = ceil(p);
    return (int64_t)fmin(fmax(at, 0), last);
}

/* Is every output where the layer takes it: floor((o + shift) in / out)? */
static bool is_plain(const resize *r, double shift)
{
    for (int32_t a = 0; a < r->axes; a++) {
        const int64_t in = r->x.dim[a + 2];
        for (int64_t o = 0; o < r->out[a]; o++) {
            int64_t at = (int64_t)(((double)o + shift) * (double)in / (double)r->out[a]);
            if (nearest_of(r, a, o) != (at < in ? at : in - 1))
                return false;
        }
    }
    return true;
}

/* Every index by name, axis after axis. */
static int plan_indices(ray_translation *t, const ray_onnx_node *node, resize *r)
{
    static const char *const names[] = { "axis1", "axis2", "axis3" };
    int64_t index[RAY_MAX_LIST];
    for (int32_t a = 0; a < r->axes; a++) {
        ray_known in = r->x;
        ray_step step = { .node = node, .type = "index_select",
                          .suffix = a + 1 < r->axes ? names[a] : NULL, .in = &in, .n_in = 1 };
        if (r->out[a] > RAY_MAX_LIST)
            return ray_fail(t->error, "this way of rounding is possible for up to %d positions",
                            RAY_MAX_LIST);
        for (int64_t o = 0; o < r->out[a]; o++)
            index[o] = nearest_of(r, a, o);
        ray_attribute_int(&step.attributes, "dim", a + 2);
        ray_attribute_ints(&step.attributes, "index", index, (int32_t)r->out[a]);
        if (ray_plan_layer(t, &step, &r->x))
            return -1;
    }
    return 0;
}

/* ---- Interpolation ---- */

static int plan_upsample(ray_translation *t, ray_step *step, resize *r)
{
    ray_known in = r->x;
    step->in = &in;
    step->n_in = 1;
    return ray_plan_layer(t, step, &r->x);
}

static int plan_nearest(ray_translation *t, const ray_onnx_node *node, resize *r)
{
    ray_step step = { .node = node, .type = "upsample" };
    const bool plain = is_plain(r, 0), exact = !plain && is_plain(r, 0.5);
    if (!plain && !exact)
        return plan_indices(t, node, r);
    ray_attribute_axes(&step.attributes, "size", r->out, r->axes);
    if (exact)
        ray_attribute_word(&step.attributes, "mode", "nearest_exact");
    return plan_upsample(t, &step, r);
}

/* Do the scales leave no fraction of a position? */
static bool is_exact(const resize *r)
{
    for (int32_t k = 0; k < r->axes; k++)
        if (fabs(r->scale[k] * (double)r->x.dim[k + 2] - (double)r->out[k]) >= 1e-4)
            return false;
    return true;
}

/* Sizes say the scale, unless it left a fraction of a position. */
static void put_scale(const resize *r, ray_attributes *a)
{
    if (is_exact(r)) {
        ray_attribute_axes(a, "size", r->out, r->axes);
        return;
    }
    a->n += (size_t)snprintf(a->text + a->n, sizeof a->text - a->n, "scale_factor: [");
    for (int32_t k = 0; k < r->axes; k++)
        a->n += (size_t)snprintf(a->text + a->n, sizeof a->text - a->n, "%s%.9g", k ? ", " : "",
                                 r->scale[k]);
    a->n += (size_t)snprintf(a->text + a->n, sizeof a->text - a->n, "]");
}

static const char *linear_name(const resize *r)
{
    static const char *const names[] = { "linear", "bilinear", "trilinear" };
    return !strcmp(r->mode, "cubic") ? "bicubic" : names[r->axes - 1];
}

static int plan_smooth(ray_translation *t, const ray_onnx_node *node, resize *r)
{
    ray_step step = { .node = node, .type = "upsample" };
    put_scale(r, &step.attributes);
    ray_attribute_word(&step.attributes, "mode", linear_name(r));
    if (!strcmp(r->place, "align_corners"))
        ray_attribute_word(&step.attributes, "align_corners", "true");
    else if (!strcmp(r->place, "asymmetric"))
        ray_attribute_word(&step.attributes, "coordinates", "asymmetric");
    return plan_upsample(t, &step, r);
}

static int check_smooth(ray_translation *t, const ray_onnx_node *node, const resize *r)
{
    static const char *const places[] = { "half_pixel", "pytorch_half_pixel", "align_corners",
                                          "asymmetric" };
    bool known = false;
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        known = known || !strcmp(r->place, places[k]);
    for (int32_t a = 0; a < r->axes; a++)
        if (r->out[a] == 1 && r->x.dim[a + 2] > 1 && !strcmp(r->place, "pytorch_half_pixel"))
            known = false;
    if (!strcmp(r->place, "align_corners") || !strcmp(r->place, "half_pixel_symmetric"))
        known = is_exact(r);
    if (!known)
        return ray_fail(t->error, "coordinate_transformation_mode %s is not supported here",
                        r->place);
    if (ray_node_int(node, "antialias", 0) || ray_node_int(node, "exclude_outside", 0))
        return ray_fail(t->error, "antialias and exclude_outside are not supported");
    if (!strcmp(r->mode, "cubic") && fabs(ray_node_number(node, "cubic_coeff_a", -0.75) + 0.75)
        > 1e-6)
        return ray_fail(t->error, "cubic_coeff_a must be -0.75");
    return 0;
}

static int translate_resize(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const bool early = t->model->opset < 11 || !strcmp(self->op, "Upsample");
    resize r = { .mode = ray_node_word(node, "mode", "nearest") };
    int failed;
    r.place = early ? "asymmetric"
                    : ray_node_word(node, "coordinate_transformation_mode", "half_pixel");
    r.nearest = early ? "floor" : ray_node_word(node, "nearest_mode", "round_prefer_floor");
    if (!strcmp(r.place, "tf_crop_and_resize"))
        return ray_fail(t->error, "coordinate_transformation_mode %s is not supported", r.place);
    if (ray_known_in(t, node, 0, &r.x) || ray_known_batch_first(t, node, &r.x)
        || read_sizes(t, node, &r))
        return -1;
    if (!strcmp(r.mode, "nearest"))
        failed = plan_nearest(t, node, &r);
    else
        failed = check_smooth(t, node, &r) || plan_smooth(t, node, &r);
    if (failed)
        return -1;
    return ray_node_done(t, node, &r.x);
}

const ray_onnx_op ray_onnx_ops_resize[] = {
    { "Resize", translate_resize, NULL, 1, NULL },
    { "Upsample", translate_resize, NULL, 1, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
