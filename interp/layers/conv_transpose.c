/* SPDX-License-Identifier: MIT */
/* conv_transpose.c - transposed convolution: the input gradient of the convolution that goes from
 * its output to its input, and the other way round. */
#include <inttypes.h>

#include "base/memory.h"
#include "conv_options.h"

static const ray_option options[] = {
    RAY_CONV_OPTIONS,
    { "padding", "rows taken off the output: one number, one per axis or two per axis", RAY_INTS, 0,
      RAY_CONV_FIELD(padding), 0, 0, INT32_MAX, NULL, 6 },
    { "output_padding", "rows added at the end of the output, below stride or dilation", RAY_INTS,
      0, RAY_CONV_FIELD(output_padding), 0, 0, INT32_MAX, NULL, 3 },
    { 0 }
};

/* Positions of the output along axis a. */
static int infer_axis(ray_infer *c, const ray_window *w, int a, int64_t extra, int64_t *out)
{
    int64_t cut = w->before[a] + w->after[a], size;
    if (extra >= w->stride[a] && extra >= w->dilation[a])
        return ray_fail(c->error, "output_padding: %" PRId64 " is not below stride %" PRId64
                        " or dilation %" PRId64, extra, w->stride[a], w->dilation[a]);
    if (!ray_multiply_checked(c->in[0].dim[a + 1] - 1, w->stride[a], &size)
        || !ray_add_checked(size, ray_window_extent(w, a), &size)
        || !ray_add_checked(size, extra, &size))
        return ray_fail(c->error, "stride: %" PRId64 " makes the output too large", w->stride[a]);
    if (size <= cut)
        return ray_fail(c->error, "padding: takes %" PRId64 " off an output of %" PRId64
                        "; nothing is left", cut, size);
    *out = size - cut;
    return 0;
}

static int infer(ray_infer *c, int axes)
{
    ray_conv_options *o = c->options;
    int64_t extra[RAY_MAX_AXES];
    ray_window window;
    if (ray_conv_infer_start(c, axes, &o->padding, &window)
        || ray_axes_read(&o->output_padding, "output_padding", axes, extra, c->error))
        return -1;
    for (int a = 0; a < axes; a++) {
        int i = RAY_CONV_AXES - axes + a;
        o->geometry.out[i] = c->in[0].dim[a + 1];
        if (infer_axis(c, &window, a, extra[a], &o->geometry.in[i]))
            return -1;
    }
    return ray_conv_infer_end(c, axes, true);
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

static int64_t workspace(const ray_op *op)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    return ray_conv_workspace(&g);
}

static void add_bias(const ray_tensor *out, const RAY_REAL *bias)
{
    int64_t channels = out->dim[1], planes = out->dim[0] * channels;
    int64_t size = ray_tensor_size(out) / planes;
    #pragma omp parallel for schedule(static)
    for (int64_t plane = 0; plane < planes; plane++) {
        RAY_REAL *to = out->data + plane * size, value = bias[plane % channels];
        #pragma omp simd
        for (int64_t i = 0; i < size; i++)
            to[i] += value;
    }
}

static void forward(const ray_op *op)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    ray_conv_gradient(&g, op->in[0].data, op->weight[0].data, op->out->data, op->work);
    if (op->weight[1].data)
        add_bias(op->out, op->weight[1].data);
}

static void backward(const ray_op *op)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    if (op->din[0].data)
        ray_conv_forward(&g, op->dout->data, op->weight[0].data, NULL, op->din[0].data, op->work);
}

static const char *algorithm(const ray_op *op, bool backward, const char **reason)
{
    ray_conv_geometry g = ray_conv_geometry_of(op);
    return ray_conv_method_name(&g, !backward, reason);
}

#define CONV_TRANSPOSE(kind, text, infer_axes) \
    { \
        .name = kind, \
        .summary = text, \
        .traits = RAY_LINEAR, \
        .options = options, \
        .options_size = sizeof(ray_conv_options), \
        .weights = { "weight", "bias" }, \
        .infer = infer_axes, \
        .workspace = workspace, \
        .forward = forward, \
        .backward = backward, \
        .algorithm = algorithm, \
    }

RAY_KINDS(conv_transpose) = {
    CONV_TRANSPOSE("conv_transpose1d",
                   "each number of a C x L input spreads a kernel: conv1d transposed", infer1),
    CONV_TRANSPOSE("conv_transpose2d",
                   "each number of a C x H x W input spreads a kernel: conv2d transposed", infer2),
    CONV_TRANSPOSE("conv_transpose3d",
                   "each number of a C x D x H x W input spreads a kernel: conv3d transposed",
                   infer3),
    { 0 }
};
