/* SPDX-License-Identifier: MIT */
/* names.c - names of layers.  The best source first:
 *   a tensor called as in a state_dict          features.0.weight            features.0
 *   a node of which its exporter names the module                            layer1.0.conv1
 *   a node called by its place in a module      /layer1/layer1.0/conv1/Conv  layer1.0.conv1
 *   any other name of the node, or its result   conv1_1                      conv1_1
 *   its operator                                                             conv_3
 * A module with one node gives it its own name; where there are more they get ".op" behind it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "name_set.h"
#include "translate.h"

enum { MOST = 200 };                    /* characters of a name */

typedef struct place {
    int32_t     node;
    const char *module, *op;            /* module "": none */
    bool        plain;                  /* op is the operator's name, and a number perhaps */
    bool        made;                   /* a converter made the node: op says nothing */
    bool        said;                   /* the module is what the exporter says it is */
    bool        leaf;                   /* module and nothing else */
} place;

typedef struct naming {
    ray_translation *t;
    ray_name_set     taken;
    const void     **used;              /* numbers of live layers' tensors, sorted */
    int32_t          n_used;
    place           *places;            /* of nodes with live layers */
    int32_t          n, n_own;          /* n_own: those that no converter made, which come first */
    int32_t          shared;            /* characters that all modules begin with */
    const place    **of_node;           /* NULL: no live layer */
    int32_t          main;              /* layer that has the name of its node ... */
    int32_t          end;               /* ... for layers before this one */
} naming;

/* ---- Words ---- */

static bool is_wordy(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Letters, digits, _ - and . only; none of these at the ends. */
static char *clean(naming *n, const char *text, size_t length)
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
    return ray_arena_copy(&n->t->draft->arena, word);
}

static char *lower(naming *n, const char *text)
{
    char *word = clean(n, text, strlen(text));
    for (char *c = word; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return word;
}

/* ---- Places ---- */

/* Does a component go on with the one before it: layer1, layer1.0? */
static bool repeats(const char *a, size_t length, const char *b)
{
    return !strncmp(a, b, length) && b[length] == '.';
}

/* "/layer1/layer1.0/conv1/Conv": the module "layer1.0.conv1" and the rest. */
static const char *read_module(naming *n, const char *name, const char **rest)
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
    return clean(n, module, used);
}

/* torch's and other counters of results say nothing: 497, val_12, input.4, onnx::Relu_12. */
static bool says_something(const char *name)
{
    const bool counted = !strncmp(name, "val_", 4) && !name[4 + strspn(name + 4, "0123456789")];
    return isalpha((unsigned char)name[0]) && !counted && !strstr(name, "::")
        && strncmp(name, "input.", 6);
}

/* tf2onnx calls what it adds as what it stands beside, and a number: conv/BiasAdd__12. */
static bool is_made(const naming *n, const char *name)
{
    size_t digits = 0, length = strlen(name);
    while (digits < length && isdigit((unsigned char)name[length - 1 - digits]))
        digits++;
    return !strncmp(n->t->model->producer, "tf2onnx", 7) && digits > 0 && length > digits + 2
        && !strncmp(name + length - digits - 2, "__", 2);
}

/* By what the exporter says of its module; the operators in it are counted anew. */
static int read_said(naming *n, const ray_onnx_node *x, place *p)
{
    p->module = clean(n, x->module, strlen(x->module));
    p->op = lower(n, x->op);
    p->plain = p->said = true;
    return p->module && p->op ? 0 : ray_fail_memory(n->t->error);
}

static int read_place(naming *n, int32_t node, place *p)
{
    const ray_onnx_node *x = &n->t->model->nodes[node];
    const char *rest = "";
    *p = (place){ .node = node };
    if (x->module[0])
        return read_said(n, x, p);
    p->module = read_module(n, x->name, &rest);
    if (!strncmp(rest, "node_", 5) && isalpha((unsigned char)rest[5]))
        rest += 5;                      /* torch's exporter writes it before all names */
    if (!rest[0] && x->n_out > 0 && x->out[0] != RAY_ONNX_ABSENT) {
        const char *result = n->t->model->values[x->out[0]].name;
        rest = says_something(result) ? result : "";
    }
    p->plain = !rest[0] || !strncasecmp(rest, x->op, strlen(x->op));
    p->made = is_made(n, rest);
    p->op = !rest[0] || !strncmp(rest, x->op, strlen(x->op))
          ? lower(n, rest[0] ? rest : x->op) : clean(n, rest, strlen(rest));
    return p->module && p->op ? 0 : ray_fail_memory(n->t->error);
}

/* Made ones last; by module; '.' before all other characters, so that what is inside a module
 * follows it. */
static int compare(const void *a, const void *b)
{
    const char *x = ((const place *)a)->module, *y = ((const place *)b)->module;
    if (((const place *)a)->made != ((const place *)b)->made)
        return ((const place *)a)->made ? 1 : -1;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (*x == *y)
        return ((const place *)a)->node - ((const place *)b)->node;
    int left = *x == '.' ? 1 : *x ? *x + 1 : 0, right = *y == '.' ? 1 : *y ? *y + 1 : 0;
    return left - right;
}

static bool is_inside(const char *module, const char *other)
{
    return repeats(module, strlen(module), other);
}

