/* SPDX-License-Identifier: MIT */
/* ops_wide.c - a tensor repeated, or with a border. */
#include <inttypes.h>
#include <string.h>

#include "ops.h"

/* ---- Expand ---- */

static int translate_expand(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank;
    ray_int_list shape;
    ray_known x, to, out;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_node_ints(t, node, "shape", 1, &shape))
        return -1;
    rank = x.rank;
    memcpy(dim, x.dim, sizeof dim);
    if (shape.n < 0 || shape.n > RAY_ONNX_MAX_RANK
        || !ray_dims_broadcast(&rank, dim, shape.n, shape.v))
        return ray_fail(t->error, "its input does not broadcast to the shape");
    int32_t batch = x.batch < 0 ? RAY_ONNX_ABSENT : x.batch + rank - x.rank;
    if (batch >= 0 && dim[batch] != t->batch) {
        batch = RAY_ONNX_ABSENT;
        if (ray_known_whole(t, node, &x))
            return -1;
    }
    to = x;
    if (ray_known_set(t, &to, rank, dim, batch))
        return -1;
    ray_step step = { .node = node, .type = "expand", .in = &x, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    ray_attribute_ints(&step.attributes, "shape", to.item.dim, to.item.rank);
    if (!memcmp(&to.item, &x.item, sizeof to.item))
        return ray_node_done(t, node, &to);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    to.layer = out.layer;
    return ray_node_done(t, node, &to);
}

/* ---- Tile ---- */

/* One axis over and over: wider where it is 1, else joined with itself. */
static int repeat_axis(ray_translation *t, const ray_onnx_node *node, int32_t axis, int64_t times,
                       ray_known *x)
{
    int64_t wide[RAY_MAX_RANK];
    ray_known in[RAY_MAX_LIST];
    ray_step step = { .node = node, .type = "expand", .in = in, .n_in = 1 };
    int32_t dim;
    if (times < 1 || times > INT32_MAX)
        return ray_fail(t->error, "repeats: %" PRId64 " is not possible", times);
    if (times == 1)
        return 0;
    if (ray_known_dim(t, node, x, axis, &dim))
        return -1;
    in[0] = *x;
    step.batch = x->batch;
    memcpy(wide, x->item.dim, sizeof x->item.dim);
    wide[dim - 1] = times;
    if (x->dim[axis] == 1) {
        ray_attribute_ints(&step.attributes, "shape", wide, x->item.rank);
        return ray_plan_layer(t, &step, x);
    }
    if (times > RAY_MAX_LIST)
        return ray_fail(t->error, "repeats: %" PRId64 " of an axis; at most %d are possible", times,
                        RAY_MAX_LIST);
    for (step.n_in = 1; step.n_in < times; step.n_in++)
        in[step.n_in] = *x;
    step.type = "concat";
    ray_attribute_int(&step.attributes, "dim", dim);
    return ray_plan_layer(t, &step, x);
}

static int translate_tile(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_int_list repeats;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || ray_node_ints(t, node, "repeats", 1, &repeats))
        return -1;
    if (repeats.n != x.rank)
        return ray_fail(t->error, "repeats: %d numbers for %d dimensions", repeats.n, x.rank);
    for (int32_t i = 0; i < x.rank; i++)
        if (repeat_axis(t, node, i, repeats.v[i], &x))
            return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Pad ---- */

static const char *pad_mode(const char *mode)
{
    static const char *const words[][2] = { { "constant", "constant" }, { "reflect", "reflect" },
                                            { "edge", "replicate" }, { "wrap", "circular" } };
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strcmp(mode, words[k][0]))
            return words[k][1];
    return NULL;
}

/* Before and after for each axis, from pads and axes. */
static int read_pads(ray_translation *t, const ray_onnx_node *node, int32_t rank,
                     int64_t pads[][2])
{
    ray_int_list given, axes;
    if (ray_node_ints(t, node, "pads", 1, &given) || ray_node_ints(t, node, "axes", 3, &axes))
        return -1;
    const int32_t n = axes.n < 0 ? rank : axes.n;
    if (given.n != 2 * n)
        return ray_fail(t->error, "pads: %d numbers; expected %d", given.n, 2 * n);
    memset(pads, 0, (size_t)rank * sizeof *pads);
    for (int32_t i = 0; i < n; i++) {
        int32_t axis;
        if (ray_node_axis(t, axes.n < 0 ? i : axes.v[i], rank, &axis))
            return -1;
        pads[axis][0] = given.v[i];
        pads[axis][1] = given.v[i + n];
    }
    return 0;
}

