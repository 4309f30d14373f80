/* SPDX-License-Identifier: MIT */
/* layer_norm.c - normalisation over the last dimensions of an item. */
#include <string.h>

#include "norm.h"

typedef struct layer_norm_options {
    ray_ints normalized_shape;
    double   eps;
    bool     elementwise_affine, bias;
} layer_norm_options;

static const ray_option options[] = {
    { "normalized_shape", "the last dimensions of the input: one number or a list", RAY_INTS,
      RAY_REQUIRED, offsetof(layer_norm_options, normalized_shape), NAN, 1, INT32_MAX, NULL,
      RAY_MAX_RANK - 1 },
    RAY_EPS_OPTION(layer_norm_options),
    { "elementwise_affine", "multiply by weight and add bias", RAY_BOOL, 0,
      offsetof(layer_norm_options, elementwise_affine), 1, 0, 0, NULL, 0 },
    { "bias", "whether there is a bias beside the weight", RAY_BOOL, 0,
      offsetof(layer_norm_options, bias), 1, 0, 0, NULL, 0 },
    { 0 }
};

/* The input's last dimensions, as many as normalized_shape has; fails unless they are equal. */
static int find_last(ray_infer *c, ray_shape *last)
{
    const ray_ints *given = &((const layer_norm_options *)c->options)->normalized_shape;
    const ray_shape *in = &c->in[0];
    char expected[128], text[128];
    *last = (ray_shape){ .rank = given->n };
    if (given->n < 1 || given->n > in->rank)
        return ray_fail(c->error, "normalized_shape: %d numbers for an input %s; expected 1 to %d",
                        (int)given->n, ray_shape_text(in, text), (int)in->rank);
    memcpy(last->dim, in->dim + (in->rank - given->n), (size_t)given->n * sizeof *last->dim);
    if (memcmp(last->dim, given->v, (size_t)given->n * sizeof *last->dim))
        return ray_fail(c->error, "normalized_shape: expected %s, as the input %s ends",
                        ray_shape_text(last, expected), ray_shape_text(in, text));
    return 0;
}

static int infer(ray_infer *c)
{
    const layer_norm_options *o = c->options;
    ray_shape last;
    if (find_last(c, &last))
        return -1;
    if (o->elementwise_affine) {
        c->weight[RAY_NORM_WEIGHT] = last;
        if (o->bias)
            c->weight[RAY_NORM_BIAS] = last;
    }
    c->out = c->in[0];
    return 0;
}

/* Numbers that are normalised together. */
static int64_t count_run(const layer_norm_options *o)
{
    int64_t n = 1;
    for (int32_t i = 0; i < o->normalized_shape.n; i++)
        n *= o->normalized_shape.v[i];
    return n;
}

static ray_affine find_affine(const ray_op *op)
{
    return (ray_affine){ op->weight[RAY_NORM_WEIGHT].data, op->weight[RAY_NORM_BIAS].data, 1 };
}

static void forward(const ray_op *op)
{
    const layer_norm_options *o = op->options;
    const int64_t n = count_run(o), runs = ray_tensor_size(op->out) / n;
    const ray_affine affine = find_affine(op);
    #pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < runs; r++)
        ray_norm_forward(op->in[0].data + r * n, n, o->eps, &affine, op->out->data + r * n);
}

static void backward(const ray_op *op)
{
    const layer_norm_options *o = op->options;
    const int64_t n = count_run(o), runs = ray_tensor_size(op->dout) / n;
    const ray_affine affine = find_affine(op);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < runs; r++)
        ray_norm_backward(op->in[0].data + r * n, op->dout->data + r * n, n, o->eps, &affine,
                          op->din[0].data + r * n);
}

RAY_KINDS(layer_norm) = {
    {
        .name = "layer_norm",
        .summary = "y = weight (x - mean) / sqrt(variance + eps) + bias, over the last dimensions",
        .traits = RAY_NORM,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(layer_norm_options),
        .weights = { "weight", "bias" },
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
