/* SPDX-License-Identifier: MIT */
/* ops_part.c - parts of a tensor. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

/* ---- Indices ---- */

static int plan_index(ray_translation *t, const ray_onnx_node *node, int32_t dim,
                      const int64_t *index, int64_t n, const char *suffix, ray_known *x)
{
    ray_step step = { .node = node, .type = "index_select", .suffix = suffix, .in = x, .n_in = 1,
                      .batch = x->batch };
    if (n > RAY_MAX_LIST)
        return ray_fail(t->error, "%" PRId64 " indices in no even steps; at most %d are possible",
                        n, RAY_MAX_LIST);
    ray_attribute_int(&step.attributes, "dim", dim);
    ray_attribute_ints(&step.attributes, "index", index, (int32_t)n);
    return ray_plan_layer(t, &step, x);
}

/* One dimension's range: nothing, a slice, or indices one by one. */
static int plan_range(ray_translation *t, const ray_onnx_node *node, int32_t axis,
                      const ray_op_range *range, const char *suffix, ray_known *x)
{
    ray_step step = { .node = node, .type = "slice", .suffix = suffix };
    int64_t index[RAY_MAX_LIST];
    int32_t dim;
    if (range->n == x->dim[axis] && range->step == 1)
        return 0;
    if (range->n < 1)
        return ray_fail(t->error, "nothing of axis %d is left", axis);
    if (ray_known_dim(t, node, x, axis, &dim))
        return -1;
    for (int64_t i = 0; i < range->n && i < RAY_MAX_LIST; i++)
        index[i] = range->start + i * range->step;
    if (range->step < 0)
        return plan_index(t, node, dim, index, range->n, suffix, x);
    const int64_t end = range->start + (range->n - 1) * range->step + 1;
    ray_known in = *x;
    step.in = &in;
    step.n_in = 1;
    step.batch = x->batch;
    ray_attribute_int(&step.attributes, "dim", dim);
    if (range->start)
        ray_attribute_int(&step.attributes, "start", range->start);
    if (end != x->dim[axis])
        ray_attribute_int(&step.attributes, "end", end);
    if (range->step != 1)
        ray_attribute_int(&step.attributes, "step", range->step);
    return ray_plan_layer(t, &step, x);
}

/* ---- Slice ---- */

static int64_t limit(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static ray_op_range resolve(int64_t start, int64_t end, int64_t step, int64_t size)
{
    ray_op_range range = { 0, step, 0 };
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    start = limit(start < 0 && start >= -size ? start + size : start < 0 ? low : start, low, high);
    end = limit(end < 0 && end >= -size ? end + size : end < 0 ? low : end, low, high);
    range.start = start;
    if (step > 0 && end > start)
        range.n = (end - start - 1) / step + 1;
    else if (step < 0 && start > end)
        range.n = (start - end - 1) / (step == INT64_MIN ? INT64_MAX : -step) + 1;
    if (range.n < 2)
        range.step = 1;
    return range;
}

int ray_op_slice_ranges(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, ray_op_range *range)
{
    ray_int_list starts, ends, axes, steps;
    if (ray_node_ints(t, node, "starts", 1, &starts) || ray_node_ints(t, node, "ends", 2, &ends)
        || ray_node_ints(t, node, "axes", 3, &axes) || ray_node_ints(t, node, "steps", 4, &steps))
        return -1;
    if (starts.n < 0 || starts.n != ends.n || starts.n > rank
        || (axes.n >= 0 && axes.n != starts.n) || (steps.n >= 0 && steps.n != starts.n))
        return ray_fail(t->error, "starts, ends, axes and steps do not fit each other");
    for (int32_t i = 0; i < rank; i++)
        range[i] = (ray_op_range){ 0, 1, dim[i] };
    for (int32_t i = 0; i < starts.n; i++) {
        int32_t axis;
        int64_t step = steps.n < 0 ? 1 : steps.v[i];
        if (ray_node_axis(t, axes.n < 0 ? i : axes.v[i], rank, &axis))
            return -1;
        if (step == 0)
            return ray_fail(t->error, "steps: 0 is not possible");
        range[axis] = resolve(starts.v[i], ends.v[i], step, dim[axis]);
    }
    return 0;
}

static int translate_slice(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_op_range range[RAY_ONNX_MAX_RANK];
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_op_slice_ranges(t, node, x.rank, x.dim, range))
        return -1;
    for (int32_t i = 0; i < x.rank; i++)
        if (plan_range(t, node, i, &range[i], NULL, &x))
            return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Split ---- */

int ray_op_split_sizes(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                       const int64_t *dim, int32_t *axis, ray_int_list *sizes)
{
    const int64_t parts = ray_node_int(node, "num_outputs", node->n_out);
    int64_t left;
    if (ray_node_axis(t, ray_node_int(node, "axis", 0), rank, axis)
        || ray_node_ints(t, node, "split", 1, sizes))
        return -1;
    if (sizes->n < 0 && (parts < 1 || parts > RAY_MAX_LIST))
        return ray_fail(t->error, "%" PRId64 " parts; at most %d are possible", parts,
                        RAY_MAX_LIST);
    left = dim[*axis];
    if (sizes->n < 0) {
        const int64_t each = (dim[*axis] + parts - 1) / parts;
        sizes->n = (int32_t)parts;
        for (int32_t k = 0; k < sizes->n; k++)
            sizes->v[k] = k + 1 < sizes->n ? each : dim[*axis] - each * (parts - 1);
    }
    for (int32_t k = 0; k < sizes->n; k++) {
        if (sizes->v[k] < 0 || sizes->v[k] > left)
            left = -1;
        left -= left < 0 ? 0 : sizes->v[k];
    }
    if (left != 0 || sizes->n < node->n_out)
        return ray_fail(t->error, "split: the parts do not make up the dimension");
    return 0;
}

static int translate_split(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_int_list sizes;
    int32_t axis;
    int64_t start = 0;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x)
        || ray_op_split_sizes(t, node, x.rank, x.dim, &axis, &sizes))
        return -1;
    for (int32_t k = 0; k < node->n_out; k++) {
        ray_op_range range = { start, 1, sizes.v[k] };
        ray_known part = x;
        start += sizes.v[k];
        if (!ray_node_used(t, node, k))
            continue;
        if (plan_range(t, node, axis, &range, NULL, &part))
            return -1;
        ray_node_set(t, node, k, &part);
    }
    return 0;
}

