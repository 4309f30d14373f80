/* SPDX-License-Identifier: MIT */
/* reshape.c - the same numbers in the same order with another shape. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kind.h"

typedef struct reshape_options { ray_ints shape; } reshape_options;

static const ray_option options[] = {
    { "shape", "shape of one item, without the batch; one -1 stands for what is left", RAY_INTS,
      RAY_REQUIRED, offsetof(reshape_options, shape), NAN, -1, INT32_MAX, NULL, RAY_MAX_RANK - 1 },
    { 0 }
};

static int fail_size(ray_infer *c)
{
    char from[128], to[128];
    return ray_fail(c->error, "shape: %s cannot hold the %" PRId64 " numbers of an item %s",
                    ray_shape_text(&c->out, to), ray_shape_size(&c->in[0]),
                    ray_shape_text(&c->in[0], from));
}

static int infer(ray_infer *c)
{
    const reshape_options *o = c->options;
    const int64_t size = ray_shape_size(&c->in[0]);
    int64_t known = 1;
    int32_t open = -1;
    c->out = (ray_shape){ .rank = o->shape.n };
    memcpy(c->out.dim, o->shape.v, (size_t)o->shape.n * sizeof *c->out.dim);
    for (int32_t i = 0; i < o->shape.n; i++) {
        if (o->shape.v[i] == 0)
            return ray_fail(c->error, "shape: 0 is not a size; expected sizes >= 1, or -1 once");
        if (o->shape.v[i] == -1 && open >= 0)
            return ray_fail(c->error, "shape: -1 stands twice; only one size can be left open");
        if (o->shape.v[i] == -1)
            open = i;
        else if (!ray_multiply_checked(known, o->shape.v[i], &known))
            return fail_size(c);
    }
    if (o->shape.n == 0 || (open < 0 && known != size) || (open >= 0 && size % known != 0))
        return fail_size(c);
    if (open >= 0)
        c->out.dim[open] = size / known;
    return 0;
}

RAY_KINDS(reshape) = {
    {
        .name = "reshape",
        .summary = "the same numbers with another shape",
        .traits = RAY_SHAPE,
        .view = true,
        .options = options,
        .options_size = sizeof(reshape_options),
        .infer = infer,
    },
    { 0 }
};
