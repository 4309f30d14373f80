/* SPDX-License-Identifier: MIT */
/* pattern_norm.c - formulas that normalise. */
#include <string.h>

#include "ops.h"
#include "patterns.h"

/* The axes that a node reduces; false: it reduces none, or it is not known which. */
static bool own_axes(ray_translation *t, const ray_onnx_node *node, int32_t rank, bool *named)
{
    ray_int_list axes;
    if (!strcmp(node->op, "GlobalAveragePool")) {
        for (int32_t i = 0; i < rank; i++)
            named[i] = i >= 2;
        return true;
    }
    return !ray_node_ints(t, node, "axes", 1, &axes) && axes.n >= 1
        && !ray_node_axes(t, &axes, rank, named);
}

static bool is_reduction(const ray_onnx_node *node)
{
    return !strncmp(node->op, "Reduce", 6) || !strcmp(node->op, "GlobalAveragePool");
}

/* The axes that every reduction of the formula goes over; false: they differ, or are not known. */
static bool reduced_axes(ray_translation *t, const ray_pattern_found *found, bool *named)
{
    bool some = false, own[RAY_ONNX_MAX_RANK];
    for (int32_t k = 0; k < found->n; k++) {
        const ray_onnx_node *node = &t->model->nodes[found->node[k]];
        if (!is_reduction(node))
            continue;
        if (!own_axes(t, node, found->x.rank, own)
            || (some && memcmp(own, named, (size_t)found->x.rank * sizeof *own) != 0))
            return false;
        memcpy(named, own, sizeof own);
        some = true;
    }
    return some;
}

/* A formula's constant has the n dims from `axis` on, and no others beside 1. */
static bool fits(const ray_onnx_tensor *tensor, const ray_known *x, int32_t axis, int32_t n)
{
    const int32_t first = tensor->rank - (x->rank - axis);
    int64_t size = 1;
    for (int32_t i = 0; i < n; i++) {
        if (first < 0 || tensor->rank > x->rank || tensor->dim[first + i] != x->dim[axis + i])
            return false;
        size *= x->dim[axis + i];
    }
    return tensor->n == size;
}

static const ray_onnx_tensor *filled(ray_translation *t, int32_t rank, const int64_t *dim,
                                     double number)
{
    ray_onnx_tensor *made = ray_constant_new(t, RAY_ONNX_FLOAT, rank, dim);
    for (int64_t i = 0; made && i < made->n; i++)
        ray_constant_put(made, i, number);
    return made;
}

/* The formula's node of this operator. */
static const ray_onnx_node *find_node(const ray_translation *t, const ray_pattern_found *found,
                                      const char *op)
{
    int32_t k = 0;
    while (strcmp(t->model->nodes[found->node[k]].op, op) != 0)
        k++;
    return &t->model->nodes[found->node[k]];
}

/* The activation among the last node's operands: its dims are those of the result. */
static const ray_known *find_result(const ray_translation *t, const ray_pattern_found *found,
                                    const ray_onnx_node *inner)
{
    const ray_onnx_node *node = &t->model->nodes[found->last];
    const ray_known *first = ray_node_in(t, node, 0);
    return node == inner ? &found->x : first->constant ? ray_node_in(t, node, 1) : first;
}

/* ---- Over the last axes, or one ---- */

typedef struct layer_norm {
    int32_t                axis, n;     /* from where on, how many */
    double                 eps;
    const ray_onnx_tensor *weight, *bias;
} layer_norm;

static void put_eps(ray_step *step, double eps)
{
    if ((float)eps != 1e-5f)
        ray_attribute_number(&step->attributes, "eps", eps);
}

/* Over the last n dimensions, which are dim. */
static int plan_norm(ray_translation *t, ray_step *step, const layer_norm *norm, const int64_t *dim,
                     ray_known *out)
{
    const ray_onnx_tensor *weight = norm->weight, *bias = norm->bias;
    step->type = "layer_norm";
    ray_attribute_ints(&step->attributes, "normalized_shape", dim, norm->n);
    put_eps(step, norm->eps);
    if (!weight && !bias)
        ray_attribute_word(&step->attributes, "elementwise_affine", "false");
    else if (!weight && !(weight = filled(t, norm->n, dim, 1)))
        return -1;
    if (weight)
        ray_step_weight(step, "weight", weight);
    if (bias)
        ray_step_weight(step, "bias", bias);
    else if (weight)
        ray_attribute_word(&step->attributes, "bias", "false");
    return ray_plan_layer(t, step, out);
}

