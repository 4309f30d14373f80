/* SPDX-License-Identifier: MIT */
/* ops_shape.c - the same numbers in another shape or order. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

/* ---- Reshape ---- */

int ray_op_reshape_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, int64_t n, int32_t *out_rank, int64_t *out)
{
    const bool keep_zero = ray_node_int(node, "allowzero", 0) != 0;
    ray_int_list shape;
    int64_t known = 1;
    int32_t open = -1;
    if (ray_node_ints(t, node, "shape", 1, &shape))
        return -1;
    if (shape.n < 0 || shape.n > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "a shape of 0 to %d dimensions is needed", RAY_ONNX_MAX_RANK);
    *out_rank = shape.n;
    for (int32_t i = 0; i < shape.n; i++) {
        out[i] = shape.v[i] == 0 && !keep_zero && i < rank ? dim[i] : shape.v[i];
        if (out[i] == -1 && open < 0)
            open = i;
        else if (out[i] < 0 || !ray_multiply_checked(known, out[i], &known))
            return ray_fail(t->error, "shape: %" PRId64 " is not possible", out[i]);
    }
    if (open >= 0)
        out[open] = known ? n / known : 0;
    if (open >= 0 ? known == 0 || n % known != 0 : known != n)
        return ray_fail(t->error, "shape: it does not hold %" PRId64 " numbers", n);
    return 0;
}

static int64_t tensor_size(const ray_known *x)
{
    int64_t n = 1;
    for (int32_t i = 0; i < x->rank; i++)
        n *= x->dim[i];
    return n;
}

/* As other dims; the batch is found again, or merged. */
static int view(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t rank,
                const int64_t *dim)
{
    return ray_known_view(t, node, x, rank, dim, ray_known_find_batch(t, x, rank, dim));
}

static int translate_reshape(ray_translation *t, const ray_onnx_node *node,
                             const ray_onnx_op *self)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x)
        || ray_op_reshape_dims(t, node, x.rank, x.dim, tensor_size(&x), &rank, dim)
        || view(t, node, &x, rank, dim))
        return -1;
    return ray_node_done(t, node, &x);
}

static int translate_flatten(ray_translation *t, const ray_onnx_node *node,
                             const ray_onnx_op *self)
{
    int64_t axis = ray_node_int(node, "axis", 1), dim[2] = { 1, 1 };
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    if (axis < -x.rank || axis > x.rank)
        return ray_fail(t->error, "axis %" PRId64 " is out of range", axis);
    axis = axis < 0 ? axis + x.rank : axis;
    for (int32_t i = 0; i < x.rank; i++)
        dim[i >= axis] *= x.dim[i];
    return view(t, node, &x, 2, dim) ? -1 : ray_node_done(t, node, &x);
}

/* ---- Axes of size 1 ---- */

static int squeeze_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, int32_t *out_rank, int64_t *out, int32_t *batch)
{
    bool named[RAY_ONNX_MAX_RANK];
    ray_int_list axes;
    const int32_t was = *batch;
    if (ray_node_ints(t, node, "axes", 1, &axes) || ray_node_axes(t, &axes, rank, named))
        return -1;
    *out_rank = 0;
    *batch = RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < rank; i++) {
        if (named[i] && dim[i] != 1)
            return ray_fail(t->error, "axis %d has size %" PRId64 ", not 1", i, dim[i]);
        if (named[i] || (axes.n < 0 && dim[i] == 1))
            continue;
        if (i == was)
            *batch = *out_rank;
        out[(*out_rank)++] = dim[i];
    }
    return 0;
}

static int unsqueeze_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                          const int64_t *dim, int32_t *out_rank, int64_t *out, int32_t *batch)
{
    bool named[RAY_ONNX_MAX_RANK];
    ray_int_list axes;
    const int32_t was = *batch;
    if (ray_node_ints(t, node, "axes", 1, &axes))
        return -1;
    if (axes.n < 0 || rank + axes.n > RAY_ONNX_MAX_RANK)
        return ray_fail(t->error, "axes are missing, or too many");
    *out_rank = rank + axes.n;
    if (ray_node_axes(t, &axes, *out_rank, named))
        return -1;
    for (int32_t i = 0, from = 0; i < *out_rank; i++) {
        if (!named[i] && from == was)
            *batch = i;
        out[i] = named[i] ? 1 : dim[from++];
    }
    return 0;
}

int ray_op_squeeze_dims(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                        const int64_t *dim, int32_t *out_rank, int64_t *out, int32_t *batch)
{
    return strcmp(node->op, "Squeeze") ? unsqueeze_dims(t, node, rank, dim, out_rank, out, batch)
                                       : squeeze_dims(t, node, rank, dim, out_rank, out, batch);
}

