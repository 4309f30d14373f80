/* SPDX-License-Identifier: MIT */
/* finish.c - planned layers into a draft: those that the output needs, named, with their tensors. */
#include <string.h>

#include "translate.h"

static void mark_live(ray_translation *t)
{
    int32_t last = t->known[t->output].layer;
    t->layers[last].live = true;
    for (int32_t i = last; i >= 0; i--) {
        for (int32_t k = 0; t->layers[i].live && k < t->layers[i].n_from; k++)
            if (t->layers[i].from[k] >= 0)
                t->layers[t->layers[i].from[k]].live = true;
    }
}

static bool reads_input(const ray_translation *t)
{
    for (int32_t i = 0; i < t->n_layers; i++)
        for (int32_t k = 0; t->layers[i].live && k < t->layers[i].n_from; k++)
            if (t->layers[i].from[k] == RAY_INPUT_LAYER)
                return true;
    return false;
}

/* ---- Tensors ---- */

static bool same(const ray_draft_tensor *a, const ray_planned_weight *w)
{
    const bool turned = a->from->rank == 2 && a->order[0] == 1;
    return a->from->data == w->tensor->data && a->from->type == w->tensor->type
        && turned == w->transposed && a->shape.rank == w->shape.rank
        && !memcmp(a->shape.dim, w->shape.dim, (size_t)w->shape.rank * sizeof *w->shape.dim);
}

static const ray_draft_tensor *find_tensor(const ray_draft *d, const ray_planned_weight *w)
{
    for (int32_t i = 0; i < d->n_tensors; i++)
        if (same(&d->tensors[i], w))
            return &d->tensors[i];
    return NULL;
}

static bool is_name_taken(const ray_draft *d, const char *name)
{
    for (int32_t i = 0; i < d->n_tensors; i++)
        if (!strcmp(d->tensors[i].name, name))
            return true;
    return false;
}

/* LAYER.PARAM; a parameter that is called as its tensor lets it keep that name. */
static const char *name_tensor(ray_translation *t, const ray_planned *layer, const char *param)
{
    ray_arena *arena = &t->draft->arena;
    const char *own = layer->weight[0].tensor->name;
    const bool alone = !strcmp(layer->type, "parameter") && own && !strcmp(own, layer->name);
    const char *name = alone ? layer->name
                             : ray_arena_format(arena, "%s.%s", layer->name, param);
    while (name && is_name_taken(t->draft, name))
        name = ray_arena_format(arena, "%s_", name);
    return name;
}

static const ray_draft_tensor *add_tensor(ray_translation *t, const ray_planned *layer,
                                          const ray_planned_weight *w)
{
    ray_draft_tensor *made = &t->draft->tensors[t->draft->n_tensors];
    *made = (ray_draft_tensor){ .name = name_tensor(t, layer, w->param), .from = w->tensor,
                                .shape = w->shape };
    for (int32_t i = 0; i < RAY_ONNX_MAX_RANK; i++)
        made->order[i] = w->transposed && i < 2 ? 1 - i : i;
    if (!made->name)
        return NULL;
    t->draft->n_tensors++;
    return made;
}

static int fill_params(ray_translation *t, const ray_planned *layer, ray_draft_layer *to)
{
    to->params = ray_arena_alloc(&t->draft->arena, RAY_MAX_WEIGHTS, sizeof *to->params);
    if (!to->params)
        return ray_fail_memory(t->error);
    for (int32_t w = 0; w < layer->n_weights; w++) {
        const ray_planned_weight *weight = &layer->weight[w];
        const ray_draft_tensor *tensor = find_tensor(t->draft, weight);
        tensor = tensor ? tensor : add_tensor(t, layer, weight);
        const char *usual = ray_arena_format(&t->draft->arena, "%s.%s", layer->name,
                                             weight->param);
        if (!tensor || !usual)
            return ray_fail_memory(t->error);
        if (strcmp(tensor->name, usual) != 0)
            to->params[to->n_params++] = (ray_draft_param){ weight->param, tensor->name };
    }
    return 0;
}

/* ---- Layers ---- */

static int fill_layer(ray_translation *t, const ray_planned *layer, ray_draft_layer *to)
{
    *to = (ray_draft_layer){ .name = layer->name, .type = layer->type, .n_from = layer->n_from,
                             .attributes = layer->attributes, .out = layer->out };
    to->from = ray_arena_alloc(&t->draft->arena, (size_t)layer->n_from + 1, sizeof *to->from);
    if (!to->from)
        return ray_fail_memory(t->error);
    for (int32_t k = 0; k < layer->n_from; k++)
        to->from[k] = layer->from[k] == RAY_INPUT_LAYER ? t->draft->input
                                                        : t->layers[layer->from[k]].name;
    return fill_params(t, layer, to);
}

int ray_plan_finish(ray_translation *t)
{
    ray_draft *d = t->draft;
    const size_t n = (size_t)t->n_layers;
    mark_live(t);
    if (!reads_input(t))
        return ray_fail(t->error, "%s: the output does not depend on the input", t->model->path);
    d->layers = ray_arena_alloc(&d->arena, n, sizeof *d->layers);
    d->tensors = ray_arena_alloc(&d->arena, n * RAY_MAX_WEIGHTS, sizeof *d->tensors);
    if (!d->layers || !d->tensors)
        return ray_fail_memory(t->error);
    if (ray_plan_name(t))
        return -1;
    for (int32_t i = 0; i < t->n_layers; i++)
        if (t->layers[i].live && fill_layer(t, &t->layers[i], &d->layers[d->n_layers++]))
            return -1;
    d->output = t->layers[t->known[t->output].layer].name;
    return 0;
}