/* How many of the last axes are named, or 0 where others are. */
static int32_t count_last(const bool *named, int32_t rank)
{
    int32_t n = 0;
    while (n < rank && named[rank - 1 - n])
        n++;
    for (int32_t i = 0; i < rank - n; i++)
        if (named[i])
            return 0;
    return n;
}

static int32_t only_axis(const bool *named, int32_t rank)
{
    int32_t axis = RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < rank; i++) {
        if (named[i] && axis != RAY_ONNX_ABSENT)
            return RAY_ONNX_ABSENT;
        axis = named[i] ? i : axis;
    }
    return axis;
}

/* Axis `axis` goes to the end; `back`: from there to its place. */
static int move_axis(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t axis,
                     bool back)
{
    const int32_t last = x->rank - 1;
    int32_t perm[RAY_ONNX_MAX_RANK];
    for (int32_t i = 0; i <= last; i++)
        perm[i] = back ? (i < axis ? i : i == axis ? last : i - 1)
                       : (i < axis ? i : i == last ? axis : i + 1);
    return ray_op_permute(t, node, back ? "axis_back" : "axis_last", x, perm);
}

/* ---- Over groups of channels ---- */

/* Are x's axes the batch, positions, groups and their channels, of which the groups are kept? */
static bool is_grouped(const bool *named, const ray_known *x)
{
    bool found = x->rank >= 4 && x->rank <= 6 && x->batch == 0;
    for (int32_t i = 0; i < x->rank; i++)
        found = found && named[i] == (i != 0 && i != x->rank - 2);
    return found;
}

