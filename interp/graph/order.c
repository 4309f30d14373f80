/* SPDX-License-Identifier: MIT */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "layers/kind.h"

typedef struct name_entry { const char *name; int32_t layer; } name_entry;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const name_entry *)a)->name, ((const name_entry *)b)->name);
}

static name_entry *index_names(const ray_description *d, ray_arena *arena)
{
    size_t n = (size_t)d->n_layers + 1;
    name_entry *names = ray_arena_alloc(arena, n, sizeof *names);
    if (!names)
        return NULL;
    names[0] = (name_entry){ d->input.name.text, RAY_FROM_INPUT };
    for (int32_t i = 0; i < d->n_layers; i++)
        names[i + 1] = (name_entry){ d->layers[i].name.text, i };
    qsort(names, n, sizeof *names, compare_names);
    return names;
}

static int unknown_name(const ray_description *d, const ray_word *word, const char *what,
                        ray_error *error)
{
    ray_nearest nearest = ray_nearest_start(word->text);
    char hint[160];
    ray_nearest_offer(&nearest, d->input.name.text);
    for (int32_t i = 0; i < d->n_layers; i++)
        ray_nearest_offer(&nearest, d->layers[i].name.text);
    return ray_fail_at(error, d->yaml.path, word->mark, "%s: there is no layer \"%s\"%s", what,
                       word->text, ray_nearest_hint(&nearest, hint, sizeof hint));
}

static const name_entry *find_name(const name_entry *names, const ray_description *d,
                                   const char *name)
{
    name_entry key = { name, 0 };
    return bsearch(&key, names, (size_t)d->n_layers + 1, sizeof *names, compare_names);
}

/* How many activations a layer reads: as many as `from` names, else the one of the layer above,
 * unless its kind reads none. */
static int32_t count_inputs(const ray_layer_description *layer)
{
    const ray_kind *kind = layer->n_from < 0 ? ray_kind_find(layer->type.text) : NULL;
    return layer->n_from >= 0 ? layer->n_from : kind && ray_kind_max_in(kind) == 0 ? 0 : 1;
}

static int resolve_layer(ray_order *order, const ray_description *d, const name_entry *names,
                         int32_t i, ray_arena *arena, ray_error *error)
{
    const ray_layer_description *layer = &d->layers[i];
    int32_t n = count_inputs(layer);
    order->n_from[i] = n;
    order->from[i] = ray_arena_alloc(arena, (size_t)n + 1, sizeof **order->from);
    if (!order->from[i])
        return ray_fail_memory(error);
    if (layer->n_from < 0 && n > 0) {
        order->from[i][0] = i - 1;      /* the layer above; the first reads the input */
        return 0;
    }
    for (int32_t k = 0; k < n; k++) {
        const name_entry *found = find_name(names, d, layer->from[k].text);
        if (!found)
            return unknown_name(d, &layer->from[k], "from", error);
        order->from[i][k] = found->layer;
    }
    return 0;
}

static int resolve_output(ray_order *order, const ray_description *d, const name_entry *names,
                          ray_error *error)
{
    order->output = d->n_layers - 1;
    if (!d->output.text)
        return 0;
    const name_entry *found = find_name(names, d, d->output.text);
    if (!found)
        return unknown_name(d, &d->output, "output", error);
    if (found->layer == RAY_FROM_INPUT)
        return ray_fail_at(error, d->yaml.path, d->output.mark,
                           "output: \"%s\" is the input; name a layer", d->output.text);
    order->output = found->layer;
    return 0;
}

enum { UNSEEN, OPEN, PLACED, NO_LAYER = -1 };

typedef struct walk {
    uint8_t *state;         /* by layer: OPEN while it waits on the stack for what it reads */
    int32_t *next;          /* by layer: the input to look at next */
    int32_t *stack;
} walk;

/* A layer that layer i reads and that is not in the sequence yet, NO_LAYER when there is none. */
static int32_t next_unplaced(const ray_order *order, const walk *w, int32_t i)
{
    while (w->next[i] < order->n_from[i]) {
        int32_t from = order->from[i][w->next[i]++];
        if (from != RAY_FROM_INPUT && w->state[from] != PLACED)
            return from;
    }
    return NO_LAYER;
}

