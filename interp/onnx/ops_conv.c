/* SPDX-License-Identifier: MIT */
/* ops_conv.c - convolutions, and windows as pools have them too. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

enum { MOST = 1 << 24 };                /* of kernels, strides, paddings */

/* ---- Windows ---- */

static int read_axes(ray_translation *t, const ray_onnx_node *node, const char *name, int32_t n,
                     int64_t otherwise, int64_t *values)
{
    ray_int_list list;
    if (ray_node_ints(t, node, name, -1, &list))
        return -1;
    if (list.n >= 0 && list.n != n)
        return ray_fail(t->error, "%s: %d numbers; expected %d", name, list.n, n);
    for (int32_t a = 0; a < n; a++) {
        values[a] = list.n < 0 ? otherwise : list.v[a];
        if (values[a] < 0 || values[a] > MOST)
            return ray_fail(t->error, "%s: %" PRId64 " is out of range", name, values[a]);
    }
    return 0;
}

/* ceil(in / stride) outputs; the odd one of the padding before. */
static void pad_lower(ray_onnx_window *w, const ray_known *x, int32_t a)
{
    int64_t in = x->dim[a + 2], stride = w->stride[a] ? w->stride[a] : 1;
    int64_t total = ((in + stride - 1) / stride - 1) * stride
                  + w->dilation[a] * (w->kernel[a] - 1) + 1 - in;
    total = total < 0 ? 0 : total;
    w->pads[2 * a] = total - total / 2;
    w->pads[2 * a + 1] = total / 2;
}

static int read_pads(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                     ray_onnx_window *w)
{
    const char *automatic = ray_node_word(node, "auto_pad", "NOTSET");
    int64_t given[6];
    w->same = !strcmp(automatic, "SAME_UPPER");
    for (int32_t a = 0; a < w->axes && !strcmp(automatic, "SAME_LOWER"); a++)
        pad_lower(w, x, a);
    if (strcmp(automatic, "NOTSET") != 0)
        return 0;
    if (read_axes(t, node, "pads", 2 * w->axes, 0, given))
        return -1;
    for (int32_t a = 0; a < w->axes; a++) {
        w->pads[2 * a] = given[a];
        w->pads[2 * a + 1] = given[a + w->axes];
    }
    return 0;
}

int ray_onnx_window_read(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                         const int64_t *kernel, ray_onnx_window *w)
{
    *w = (ray_onnx_window){ .axes = x->rank - 2 };
    if (w->axes < 1 || w->axes > 3)
        return ray_fail(t->error, "an input of %d dimensions; expected 3 to 5", x->rank);
    for (int32_t a = 0; a < w->axes; a++)
        if (x->dim[a + 2] > INT32_MAX || (kernel && kernel[a] > MOST))
            return ray_fail(t->error, "its input or its kernel is too large");
    if (kernel)
        memcpy(w->kernel, kernel, (size_t)w->axes * sizeof *kernel);
    else if (read_axes(t, node, "kernel_shape", w->axes, 0, w->kernel))
        return -1;
    if (read_axes(t, node, "strides", w->axes, 1, w->stride)
        || read_axes(t, node, "dilations", w->axes, 1, w->dilation))
        return -1;
    return read_pads(t, node, x, w);
}

static void write_pads(const ray_onnx_window *w, ray_attributes *a)
{
    int64_t each[3];
    bool even = true, any = false;
    for (int32_t k = 0; k < w->axes; k++) {
        each[k] = w->pads[2 * k];
        even = even && w->pads[2 * k + 1] == each[k];
        any = any || each[k] || w->pads[2 * k + 1];
    }
    if (w->same)
        ray_attribute_word(a, "padding", "same");
    else if (any && even)
        ray_attribute_axes(a, "padding", each, w->axes);
    else if (any)
        ray_attribute_ints(a, "padding", w->pads, 2 * w->axes);
}

static bool all_one(const int64_t *v, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (v[i] != 1)
            return false;
    return true;
}

void ray_onnx_window_write(const ray_onnx_window *w, bool dilated, ray_attributes *a)
{
    ray_attribute_axes(a, "kernel_size", w->kernel, w->axes);
    if (!all_one(w->stride, w->axes) || !dilated)
        ray_attribute_axes(a, "stride", w->stride, w->axes);
    write_pads(w, a);
    if (!all_one(w->dilation, w->axes))
        ray_attribute_axes(a, "dilation", w->dilation, w->axes);
}

/* ---- Convolutions ---- */

static const ray_onnx_tensor *constant_weight(ray_translation *t, const ray_onnx_node *node,
                                              int32_t rank)
{
    const ray_onnx_tensor *w = ray_node_constant(t, node, 1);
    if (!w)
        return (void)ray_fail(t->error, "its weight is computed; it must be a constant"), NULL;
    if (w->rank != rank)
        return (void)ray_fail(t->error, "its weight has %d dimensions, its input %d", w->rank,
                              rank), NULL;
    return w;
}

static int add_bias(ray_translation *t, const ray_onnx_node *node, ray_step *step)
{
    if (!ray_node_in(t, node, 2)) {
        ray_attribute_word(&step->attributes, "bias", "false");
        return 0;
    }
    if (!ray_node_constant(t, node, 2))
        return ray_fail(t->error, "its bias is computed; it must be a constant");
    ray_step_weight(step, "bias", ray_node_constant(t, node, 2));
    return 0;
}

