/* SPDX-License-Identifier: MIT */
/* finish.c - planned layers into a draft: those that the output needs, named, with their
 * tensors. */
#include <stdlib.h>
#include <string.h>

#include "name_set.h"
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

typedef struct finishing {
    ray_translation         *t;
    ray_name_set             names;     /* of tensors */
    const ray_draft_tensor **slot;      /* tensors by the place of their numbers, open addressing */
    size_t                   room;
} finishing;

static bool same(const ray_draft_tensor *a, const ray_planned_weight *w)
{
    const bool turned = a->from->rank == 2 && a->order[0] == 1;
    return a->from->data == w->tensor->data && a->from->type == w->tensor->type
        && turned == w->transposed && a->shape.rank == w->shape.rank
        && !memcmp(a->shape.dim, w->shape.dim, (size_t)w->shape.rank * sizeof *w->shape.dim);
}

/* Where the tensor is, or where it is to be put, by the place of its numbers. */
static const ray_draft_tensor **find_tensor(const finishing *f, const ray_planned_weight *w)
{
    const uint64_t hash = (uint64_t)(uintptr_t)w->tensor->data * 0x9e3779b97f4a7c15u >> 20;
    for (size_t i = hash & (f->room - 1);; i = (i + 1) & (f->room - 1))
        if (!f->slot[i] || same(f->slot[i], w))
            return &f->slot[i];
}

/* LAYER.PARAM; a parameter that is called as its tensor lets it keep that name. */
static const char *name_tensor(finishing *f, const ray_planned *layer, const char *param)
{
    ray_arena *arena = &f->t->draft->arena;
    const char *own = layer->weight[0].tensor->name;
    const bool alone = !strcmp(layer->type, "parameter") && own && !strcmp(own, layer->name);
    const char *name = alone ? layer->name
                             : ray_arena_format(arena, "%s.%s", layer->name, param);
    return name ? ray_name_set_add(&f->names, arena, name) : NULL;
}

static const ray_draft_tensor *add_tensor(finishing *f, const ray_planned *layer,
                                          const ray_planned_weight *w)
{
    ray_draft_tensor *made = &f->t->draft->tensors[f->t->draft->n_tensors];
    *made = (ray_draft_tensor){ .name = name_tensor(f, layer, w->param), .from = w->tensor,
                                .shape = w->shape };
    for (int32_t i = 0; i < RAY_ONNX_MAX_RANK; i++)
        made->order[i] = w->transposed && i < 2 ? 1 - i : i;
    if (!made->name)
        return NULL;
    f->t->draft->n_tensors++;
    return made;
}

static int fill_params(finishing *f, const ray_planned *layer, ray_draft_layer *to)
{
    ray_translation *t = f->t;
    to->params = ray_arena_alloc(&t->draft->arena, RAY_MAX_WEIGHTS, sizeof *to->params);
    if (!to->params)
        return ray_fail_memory(t->error);
    for (int32_t w = 0; w < layer->n_weights; w++) {
        const ray_planned_weight *weight = &layer->weight[w];
        const ray_draft_tensor **tensor = find_tensor(f, weight);
        *tensor = *tensor ? *tensor : add_tensor(f, layer, weight);
        const char *usual = ray_arena_format(&t->draft->arena, "%s.%s", layer->name,
                                             weight->param);
        if (!*tensor || !usual)
            return ray_fail_memory(t->error);
        if (strcmp((*tensor)->name, usual) != 0)
            to->params[to->n_params++] = (ray_draft_param){ weight->param, (*tensor)->name };
    }
    return 0;
}

/* ---- Layers ---- */

static int fill_layer(finishing *f, const ray_planned *layer, ray_draft_layer *to)
{
    ray_translation *t = f->t;
    *to = (ray_draft_layer){ .name = layer->name, .type = layer->type, .n_from = layer->n_from,
                             .attributes = layer->attributes, .out = layer->out };
    to->from = ray_arena_alloc(&t->draft->arena, (size_t)layer->n_from + 1, sizeof *to->from);
    if (!to->from)
        return ray_fail_memory(t->error);
    for (int32_t k = 0; k < layer->n_from; k++)
        to->from[k] = layer->from[k] == RAY_INPUT_LAYER ? t->draft->input
                                                        : t->layers[layer->from[k]].name;
    return fill_params(f, layer, to);
}

static int fill_layers(ray_translation *t)
{
    ray_draft *d = t->draft;
    finishing f = { .t = t, .room = 64 };
    int32_t most = 0;
    for (int32_t i = 0; i < t->n_layers; i++)
        most += t->layers[i].live ? t->layers[i].n_weights : 0;
    while (f.room < 2 * (size_t)most)
        f.room *= 2;
    f.slot = ray_alloc(f.room, sizeof *f.slot);
    int failed = !f.slot || ray_name_set_open(&f.names, most) ? ray_fail_memory(t->error) : 0;
    for (int32_t i = 0; !failed && i < t->n_layers; i++)
        failed = t->layers[i].live && fill_layer(&f, &t->layers[i], &d->layers[d->n_layers++]);
    ray_name_set_close(&f.names);
    free(f.slot);
    return failed ? -1 : 0;
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
    if (ray_plan_name(t) || fill_layers(t))
        return -1;
    d->output = t->layers[t->known[t->output].layer].name;
    return 0;
}
