/* SPDX-License-Identifier: MIT */
/* pattern_table.c - the formulas that are known, and the layers that they become. */
#include <math.h>
#include <string.h>

#include "patterns.h"

static const ray_onnx_node *node_of(const ray_translation *t, const ray_pattern_found *found)
{
    return &t->model->nodes[found->last];
}

static int plan_same(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    ray_known x = found->x, out;
    ray_step step = { .node = node_of(t, found), .type = self->kind, .in = &x, .n_in = 1,
                      .batch = RAY_ONNX_ABSENT };
    if (self->attributes)
        ray_attribute_word(&step.attributes, "approximate", self->attributes);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    x.layer = out.layer;
    ray_node_set(t, step.node, 0, &x);
    return 1;
}

/* ---- Layer normalisation ---- */

/* The axes of its reduction must be the last ones, as many as the weight has numbers for. */
static int32_t normalised(ray_translation *t, const ray_pattern_found *found)
{
    const ray_onnx_node *reduction = &t->model->nodes[found->reduction];
    bool named[RAY_ONNX_MAX_RANK];
    ray_int_list axes;
    if (ray_node_ints(t, reduction, "axes", 1, &axes)
        || ray_node_axes(t, &axes, found->x.rank, named) || axes.n < 1)
        return 0;
    for (int32_t i = 0; i < axes.n; i++)
        if (!named[found->x.rank - 1 - i])
            return 0;
    return axes.n;
}

static bool fits(const ray_onnx_tensor *tensor, const int64_t *dim, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++)
        if (tensor->rank < rank || tensor->dim[tensor->rank - rank + i] != dim[i])
            return false;
    int64_t n = 1;
    for (int32_t i = 0; i < rank; i++)
        n *= dim[i];
    return tensor->n == n;
}

