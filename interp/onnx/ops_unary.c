/* SPDX-License-Identifier: MIT */
/* ops_unary.c - operators that treat each number alone, and softmax. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "translate.h"

#define UNBOUNDED 3.4e38      /* bounds from here on are none */

static int translate_plain(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known x;
    if (ray_known_in(t, node, 0, &x) || ray_plan_unary(t, node, self->kind, NULL, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* Do numbers drop out?  Some exporters write training mode with a ratio of 0. */
static bool is_random(const ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *ratio = ray_node_constant(t, node, 1);
    const ray_onnx_tensor *training = ray_node_constant(t, node, 2);
    return !strcmp(node->op, "Dropout") && training && training->n == 1
        && ray_onnx_integer(training, 0) && !(ratio && ratio->n && !ray_onnx_number(ratio, 0));
}

/* The same numbers: no layer. */
static int translate_same(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known x;
    (void)self;
    if (ray_node_used(t, node, 1))
        return ray_fail(t->error, "only its first output is supported");
    if (is_random(t, node))
        return ray_fail(t->error, "training_mode is not supported");
    return ray_known_in(t, node, 0, &x) ? -1 : ray_node_done(t, node, &x);
}

static int translate_cast(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const ray_onnx_tensor *like = ray_node_constant(t, node, 1);
    const int64_t to = like ? like->type : ray_node_int(node, "to", RAY_ONNX_FLOAT);
    if (to != RAY_ONNX_FLOAT && to != RAY_ONNX_DOUBLE && to != RAY_ONNX_FLOAT16
        && to != RAY_ONNX_BFLOAT16)
        return ray_fail(t->error, "activations cannot become integers");
    return translate_same(t, node, self);
}

/* ---- With a number ---- */

typedef struct number_row {
    const char *op, *attribute;
    double      otherwise;
    const char *name;
} number_row;

static const number_row numbers[] = {       /* attribute of the operator; that of the layer */
    { "LeakyRelu", "alpha", 0.01, "negative_slope" },
    { "Elu", "alpha", 1, "alpha" },
    { "Celu", "alpha", 1, "alpha" },
    { "ThresholdedRelu", "alpha", 1, "threshold" },
};

static int translate_number(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const number_row *row = numbers;
    ray_step step = { .node = node, .type = self->kind };
    ray_known x;
    while (strcmp(row->op, self->op) != 0)
        row++;
    ray_attribute_number(&step.attributes, row->name,
                         ray_node_number(node, row->attribute, row->otherwise));
    if (self->more)
        ray_attribute_word(&step.attributes, self->more, "0");
    if (ray_known_in(t, node, 0, &x) || ray_plan_each_same(t, &step, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* torch's numbers are the operator's defaults; others: gamma elu(x). */
static int translate_selu(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const double alpha = ray_node_number(node, "alpha", 1.67326319217681884765625);
    const double gamma = ray_node_number(node, "gamma", 1.05070102214813232421875);
    ray_step step = { .node = node, .type = "elu", .suffix = "elu" };
    ray_known x;
    if (fabs(alpha - 1.67326319) < 1e-6 && fabs(gamma - 1.050701) < 1e-6)
        return translate_plain(t, node, self);
    ray_attribute_number(&step.attributes, "alpha", alpha);
    if (ray_known_in(t, node, 0, &x) || ray_plan_each_same(t, &step, &x)
        || ray_plan_scalar(t, node, "mul", NULL, gamma, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

static int plan_clamp(ray_translation *t, const ray_onnx_node *node, double low, double high,
                      ray_known *x)
{
    ray_step step = { .node = node, .type = "clamp" };
    if (low <= -UNBOUNDED && high >= UNBOUNDED)
        return 0;
    if (low == 0 && (high == 6 || high >= UNBOUNDED)) {
        step.type = high == 6 ? "relu6" : "relu";
        return ray_plan_each_same(t, &step, x);
    }
    if (low > -UNBOUNDED)
        ray_attribute_number(&step.attributes, "min", low);
    if (high < UNBOUNDED)
        ray_attribute_number(&step.attributes, "max", high);
    return ray_plan_each_same(t, &step, x);
}

/* alpha x + beta, within 0 and 1. */
static int translate_hard_sigmoid(ray_translation *t, const ray_onnx_node *node,
                                  const ray_onnx_op *self)
{
    const double alpha = ray_node_number(node, "alpha", 0.2);
    const double beta = ray_node_number(node, "beta", 0.5);
    ray_known x;
    if (fabs(alpha - 1.0 / 6) < 1e-6 && beta == 0.5)
        return translate_plain(t, node, self);
    if (ray_known_in(t, node, 0, &x) || ray_plan_scalar(t, node, "mul", "scaled", alpha, &x)
        || ray_plan_scalar(t, node, "add", "shifted", beta, &x) || plan_clamp(t, node, 0, 1, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

static int clip_bound(ray_translation *t, const ray_onnx_node *node, int32_t i, const char *name,
                      double otherwise, double *bound)
{
    const ray_known *in = ray_node_in(t, node, i);
    *bound = ray_node_number(node, name, otherwise);
    if (in && !in->constant)
        return ray_fail(t->error, "its %s is computed; it must be a constant", name);
    if (in && in->constant->n == 1)
        *bound = ray_onnx_number(in->constant, 0);
    return 0;
}

static int translate_clip(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    double low, high;
    ray_known x;
    (void)self;
    if (ray_known_in(t, node, 0, &x) || clip_bound(t, node, 1, "min", -UNBOUNDED, &low)
        || clip_bound(t, node, 2, "max", UNBOUNDED, &high) || plan_clamp(t, node, low, high, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

static int translate_gelu(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_step step = { .node = node, .type = self->kind };
    ray_known x;
    if (!strcmp(ray_node_word(node, "approximate", "none"), "tanh"))
        ray_attribute_word(&step.attributes, "approximate", "tanh");
    if (ray_known_in(t, node, 0, &x) || ray_plan_each_same(t, &step, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* x sigmoid(alpha x) */
static int translate_swish(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const double alpha = ray_node_number(node, "alpha", 1);
    ray_known x;
    if (alpha == 1)
        return translate_plain(t, node, self);
    if (alpha == 0)
        return ray_fail(t->error, "alpha: 0 is not supported");
    if (ray_known_in(t, node, 0, &x) || ray_plan_scalar(t, node, "mul", "scaled", alpha, &x)
        || ray_plan_unary(t, node, self->kind, "silu", &x)
        || ray_plan_scalar(t, node, "mul", NULL, 1 / alpha, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* x - bias where x > lambd, x + bias where x < -lambd: hard without bias, soft with all of it. */
static int translate_shrink(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const double bias = ray_node_number(node, "bias", 0);
    const double lambd = ray_node_number(node, "lambd", 0.5);
    ray_step step = { .node = node, .type = bias == 0 ? "hardshrink" : "softshrink" };
    ray_known x;
    (void)self;
    if (bias != 0 && bias != lambd)
        return ray_fail(t->error, "bias: %g is neither 0 nor lambd, %g", bias, lambd);
    ray_attribute_number(&step.attributes, "lambd", lambd);
    if (ray_known_in(t, node, 0, &x) || ray_plan_each_same(t, &step, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

/* ---- Slopes ---- */

/* min(x, 0) slope + max(x, 0) for a slope of any shape that broadcasts. */
static int prelu_parts(ray_translation *t, const ray_onnx_node *node, ray_known *x)
{
    ray_known in[2] = { *x, *ray_node_in(t, node, 1) }, sum[2] = { *x }, product;
    ray_step times = { .node = node, .type = "mul", .suffix = "below", .in = in, .n_in = 2 };
    ray_step add = { .node = node, .type = "add", .in = sum, .n_in = 2 };
    if (ray_plan_unary(t, node, "relu", "above", &sum[0])
        || ray_plan_scalar(t, node, "minimum", "negative", 0, &in[0])
        || ray_known_align(t, node, in, 2, 0, &times.batch)
        || ray_plan_layer(t, &times, &product))
        return -1;
    sum[1] = product;
    return ray_known_align(t, node, sum, 2, 0, &add.batch) || ray_plan_layer(t, &add, x) ? -1 : 0;
}

/* C x 1 x ... or 1 x C x 1 x ...; or C alone, as before opset 7, where that does not fit the last
 * axis. */
static bool is_by_channel(const ray_onnx_tensor *slope, const ray_known *x)
{
    if (slope->rank == x->rank && x->rank >= 2 && slope->n == x->dim[1])
        return slope->dim[1] == slope->n;
    if (x->rank < 2 || slope->rank < 1 || slope->n != x->dim[1] || slope->dim[0] != slope->n)
        return false;
    return slope->rank == x->rank - 1 || (slope->rank == 1 && x->dim[x->rank - 1] != slope->n);
}

static int translate_prelu(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const ray_onnx_tensor *slope = ray_node_constant(t, node, 1);
    ray_step step = { .node = node, .type = self->kind };
    ray_known x;
    if (ray_known_in(t, node, 0, &x))
        return -1;
    const bool by_channel = slope && x.batch == 0 && is_by_channel(slope, &x);
    if (slope && (slope->n == 1 || by_channel)) {
        ray_attribute_int(&step.attributes, "num_parameters", slope->n);
        ray_step_weight(&step, "weight", slope);
        return ray_plan_same(t, &step, &x) ? -1 : ray_node_done(t, node, &x);
    }
    return prelu_parts(t, node, &x) ? -1 : ray_node_done(t, node, &x);
}

/* ---- Softmax ---- */

static int plan_softmax(ray_translation *t, const ray_onnx_node *node, const char *kind,
                        int32_t dim, ray_known *x)
{
    ray_step step = { .node = node, .type = kind };
    if (dim != 1)
        ray_attribute_int(&step.attributes, "dim", dim);
    return ray_plan_same(t, &step, x);
}

/* Before opset 13: over all dimensions from axis on, as if they were one. */
static int softmax_joined(ray_translation *t, const ray_onnx_node *node, const char *kind,
                          int32_t axis, ray_known *x)
{
    const ray_known was = *x;
    int64_t dim[2] = { 1, 1 };
    for (int32_t i = 0; i < x->rank; i++)
        dim[i >= axis] *= x->dim[i];
    const int32_t batch = x->batch == 0 && axis == 1 ? 0 : RAY_ONNX_ABSENT;
    if (ray_known_view(t, node, x, 2, dim, batch)
        || plan_softmax(t, node, kind, batch == 0 ? 1 : 2, x))
        return -1;
    return ray_known_view(t, node, x, was.rank, was.dim, was.batch);
}

static int translate_softmax(ray_translation *t, const ray_onnx_node *node,
                             const ray_onnx_op *self)
{
    const bool joined = t->model->opset < 13;
    int32_t axis, dim;
    int64_t rest = 1;
    ray_known x;
    if (ray_known_in(t, node, 0, &x)
        || ray_node_axis(t, ray_node_int(node, "axis", joined ? 1 : -1), x.rank, &axis))
        return -1;
    for (int32_t i = axis + 1; i < x.rank; i++)
        rest *= x.dim[i];
    if (joined && rest > 1)
        return softmax_joined(t, node, self->kind, axis, &x) ? -1 : ray_node_done(t, node, &x);
    if (ray_known_dim(t, node, &x, axis, &dim)
        || plan_softmax(t, node, self->kind, dim, &x))
        return -1;
    return ray_node_done(t, node, &x);
}

const ray_onnx_op ray_onnx_ops_unary[] = {
    { "Relu", translate_plain, "relu", 0, NULL },
    { "Sigmoid", translate_plain, "sigmoid", 0, NULL },
    { "Tanh", translate_plain, "tanh", 0, NULL },
    { "Exp", translate_plain, "exp", 0, NULL },
    { "Log", translate_plain, "log", 0, NULL },
    { "Sqrt", translate_plain, "sqrt", 0, NULL },
    { "Abs", translate_plain, "abs", 0, NULL },
    { "Neg", translate_plain, "neg", 0, NULL },
    { "Reciprocal", translate_plain, "reciprocal", 0, NULL },
    { "Erf", translate_plain, "erf", 0, NULL },
    { "Sin", translate_plain, "sin", 0, NULL },
    { "Cos", translate_plain, "cos", 0, NULL },
    { "Softplus", translate_plain, "softplus", 0, NULL },
    { "Softsign", translate_plain, "softsign", 0, NULL },
    { "HardSwish", translate_plain, "hardswish", 0, NULL },
    { "Mish", translate_plain, "mish", 0, NULL },
    { "Identity", translate_same, NULL, 0, NULL },
    { "Dropout", translate_same, NULL, 0, NULL },
    { "Cast", translate_cast, NULL, 0, NULL },
    { "CastLike", translate_cast, NULL, 2, NULL },
    { "LeakyRelu", translate_number, "leaky_relu", 0, NULL },
    { "Elu", translate_number, "elu", 0, NULL },
    { "Celu", translate_number, "celu", 0, NULL },
    { "ThresholdedRelu", translate_number, "threshold", 0, "value" },
    { "Selu", translate_selu, "selu", 0, NULL },
    { "HardSigmoid", translate_hard_sigmoid, "hardsigmoid", 0, NULL },
    { "Clip", translate_clip, NULL, 0, NULL },
    { "Swish", translate_swish, "silu", 0, NULL },
    { "Gelu", translate_gelu, "gelu", 0, NULL },
    { "Shrink", translate_shrink, NULL, 0, NULL },
    { "PRelu", translate_prelu, "prelu", 2, NULL },
    { "Softmax", translate_softmax, "softmax", 0, NULL },
    { "LogSoftmax", translate_softmax, "log_softmax", 0, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