/* How many places from i on are in the same module. */
static int32_t count_same(const naming *n, int32_t i)
{
    int32_t count = 1;
    while (i + count < n->n_own && !strcmp(n->places[i].module, n->places[i + count].module))
        count++;
    return count;
}

/* A module that is called several times, each time for one node of the same operator. */
static bool is_called_again(const place *p, int32_t count)
{
    for (int32_t k = 0; k < count; k++)
        if (!p[k].said || strcmp(p[k].op, p->op) != 0)
            return false;
    return true;
}

/* Sorted: a module is a leaf when one node makes it up and nothing is inside it. */
static void mark_leaves(naming *n)
{
    for (int32_t i = 0, count; i < n->n_own; i += count) {
        place *p = &n->places[i];
        count = count_same(n, i);
        bool leaf = p->module[0] && (count == 1 || is_called_again(p, count))
                 && (i + count == n->n_own || !is_inside(p->module, p[count].module));
        for (int32_t k = 0; k < count; k++)
            p[k].leaf = leaf;
    }
}

/* TensorFlow's graphs begin every name with the same modules. */
static void find_shared(naming *n)
{
    const char *first = n->n_own ? n->places[n->n_own - 1].module : "";
    size_t shared = strlen(first);
    for (int32_t i = 0; i < n->n; i++) {
        const char *name = n->t->model->nodes[n->places[i].node].name, *m = n->places[i].module;
        size_t same = 0;
        if (n->places[i].made && !m[0])
            continue;
        while (same < shared && m[same] == first[same])
            same++;
        if (same < shared && !m[same] && first[same] == '.')
            same++;                     /* a node of the shared module itself */
        shared = name[0] == '/' || n->places[i].said ? 0 : same;
    }
    while (shared > 0 && first[shared - 1] != '.')
        shared--;
    n->shared = (int32_t)shared;
}

static int find_places(naming *n)
{
    const ray_translation *t = n->t;
    size_t nodes = (size_t)t->model->n_nodes + 1;
    n->places = ray_arena_alloc(&t->draft->arena, nodes, sizeof *n->places);
    n->of_node = ray_arena_alloc(&t->draft->arena, nodes, sizeof *n->of_node);
    if (!n->places || !n->of_node)
        return ray_fail_memory(t->error);
    for (int32_t i = 0; i < t->n_layers; i++) {
        const ray_planned *layer = &t->layers[i];
        if (!layer->live || (n->n && n->places[n->n - 1].node == layer->node))
            continue;
        if (read_place(n, layer->node, &n->places[n->n++]))
            return -1;
    }
    if (n->n == 0)
        return 0;
    qsort(n->places, (size_t)n->n, sizeof *n->places, compare);
    while (n->n_own < n->n && !n->places[n->n_own].made)
        n->n_own++;
    mark_leaves(n);
    find_shared(n);
    for (int32_t i = 0; i < n->n; i++)
        n->of_node[n->places[i].node] = &n->places[i];
    return 0;
}

/* ---- Tensors ---- */

static int compare_places(const void *a, const void *b)
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
    qsort(n->used, (size_t)n->n_used, sizeof *n->used, compare_places);
    return 0;
}

/* Exporters write equal tensors once: then its name says nothing of most layers. */
static bool is_shared(const naming *n, const ray_onnx_tensor *tensor)
{
    const void **found = bsearch(&tensor->data, n->used, (size_t)n->n_used, sizeof *n->used,
                                 compare_places);
    return found && ((found > n->used && found[-1] == *found)
                     || (found + 1 < n->used + n->n_used && found[1] == *found));
}

/* Is a tensor called as if it lay in the module of the layer's node? */
static bool is_near(const naming *n, const ray_planned *layer, const char *name)
{
    const char *module = n->of_node[layer->node]->module;
    return module[0] && is_inside(module, name);
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
                return clean(n, name, strlen(name) - strlen(endings[k]));
    }
    return NULL;
}

/* ---- Names ---- */

static const char *name_by_place(naming *n, const ray_planned *layer)
{
    const place *p = n->of_node[layer->node];
    const size_t length = strlen(p->module), shared = (size_t)n->shared;
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
    if (strcmp(layer->type, "parameter") != 0 || !name || !says_something(name) || is_made(n, name)
        || strchr(name, '/'))
        return NULL;
    return clean(n, name, strlen(name));
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
        if (name && !n->of_node[layer->node]->made && (constant || !is_main(n, i)))
            name = ray_arena_format(&n->t->draft->arena, "%s.%s", name,
                                    layer->suffix[0] ? layer->suffix : layer->type);
    }
    layer->name = name ? ray_name_set_add(&n->taken, &n->t->draft->arena, name) : NULL;
    return layer->name ? 0 : ray_fail_memory(n->t->error);
}

int ray_plan_name(ray_translation *t)
{
    naming n = { .t = t };
    const char *input = clean(&n, t->draft->input, strlen(t->draft->input));
    int failed = !input || ray_name_set_open(&n.taken, t->n_layers + 1);
    if (failed)
        ray_fail_memory(t->error);
    else
        t->draft->input =
            ray_name_set_add(&n.taken, &t->draft->arena, input[0] ? input : "input");
    failed = failed || !t->draft->input || find_used(&n) || find_places(&n);
    for (int32_t i = 0; !failed && i < t->n_layers; i++)
        failed = t->layers[i].live && name_layer(&n, i);
    ray_name_set_close(&n.taken);
    return failed ? -1 : 0;
}
