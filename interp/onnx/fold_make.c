/* SPDX-License-Identifier: MIT */
/* fold_make.c - constants out of attributes, shapes and types. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fold.h"

static int fold_shape(ray_translation *t, const ray_onnx_node *node)
{
    const ray_known *x = ray_node_in(t, node, 0);
    if (!x)
        return ray_fail(t->error, "input 1 is missing");
    int64_t start = ray_node_int(node, "start", 0), end = ray_node_int(node, "end", x->rank);
    start = start < 0 ? start + x->rank : start;
    end = end < 0 ? end + x->rank : end > x->rank ? x->rank : end;
    start = start < 0 ? 0 : start;
    const int64_t n = end > start ? end - start : 0;
    ray_onnx_tensor *made = ray_constant_new(t, RAY_ONNX_INT64, 1, &n);
    for (int64_t i = 0; made && i < n; i++)
        ray_constant_put_integer(made, i, x->dim[start + i]);
    return ray_fold_set(t, node, made);
}

static int fold_size(ray_translation *t, const ray_onnx_node *node)
{
    const ray_known *x = ray_node_in(t, node, 0);
    ray_onnx_tensor *made = ray_constant_new(t, RAY_ONNX_INT64, 0, NULL);
    int64_t size = 1;
    if (!x || !made)
        return ray_fail(t->error, "input 1 is missing");
    for (int32_t i = 0; i < x->rank; i++)
        size *= x->dim[i];
    ray_constant_put_integer(made, 0, size);
    return ray_fold_set(t, node, made);
}

/* One of value_int, value_ints, value_float, value_floats. */
static const ray_onnx_tensor *from_attribute(ray_translation *t, const ray_onnx_attribute *a)
{
    const bool real = a->type == RAY_ONNX_NUMBER || a->type == RAY_ONNX_NUMBERS;
    const bool many = a->type == RAY_ONNX_INTS || a->type == RAY_ONNX_NUMBERS;
    const int64_t n = a->n;
    ray_onnx_tensor *made =
        ray_constant_new(t, real ? RAY_ONNX_FLOAT : RAY_ONNX_INT64, many ? 1 : 0, &n);
    for (int64_t i = 0; made && i < made->n; i++) {
        if (real)
            ray_constant_put(made, i, many ? (double)a->numbers[i] : a->number);
        else
            ray_constant_put_integer(made, i, many ? a->ints[i] : a->i);
    }
    return made;
}

static int fold_constant(ray_translation *t, const ray_onnx_node *node)
{
    static const char *const names[] = { "value_int", "value_ints", "value_float",
                                         "value_floats" };
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, "value");
    if (a && a->type == RAY_ONNX_TENSOR)
        return ray_fold_set(t, node, a->tensor);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        a = ray_onnx_attribute_find(node, names[k]);
        if (a)
            return ray_fold_set(t, node, from_attribute(t, a));
    }
    return ray_fail(t->error, "it has no value that can be read");
}

static int fold_constant_of_shape(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, "value");
    const ray_onnx_tensor *value = a && a->type == RAY_ONNX_TENSOR ? a->tensor : NULL;
    ray_int_list shape;
    if (ray_node_ints(t, node, "shape", 0, &shape))
        return -1;
    if (shape.n > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "shape: %d dimensions are too many", shape.n);
    ray_onnx_tensor *made = ray_constant_new(t, value ? value->type : RAY_ONNX_FLOAT,
                                             shape.n < 0 ? 0 : shape.n, shape.v);
    if (!made)
        return -1;
    const size_t width = ray_constant_width(made->type);
    for (int64_t i = 0; value && value->n && i < made->n; i++)
        memcpy((char *)(uintptr_t)made->data + (size_t)i * width, value->data, width);
    return ray_fold_set(t, node, made);
}

static int64_t to_integer(double x)
{
    return isnan(x) ? 0 : (int64_t)fmin(fmax(x, -9.2e18), 9.2e18);
}

static int fold_range(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *in[3];
    for (int k = 0; k < 3; k++) {
        in[k] = ray_fold_in(t, node, k);
        if (!in[k] || in[k]->n != 1)
            return ray_fail(t->error, "its inputs must be three numbers");
    }
    const bool real = ray_constant_is_real(in[0]);
    const double start = ray_onnx_number(in[0], 0), step = ray_onnx_number(in[2], 0);
    const double count = ceil((ray_onnx_number(in[1], 0) - start) / step);
    if (!(count < 1e9))
        return ray_fail(t->error, "from %g to %g in steps of %g are too many numbers", start,
                        ray_onnx_number(in[1], 0), step);
    const int64_t n = count > 0 ? (int64_t)count : 0;
    ray_onnx_tensor *made = ray_constant_new(t, real ? RAY_ONNX_FLOAT : RAY_ONNX_INT64, 1, &n);
    for (int64_t i = 0; made && i < n; i++) {
        ray_constant_put(made, i, start + (double)i * step);
        if (!real)
            ray_constant_put_integer(made, i, to_integer(start + (double)i * step));
    }
    return ray_fold_set(t, node, made);
}

