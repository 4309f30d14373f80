/* SPDX-License-Identifier: MIT */
/* fold_shape.c - folding of operators that move numbers: shape arithmetic mostly. */
#include <inttypes.h>
#include <string.h>

#include "fold.h"
#include "ops.h"

static int fold_as(ray_translation *t, const ray_onnx_node *node, const ray_onnx_tensor *from,
                   int32_t rank, const int64_t *dim)
{
    return ray_fold_set(t, node, ray_constant_view(t, from, rank, dim));
}

static int fold_identity(ray_translation *t, const ray_onnx_node *node)
{
    return ray_fold_set(t, node, ray_fold_in(t, node, 0));
}

static int fold_reshape(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank;
    if (!x || ray_op_reshape_dims(t, node, x->rank, x->dim, x->n, &rank, dim))
        return -1;
    return fold_as(t, node, x, rank, dim);
}

static int fold_squeeze(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank, batch = RAY_ONNX_ABSENT;
    if (!x || ray_op_squeeze_dims(t, node, x->rank, x->dim, &rank, dim, &batch))
        return -1;
    return fold_as(t, node, x, rank, dim);
}

static int fold_transpose(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int32_t perm[RAY_ONNX_MAX_RANK];
    ray_fold_view own, view;
    if (!x || ray_op_transpose_perm(t, node, x->rank, perm))
        return -1;
    ray_fold_view_of(&own, x->rank, x->dim);
    view = own;
    for (int32_t i = 0; i < x->rank; i++) {
        view.dim[i] = own.dim[perm[i]];
        view.stride[i] = own.stride[perm[i]];
    }
    return ray_fold_set(t, node, ray_fold_copy(t, x, &view));
}

static int fold_expand(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    ray_int_list shape;
    if (!x || ray_node_ints(t, node, "shape", 1, &shape))
        return -1;
    if (shape.n > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "shape: %d dimensions are too many", shape.n);
    return ray_fold_set(t, node, ray_constant_expand(t, x, shape.n < 0 ? 0 : shape.n, shape.v));
}

/* As 1 x dim for each axis, expanded to repeats x dim. */
static int fold_tile(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    int64_t parts[RAY_ONNX_MAX_RANK], wide[RAY_ONNX_MAX_RANK], dim[RAY_ONNX_MAX_RANK];
    ray_int_list repeats;
    if (!x || ray_node_ints(t, node, "repeats", 1, &repeats))
        return -1;
    if (repeats.n != x->rank || 2 * x->rank > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "repeats: %d numbers for %d dimensions; at most %d are possible",
                        repeats.n, x->rank, RAY_ONNX_MAX_RANK / 2);
    for (int32_t i = 0; i < x->rank; i++) {
        parts[2 * i] = 1;
        wide[2 * i] = repeats.v[i];
        parts[2 * i + 1] = wide[2 * i + 1] = x->dim[i];
        if (!ray_multiply_checked(repeats.v[i], x->dim[i], &dim[i]) || repeats.v[i] < 0)
            return ray_fail(t->error, "repeats: %" PRId64 " is out of range", repeats.v[i]);
    }
    const ray_onnx_tensor *view = ray_constant_view(t, x, 2 * x->rank, parts);
    view = view ? ray_constant_expand(t, view, 2 * x->rank, wide) : NULL;
    return ray_fold_set(t, node, view ? ray_constant_view(t, view, x->rank, dim) : NULL);
}

static int fold_slice(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    ray_op_range range[RAY_ONNX_MAX_RANK];
    ray_fold_view view;
    if (!x || ray_op_slice_ranges(t, node, x->rank, x->dim, range))
        return -1;
    ray_fold_view_of(&view, x->rank, x->dim);
    for (int32_t i = 0; i < x->rank; i++) {
        view.start += range[i].start * view.stride[i];
        view.dim[i] = range[i].n;
        view.stride[i] *= range[i].step;
    }
    return ray_fold_set(t, node, ray_fold_copy(t, x, &view));
}