static int translate_squeeze(ray_translation *t, const ray_onnx_node *node,
                             const ray_onnx_op *self)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank, batch;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    batch = x.batch;
    if (ray_op_squeeze_dims(t, node, x.rank, x.dim, &rank, dim, &batch)
        || ray_known_view(t, node, &x, rank, dim, batch))
        return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Order ---- */

int ray_op_transpose_perm(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                          int32_t *perm)
{
    bool named[RAY_ONNX_MAX_RANK];
    ray_int_list given;
    if (ray_node_ints(t, node, "perm", -1, &given) || ray_node_axes(t, &given, rank, named))
        return -1;
    if (given.n >= 0 && given.n != rank)
        return ray_fail(t->error, "perm: %d numbers for %d dimensions", given.n, rank);
    for (int32_t i = 0; i < rank; i++)
        perm[i] = given.n < 0 ? rank - 1 - i
                              : (int32_t)(given.v[i] < 0 ? given.v[i] + rank : given.v[i]);
    return 0;
}

static int translate_transpose(ray_translation *t, const ray_onnx_node *node,
                               const ray_onnx_op *self)
{
    int32_t perm[RAY_ONNX_MAX_RANK];
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_op_transpose_perm(t, node, x.rank, perm)
        || ray_op_permute(t, node, NULL, &x, perm))
        return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Rows where the batch should be ---- */

bool ray_op_is_stacked(const ray_translation *t, const ray_known *x)
{
    return x->batch != 0 && t->batch == 1 && x->rank > 1 && x->rank < RAY_ONNX_MAX_RANK
        && x->dim[0] != 1;
}

int ray_op_stack(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK] = { 1 };
    if (ray_known_whole(t, node, x)
        || ray_op_permute(t, node, "stacked", x, (int32_t[]){ 1, 0, 2, 3, 4, 5, 6, 7 }))
        return -1;
    memcpy(dim + 1, x->dim, (size_t)x->rank * sizeof *dim);
    return ray_known_view(t, node, x, x->rank + 1, dim, 0);
}

int ray_op_unstack(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    memcpy(dim, x->dim + 1, (size_t)(x->rank - 1) * sizeof *dim);
    if (ray_known_view(t, node, x, x->rank - 1, dim, RAY_ONNX_ABSENT))
        return -1;
    return ray_op_permute(t, node, "unstacked", x, (int32_t[]){ 1, 0, 2, 3, 4, 5, 6, 7 });
}

/* ---- Depth and space ---- */

/* Six dims of the parted tensor, their order, and the axes that become one. */
static const int32_t depth_dcr[] = { 0, 3, 4, 1, 5, 2 }, depth_crd[] = { 0, 1, 4, 2, 5, 3 },
                     space_dcr[] = { 0, 3, 5, 1, 2, 4 }, space_crd[] = { 0, 1, 3, 5, 2, 4 };

static int translate_depth(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const int64_t b = ray_node_int(node, "blocksize", 1);
    const bool to_depth = !strcmp(self->op, "SpaceToDepth");
    const bool crd = !strcmp(ray_node_word(node, "mode", "DCR"), "CRD");
    ray_known x;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    if (x.rank != 4 || b < 1 || b > INT32_MAX
        || (to_depth ? x.dim[2] % b || x.dim[3] % b : x.dim[1] % (b * b)))
        return ray_fail(t->error, "blocksize: %" PRId64 " does not divide its input", b);
    const int32_t *order[2][2] = { { depth_dcr, depth_crd }, { space_dcr, space_crd } };
    const int64_t n = x.dim[0], c = x.dim[1], h = x.dim[2], w = x.dim[3], rest = c / (b * b);
    const int64_t parts[3][6] = { { n, b, b, rest, h, w }, { n, rest, b, b, h, w },
                                  { n, c, h / b, b, w / b, b } };
    const int64_t depth[4] = { n, rest, h * b, w * b }, spaced[4] = { n, c * b * b, h / b, w / b };
    if (ray_known_view(t, node, &x, 6, parts[to_depth ? 2 : crd], 0)
        || ray_op_permute(t, node, NULL, &x, order[to_depth][crd])
        || ray_known_view(t, node, &x, 4, to_depth ? spaced : depth, 0))
        return -1;
    return ray_node_done(t, node, &x);
}

const ray_onnx_op ray_onnx_ops_shape[] = {
    { "Reshape", translate_reshape, NULL, 1, NULL },
    { "Flatten", translate_flatten, NULL, 1, NULL },
    { "Squeeze", translate_squeeze, NULL, 1, NULL },
    { "Unsqueeze", translate_squeeze, NULL, 1, NULL },
    { "Transpose", translate_transpose, NULL, 1, NULL },
    { "DepthToSpace", translate_depth, NULL, 1, NULL },
    { "SpaceToDepth", translate_depth, NULL, 1, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