/* ---- Gather ---- */

/* The axis becomes the dims of the indices. */
static int index_dims(ray_translation *t, const ray_onnx_node *node,
                      const ray_onnx_tensor *indices, int32_t axis, ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank = 0, batch = x->batch;
    if (indices->rank == 1)
        return 0;
    if (x->rank - 1 + indices->rank > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "its result has too many dimensions");
    for (int32_t i = 0; i < x->rank; i++) {
        if (i == x->batch)
            batch = rank;
        for (int32_t k = 0; i == axis && k < indices->rank; k++)
            dim[rank++] = indices->dim[k];
        if (i != axis)
            dim[rank++] = x->dim[i];
    }
    return ray_known_view(t, node, x, rank, dim, batch);
}

static int read_indices(ray_translation *t, const ray_onnx_tensor *indices, int64_t size,
                        int64_t *index, ray_op_range *range)
{
    *range = (ray_op_range){ 0, 1, indices->n };
    for (int64_t i = 0; i < indices->n; i++) {
        int64_t at = ray_onnx_integer(indices, i);
        if (at < -size || at >= size)
            return ray_fail(t->error, "index %" PRId64 " is out of range; the dimension is %"
                            PRId64, at, size);
        at = at < 0 ? at + size : at;
        if (i < RAY_MAX_LIST)
            index[i] = at;
        if (i == 0)
            range->start = at;
        else if (i == 1)
            range->step = at - range->start;
        if (at != range->start + i * range->step)
            range->step = 0;
    }
    return 0;
}

static int translate_gather(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const ray_onnx_tensor *indices = ray_node_constant(t, node, 1);
    int64_t index[RAY_MAX_LIST];
    ray_op_range range;
    int32_t axis, dim;
    ray_known x;
    (void)self;
    if (!indices)
        return ray_fail(t->error, "its indices are computed; they must be constants");
    if (ray_known_in(t, node, 0, &x)
        || ray_node_axis(t, ray_node_int(node, "axis", 0), x.rank, &axis)
        || read_indices(t, indices, x.dim[axis], index, &range)
        || (axis == x.batch && ray_known_whole(t, node, &x)))
        return -1;
    if (range.step > 0) {
        if (plan_range(t, node, axis, &range, NULL, &x))
            return -1;
    } else if (ray_known_dim(t, node, &x, axis, &dim)
               || plan_index(t, node, dim, index, indices->n, NULL, &x)) {
        return -1;
    }
    return index_dims(t, node, indices, axis, &x) ? -1 : ray_node_done(t, node, &x);
}

const ray_onnx_op ray_onnx_ops_part[] = {
    { "Slice", translate_slice, NULL, 1, NULL },
    { "Split", translate_split, NULL, 1, NULL },
    { "Gather", translate_gather, NULL, 2, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