static int fold_split(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    ray_int_list sizes;
    int32_t axis;
    ray_fold_view view;
    if (!x || ray_op_split_sizes(t, node, x->rank, x->dim, &axis, &sizes))
        return -1;
    ray_fold_view_of(&view, x->rank, x->dim);
    for (int32_t k = 0; k < sizes.n; k++) {
        ray_known part;
        const ray_onnx_tensor *made;
        view.dim[axis] = sizes.v[k];
        made = ray_fold_copy(t, x, &view);
        if (!made)
            return -1;
        ray_known_constant(&part, made);
        ray_node_set(t, node, k, &part);
        view.start += sizes.v[k] * view.stride[axis];
    }
    return 0;
}

/* Sizes before and after an axis. */
static void around(const ray_onnx_tensor *x, int32_t axis, int64_t *before, int64_t *after)
{
    *before = *after = 1;
    for (int32_t i = 0; i < x->rank; i++) {
        if (i < axis)
            *before *= x->dim[i];
        else if (i > axis)
            *after *= x->dim[i];
    }
}

static int take(ray_translation *t, const ray_onnx_tensor *x, const ray_onnx_tensor *indices,
                int32_t axis, ray_onnx_tensor *to)
{
    int64_t before, after;
    char *out = (char *)(uintptr_t)to->data;
    around(x, axis, &before, &after);
    const size_t bytes = (size_t)after * ray_constant_width(x->type);
    for (int64_t b = 0; to->n && b < before; b++) {
        for (int64_t k = 0; k < indices->n; k++) {
            int64_t index = ray_onnx_integer(indices, k), size = x->dim[axis];
            if (index < -size || index >= size)
                return ray_fail(t->error, "index %" PRId64 " is out of range; the dimension is "
                                "%" PRId64, index, size);
            index = index < 0 ? index + size : index;
            memcpy(out, (const char *)x->data + (size_t)(b * size + index) * bytes, bytes);
            out += bytes;
        }
    }
    return 0;
}

static int fold_gather(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0), *indices = ray_fold_in(t, node, 1);
    int64_t dim[2 * RAY_ONNX_MAX_RANK];
    int32_t axis, rank = 0;
    if (!x || !indices || ray_node_axis(t, ray_node_int(node, "axis", 0), x->rank, &axis))
        return -1;
    for (int32_t i = 0; i < x->rank; i++) {
        for (int32_t k = 0; i == axis && k < indices->rank; k++)
            dim[rank++] = indices->dim[k];
        if (i != axis)
            dim[rank++] = x->dim[i];
    }
    ray_onnx_tensor *made = ray_constant_new(t, x->type, rank, dim);
    if (!made || take(t, x, indices, axis, made))
        return -1;
    return ray_fold_set(t, node, made);
}

static int concat_dims(ray_translation *t, const ray_onnx_node *node, int32_t axis, int64_t *dim)
{
    const ray_onnx_tensor *first = ray_fold_in(t, node, 0);
    memcpy(dim, first->dim, sizeof first->dim);
    for (int32_t k = 1; k < node->n_in; k++) {
        const ray_onnx_tensor *x = ray_fold_in(t, node, k);
        if (!x)
            return -1;
        bool fits = x->rank == first->rank && x->type == first->type;
        for (int32_t i = 0; fits && i < x->rank; i++)
            fits = i == axis || x->dim[i] == dim[i];
        if (!fits || !ray_add_checked(dim[axis], x->dim[axis], &dim[axis]))
            return ray_fail(t->error, "input %d does not fit to the first", k + 1);
    }
    return 0;
}

static int fold_concat(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *first = ray_fold_in(t, node, 0);
    int64_t dim[RAY_ONNX_MAX_RANK], before, after, at = 0;
    int32_t axis;
    if (!first || ray_node_axis(t, ray_node_int(node, "axis", 1), first->rank, &axis)
        || concat_dims(t, node, axis, dim))
        return -1;
    ray_onnx_tensor *made = ray_constant_new(t, first->type, first->rank, dim);
    if (!made)
        return -1;
    around(first, axis, &before, &after);
    const size_t bytes = (size_t)after * ray_constant_width(first->type);
    for (int32_t k = 0; k < node->n_in && made->n; k++) {
        const ray_onnx_tensor *x = ray_fold_in(t, node, k);
        const size_t run = (size_t)x->dim[axis] * bytes;
        for (int64_t b = 0; run && b < before; b++)
            memcpy((char *)(uintptr_t)made->data + (size_t)(b * dim[axis] + at) * bytes,
                   (const char *)x->data + (size_t)b * run, run);
        at += x->dim[axis];
    }
    return ray_fold_set(t, node, made);
}