static int plan_conv(ray_translation *t, const ray_onnx_node *node, ray_step *step, ray_known *out)
{
    return add_bias(t, node, step) || ray_plan_layer(t, step, out) ? -1 : 0;
}

/* A first axis of positions that the kernel does not look along. */
static int widen(ray_translation *t, ray_onnx_window *w)
{
    if (w->axes == 3)
        return ray_fail(t->error, "the first of its input's dimensions is not the batch");
    for (int32_t a = w->axes++; a > 0; a--) {
        w->kernel[a] = w->kernel[a - 1];
        w->stride[a] = w->stride[a - 1];
        w->dilation[a] = w->dilation[a - 1];
        memcpy(w->pads + 2 * a, w->pads + 2 * (a - 1), 2 * sizeof *w->pads);
    }
    w->kernel[0] = w->stride[0] = w->dilation[0] = 1;
    w->pads[0] = w->pads[1] = 0;
    return 0;
}

static int translate_conv(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const int64_t groups = ray_node_int(node, "group", 1);
    ray_onnx_window window;
    ray_known x, out;
    (void)self;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    const ray_onnx_tensor *w = constant_weight(t, node, x.rank);
    const bool stacked = ray_op_is_stacked(t, &x);
    if (!w || (!stacked && ray_known_batch_first(t, node, &x))
        || ray_onnx_window_read(t, node, &x, w->dim + 2, &window)
        || (stacked && (widen(t, &window) || ray_op_stack(t, node, &x))))
        return -1;
    ray_step step = { .node = node, .type = "conv", .axes = window.axes, .in = &x, .n_in = 1 };
    ray_attribute_int(&step.attributes, "out_channels", w->dim[0]);
    ray_onnx_window_write(&window, true, &step.attributes);
    if (groups != 1)
        ray_attribute_int(&step.attributes, "groups", groups);
    ray_step_weight(&step, "weight", w);
    if (plan_conv(t, node, &step, &out) || (stacked && ray_op_unstack(t, node, &out)))
        return -1;
    return ray_node_done(t, node, &out);
}

/* Padding and output_padding of one axis that make `wanted` outputs. */
static void fit_output(ray_onnx_window *w, int32_t a, int64_t in, int64_t wanted, bool upper,
                       int64_t *extra)
{
    int64_t natural = w->stride[a] * (in - 1) + *extra + w->dilation[a] * (w->kernel[a] - 1) + 1;
    int64_t total = natural - wanted;
    if (total < 0) {
        *extra -= total;
        total = 0;
    }
    w->pads[2 * a] = upper ? total / 2 : total - total / 2;
    w->pads[2 * a + 1] = total - w->pads[2 * a];
}

static int fit_outputs(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                       ray_onnx_window *w, int64_t *extra)
{
    const char *automatic = ray_node_word(node, "auto_pad", "NOTSET");
    const bool same = !strncmp(automatic, "SAME", 4);
    ray_int_list wanted;
    if (ray_node_ints(t, node, "output_shape", -1, &wanted))
        return -1;
    if (wanted.n >= 0 && wanted.n < w->axes)
        return ray_fail(t->error, "output_shape: %d numbers; expected %d", wanted.n, w->axes);
    for (int32_t i = 0; i < wanted.n; i++)
        if (wanted.v[i] < 0 || wanted.v[i] > INT32_MAX)
            return ray_fail(t->error, "output_shape: %" PRId64 " is out of range", wanted.v[i]);
    for (int32_t a = 0; a < w->axes && (same || wanted.n >= 0); a++)
        fit_output(w, a, x->dim[a + 2],
                   wanted.n < 0 ? x->dim[a + 2] * w->stride[a] : wanted.v[wanted.n - w->axes + a],
                   !strcmp(automatic, "SAME_UPPER"), &extra[a]);
    w->same = false;
    return 0;
}

static int translate_transposed(ray_translation *t, const ray_onnx_node *node,
                                const ray_onnx_op *self)
{
    const int64_t groups = ray_node_int(node, "group", 1);
    int64_t extra[3] = { 0 }, channels;
    ray_onnx_window window;
    ray_known x, out;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    const ray_onnx_tensor *w = constant_weight(t, node, x.rank);
    if (w && !ray_multiply_checked(w->dim[1], groups, &channels))
        return ray_fail(t->error, "group: %" PRId64 " is out of range", groups);
    if (!w || ray_onnx_window_read(t, node, &x, w->dim + 2, &window)
        || read_axes(t, node, "output_padding", window.axes, 0, extra)
        || fit_outputs(t, node, &x, &window, extra))
        return -1;
    ray_step step = { .node = node, .type = "conv_transpose", .axes = window.axes, .in = &x,
                      .n_in = 1 };
    ray_attribute_int(&step.attributes, "out_channels", channels);
    ray_onnx_window_write(&window, true, &step.attributes);
    if (extra[0] || extra[1] || extra[2])
        ray_attribute_axes(&step.attributes, "output_padding", extra, window.axes);
    if (groups != 1)
        ray_attribute_int(&step.attributes, "groups", groups);
    ray_step_weight(&step, "weight", w);
    if (plan_conv(t, node, &step, &out))
        return -1;
    return ray_node_done(t, node, &out);
}

const ray_onnx_op ray_onnx_ops_conv[] = {
    { "Conv", translate_conv, NULL, 2, NULL },
    { "ConvTranspose", translate_transposed, NULL, 2, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
