/* SPDX-License-Identifier: MIT */
/* names.c - names of layers.  The best source first:
 *   a tensor called as in a state_dict          features.0.weight            features.0
 *   a node of which its exporter names the module                            layer1.0.conv1
 *   a node called by its place in a module      /layer1/layer1.0/conv1/Conv  layer1.0.conv1
 *   any other name of the node, or its result   conv1_1                      conv1_1
 *   its operator                                                             conv_3
 * A module with one node gives it its own name; where there are more they get ".op" behind it. */
#include <stdlib.h>
#include <string.h>

#include "name_set.h"
#include "places.h"

typedef struct naming {
    ray_translation *t;
    ray_name_set     taken;
    const void     **used;              /* numbers of live layers' tensors, sorted */
    int32_t          n_used;
    ray_places       places;
    int32_t          main;              /* layer that has the name of its node ... */
    int32_t          end;               /* ... for layers before this one */
} naming;

/* ---- Tensors ---- */

static int compare_pointers(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t)*(const void *const *)a, y = (uintptr_t)*(const void *const *)b;
    return (x > y) - (x < y);
}

static int find_used(naming *n)
{
    const ray_translation *t = n->t;
    n->used = ray_arena_alloc(&t->draft->arena, (size_t)t->n_layers * RAY_MAX_WEIGHTS + 1,
                              sizeof *n->used);
    if (!n->used)
        return ray_fail_memory(t->error);
    for (int32_t i = 0; i < t->n_layers; i++)
        for (int32_t w = 0; t->layers[i].live && w < t->layers[i].n_weights; w++)
            n->used[n->n_used++] = t->layers[i].weight[w].tensor->data;
    qsort(n->used, (size_t)n->n_used, sizeof *n->used, compare_pointers);
    return 0;
}

/* Exporters write equal tensors once: then its name says nothing of most layers. */
static bool is_shared(const naming *n, const ray_onnx_tensor *tensor)
{
    const void **found = bsearch(&tensor->data, n->used, (size_t)n->n_used, sizeof *n->used,
                                 compare_pointers);
    return found && ((found > n->used && found[-1] == *found)
                     || (found + 1 < n->used + n->n_used && found[1] == *found));
}

/* Is a tensor called as if it lay in the module of the layer's node? */
static bool is_near(const naming *n, const ray_planned *layer, const char *name)
{
    const char *module = n->places.of_node[layer->node]->module;
    return module[0] && ray_place_is_inside(module, name);
}

/* "features.0" of "features.0.weight"; NULL where no tensor is called so. */
static const char *name_by_tensor(naming *n, const ray_planned *layer)
{
    static const char *const endings[] = { ".weight", ".bias", ".running_mean", ".running_var" };
    for (int32_t w = 0; w < layer->n_weights; w++) {
        const char *name = layer->weight[w].tensor->name;
        if (name && is_shared(n, layer->weight[w].tensor) && !is_near(n, layer, name))
            continue;
        for (size_t k = 0; name && k < sizeof endings / sizeof *endings; k++)
            if (ray_name_ends(name, endings[k]) && !strchr(name, ':') && !strchr(name, '/'))
                return ray_place_word(n->t, name, strlen(name) - strlen(endings[k]));
    }
    return NULL;
}

/* ---- Names ---- */

static const char *name_by_place(naming *n, const ray_planned *layer)
{
    const ray_place *p = n->places.of_node[layer->node];
    const size_t length = strlen(p->module), shared = (size_t)n->places.shared;
    const char *module = p->module + (length < shared ? length : shared);
    const char *op = (layer->fused && p->plain) || p->made ? layer->type : p->op;
    if (p->leaf && module[0])
        return module;
    return module[0] ? ray_arena_format(&n->t->draft->arena, "%s.%s", module, op) : op;
}

/* Constants are called as their tensor, if that has a word for a name. */
static const char *name_constant(naming *n, const ray_planned *layer)
{
    const char *name = layer->n_weights ? layer->weight[0].tensor->name : NULL;
    if (strcmp(layer->type, "parameter") != 0 || !name || !ray_place_says_something(name)
        || ray_place_is_made(n->t, name) || strchr(name, '/'))
        return NULL;
    return ray_place_word(n->t, name, strlen(name));
}

/* One layer of a node has its name: the first without a suffix, else the last.  Asked for one layer
 * after another. */
static bool is_main(naming *n, int32_t i)
{
    const ray_planned *layers = n->t->layers;
    if (i < n->end)
        return i == n->main;
    for (n->end = i; n->end > 0 && layers[n->end - 1].node == layers[i].node;)
        n->end--;
    for (n->main = -1; n->end < n->t->n_layers && layers[n->end].node == layers[i].node; n->end++)
        if (layers[n->end].live && (n->main < 0 || layers[n->main].suffix[0]))
            n->main = n->end;
    return i == n->main;
}

static int name_layer(naming *n, int32_t i)
{
    ray_planned *layer = &n->t->layers[i];
    const bool constant = !strcmp(layer->type, "parameter");
    const char *name = constant ? name_constant(n, layer) : name_by_tensor(n, layer);
    if (!name || !name[0]) {
        name = name_by_place(n, layer);
        if (name && !n->places.of_node[layer->node]->made && (constant || !is_main(n, i)))
            name = ray_arena_format(&n->t->draft->arena, "%s.%s", name,
                                    layer->suffix[0] ? layer->suffix : layer->type);
    }
    layer->name = name ? ray_name_set_add(&n->taken, &n->t->draft->arena, name) : NULL;
    return layer->name ? 0 : ray_fail_memory(n->t->error);
}

int ray_plan_name(ray_translation *t)
{
    naming n = { .t = t };
    const char *input = ray_place_word(t, t->draft->input, strlen(t->draft->input));
    int failed = !input || ray_name_set_open(&n.taken, t->n_layers + 1);
    if (failed)
        ray_fail_memory(t->error);
    else
        t->draft->input =
            ray_name_set_add(&n.taken, &t->draft->arena, input[0] ? input : "input");
    failed = failed || !t->draft->input || find_used(&n) || ray_places_find(&n.places, t);
    for (int32_t i = 0; !failed && i < t->n_layers; i++)
        failed = t->layers[i].live && name_layer(&n, i);
    ray_name_set_close(&n.taken);
    return failed ? -1 : 0;
}
