/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include "base/memory.h"
#include "layers/conv_options.h"
#include "layers/dims.h"

static int check_groups(ray_infer *c, const ray_conv_options *o)
{
    int64_t in = c->in[0].dim[0], out = o->out_channels;
    if (in % o->groups != 0)
        return ray_fail(c->error, "groups: %" PRId64 " does not divide the %" PRId64 " input channels",
                        o->groups, in);
    if (out % o->groups != 0)
        return ray_fail(c->error, "groups: %" PRId64 " does not divide out_channels %" PRId64, o->groups,
                        out);
    return 0;
}

static int check_padding_mode(ray_infer *c, const ray_conv_options *o)
{
    static const char *const names[] = { "zeros", "reflect", "replicate", "circular" };
    if (o->padding_mode == 0)
        return 0;
    return ray_fail(c->error, "padding_mode: only zeros here; put a pad layer with mode: %s before it",
                    names[o->padding_mode]);
}

int ray_conv_infer_start(ray_infer *c, int axes, const ray_ints *padding, ray_window *window)
{
    ray_conv_options *o = c->options;
    ray_conv_geometry *g = &o->geometry;
    ray_window_options given = { &o->kernel_size, &o->stride, padding, &o->dilation };
    if (ray_positions_check(&c->in[0], axes, c->error)
        || ray_count_check(c, "in_channels", o->in_channels, c->in[0].dim[0])
        || check_groups(c, o) || check_padding_mode(c, o)
        || ray_window_read(window, &given, axes, c->in[0].dim + 1, c->error))
        return -1;
    *g = (ray_conv_geometry){ .groups = o->groups };
    for (int i = 0; i < RAY_CONV_AXES; i++) {
        int a = i - (RAY_CONV_AXES - axes);
        g->in[i] = g->out[i] = g->kernel[i] = g->stride[i] = g->dilation[i] = 1;
        if (a < 0)
            continue;
        g->kernel[i] = window->kernel[a];
        g->stride[i] = window->stride[a];
        g->dilation[i] = window->dilation[a];
        g->before[i] = window->before[a];
    }
    return 0;
}

/* a * b * the product of v[0 ... 2]; false beyond limit. */
static bool product_within(int64_t a, int64_t b, const int64_t *v, int64_t limit, int64_t *product)
{
    return ray_multiply_checked(a, b, product) && ray_multiply_checked(*product, v[0], product)
        && ray_multiply_checked(*product, v[1], product)
        && ray_multiply_checked(*product, v[2], product) && *product <= limit;
}

/* The kernels count in 32 bits where they call OpenBLAS. */
static int check_sizes(ray_infer *c, const ray_conv_geometry *g)
{
    int64_t most = INT64_C(1) << 48, weights, positions, depth;
    if (!product_within(g->in_channels / g->groups, 1, g->kernel, INT32_MAX, &depth)
        || !product_within(1, 1, g->in, INT32_MAX, &positions)
        || !product_within(1, 1, g->out, INT32_MAX, &positions)
        || !product_within(g->out_channels, depth, (int64_t[]){ 1, 1, 1 }, most, &weights)
        || !product_within(positions, weights, (int64_t[]){ 1, 1, 1 }, most, &c->macs))
        return ray_fail(c->error, "the layer is too large: %" PRId64 " to %" PRId64 " channels with a "
                        "kernel of %" PRId64 "x%" PRId64 "x%" PRId64 " at %" PRId64 "x%" PRId64 "x%"
                        PRId64 " positions", c->in[0].dim[0], c->out.dim[0], g->kernel[0], g->kernel[1],
                        g->kernel[2], g->out[0], g->out[1], g->out[2]);
    return 0;
}

int ray_conv_infer_end(ray_infer *c, int axes, bool transposed)
{
    ray_conv_options *o = c->options;
    ray_conv_geometry *g = &o->geometry;
    int64_t in = c->in[0].dim[0], *positions = transposed ? g->in : g->out;
    g->in_channels = transposed ? o->out_channels : in;
    g->out_channels = transposed ? in : o->out_channels;
    c->out.rank = axes + 1;
    c->out.dim[0] = o->out_channels;
    c->weight[0].rank = axes + 2;
    c->weight[0].dim[0] = g->out_channels;
    c->weight[0].dim[1] = g->in_channels / g->groups;
    for (int a = 0; a < axes; a++) {
        c->out.dim[a + 1] = positions[RAY_CONV_AXES - axes + a];
        c->weight[0].dim[a + 2] = g->kernel[RAY_CONV_AXES - axes + a];
    }
    if (o->bias)
        c->weight[1] = (ray_shape){ 1, { o->out_channels } };
    return check_sizes(c, g);
}

ray_conv_geometry ray_conv_geometry_of(const ray_op *op)
{
    ray_conv_geometry g = ((const ray_conv_options *)op->options)->geometry;
    g.items = op->in[0].dim[0];
    return g;
}
