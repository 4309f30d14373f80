/* SPDX-License-Identifier: MIT */
/* dims.c - dimensions named by attributes. */
#include "dims.h"

#include <inttypes.h>
#include <string.h>

int ray_dim_axis(const ray_infer *c, const char *attribute, int64_t dim, int32_t *axis)
{
    const int32_t rank = c->in[0].rank + 1;
    const int64_t place = dim < 0 ? dim + rank : dim;
    char text[128];
    if (place == 0)
        return ray_fail(c->error,
                        "%s: %" PRId64 " is the batch, which no layer changes; an item %s has "
                        "1 to %d",
                        attribute, dim, ray_shape_text(&c->in[0], text), rank - 1);
    if (place < 0 || place >= rank)
        return ray_fail(c->error,
                        "%s: %" PRId64 " is out of range; an item %s has 1 to %d, or -%d to -1",
                        attribute, dim, ray_shape_text(&c->in[0], text), rank - 1, rank - 1);
    *axis = (int32_t)place - 1;
    return 0;
}

int ray_dims_axes(const ray_infer *c, const char *attribute, const ray_ints *dims,
                  bool named[RAY_MAX_RANK - 1])
{
    for (int32_t i = 0; i < RAY_MAX_RANK - 1; i++)
        named[i] = false;
    for (int32_t i = 0; i < dims->n; i++) {
        int32_t axis = 0;
        if (ray_dim_axis(c, attribute, dims->v[i], &axis))
            return -1;
        if (named[axis])
            return ray_fail(c->error, "%s: dimension %d is named twice", attribute, axis + 1);
        named[axis] = true;
    }
    return 0;
}

int64_t ray_dims_product(const ray_tensor *tensor, int32_t from, int32_t to)
{
    int64_t product = 1;
    for (int32_t i = from; i < to; i++)
        product *= tensor->dim[i];
    return product;
}

bool ray_dims_broadcast(int32_t *rank, int64_t *dim, int32_t rank_b, const int64_t *dim_b)
{
    int64_t wide[RAY_MAX_RANK];
    const int32_t most = *rank > rank_b ? *rank : rank_b;
    for (int32_t i = 1; i <= most; i++) {
        const int64_t a = i > *rank ? 1 : dim[*rank - i], b = i > rank_b ? 1 : dim_b[rank_b - i];
        if (a != b && a != 1 && b != 1)
            return false;
        wide[most - i] = a == 1 ? b : a;
    }
    memcpy(dim, wide, (size_t)most * sizeof *dim);
    *rank = most;
    return true;
}

int ray_count_check(const ray_infer *c, const char *attribute, int64_t given, int64_t actual)
{
    if (given == 0 || given == actual)
        return 0;
    return ray_fail(c->error, "%s: %" PRId64 " is given, the input has %" PRId64, attribute, given,
                    actual);
}