static int plan_layer_norm(ray_translation *t, const ray_pattern *self,
                           const ray_pattern_found *found)
{
    const int32_t rank = normalised(t, found);
    const int64_t *dim = found->x.dim + found->x.rank - rank;
    ray_known x = found->x, out;
    ray_step step = { .node = node_of(t, found), .type = self->kind, .in = &x, .n_in = 1,
                      .batch = x.batch };
    if (rank == 0 || x.batch >= x.rank - rank
        || (found->weight && (!fits(found->weight, dim, rank) || !fits(found->bias, dim, rank))))
        return 0;
    ray_attribute_ints(&step.attributes, "normalized_shape", dim, rank);
    if ((float)found->number != 1e-5f)
        ray_attribute_number(&step.attributes, "eps", found->number);
    if (found->weight) {
        ray_step_weight(&step, "weight", found->weight);
        ray_step_weight(&step, "bias", found->bias);
    } else {
        ray_attribute_word(&step.attributes, "elementwise_affine", "false");
    }
    if (ray_plan_layer(t, &step, &out))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

/* ---- A product and its bias ---- */

static int plan_linear(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    const ray_onnx_tensor *w = found->weight, *b = found->bias;
    ray_known x = found->x, out;
    ray_step step = { .node = node_of(t, found), .type = self->kind, .in = &x, .n_in = 1,
                      .batch = x.batch };
    if (w->rank != 2 || x.rank < 2 || x.batch == x.rank - 1 || x.constant || b->rank < 1
        || b->rank > x.rank || b->n != w->dim[1] || b->dim[b->rank - 1] != w->dim[1])
        return 0;
    ray_attribute_int(&step.attributes, "out_features", w->dim[1]);
    ray_step_weight(&step, "weight", w);
    step.weight[0].transposed = true;
    ray_step_weight(&step, "bias", b);
    if (ray_plan_layer(t, &step, &out))
        return -1;
    ray_node_set(t, step.node, 0, &out);
    return 1;
}

#define CENTRED "Sub(x, ReduceMean(x))"
#define DEVIATION "Sqrt(Add(ReduceMean(Pow(" CENTRED ", 2)), e))"
#define DEVIATION_MUL "Sqrt(Add(ReduceMean(Mul(" CENTRED ", " CENTRED ")), e))"
#define CUBE "Add(x, Mul(Pow(x, 3), 0.044715))"
#define CUBE_MUL "Add(x, Mul(Mul(x, Mul(x, x)), 0.044715))"
#define CUBE_LEFT "Add(x, Mul(x, Mul(x, Mul(x, 0.044715))))"

const ray_pattern ray_patterns[] = {
    { "Add(MatMul(x, W), B)", plan_linear, "linear", NULL },
    { "Mul(x, Sigmoid(x))", plan_same, "silu", NULL },
    { "Mul(x, HardSigmoid(x, 0.16666667, 0.5))", plan_same, "hardswish", NULL },
    { "Div(Mul(x, Clip(Add(x, 3), 0, 6)), 6)", plan_same, "hardswish", NULL },
    { "Mul(x, Div(Clip(Add(x, 3), 0, 6), 6))", plan_same, "hardswish", NULL },
    { "Mul(Mul(x, Clip(Add(x, 3), 0, 6)), 0.16666667)", plan_same, "hardswish", NULL },
    { "Mul(x, Mul(Clip(Add(x, 3), 0, 6), 0.16666667))", plan_same, "hardswish", NULL },
    { "Mul(x, Tanh(Softplus(x)))", plan_same, "mish", NULL },
    { "Mul(Mul(x, Add(Erf(Div(x, 1.41421356)), 1)), 0.5)", plan_same, "gelu", NULL },
    { "Mul(x, Mul(Add(Erf(Div(x, 1.41421356)), 1), 0.5))", plan_same, "gelu", NULL },
    { "Mul(Mul(x, 0.5), Add(Erf(Div(x, 1.41421356)), 1))", plan_same, "gelu", NULL },
    { "Mul(Mul(x, Add(Erf(Mul(x, 0.70710678)), 1)), 0.5)", plan_same, "gelu", NULL },
    { "Mul(x, Mul(Add(Erf(Mul(x, 0.70710678)), 1), 0.5))", plan_same, "gelu", NULL },
    { "Mul(Mul(x, 0.5), Add(Erf(Mul(x, 0.70710678)), 1))", plan_same, "gelu", NULL },
    { "Mul(Mul(x, 0.5), Add(Tanh(Mul(" CUBE ", 0.79788456)), 1))", plan_same, "gelu", "tanh" },
    { "Mul(x, Mul(Add(Tanh(Mul(" CUBE ", 0.79788456)), 1), 0.5))", plan_same, "gelu", "tanh" },
    { "Mul(Mul(x, Add(Tanh(Mul(" CUBE ", 0.79788456)), 1)), 0.5)", plan_same, "gelu", "tanh" },
    { "Mul(Mul(x, 0.5), Add(Tanh(Mul(" CUBE_MUL ", 0.79788456)), 1))", plan_same, "gelu", "tanh" },
    { "Mul(x, Mul(Add(Tanh(Mul(" CUBE_MUL ", 0.79788456)), 1), 0.5))", plan_same, "gelu", "tanh" },
    { "Mul(Mul(x, 0.5), Add(Tanh(Mul(" CUBE_LEFT ", 0.79788456)), 1))", plan_same, "gelu", "tanh" },
    { "Add(Mul(Div(" CENTRED ", " DEVIATION "), W), B)", plan_layer_norm, "layer_norm", NULL },
    { "Add(Mul(Div(" CENTRED ", " DEVIATION_MUL "), W), B)", plan_layer_norm, "layer_norm", NULL },
    { "Add(Mul(" CENTRED ", Mul(Reciprocal(" DEVIATION_MUL "), W)), B)", plan_layer_norm,
      "layer_norm", NULL },
    { "Add(Mul(x, Mul(Reciprocal(" DEVIATION_MUL "), W)), Sub(B, Mul(ReduceMean(x), "
      "Mul(Reciprocal(" DEVIATION_MUL "), W))))", plan_layer_norm, "layer_norm", NULL },
    { "Div(" CENTRED ", " DEVIATION ")", plan_layer_norm, "layer_norm", NULL },
    { NULL, NULL, NULL, NULL }
};
