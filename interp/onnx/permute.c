/* SPDX-License-Identifier: MIT */
/* permute.c - dimensions in another order.  TensorFlow's channels are the last dimension, and its
 * exporters put transpositions around what wants them first.  Here permutations that meet are
 * joined, and one goes behind layers that treat each number alone, so that it meets the next. */
#include <string.h>

#include "fold.h"
#include "ops.h"

static const ray_planned *permute_of(const ray_translation *t, const ray_known *x)
{
    return x->layer >= 0 && t->layers[x->layer].order ? &t->layers[x->layer] : NULL;
}

/* From a permutation to what it reads.  The dims of the tensor stay as they were. */
static void step_back(const ray_translation *t, ray_known *x)
{
    x->layer = t->layers[x->layer].from[0];
    x->item = x->layer == RAY_INPUT_LAYER ? t->draft->shape : t->layers[x->layer].out;
}

int ray_op_order(ray_translation *t, const ray_onnx_node *node, const char *suffix,
                 const int32_t *order, ray_known *x)
{
    const int32_t n = x->item.rank + 1;
    ray_step step = { .node = node, .type = "permute", .suffix = suffix, .in = x, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    int32_t *own = ray_arena_alloc(&t->draft->arena, RAY_MAX_RANK, sizeof *own);
    int64_t dims[RAY_MAX_RANK];
    ray_known out;
    if (!own)
        return ray_fail_memory(t->error);
    for (int32_t i = 0; i < n; i++)
        dims[i] = own[i] = order[i];
    ray_attribute_ints(&step.attributes, "dims", dims, n);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    t->layers[out.layer].order = own;
    x->layer = out.layer;
    x->item = t->layers[out.layer].out;
    return 0;
}

int ray_op_permute(ray_translation *t, const ray_onnx_node *node, const char *suffix, ray_known *x,
                   const int32_t *perm)
{
    const ray_planned *before = permute_of(t, x);
    int32_t order[RAY_ONNX_MAX_RANK + 1] = { 0 }, n = 1, batch = RAY_ONNX_ABSENT;
    int64_t dim[RAY_ONNX_MAX_RANK];
    bool sorted = true;
    ray_known in = *x;
    for (int32_t i = 0; i < x->rank; i++) {
        const int32_t axis = perm[i];
        dim[i] = x->dim[axis];
        if (axis == x->batch) {
            batch = i;
            continue;
        }
        order[n] = x->batch == RAY_ONNX_ABSENT || axis < x->batch ? axis + 1 : axis;
        order[n] = before ? before->order[order[n]] : order[n];
        sorted = sorted && order[n] == n;
        n++;
    }
    if (before)
        step_back(t, &in);
    if (sorted ? ray_known_view(t, node, &in, x->rank, dim, batch)
               : ray_op_order(t, node, suffix, order, &in)
                     || ray_known_set(t, &in, x->rank, dim, batch))
        return -1;
    *x = in;
    return 0;
}

/* H x W x C becomes C x H x W.  This order stays before the layer: pictures are C x H x W here. */
static bool is_channels_first(const int32_t *order, int32_t n)
{
    bool found = n > 3 && order[1] == n - 1;
    for (int32_t i = 2; i < n; i++)
        found = found && order[i] == i - 1;
    return found;
}

/* The order that all operands are permuted in, or NULL where it better stays. */
static const int32_t *common_order(const ray_translation *t, const ray_known *in, int32_t n)
{
    const ray_planned *first = permute_of(t, &in[0]);
    for (int32_t k = 1; first && k < n; k++) {
        const ray_planned *other = permute_of(t, &in[k]);
        if (!other || other->out.rank != first->out.rank
            || memcmp(other->order, first->order, (size_t)(first->out.rank + 1) * sizeof(int32_t)))
            return NULL;
    }
    return first && !is_channels_first(first->order, first->out.rank + 1) ? first->order : NULL;
}

/* The constant with its axes in the order before x was permuted, the batch in front.  false: it has
 * a number for each item, or there is no memory, which is told. */
static bool turn_constant(ray_translation *t, const ray_planned *before, const ray_known *x,
                          ray_known *c)
{
    ray_fold_view own, view = { .rank = before->out.rank + 1, .dim = { 1 } };
    int32_t item = 0;
    ray_fold_view_of(&own, c->rank, c->dim);
    for (int32_t axis = 0; axis < x->rank; axis++) {
        const int32_t from = axis - (x->rank - c->rank);
        const int64_t dim = from < 0 ? 1 : c->dim[from];
        if (axis == x->batch && dim != 1)
            return false;
        if (axis == x->batch)
            continue;
        view.dim[before->order[++item]] = dim;
        view.stride[before->order[item]] = from < 0 ? 0 : own.stride[from];
    }
    const ray_onnx_tensor *made = ray_fold_copy(t, c->constant, &view);
    if (made)
        ray_known_constant(c, made);
    return made != NULL;
}

int ray_op_before(ray_translation *t, ray_known *x, const int32_t **order)
{
    ray_known in = *x;
    int64_t dim[RAY_ONNX_MAX_RANK] = { t->batch };
    *order = common_order(t, x, 1);
    if (!*order)
        return 0;
    step_back(t, &in);
    memcpy(dim + 1, in.item.dim, (size_t)in.item.rank * sizeof *dim);
    *x = in;
    return ray_known_set(t, x, in.item.rank + 1, dim, 0);
}

int ray_op_meet_constant(ray_translation *t, ray_known *x, ray_known *c, const int32_t **order)
{
    const ray_planned *before = permute_of(t, x);
    ray_known turned = *c;
    *order = NULL;
    if (!before || !c->constant || c->rank > x->rank || !common_order(t, x, 1))
        return 0;
    if (!turn_constant(t, before, x, &turned))
        return t->error->text[0] ? -1 : 0;
    *c = turned;
    return ray_op_before(t, x, order);
}

int ray_plan_each(ray_translation *t, ray_step *step, ray_known *in, int32_t n, ray_known *out)
{
    const int32_t *order = common_order(t, in, n);
    step->in = in;
    step->n_in = n;
    step->batch = RAY_ONNX_ABSENT;
    for (int32_t k = 0; order && k < n; k++)
        step_back(t, &in[k]);
    if (ray_plan_layer(t, step, out))
        return -1;
    return order && ray_op_order(t, step->node, "permute", order, out) ? -1 : 0;
}
