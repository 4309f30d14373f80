/* SPDX-License-Identifier: MIT */
/* conv.c - convolution of one, two and three axes. */
#include <inttypes.h>

#include "conv_options.h"

static const ray_option options[] = {
    RAY_CONV_OPTIONS,
    { "padding", "zeros around the input: one number, one per axis, two per axis, same or valid",
      RAY_INTS, 0, RAY_CONV_FIELD(padding), 0, 0, INT32_MAX, RAY_PADDING_WORDS, 6 },
    { 0 }
};

static int infer(ray_infer *c, int axes)
{
    static const char *const names[] = { "depth", "height", "width" };
    ray_conv_options *o = c->options;
    ray_conv_geometry *g = &o->geometry;
    ray_window window;
    if (ray_conv_infer_start(c, axes, &o->padding, &window))
        return -1;
    for (int a = 0; a < axes; a++) {
        int i = RAY_CONV_AXES - axes + a;
        int64_t padded = ray_window_padded(&window, a, c->in[0].dim[a + 1]);
        int64_t extent = ray_window_extent(&window, a);
        if (extent > padded)
            return ray_fail(c->error,
                            "kernel_size: a kernel of %" PRId64 " does not fit in the padded "
                            "%s of %" PRId64,
                            extent, axes == 1 ? "length" : names[i], padded);
        g->in[i] = c->in[0].dim[a + 1];
        g->out[i] = (padded - extent) / g->stride[i] + 1;
    }
    return ray_conv_infer_end(c, axes, false);
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

/* Either direction, finished or not. */
static int64_t workspace(const ray_op *op)
{
    static const RAY_REAL there;
    const ray_finish finish = { .add = &there };
    ray_conv_geometry g = ray_conv_geometry_of(op);
    ray_conv_call call = { .finish = &finish, .clamp = op->clamp };
    int64_t forward = ray_conv_call_workspace(&g, &call);
    call.gradient = true;
    int64_t gradient = ray_conv_call_workspace(&g, &call);
    return forward > gradient ? forward : gradient;
}

static int64_t prepared(const ray_op *op, bool gradient)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    return ray_conv_prepared(&g, gradient);
}

static void prepare(const ray_op *op, bool gradient, RAY_REAL *to)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    ray_conv_prepare(&g, gradient, RAY_CLAMP_NONE, op->weight[0].data, to);
}

static void forward(const ray_op *op)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    ray_conv_compute(&g, &(ray_conv_call){ .from = op->in[0].data, .weight = op->weight[0].data,
                                           .bias = op->weight[1].data, .clamp = op->clamp,
                                           .prepared = op->prepared,
                                           .finish = op->finish, .to = op->out->data,
                                           .work = op->work });
}

static void backward(const ray_op *op)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    if (op->din[0].data)
        ray_conv_compute(&g, &(ray_conv_call){ .gradient = true, .from = op->dout->data,
                                               .weight = op->weight[0].data, .clamp = op->clamp,
                                               .prepared = op->prepared,
                                               .finish = op->finish, .to = op->din[0].data,
                                               .work = op->work });
}

static const char *algorithm(const ray_op *op, bool backward, const char **reason)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    return ray_conv_method_name(&g, backward, reason);
}

#define CONV(kind, text, infer_axes) \
    { \
        .name = kind, \
        .summary = text, \
        .traits = RAY_LINEAR, \
        .finishes = RAY_JOIN_SCALE | RAY_JOIN_ADD | RAY_JOIN_LIMIT, \
        .clamps = true, \
        .options = options, \
        .options_size = sizeof(ray_conv_options), \
        .weights = { "weight", "bias" }, \
        .infer = infer_axes, \
        .workspace = workspace, \
        .prepared = prepared, \
        .prepare = prepare, \
        .forward = forward, \
        .backward = backward, \
        .algorithm = algorithm, \
    }

RAY_KINDS(conv) = {
    CONV("conv1d", "y[o] = b[o] + sum over c of w[o][c] * x[c], sliding along a C x L input",
         infer1),
    CONV("conv2d", "y[o] = b[o] + sum over c of w[o][c] * x[c], sliding over a C x H x W input",
         infer2),
    CONV("conv3d", "y[o] = b[o] + sum over c of w[o][c] * x[c], sliding over a C x D x H x W input",
         infer3),
    { 0 }
};
