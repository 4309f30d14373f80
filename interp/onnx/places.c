/* SPDX-License-Identifier: MIT */
/* places.c - where the nodes of a model lie, from what the exporter says or how it calls them. */
#include "places.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST = 200 };                    /* characters of a name */

/* ---- Words ---- */

static bool is_wordy(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

char *ray_place_word(const ray_translation *t, const char *text, size_t length)
{
    char word[MOST + 1];
    size_t used = 0;
    for (size_t i = 0; i < length && text[i] && used < MOST; i++) {
        char c = is_wordy(text[i]) ? text[i] : '_';
        if (c != '.' || used > 0)
            word[used++] = c;
    }
    while (used > 0 && (word[used - 1] == '.' || word[used - 1] == '-'))
        used--;
    word[used] = '\0';
    return ray_arena_copy(&t->draft->arena, word);
}

static char *lower(ray_places *places, const char *text)
{
    char *word = ray_place_word(places->t, text, strlen(text));
    for (char *c = word; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return word;
}

/* ---- A node ---- */

/* Does a component go on with the one before it: layer1, layer1.0? */
static bool repeats(const char *a, size_t length, const char *b)
{
    return !strncmp(a, b, length) && b[length] == '.';
}

/* "/layer1/layer1.0/conv1/Conv": the module "layer1.0.conv1" and the rest. */
static const char *read_module(ray_places *places, const char *name, const char **rest)
{
    char module[MOST + 1] = "";
    size_t used = 0;
    const char *next = name + strspn(name, "/");
    for (;;) {
        const char *end = strchr(next, '/');
        if (!end)
            break;
        size_t length = (size_t)(end - next);
        if (length > 0 && !repeats(next, length, end + 1) && used + length + 1 < MOST) {
            used += (size_t)snprintf(module + used, sizeof module - used, "%s%.*s",
                                     used ? "." : "", (int)length, next);
        }
        next = end + 1;
    }
    *rest = next;
    return ray_place_word(places->t, module, used);
}

bool ray_place_says_something(const char *name)
{
    const bool counted = !strncmp(name, "val_", 4) && !name[4 + strspn(name + 4, "0123456789")];
    return isalpha((unsigned char)name[0]) && !counted && !strstr(name, "::")
        && strncmp(name, "input.", 6);
}

bool ray_place_is_made(const ray_translation *t, const char *name)
{
    size_t digits = 0, length = strlen(name);
    while (digits < length && isdigit((unsigned char)name[length - 1 - digits]))
        digits++;
    return !strncmp(t->model->producer, "tf2onnx", 7) && digits > 0 && length > digits + 2
        && !strncmp(name + length - digits - 2, "__", 2);
}

/* By what the exporter says of its module; the operators in it are counted anew. */
static int read_said(ray_places *places, const ray_onnx_node *x, ray_place *p)
{
    p->module = ray_place_word(places->t, x->module, strlen(x->module));
    p->op = lower(places, x->op);
    p->plain = p->said = true;
    return p->module && p->op ? 0 : ray_fail_memory(places->t->error);
}

static int read_place(ray_places *places, int32_t node, ray_place *p)
{
    const ray_onnx_node *x = &places->t->model->nodes[node];
    const char *rest = "";
    *p = (ray_place){ .node = node };
    if (x->module[0])
        return read_said(places, x, p);
    p->module = read_module(places, x->name, &rest);
    if (!strncmp(rest, "node_", 5) && isalpha((unsigned char)rest[5]))
        rest += 5;                      /* torch's exporter writes it before all names */
    if (!rest[0] && x->n_out > 0 && x->out[0] != RAY_ONNX_ABSENT) {
        const char *result = places->t->model->values[x->out[0]].name;
        rest = ray_place_says_something(result) ? result : "";
    }
    p->plain = !rest[0] || !strncasecmp(rest, x->op, strlen(x->op));
    p->made = ray_place_is_made(places->t, rest);
    p->op = !rest[0] || !strncmp(rest, x->op, strlen(x->op))
          ? lower(places, rest[0] ? rest : x->op) : ray_place_word(places->t, rest, strlen(rest));
    return p->module && p->op ? 0 : ray_fail_memory(places->t->error);
}

/* ---- All of them ---- */

/* Made ones last; by module; '.' before all other characters, so that what is inside a module
 * follows it. */
static int compare(const void *a, const void *b)
{
    const char *x = ((const ray_place *)a)->module, *y = ((const ray_place *)b)->module;
    if (((const ray_place *)a)->made != ((const ray_place *)b)->made)
        return ((const ray_place *)a)->made ? 1 : -1;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (*x == *y)
        return ((const ray_place *)a)->node - ((const ray_place *)b)->node;
    int left = *x == '.' ? 1 : *x ? *x + 1 : 0, right = *y == '.' ? 1 : *y ? *y + 1 : 0;
    return left - right;
}

bool ray_place_is_inside(const char *module, const char *other)
{
    return repeats(module, strlen(module), other);
}

/* How many places from i on are in the same module. */
static int32_t count_same(const ray_places *places, int32_t i)
{
    int32_t count = 1;
    while (i + count < places->n_own
           && !strcmp(places->list[i].module, places->list[i + count].module))
        count++;
    return count;
}

/* A module that is called several times, each time for one node of the same operator. */
static bool is_called_again(const ray_place *p, int32_t count)
{
    for (int32_t k = 0; k < count; k++)
        if (!p[k].said || strcmp(p[k].op, p->op) != 0)
            return false;
    return true;
}

/* Sorted: a module is a leaf when one node makes it up and nothing is inside it. */
static void mark_leaves(ray_places *places)
{
    for (int32_t i = 0, count; i < places->n_own; i += count) {
        ray_place *p = &places->list[i];
        count = count_same(places, i);
        bool leaf = p->module[0] && (count == 1 || is_called_again(p, count))
                 && (i + count == places->n_own
                     || !ray_place_is_inside(p->module, p[count].module));
        for (int32_t k = 0; k < count; k++)
            p[k].leaf = leaf;
    }
}

/* TensorFlow's graphs begin every name with the same modules. */
static void find_shared(ray_places *places)
{
    const char *first = places->n_own ? places->list[places->n_own - 1].module : "";
    size_t shared = strlen(first);
    for (int32_t i = 0; i < places->n; i++) {
        const ray_place *p = &places->list[i];
        const char *name = places->t->model->nodes[p->node].name, *m = p->module;
        size_t same = 0;
        if (p->made && !m[0])
            continue;
        while (same < shared && m[same] == first[same])
            same++;
        if (same < shared && !m[same] && first[same] == '.')
            same++;                     /* a node of the shared module itself */
        shared = name[0] == '/' || p->said ? 0 : same;
    }
    while (shared > 0 && first[shared - 1] != '.')
        shared--;
    places->shared = (int32_t)shared;
}

int ray_places_find(ray_places *places, ray_translation *t)
{
    size_t nodes = (size_t)t->model->n_nodes + 1;
    *places = (ray_places){ .t = t };
    places->list = ray_arena_alloc(&t->draft->arena, nodes, sizeof *places->list);
    places->of_node = ray_arena_alloc(&t->draft->arena, nodes, sizeof *places->of_node);
    if (!places->list || !places->of_node)
        return ray_fail_memory(t->error);
    for (int32_t i = 0; i < t->n_layers; i++) {
        const ray_planned *layer = &t->layers[i];
        if (!layer->live || (places->n && places->list[places->n - 1].node == layer->node))
            continue;
        if (read_place(places, layer->node, &places->list[places->n++]))
            return -1;
    }
    if (places->n == 0)
        return 0;
    qsort(places->list, (size_t)places->n, sizeof *places->list, compare);
    while (places->n_own < places->n && !places->list[places->n_own].made)
        places->n_own++;
    mark_leaves(places);
    find_shared(places);
    for (int32_t i = 0; i < places->n; i++)
        places->of_node[places->list[i].node] = &places->list[i];
    return 0;
}
