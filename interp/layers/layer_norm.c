/* SPDX-License-Identifier: MIT */
/* layer_norm.c - normalisation over the last dimensions of an item. */
#include "layers/norm.h"

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

static int infer(ray_infer *c)
{
    const layer_norm_options *o = c->options;
    const ray_shape *in = &c->in[0];
    ray_shape last = { .rank = o->normalized_shape.n };
    char given[128], actual[128];
    bool fits = last.rank > 0 && last.rank <= in->rank;
    for (int32_t i = 0; i < last.rank; i++) {
        last.dim[i] = o->normalized_shape.v[i];
        fits = fits && last.dim[i] == in->dim[in->rank - last.rank + i];
    }
    if (!fits)
        return ray_fail(c->error, "normalized_shape: %s is not how the input %s ends",
                        ray_shape_text(&last, given), ray_shape_text(in, actual));
    if (o->elementwise_affine) {
        c->weight[RAY_NORM_WEIGHT] = last;
        if (o->bias)
            c->weight[RAY_NORM_BIAS] = last;
    }
    c->out = *in;
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