/* CastLike: the type of the second input; activations are of type float. */
static int32_t wanted_type(const ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *like = ray_node_constant(t, node, 1);
    return like ? like->type : (int32_t)ray_node_int(node, "to", RAY_ONNX_FLOAT);
}

static int fold_cast(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int32_t to = wanted_type(t, node);
    if (!x)
        return -1;
    if (!ray_constant_width(to))
        return ray_fail(t->error, "to: type %d is not known", to);
    if (to == RAY_ONNX_FLOAT16 || to == RAY_ONNX_BFLOAT16)
        to = RAY_ONNX_FLOAT;
    ray_onnx_tensor *made = ray_constant_new(t, to, x->rank, x->dim);
    for (int64_t i = 0; made && i < made->n; i++) {
        if (ray_constant_is_real(made))
            ray_constant_put(made, i, ray_onnx_number(x, i));
        else if (to == RAY_ONNX_BOOL)
            ray_constant_put_integer(made, i, ray_onnx_number(x, i) != 0);
        else if (ray_constant_is_real(x))
            ray_constant_put_integer(made, i, to_integer(ray_onnx_number(x, i)));
        else
            ray_constant_put_integer(made, i, ray_onnx_integer(x, i));
    }
    return ray_fold_set(t, node, made);
}

/* Indices of what is not zero: rank x count. */
static int fold_non_zero(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int64_t count = 0;
    if (!x)
        return -1;
    for (int64_t i = 0; i < x->n; i++)
        count += ray_onnx_number(x, i) != 0;
    ray_onnx_tensor *made =
        ray_constant_new(t, RAY_ONNX_INT64, 2, (int64_t[]){ x->rank, count });
    int64_t found = 0;
    for (int64_t i = 0; made && i < x->n; i++) {
        int64_t rest = i;
        if (ray_onnx_number(x, i) == 0)
            continue;
        for (int32_t k = x->rank - 1; k >= 0; k--) {
            ray_constant_put_integer(made, k * count + found, rest % x->dim[k]);
            rest /= x->dim[k];
        }
        found++;
    }
    return ray_fold_set(t, node, made);
}

/* A bound is an input, or an attribute as before opset 11. */
static double clip_bound(const ray_translation *t, const ray_onnx_node *node, int32_t i,
                         const char *name, double otherwise)
{
    const ray_onnx_tensor *given = ray_node_constant(t, node, i);
    return given && given->n == 1 ? ray_onnx_number(given, 0)
                                  : ray_node_number(node, name, otherwise);
}

/* The number itself where it is within the bounds: doubles do not hold all integers. */
static int64_t clip_integer(int64_t v, double low, double high)
{
    if ((double)v < low)
        return low < 9e18 ? (int64_t)low : INT64_MAX;
    if ((double)v > high)
        return high > -9e18 ? (int64_t)high : INT64_MIN;
    return v;
}

static int fold_clip(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    const double low = clip_bound(t, node, 1, "min", -INFINITY);
    const double high = clip_bound(t, node, 2, "max", INFINITY);
    if (!x)
        return -1;
    const bool real = ray_constant_is_real(x);
    ray_onnx_tensor *made =
        ray_constant_new(t, real ? RAY_ONNX_FLOAT : RAY_ONNX_INT64, x->rank, x->dim);
    for (int64_t i = 0; made && i < made->n; i++) {
        if (real)
            ray_constant_put(made, i, fmin(fmax(ray_onnx_number(x, i), low), high));
        else
            ray_constant_put_integer(made, i, clip_integer(ray_onnx_integer(x, i), low, high));
    }
    return ray_fold_set(t, node, made);
}

const ray_onnx_fold ray_onnx_folds_make[] = {
    { "Shape", fold_shape, RAY_FOLD_NONE },
    { "Size", fold_size, RAY_FOLD_NONE },
    { "Constant", fold_constant, 0 },
    { "ConstantOfShape", fold_constant_of_shape, 0 },
    { "Clip", fold_clip, 0 },
    { "Range", fold_range, 0 },
    { "Cast", fold_cast, 0 },
    { "CastLike", fold_cast, 1 },
    { "NonZero", fold_non_zero, 0 },
    { NULL, NULL, 0 }
};
