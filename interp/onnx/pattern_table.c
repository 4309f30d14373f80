/* SPDX-License-Identifier: MIT */
/* pattern_table.c - the formulas that are known, and the layers that they become. */
#include <string.h>

#include "ops.h"
#include "patterns.h"

static const ray_onnx_node *node_of(const ray_translation *t, const ray_pattern_found *found)
{
    return &t->model->nodes[found->last];
}

static int plan_same(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    ray_known x = found->x;
    ray_step step = { .node = node_of(t, found), .type = self->kind };
    if (self->attributes)
        ray_attribute_text(&step.attributes, self->attributes);
    if (ray_plan_each_same(t, &step, &x)
        || (found->turned && ray_op_permute(t, step.node, "permute", &x, found->order)))
        return -1;
    ray_node_set(t, step.node, 0, &x);
    return 1;
}

/* ---- A product and its bias ---- */

/* A number for each of n outputs, which are the last dims of the result, and nothing else. */
static bool is_bias(const ray_onnx_tensor *b, int64_t n, const ray_known *result)
{
    int64_t last = 1;
    for (int32_t i = 1; i <= b->rank; i++) {
        const int64_t dim = b->dim[b->rank - i];
        if (i > result->rank || dim != (last < n ? result->dim[result->rank - i] : 1))
            return false;
        last *= dim;
    }
    return last == n;
}

/* The activation among the operands of the last node: the sum has its dims. */
static const ray_known *find_result(const ray_translation *t, const ray_pattern_found *found)
{
    const ray_known *first = ray_node_in(t, node_of(t, found), 0);
    return first->constant ? ray_node_in(t, node_of(t, found), 1) : first;
}

/* x W, seen with other dims perhaps, and a bias. */
static int plan_linear(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found)
{
    const ray_onnx_node *product = &t->model->nodes[found->node[found->n - 1]];
    const bool turned = ray_node_int(product, "transB", 0) != 0;
    const ray_known result = *find_result(t, found);
    const ray_onnx_tensor *w = found->weight;
    ray_known out;
    (void)self;
    if (w->rank != 2 || !ray_op_is_linear(&found->x, w, turned) || result.batch == result.rank - 1
        || ray_node_int(product, "transA", 0) || ray_node_number(product, "alpha", 1) != 1
        || !is_bias(found->bias, w->dim[turned ? 0 : 1], &result))
        return 0;
    if (ray_op_linear(t, node_of(t, found), &found->x, w, turned, found->bias, &out)
        || ray_known_view(t, node_of(t, found), &out, result.rank, result.dim, result.batch))
        return -1;
    ray_node_set(t, node_of(t, found), 0, &out);
    return 1;
}

#define CUBE "Add(x, Mul(Pow(x, 3), 0.044715))"
#define CUBE_MUL "Add(x, Mul(Mul(x, Mul(x, x)), 0.044715))"
#define CUBE_LEFT "Add(x, Mul(x, Mul(x, Mul(x, 0.044715))))"
#define BENT(cube) "Add(Tanh(Mul(" cube ", 0.79788456)), 1)"
#define SHARE "Add(Erf(Mul(x, 0.70710678)), 1)"
#define SHARE_DIV "Add(Erf(Div(x, 1.41421356)), 1)"
#define SIX "Clip(Add(x, 3), 0, 6)"
#define CENTRED "Sub(x, ReduceMean(x))"
#define DEVIATION "Sqrt(Add(ReduceMean(Pow(" CENTRED ", 2)), e))"
#define DEVIATION_MUL "Sqrt(Add(ReduceMean(Mul(" CENTRED ", " CENTRED ")), e))"
#define RECIPROCAL "Reciprocal(" DEVIATION_MUL ")"
#define SCALED "Mul(" RECIPROCAL ", W)"
#define LESS "Neg(ReduceMean(x))"
#define FUSED \
    "BatchNormalization(x, I, O, Squeeze(ReduceMean(x)), Div(ReduceSumSquare(" CENTRED "), e))"