static int pad_value(ray_translation *t, const ray_onnx_node *node, double *value)
{
    const ray_known *in = ray_node_in(t, node, 2);
    *value = ray_node_number(node, "value", 0);
    if (in && !in->constant)
        return ray_fail(t->error, "its value is computed; it must be a constant");
    if (in && in->constant->n == 1)
        *value = ray_onnx_number(in->constant, 0);
    return 0;
}

/* Numbers for positions only, or where channels are padded for all dimensions of an item. */
static void write_pads(const ray_known *x, int64_t pads[][2], ray_attributes *a)
{
    int64_t list[2 * RAY_ONNX_MAX_RANK];
    int32_t n = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        if (i == x->batch)
            continue;
        list[n++] = pads[i][0];
        list[n++] = pads[i][1];
    }
    const int32_t skip = n > 2 && list[0] == 0 && list[1] == 0 ? 2 : 0;
    ray_attribute_ints(a, "padding", list + skip, n - skip);
}

/* Pads of x before a permutation; dim: of the result behind it, if the layer finds that
 * possible. */
static void turn_pads(const ray_known *x, const int32_t *order, int64_t pads[][2], int64_t *dim)
{
    int64_t turned[RAY_ONNX_MAX_RANK + 1][2] = { { 0 } };
    int32_t item = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i] = (int64_t)((uint64_t)x->dim[i] + (uint64_t)pads[i][0] + (uint64_t)pads[i][1]);
        if (i != x->batch)
            memcpy(turned[order[++item]], pads[i], sizeof *turned);
    }
    memcpy(pads, turned, (size_t)(item + 1) * sizeof *turned);
}

static int plan_pad(ray_translation *t, const ray_onnx_node *node, const char *mode, double value,
                    int64_t pads[][2], ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    const int32_t *order;
    const ray_known was = *x;
    ray_known out;
    if (ray_op_before(t, x, &order))
        return -1;
    if (order)
        turn_pads(&was, order, pads, dim);
    ray_step step = { .node = node, .type = "pad", .in = x, .n_in = 1, .batch = x->batch };
    write_pads(x, pads, &step.attributes);
    if (strcmp(mode, "constant") != 0)
        ray_attribute_word(&step.attributes, "mode", mode);
    else if (value != 0)
        ray_attribute_number(&step.attributes, "value", value);
    if (ray_plan_layer(t, &step, &out)
        || (order && (ray_op_order(t, node, "permute", order, &out)
                      || ray_known_set(t, &out, was.rank, dim, was.batch))))
        return -1;
    *x = out;
    return 0;
}

static int translate_pad(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const char *mode = pad_mode(ray_node_word(node, "mode", "constant"));
    int64_t pads[RAY_ONNX_MAX_RANK + 1][2];
    double value;
    bool any = false;
    ray_known x;
    (void)self;
    if (!mode)
        return ray_fail(t->error, "its mode is not known");
    if (ray_known_in(t, node, 0, &x) || read_pads(t, node, x.rank, pads)
        || pad_value(t, node, &value))
        return -1;
    for (int32_t i = 0; i < x.rank; i++) {
        any = any || pads[i][0] || pads[i][1];
        if (i == x.batch && (pads[i][0] || pads[i][1]) && ray_known_whole(t, node, &x))
            return -1;
    }
    if (!any)
        return ray_node_done(t, node, &x);
    return plan_pad(t, node, mode, value, pads, &x) ? -1 : ray_node_done(t, node, &x);
}

const ray_onnx_op ray_onnx_ops_wide[] = {
    { "Expand", translate_expand, NULL, 2, NULL },
    { "Tile", translate_tile, NULL, 2, NULL },
    { "Pad", translate_pad, NULL, 1, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
