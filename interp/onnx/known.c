/* SPDX-License-Identifier: MIT */
/* known.c - activations: their tensors, items and batch axes. */
#include <inttypes.h>
#include <string.h>

#include "translate.h"

int ray_known_set(ray_translation *t, ray_known *known, int32_t rank, const int64_t *dim,
                  int32_t batch)
{
    ray_known new = { .layer = known->layer, .rank = rank, .batch = batch };
    int64_t size = 1;
    if (rank > RAY_ONNX_MAX_RANK || rank - (batch >= 0) > RAY_MAX_RANK - 1)
        return ray_fail(t->error, "a tensor of %d dimensions; at most %d are possible beside the "
                        "batch", rank, RAY_MAX_RANK - 1);
    for (int32_t i = 0; i < rank; i++) {
        if (dim[i] < 1)
            return ray_fail(t->error, "a dimension of size %" PRId64 "; sizes must be at least 1",
                            dim[i]);
        if (!ray_multiply_checked(size, dim[i], &size))
            return ray_fail(t->error, "a tensor of more numbers than any memory");
        new.dim[i] = dim[i];
        if (i != batch)
            new.item.dim[new.item.rank++] = dim[i];
    }
    if (new.item.rank == 0)
        new.item.dim[new.item.rank++] = 1;
    *known = new;
    return 0;
}

void ray_known_constant(ray_known *known, const ray_onnx_tensor *tensor)
{
    *known = (ray_known){ .constant = tensor, .layer = RAY_NO_LAYER, .rank = tensor->rank,
                          .batch = RAY_ONNX_ABSENT };
    memcpy(known->dim, tensor->dim, sizeof known->dim);
}

/* torch's tensors for a batch have a first dimension 1. */
static bool is_batched(const ray_onnx_tensor *tensor, const ray_shape *item)
{
    return tensor->rank == item->rank + 1 && tensor->dim[0] == 1
        && !memcmp(tensor->dim + 1, item->dim, (size_t)item->rank * sizeof *item->dim);
}

/* A constant as an activation of this item (as many numbers as it has). */
static int as_parameter(ray_translation *t, const ray_onnx_node *node,
                        const ray_onnx_tensor *tensor, const ray_shape *item, ray_known *out)
{
    ray_step step = { .node = node, .type = "parameter", .suffix = "constant",
                      .batch = RAY_ONNX_ABSENT };
    tensor = ray_constant_real(t, tensor);
    if (!tensor)
        return -1;
    if (is_batched(tensor, item)) {
        ray_attribute_ints(&step.attributes, "shape", tensor->dim, tensor->rank);
        ray_attribute_word(&step.attributes, "batched", "true");
    } else {
        ray_attribute_ints(&step.attributes, "shape", item->dim, item->rank);
    }
    ray_step_weight(&step, "weight", tensor);
    return ray_plan_layer(t, &step, out);
}

static int as_activation(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    const ray_onnx_tensor *tensor = x->constant;
    ray_known made = { .layer = RAY_NO_LAYER };
    if (!tensor)
        return 0;
    if (ray_known_set(t, x, tensor->rank, tensor->dim, RAY_ONNX_ABSENT)
        || as_parameter(t, node, tensor, &x->item, &made))
        return -1;
    x->layer = made.layer;
    return 0;
}

int ray_known_in(ray_translation *t, const ray_onnx_node *node, int32_t i, ray_known *x)
{
    const ray_known *in = ray_node_in(t, node, i);
    if (!in)
        return ray_fail(t->error, "input %d is missing", i + 1);
    *x = *in;
    return as_activation(t, node, x);
}