static int plan_groups(ray_translation *t, const ray_pattern_found *found)
{
    const int32_t rank = found->x.rank - 1;
    ray_known x = found->x, out;
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t first[RAY_ONNX_MAX_RANK] = { 0 }, back[RAY_ONNX_MAX_RANK] = { 0 };
    ray_step step = { .node = &t->model->nodes[found->last], .type = "group_norm", .in = &x,
                      .n_in = 1 };
    memcpy(dim, x.dim, sizeof dim);
    dim[rank - 1] *= dim[rank];
    for (int32_t i = 1; i < rank; i++) {
        first[i] = i == 1 ? rank - 1 : i - 1;
        back[i] = i == rank - 1 ? 1 : i + 1;
    }
    ray_attribute_int(&step.attributes, "num_groups", x.dim[rank - 1]);
    put_eps(&step, found->number);
    ray_step_weight(&step, "weight", found->weight);
    ray_step_weight(&step, "bias", found->bias);
    if (ray_known_view(t, step.node, &x, rank, dim, 0)
        || ray_op_permute(t, step.node, "axis_first", &x, first) || ray_plan_layer(t, &step, &out)
        || ray_op_permute(t, step.node, "axis_back", &out, back)
        || ray_known_view(t, step.node, &out, found->x.rank, found->x.dim, 0))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

/* Instances of channels that are groups of channels, seen so by a reshape before and one after. */
int ray_pattern_group(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    const ray_onnx_node *norm = find_node(t, found, "InstanceNormalization");
    const ray_known *groups = ray_node_in(t, norm, 0), *result = find_result(t, found, norm);
    ray_known x = found->x, out;
    ray_step step = { .node = &t->model->nodes[found->last], .type = "group_norm", .in = &x,
                      .n_in = 1 };
    (void)self;
    if (x.batch != 0 || x.rank < 3 || groups->batch != 0 || groups->rank < 3
        || x.dim[1] % groups->dim[1] || !fits(found->weight, &x, 1, 1)
        || !fits(found->bias, &x, 1, 1) || result->rank != x.rank
        || memcmp(result->dim, x.dim, (size_t)x.rank * sizeof *x.dim) != 0)
        return 0;
    ray_attribute_int(&step.attributes, "num_groups", groups->dim[1]);
    put_eps(&step, ray_node_number(norm, "epsilon", 1e-5));
    ray_step_weight(&step, "weight", found->weight);
    ray_step_weight(&step, "bias", found->bias);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

int ray_pattern_norm(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    layer_norm norm = { .eps = found->number, .weight = found->weight, .bias = found->bias };
    ray_known x = found->x, out;
    bool named[RAY_ONNX_MAX_RANK];
    (void)self;
    if (!reduced_axes(t, found, named))
        return 0;
    if (is_grouped(named, &x) && norm.weight && norm.bias && fits(norm.weight, &x, x.rank - 2, 2)
        && fits(norm.bias, &x, x.rank - 2, 2))
        return plan_groups(t, found);
    norm.n = count_last(named, x.rank);
    norm.axis = norm.n ? x.rank - norm.n : only_axis(named, x.rank);
    const bool moved = norm.n == 0;
    norm.n += moved;
    if (norm.axis < 0 || (moved ? norm.axis == x.batch : norm.axis <= x.batch)
        || (norm.weight && !fits(norm.weight, &x, norm.axis, norm.n))
        || (norm.bias && !fits(norm.bias, &x, norm.axis, norm.n)))
        return 0;
    ray_step step = { .node = &t->model->nodes[found->last], .in = &x, .n_in = 1 };
    if (moved && move_axis(t, step.node, &x, norm.axis, false))
        return -1;
    step.batch = x.batch;
    if (plan_norm(t, &step, &norm, x.dim + x.rank - norm.n, &out)
        || (moved && move_axis(t, step.node, &out, norm.axis, true)))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

/* ---- As TensorFlow's fused kernel does it ---- */


/* Numbers of one run, where all axes but the second are reduced and the first is one; else 0. */
static int64_t count_run(ray_translation *t, const ray_pattern_found *found)
{
    const ray_known *x = &found->x;
    bool named[RAY_ONNX_MAX_RANK];
    int64_t n = 1;
    if (x->rank < 3 || x->dim[0] != 1 || !reduced_axes(t, found, named))
        return 0;
    for (int32_t i = 0; i < x->rank; i++) {
        if (named[i] == (i == 1))
            return 0;
        n *= i == 1 ? 1 : x->dim[i];
    }
    return found->number == (double)n ? n : 0;
}

/* How many of the last dims hold n numbers; 0: none do. */
static int32_t count_dims(const ray_shape *item, int64_t n)
{
    int64_t size = 1;
    for (int32_t k = 1; k <= item->rank; k++) {
        size *= item->dim[item->rank - k];
        if (size == n)
            return k;
    }
    return 0;
}

int ray_pattern_fused(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    const ray_onnx_node *fused = find_node(t, found, "BatchNormalization");
    const ray_known result = *find_result(t, found, fused);
    const int64_t n = count_run(t, found);
    layer_norm norm = { .eps = ray_node_number(fused, "epsilon", 1e-5), .weight = found->weight,
                .bias = found->bias };
    ray_known in = found->x, out;
    (void)self;
    ray_known_skip_views(t, &in);
    norm.n = n ? count_dims(&in.item, n) : 0;
    norm.axis = result.rank - norm.n;
    if (norm.n == 0 || norm.axis < 0
        || (norm.weight && !fits(norm.weight, &result, norm.axis, norm.n))
        || (norm.bias && !fits(norm.bias, &result, norm.axis, norm.n)))
        return 0;
    ray_step step = { .node = &t->model->nodes[found->last], .in = &in, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    if (plan_norm(t, &step, &norm, in.item.dim + in.item.rank - norm.n, &out)
        || ray_known_view(t, step.node, &out, result.rank, result.dim, result.batch))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

/* ---- With fixed numbers ---- */

/* Batch norm as its owner folded it: a factor and a shift for each channel. */
int ray_pattern_scale(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    ray_known x = found->x, out;
    const int64_t channels = x.rank > 1 ? x.dim[1] : 0;
    (void)self;
    if (x.rank < 2 || x.rank > 5 || x.batch != 0 || channels < 2 || !fits(found->weight, &x, 1, 1)
        || !fits(found->bias, &x, 1, 1))
        return 0;
    ray_step step = { .node = &t->model->nodes[found->last], .type = "batch_norm",
                      .axes = x.rank < 3 ? 1 : x.rank - 2, .in = &x,
                      .n_in = 1 };
    const ray_onnx_tensor *mean = filled(t, 1, &channels, 0);
    const ray_onnx_tensor *variance = filled(t, 1, &channels, 1);
    if (!mean || !variance)
        return -1;
    ray_attribute_number(&step.attributes, "eps", 0);
    ray_step_weight(&step, "weight", found->weight);
    ray_step_weight(&step, "bias", found->bias);
    ray_step_weight(&step, "running_mean", mean);
    ray_step_weight(&step, "running_var", variance);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}
