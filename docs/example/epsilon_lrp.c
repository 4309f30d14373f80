/* SPDX-License-Identifier: MIT */
/* epsilon_lrp.c - layer-wise relevance propagation with the epsilon rule: the score of the class is
 * shared out, layer by layer, in proportion to what each input contributed to each output. */
#include "ray_plugin.h"

typedef struct params { double epsilon; } params;

static const ray_option options[] = {
    { .name = "epsilon", .help = "added to every output, away from zero, before it divides",
      .type = RAY_NUMBER, .offset = offsetof(params, epsilon), .def = 1e-6, .min = 1e-30,
      .max = 1 },
    { 0 }
};

static int64_t count(const ray_tensor *tensor, int32_t from)
{
    int64_t n = 1;
    for (int32_t i = from; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

/* The score itself is sent back: dout is out in the channel of each item's class, 0 elsewhere. */
static int seed_score(ray_run *run, const ray_tensor *out, ray_tensor *dout)
{
    for (int64_t i = 0; i < count(out, 0); i++) {
        int64_t item = i / count(out, 1), channel = i / count(out, 2) % out->dim[1];
        dout->data[i] = channel == run->target[item] ? out->data[i] : 0;
    }
    return 0;
}

/* p' = x * f*(p / (y + sign(y) epsilon)), f* the layer's own backward function. */
static int share_out(ray_run *run, const ray_call *call)
{
    const float epsilon = (float)((const params *)run->options)->epsilon, *y = call->out->data;
    ray_tensor *ratio = run->host->scratch(run, call->dout->rank, call->dout->dim);
    if (!ratio)
        return -1;
    for (int64_t i = 0; i < count(ratio, 0); i++)
        ratio->data[i] = call->dout->data[i] / (y[i] + (y[i] < 0 ? -epsilon : epsilon));
    if (run->host->layer_backward(run, call, call->in, call->out, call->weight, ratio, call->din))
        return -1;
    for (int32_t k = 0; k < call->n_in; k++)
        for (int64_t i = 0; call->din[k].data && i < count(&call->din[k], 0); i++)
            call->din[k].data[i] *= call->in[k].data[i];
    return 0;
}

static const ray_rule rules[] = {
    { .traits = RAY_LINEAR, .backward = share_out },
    { .kind = "batch_norm?d", .backward = share_out },
    { .kind = "add", .backward = share_out },
    { .traits = RAY_RELU_LIKE },
    { .traits = RAY_POOL },
    { .traits = RAY_SHAPE },
    { .kind = "concat" },
    { 0 }
};

RAY_PLUGIN({ .name = "epsilon_lrp", .summary = "layer-wise relevance propagation, epsilon rule",
             .reference = "Bach et al., PLOS ONE 10(7), 2015", .params = options, .rules = rules,
             .params_size = sizeof(params), .seed = seed_score });
