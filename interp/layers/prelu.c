/* SPDX-License-Identifier: MIT */
/* prelu.c - leaky_relu with a learnt slope for all channels or for each. */
#include "elementwise.h"

typedef struct prelu_options { int64_t num_parameters; } prelu_options;

static const ray_option options[] = {
    { "num_parameters", "slopes: 1 for all channels, or as many as there are channels", RAY_INT, 0,
      offsetof(prelu_options, num_parameters), 1, 1, INT32_MAX, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    const prelu_options *o = c->options;
    const int64_t channels = c->in[0].dim[0];
    if (o->num_parameters != 1 && o->num_parameters != channels)
        return ray_fail(c->error, "num_parameters: %lld is given, the input has %lld channels; "
                        "expected 1 or %lld", (long long)o->num_parameters, (long long)channels,
                        (long long)channels);
    c->weight[0] = (ray_shape){ .rank = 1, .dim = { o->num_parameters } };
    return ray_infer_same(c);
}

/* to = from where x > 0, else slope * from; from is x in the forward direction. */
static void leak(const ray_op *op, const RAY_REAL *from, RAY_REAL *to)
{
    const ray_tensor *x = &op->in[0];
    const int64_t channels = x->dim[1], planes = x->dim[0] * channels;
    const int64_t size = ray_tensor_item_size(x) / channels, slopes = op->weight[0].dim[0];
    #pragma omp parallel for schedule(static) if (planes * size > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++) {
        const RAY_REAL slope = op->weight[0].data[slopes == 1 ? 0 : p % channels];
        const RAY_REAL *sign = x->data + p * size, *f = from + p * size;
        RAY_REAL *t = to + p * size;
        #pragma omp simd
        for (int64_t i = 0; i < size; i++)
            t[i] = sign[i] > 0 ? f[i] : slope * f[i];
    }
}

static void forward(const ray_op *op)
{
    leak(op, op->in[0].data, op->out->data);
}

static void backward(const ray_op *op)
{
    if (op->din[0].data)
        leak(op, op->dout->data, op->din[0].data);
}

RAY_KINDS(prelu) = {
    {
        .name = "prelu",
        .summary = "y = max(x, 0) + weight min(x, 0)",
        .traits = RAY_ACTIVATION,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(prelu_options),
        .weights = { "weight" },
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