const ray_pattern ray_patterns[] = {
    { "Add(MatMul(x, W), B)", plan_linear, NULL, NULL, false },
    { "Add(Reshape(MatMul(x, W)), B)", plan_linear, NULL, NULL, false },
    { "Add(Squeeze(Reshape(Gemm(x, W))), B)", plan_linear, NULL, NULL, false },
    { "Mul(x, Sigmoid(x))", plan_same, "silu", NULL, true },
    { "Mul(x, HardSigmoid(x, 0.16666667, 0.5))", plan_same, "hardswish", NULL, true },
    { "Div(Mul(x, " SIX "), 6)", plan_same, "hardswish", NULL, true },
    { "Mul(x, Div(" SIX ", 6))", plan_same, "hardswish", NULL, true },
    { "Mul(Mul(x, " SIX "), 0.16666667)", plan_same, "hardswish", NULL, true },
    { "Mul(x, Mul(" SIX ", 0.16666667))", plan_same, "hardswish", NULL, true },
    { "Div(" SIX ", 6)", plan_same, "hardsigmoid", NULL, true },
    { "Mul(" SIX ", 0.16666667)", plan_same, "hardsigmoid", NULL, true },
    { "Max(Min(x, 1), 0)", plan_same, "clamp", "min: 0, max: 1", true },
    { "Mul(x, Tanh(Softplus(x)))", plan_same, "mish", NULL, true },
    { "Mul(Mul(x, " SHARE_DIV "), 0.5)", plan_same, "gelu", NULL, true },
    { "Mul(x, Mul(" SHARE_DIV ", 0.5))", plan_same, "gelu", NULL, true },
    { "Mul(Mul(x, 0.5), " SHARE_DIV ")", plan_same, "gelu", NULL, true },
    { "Mul(Mul(x, " SHARE "), 0.5)", plan_same, "gelu", NULL, true },
    { "Mul(x, Mul(" SHARE ", 0.5))", plan_same, "gelu", NULL, true },
    { "Mul(Mul(x, 0.5), " SHARE ")", plan_same, "gelu", NULL, true },
    { "Mul(Mul(x, 0.5), " BENT(CUBE) ")", plan_same, "gelu", "approximate: tanh", true },
    { "Mul(x, Mul(" BENT(CUBE) ", 0.5))", plan_same, "gelu", "approximate: tanh", true },
    { "Mul(Mul(x, " BENT(CUBE) "), 0.5)", plan_same, "gelu", "approximate: tanh", true },
    { "Mul(Mul(x, 0.5), " BENT(CUBE_MUL) ")", plan_same, "gelu", "approximate: tanh", true },
    { "Mul(x, Mul(" BENT(CUBE_MUL) ", 0.5))", plan_same, "gelu", "approximate: tanh", true },
    { "Mul(Mul(x, 0.5), " BENT(CUBE_LEFT) ")", plan_same, "gelu", "approximate: tanh", true },
    { "Add(Mul(Div(" CENTRED ", " DEVIATION "), W), B)", ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(Div(" CENTRED ", " DEVIATION_MUL "), W), B)", ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(" CENTRED ", Mul(" RECIPROCAL ", W)), B)", ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(x, Mul(" RECIPROCAL ", W)), Sub(B, Mul(ReduceMean(x), Mul(" RECIPROCAL ", W))))",
      ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(x, " SCALED "), Add(Mul(" LESS ", " SCALED "), B))", ray_pattern_norm, NULL, NULL,
      false },
    { "Add(Mul(x, " SCALED "), Mul(" LESS ", " SCALED "))", ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(x, " RECIPROCAL "), Add(Mul(" LESS ", " RECIPROCAL "), B))", ray_pattern_norm, NULL,
      NULL, false },
    { "Add(Mul(x, " RECIPROCAL "), Mul(" LESS ", " RECIPROCAL "))", ray_pattern_norm, NULL, NULL,
      false },
    { "Div(" CENTRED ", " DEVIATION ")", ray_pattern_norm, NULL, NULL, false },
    { "Add(Mul(Reshape(" FUSED "), W), B)", ray_pattern_fused, NULL, NULL, false },
    { "Mul(Reshape(" FUSED "), W)", ray_pattern_fused, NULL, NULL, false },
    { "Add(Reshape(" FUSED "), B)", ray_pattern_fused, NULL, NULL, false },
    { "Add(Mul(Reshape(InstanceNormalization(Reshape(x, _), I, O), _), W), B)", ray_pattern_group,
      NULL, NULL, false },
    { FUSED, ray_pattern_fused, NULL, NULL, false },
    { "Add(Mul(x, W), B)", ray_pattern_scale, NULL, NULL, false },
    { NULL, NULL, NULL, NULL, false }
};
