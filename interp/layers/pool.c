/* SPDX-License-Identifier: MIT */
/* pool.c - geometry of max_pool and avg_pool. */
#include "pool.h"

#include <inttypes.h>

static const char *const axis_name[] = { "depth", "height", "width" };

static int check_padding(const ray_window *w, int a, ray_error *error)
{
    const int64_t padding = w->before[a] > w->after[a] ? w->before[a] : w->after[a];
    if (padding < w->kernel[a])
        return 0;
    return ray_fail(error, "padding: %" PRId64 " is not below kernel_size %" PRId64, padding,
                    w->kernel[a]);
}

/* Outputs along one axis; with ceil_mode the last window still starts within the input or before
 * it. */
static int64_t count_outputs(const ray_pool_axis *x, bool ceil_mode)
{
    const int64_t extent = x->dilation * (x->kernel - 1) + 1;
    const int64_t room = x->in + x->before + x->after - extent;
    if (room < 0 && !(ceil_mode && room + x->stride > 0))
        return 0;
    int64_t out = (room + (ceil_mode ? x->stride - 1 : 0)) / x->stride + 1;
    if (ceil_mode && (out - 1) * x->stride >= x->in + x->before)
        out--;
    return out;
}

static int infer_axis(ray_infer *c, const ray_window *w, int a, const char *name, bool same)
{
    ray_pool_options *o = c->options;
    const int axes = c->in[0].rank - 1;
    ray_pool_axis *x = &o->axis[RAY_MAX_AXES - axes + a];
    *x = (ray_pool_axis){ .in = c->in[0].dim[a + 1],
                          .kernel = w->kernel[a],
                          .stride = w->stride[a],
                          .dilation = w->dilation[a],
                          .before = w->before[a],
                          .after = w->after[a] };
    if (!same && check_padding(w, a, c->error))
        return -1;
    x->out = count_outputs(x, o->ceil_mode && !same);
    if (x->out < 1)
        return ray_fail(c->error,
                        "kernel_size: a window of %" PRId64 " does not fit in the padded %s "
                        "of %" PRId64,
                        ray_window_extent(w, a), name, ray_window_padded(w, a, x->in));
    int64_t ignored;
    ray_pool_taps(x, x->out - 1, &x->tap_first, &ignored);
    ray_pool_taps(x, 0, &ignored, &x->tap_past);
    ray_pool_outputs(x, 0, &x->inner_first, &ignored);
    ray_pool_outputs(x, x->kernel - 1, &ignored, &x->inner_past);
    if (x->inner_past < x->inner_first)
        x->inner_past = x->inner_first;
    c->out.dim[a + 1] = x->out;
    return 0;
}

int ray_pool_infer(ray_infer *c, int axes, bool dilated)
{
    ray_pool_options *o = c->options;
    const ray_window_options given = {
        .kernel = &o->kernel_size, .stride = &o->stride, .padding = &o->padding,
        .dilation = dilated ? &o->dilation : NULL,
    };
    const bool same = o->padding.n == 1 && o->padding.v[0] == RAY_PADDING_SAME;
    ray_window window;
    if (ray_positions_check(&c->in[0], axes, c->error)
        || ray_window_read(&window, &given, axes, c->in[0].dim + 1, c->error))
        return -1;
    for (int a = 0; a < RAY_MAX_AXES; a++)
        o->axis[a] = (ray_pool_axis){ 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1 };
    c->out = c->in[0];
    for (int a = 0; a < axes; a++) {
        const char *name = axes == 1 ? "length" : axis_name[RAY_MAX_AXES - axes + a];
        if (infer_axis(c, &window, a, name, same))
            return -1;
    }
    return 0;
}

int64_t ray_pool_plane(const ray_pool_axis axis[RAY_MAX_AXES])
{
    return axis[0].in * axis[1].in * axis[2].in;
}

int64_t ray_pool_rows(const ray_pool_axis axis[RAY_MAX_AXES])
{
    return axis[0].out * axis[1].out;
}

/* ceil(n / d), d > 0; d is mostly 1, and a division takes as long as a short row. */
static int64_t divide_up(int64_t n, int64_t d)
{
    if (d == 1)
        return n;
    return n > 0 ? (n + d - 1) / d : -(-n / d);
}

void ray_pool_outputs(const ray_pool_axis *axis, int64_t tap, int64_t *first, int64_t *past)
{
    const int64_t at = tap * axis->dilation - axis->before;    /* of output 0 */
    *first = ray_pool_clamp(divide_up(-at, axis->stride), 0, axis->out);
    *past = ray_pool_clamp(divide_up(axis->in - at, axis->stride), *first, axis->out);
}

void ray_pool_taps(const ray_pool_axis *axis, int64_t output, int64_t *first, int64_t *past)
{
    const int64_t at = output * axis->stride - axis->before;   /* of tap 0 */
    *first = ray_pool_clamp(divide_up(-at, axis->dilation), 0, axis->kernel);
    *past = ray_pool_clamp(divide_up(axis->in - at, axis->dilation), *first, axis->kernel);
}

int64_t ray_pool_tiles(const ray_pool_axis axis[RAY_MAX_AXES])
{
    int64_t covered = 1;
    for (int a = 0; a < RAY_MAX_AXES; a++) {
        const ray_pool_axis *x = &axis[a];
        if (x->stride != x->kernel || x->dilation != 1 || x->before != 0 || x->inner_past != x->out)
            return 0;
        covered *= x->out * x->kernel;
    }
    return covered;
}
