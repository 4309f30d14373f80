/* SPDX-License-Identifier: MIT */
/* flatten.c - neighbouring dimensions become one. */
#include "dims.h"

typedef struct flatten_options { int64_t start_dim, end_dim; } flatten_options;

static const ray_option options[] = {
    { "start_dim", "first dimension to join; the batch is 0", RAY_INT, 0,
      offsetof(flatten_options, start_dim), 1, 0, 0, NULL, 0 },
    { "end_dim", "last dimension to join; -1 is the last of all", RAY_INT, 0,
      offsetof(flatten_options, end_dim), -1, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const flatten_options *o = c->options;
    const ray_shape *in = &c->in[0];
    int32_t start, end;
    if (ray_dim_axis(c, "start_dim", o->start_dim, &start)
        || ray_dim_axis(c, "end_dim", o->end_dim, &end))
        return -1;
    if (start > end)
        return ray_fail(c->error, "start_dim: dimension %d comes after end_dim, dimension %d",
                        start + 1, end + 1);
    c->out = (ray_shape){ .rank = 0 };
    for (int32_t i = 0; i < in->rank; i++) {
        if (i > start && i <= end)
            c->out.dim[c->out.rank - 1] *= in->dim[i];
        else
            c->out.dim[c->out.rank++] = in->dim[i];
    }
    return 0;
}

RAY_KINDS(flatten) = {
    {
        .name = "flatten",
        .summary = "joins neighbouring dimensions into one",
        .traits = RAY_SHAPE,
        .view = true,
        .options = options,
        .options_size = sizeof(flatten_options),
        .infer = infer,
    },
    { 0 }
};