static bool same_shape(const ray_shape *a, const ray_shape *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/* All but the first dimension joined, or just another shape. */
static void name_view(ray_step *step, const ray_shape *from, const ray_shape *to)
{
    step->type = to->rank == 1 && from->rank > 1 ? "flatten" : "reshape";
    if (to->rank > 1 || from->rank == 1)
        ray_attribute_ints(&step->attributes, "shape", to->dim, to->rank);
}

void ray_known_skip_views(const ray_translation *t, ray_known *x)
{
    while (x->layer >= 0 && (!strcmp(t->layers[x->layer].type, "reshape")
                             || !strcmp(t->layers[x->layer].type, "flatten"))) {
        x->layer = t->layers[x->layer].from[0];
        x->item = x->layer == RAY_INPUT_LAYER ? t->draft->shape : t->layers[x->layer].out;
    }
}

static int fail_merge(ray_translation *t)
{
    return ray_fail(t->error, "it mixes the %" PRId64 " items of the batch; export the model with "
                    "a batch of one or a free one", t->batch);
}

int ray_known_view(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t rank,
                   const int64_t *dim, int32_t batch)
{
    ray_known to = *x, in = *x, out;
    ray_step step = { .node = node, .suffix = "view", .in = &in, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    char a[128], b[128];
    if (x->batch != RAY_ONNX_ABSENT && batch == RAY_ONNX_ABSENT && t->batch != 1)
        return fail_merge(t);
    if (ray_known_set(t, &to, rank, dim, batch))
        return -1;
    if (ray_shape_size(&to.item) != ray_shape_size(&x->item))
        return ray_fail(t->error, "an item %s cannot be seen as %s", ray_shape_text(&x->item, a),
                        ray_shape_text(&to.item, b));
    if (!same_shape(&to.item, &x->item)) {
        ray_known_skip_views(t, &in);
        to.layer = in.layer;
        if (!same_shape(&to.item, &in.item)) {
            name_view(&step, &in.item, &to.item);
            if (ray_plan_layer(t, &step, &out))
                return -1;
            to.layer = out.layer;
        }
    }
    *x = to;
    return 0;
}

int ray_known_whole(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    if (x->batch == RAY_ONNX_ABSENT)
        return 0;
    memcpy(dim, x->dim, sizeof dim);
    return ray_known_view(t, node, x, x->rank, dim, RAY_ONNX_ABSENT);
}

int ray_known_batch_first(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    if (x->batch == 0)
        return 0;
    if (x->rank < 2 || x->dim[0] != t->batch)
        return ray_fail(t->error, "the first of its input's dimensions is not the batch");
    memcpy(dim, x->dim, sizeof dim);
    return ray_known_view(t, node, x, x->rank, dim, 0);
}

int ray_known_dim(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t axis,
                  int32_t *dim)
{
    if (axis == x->batch && ray_known_whole(t, node, x))
        return -1;
    *dim = x->batch == RAY_ONNX_ABSENT || axis < x->batch ? axis + 1 : axis;
    return 0;
}

/* ---- Operands of one layer ---- */

/* The common place of the batch, as an axis of the result; RAY_ONNX_ABSENT where there is none, or
 * none that suits all. */
static int32_t common_batch(const ray_known *in, int32_t n, int32_t rank, int32_t tail)
{
    int32_t place = RAY_ONNX_ABSENT;
    for (int32_t k = 0; k < n; k++) {
        if (in[k].batch == RAY_ONNX_ABSENT)
            continue;
        int32_t own = in[k].batch + rank - in[k].rank;
        if (own >= rank - tail || (place != RAY_ONNX_ABSENT && own != place))
            return RAY_ONNX_ABSENT;
        place = own;
    }
    for (int32_t k = 0; k < n && place != RAY_ONNX_ABSENT; k++) {
        int32_t own = place - (rank - in[k].rank);
        if (in[k].batch == RAY_ONNX_ABSENT && own >= 0 && in[k].dim[own] != 1)
            return RAY_ONNX_ABSENT;
    }
    return place;
}

/* Brings one operand to the scheme: batch is its own axis, or none. */
static int bring(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t batch)
{
    const ray_onnx_tensor *tensor = x->constant;
    int64_t dim[RAY_ONNX_MAX_RANK];
    memcpy(dim, x->dim, sizeof dim);
    if (tensor) {
        ray_known made;
        if (ray_known_set(t, x, tensor->rank, tensor->dim, batch)
            || as_parameter(t, node, tensor, &x->item, &made))
            return -1;
        x->layer = made.layer;
        return 0;
    }
    if (batch == x->batch)
        return 0;
    if (batch == RAY_ONNX_ABSENT)
        return ray_known_whole(t, node, x);
    return ray_known_view(t, node, x, x->rank, dim, batch);
}

int ray_known_align(ray_translation *t, const ray_onnx_node *node, ray_known *in, int32_t n,
                    int32_t tail, int32_t *batch)
{
    int32_t rank = 0;
    for (int32_t k = 0; k < n; k++)
        rank = in[k].rank > rank ? in[k].rank : rank;
    *batch = common_batch(in, n, rank, tail);
    for (int32_t k = 0; k < n; k++) {
        int32_t own = *batch == RAY_ONNX_ABSENT ? RAY_ONNX_ABSENT : *batch - (rank - in[k].rank);
        if (bring(t, node, &in[k], own < 0 ? RAY_ONNX_ABSENT : own))
            return -1;
    }
    return 0;
}

/* ---- Views ---- */

int32_t ray_known_find_batch(const ray_translation *t, const ray_known *x, int32_t rank,
                             const int64_t *dim)
{
    int64_t before = 1, product = 1;
    int32_t found = RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < x->batch; i++)
        before *= x->dim[i];
    if (x->batch == RAY_ONNX_ABSENT && t->batch != 1)
        return RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < rank; i++) {
        bool fits = dim[i] == t->batch && (x->batch == RAY_ONNX_ABSENT || product == before);
        if (fits && (found == RAY_ONNX_ABSENT || i == x->batch))
            found = i;
        product *= dim[i];
    }
    return found;
}