/* Puts a layer into the sequence, before it what it reads.  Returns a layer that reads its own
 * output, NO_LAYER when there is none. */
static int32_t place_layer(ray_order *order, const walk *w, int32_t layer, int32_t *n_placed)
{
    int32_t depth = 1;
    w->stack[0] = layer;
    w->state[layer] = OPEN;
    while (depth > 0) {
        int32_t i = w->stack[depth - 1], from = next_unplaced(order, w, i);
        if (from == NO_LAYER) {
            w->state[i] = PLACED;
            order->sequence[(*n_placed)++] = i;
            depth--;
        } else if (w->state[from] == OPEN) {
            return from;
        } else {
            w->state[from] = OPEN;
            w->stack[depth++] = from;
        }
    }
    return NO_LAYER;
}

static int sort_layers(ray_order *order, const ray_description *d, ray_arena *arena,
                       ray_error *error)
{
    size_t n = (size_t)d->n_layers;
    walk w = { ray_arena_alloc(arena, n, sizeof *w.state),
               ray_arena_alloc(arena, n, sizeof *w.next),
               ray_arena_alloc(arena, n, sizeof *w.stack) };
    int32_t cycle = NO_LAYER, n_placed = 0;
    if (!w.state || !w.next || !w.stack)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < d->n_layers && cycle == NO_LAYER; i++)
        if (w.state[i] == UNSEEN)
            cycle = place_layer(order, &w, i, &n_placed);
    if (cycle == NO_LAYER)
        return 0;
    const ray_layer_description *layer = &d->layers[cycle];
    return ray_fail_at(error, d->yaml.path, layer->name.mark,
                       "%s \"%s\": it reads its own output through the layers before it (a cycle)",
                       layer->type.text, layer->name.text);
}

/* All layers lead to the output: it depends on the input if any of them does. */
static int check_input_read(const ray_order *order, const ray_description *d, ray_error *error)
{
    const ray_layer_description *output = &d->layers[order->output];
    for (int32_t i = 0; i < d->n_layers; i++)
        for (int32_t k = 0; k < order->n_from[i]; k++)
            if (order->from[i][k] == RAY_FROM_INPUT)
                return 0;
    return ray_fail_at(error, d->yaml.path, output->name.mark,
                       "%s \"%s\": the output does not depend on the input \"%s\"",
                       output->type.text, output->name.text, d->input.name.text);
}

static int check_all_read(const ray_order *order, const ray_description *d, ray_arena *arena,
                          ray_error *error)
{
    bool *read = ray_arena_alloc(arena, (size_t)d->n_layers, sizeof *read);
    if (!read)
        return ray_fail_memory(error);
    read[order->output] = true;
    for (int32_t s = d->n_layers - 1; s >= 0; s--) {
        int32_t i = order->sequence[s];
        for (int32_t k = 0; read[i] && k < order->n_from[i]; k++)
            if (order->from[i][k] != RAY_FROM_INPUT)
                read[order->from[i][k]] = true;
    }
    for (int32_t i = 0; i < d->n_layers; i++)
        if (!read[i])
            return ray_fail_at(error, d->yaml.path, d->layers[i].name.mark,
                               "%s \"%s\": the output \"%s\" does not depend on it; read it with "
                               "`from:` or leave it out", d->layers[i].type.text,
                               d->layers[i].name.text, d->layers[order->output].name.text);
    return 0;
}

int ray_order_make(ray_order *order, const ray_description *d, ray_arena *arena, ray_error *error)
{
    size_t n = (size_t)d->n_layers;
    name_entry *names = index_names(d, arena);
    *order = (ray_order){
        .from = ray_arena_alloc(arena, n, sizeof *order->from),
        .n_from = ray_arena_alloc(arena, n, sizeof *order->n_from),
        .sequence = ray_arena_alloc(arena, n, sizeof *order->sequence),
    };
    if (!names || !order->from || !order->n_from || !order->sequence)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < d->n_layers; i++)
        if (resolve_layer(order, d, names, i, arena, error))
            return -1;
    if (resolve_output(order, d, names, error) || sort_layers(order, d, arena, error))
        return -1;
    if (check_all_read(order, d, arena, error))
        return -1;
    return check_input_read(order, d, error);
}