/* ---- ScatterND ---- */

/* Where in x a row of indices points, in numbers; -1 outside. */
static int64_t scatter_place(const ray_onnx_tensor *x, const ray_onnx_tensor *indices, int64_t row,
                             int64_t depth, int64_t block)
{
    int64_t place = 0;
    for (int64_t k = 0; k < depth; k++) {
        int64_t index = ray_onnx_integer(indices, row * depth + k), size = x->dim[k];
        index = index < 0 ? index + size : index;
        if (index < 0 || index >= size)
            return -1;
        place = place * size + index;
    }
    return place * block;
}

typedef struct scatter {
    const ray_onnx_tensor *x, *indices, *updates;
    int64_t depth, rows, block;         /* indices of a row; rows; numbers that a row replaces */
} scatter;

static int read_scatter(ray_translation *t, const ray_onnx_node *node, scatter *s)
{
    *s = (scatter){ .x = ray_fold_in(t, node, 0), .indices = ray_fold_in(t, node, 1),
                    .updates = ray_fold_in(t, node, 2), .block = 1 };
    int64_t replaced;
    if (!s->x || !s->indices || !s->updates)
        return -1;
    s->depth = s->indices->rank ? s->indices->dim[s->indices->rank - 1] : 0;
    s->rows = s->depth > 0 ? s->indices->n / s->depth : 0;
    for (int32_t i = (int32_t)s->depth; s->depth <= s->x->rank && i < s->x->rank; i++)
        s->block *= s->x->dim[i];
    if (s->depth < 1 || s->depth > s->x->rank
        || !ray_multiply_checked(s->rows, s->block, &replaced) || s->updates->n != replaced
        || s->updates->type != s->x->type
        || strcmp(ray_node_word(node, "reduction", "none"), "none") != 0)
        return ray_fail(t->error, "its inputs do not fit each other");
    return 0;
}

/* A copy of x in which blocks are replaced by those of the third input. */
static int fold_scatter(ray_translation *t, const ray_onnx_node *node)
{
    ray_fold_view view;
    scatter s;
    if (read_scatter(t, node, &s))
        return -1;
    ray_fold_view_of(&view, s.x->rank, s.x->dim);
    ray_onnx_tensor *made = ray_fold_copy(t, s.x, &view);
    const size_t width = ray_constant_width(s.x->type), bytes = (size_t)s.block * width;
    for (int64_t r = 0; made && bytes && r < s.rows; r++) {
        int64_t place = scatter_place(s.x, s.indices, r, s.depth, s.block);
        if (place < 0)
            return ray_fail(t->error, "an index is out of range");
        memcpy((char *)(uintptr_t)made->data + (size_t)place * width,
               (const char *)s.updates->data + (size_t)r * bytes, bytes);
    }
    return ray_fold_set(t, node, made);
}

const ray_onnx_fold ray_onnx_folds_shape[] = {
    { "Identity", fold_identity, 0 },
    { "Dropout", fold_identity, 0 },
    { "Reshape", fold_reshape, 0 },
    { "Squeeze", fold_squeeze, 0 },
    { "Unsqueeze", fold_squeeze, 0 },
    { "Transpose", fold_transpose, 0 },
    { "Expand", fold_expand, 0 },
    { "Tile", fold_tile, 0 },
    { "Slice", fold_slice, 0 },
    { "Split", fold_split, 0 },
    { "Gather", fold_gather, 0 },
    { "Concat", fold_concat, 0 },
    { "ScatterND", fold_scatter, 0 },
    { NULL, NULL, 0 }
};
