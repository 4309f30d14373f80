/* SPDX-License-Identifier: MIT */
/* contrastive_ebp.c - excitation backprop of a class less that of all others: a first pass with the
 * classifier's weights negated leaves q at the contrast activation, the second sends on p - q. */
#include <string.h>

#include "ray_rules.h"

typedef struct params {
    ray_excitation how;             /* first, as the rules want it; so is the state's */
    const char    *contrast_layer, *classifier_layer;
} params;
typedef struct state {
    ray_excitation_state excitation;
    const ray_layer  *classifier;
    const ray_tensor *contrast;     /* q; NULL in the first pass */
} state;

static const ray_option options[] = {
    { .name = "contrast_layer", .help = "layer at whose output the two signals are subtracted",
      .type = RAY_STRING, .flags = RAY_REQUIRED, .offset = offsetof(params, contrast_layer) },
    { .name = "classifier_layer",
      .help = "layer whose weights are negated; by default the last fully connected or "
              "convolution layer",
      .type = RAY_STRING, .offset = offsetof(params, classifier_layer) },
    RAY_EXCITATION_OPTIONS(offsetof(params, how)),
    { 0 }
};

static int excite(ray_run *run, const ray_call *call)
{
    const state *s = run->state;
    bool negate = !s->contrast && call->layer == s->classifier;
    return ray_excite_linear(run, call, negate ? -1 : 1);
}

/* The position of a layer in the order of evaluation; -1 for the input and for unknown names. */
static int32_t find_position(ray_run *run, const char *name)
{
    for (int32_t i = 0; run->host->layer_at(run, i); i++)
        if (!strcmp(run->host->layer_at(run, i)->name, name))
            return i;
    return -1;
}

static int32_t find_classifier(ray_run *run, const char *name)
{
    int32_t last = -1;
    for (int32_t i = 0; !name && run->host->layer_at(run, i); i++) {
        const ray_layer *layer = run->host->layer_at(run, i);
        if ((layer->traits & RAY_LINEAR) && layer->weighted)
            last = i;
    }
    return name ? find_position(run, name) : last;
}

static int check_layers(ray_run *run)
{
    const params *p = run->options;
    state *s = run->state;
    int32_t contrast = find_position(run, p->contrast_layer);
    int32_t classifier = find_classifier(run, p->classifier_layer);
    s->classifier = run->host->layer_at(run, classifier);
    if (!s->classifier || !(s->classifier->traits & RAY_LINEAR) || !s->classifier->weighted)
        return run->host->fail(run, "classifier_layer \"%s\" is not a convolution or fully "
                               "connected layer of this network",
                               p->classifier_layer ? p->classifier_layer : "");
    if (run->host->keep(run, p->contrast_layer))
        return -1;
    if (classifier <= contrast)
        return run->host->fail(run, "classifier_layer \"%s\" must come after contrast_layer \"%s\"",
                               s->classifier->name, p->contrast_layer);
    if (find_position(run, run->layer) > contrast)
        return run->host->fail(run, "contrast_layer \"%s\" must lie between the saliency layer "
                               "\"%s\" and the output", p->contrast_layer, run->layer);
    return 0;
}

static int subtract(ray_run *run, const char *activation, const ray_tensor *x, ray_tensor *signal)
{
    (void)activation;
    (void)x;
    const ray_tensor *contrast = ((const state *)run->state)->contrast;
    int64_t n = contrast ? ray_count(signal) : 0;
    for (int64_t i = 0; i < n; i++)
        signal->data[i] -= contrast->data[i];
    return 0;
}

static int contrast_then_excite(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    const params *p = run->options;
    state *s = run->state;
    s->contrast = NULL;
    if (host->forward(run) || host->backward(run, &(ray_pass){ .to = p->contrast_layer }))
        return -1;
    const ray_tensor *q = host->signal(run, p->contrast_layer);
    ray_tensor *copy = q ? host->scratch(run, q->rank, q->dim) : NULL;
    if (!copy)
        return -1;
    memcpy(copy->data, q->data, (size_t)ray_count(q) * sizeof *q->data);
    s->contrast = copy;
    if (host->backward(run, NULL))
        return -1;
    const ray_tensor *signal = host->signal(run, run->layer);
    return !signal || ray_saliency_positive_sum(run, NULL, signal, map) || ray_excitation_tell(run);
}

static const ray_rule rules[] = { RAY_EXCITATION_RULES(excite) };

RAY_PLUGIN({
    .name = "contrastive_ebp",
    .alias = "contrastive_excitation_backprop",
    .summary = "excitation backprop of a class less that of its opposite",
    .reference = "Zhang, Lin, Brandt, Shen and Sclaroff, \"Top-down neural attention by excitation "
                 "backprop\", ECCV, 2016",
    .flags = RAY_NEEDS_LAYER | RAY_COPIES,
    .params = options,
    .rules = rules,
    .params_size = sizeof(params),
    .state_size = sizeof(state),
    .prepare = check_layers,
    .visit = subtract,
    .explain = contrast_then_excite,
    .finish = ray_excitation_finish,
});
