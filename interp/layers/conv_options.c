/* SPDX-License-Identifier: MIT */
#include "conv_options.h"

#include <inttypes.h>

#include "base/memory.h"
#include "dims.h"

static int check_groups(ray_infer *c, const ray_conv_options *o)
{
    int64_t in = c->in[0].dim[0], out = o->out_channels;
    if (in % o->groups != 0)
        return ray_fail(c->error,
                        "groups: %" PRId64 " does not divide the %" PRId64 " input channels",
                        o->groups, in);
    if (out % o->groups != 0)
        return ray_fail(c->error, "groups: %" PRId64 " does not divide out_channels %" PRId64,
                        o->groups, out);
    return 0;
}

static int check_padding_mode(ray_infer *c, const ray_conv_options *o)
{
    static const char *const names[] = { "zeros", "reflect", "replicate", "circular" };
    if (o->padding_mode == 0)
        return 0;
    return ray_fail(c->error,
                    "padding_mode: only zeros here; put a pad layer with mode: %s before it",
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

/* The product of n numbers; false beyond limit. */
static bool product_within(const int64_t *v, int n, int64_t limit, int64_t *product)
{
    *product = 1;
    for (int i = 0; i < n; i++) {
        if (!ray_multiply_checked(*product, v[i], product) || *product > limit)
            return false;
    }
    return true;
}

/* Products call OpenBLAS, which counts in 32 bits. */
static int check_sizes(ray_infer *c, const ray_conv_geometry *g)
{
    const int64_t most = INT64_C(1) << 48, *k = g->kernel;
    const int64_t depth[] = { g->in_channels / g->groups, k[0], k[1], k[2] };
    char in[128], out[128];
    int64_t positions, inputs;
    if (product_within(g->in, RAY_CONV_AXES, INT32_MAX, &positions)
        && product_within(g->out, RAY_CONV_AXES, INT32_MAX, &positions)
        && product_within(depth, 4, INT32_MAX, &inputs)
        && product_within((int64_t[]){ inputs, g->out_channels, positions }, 3, most, &c->macs))
        return 0;
    return ray_fail(c->error,
                    "a layer from %s to %s is too large: 2^31 positions and 2^48 products are "
                    "the limit",
                    ray_shape_text(&c->in[0], in), ray_shape_text(&c->out, out));
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
