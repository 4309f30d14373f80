/* SPDX-License-Identifier: MIT */
#include "description.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/option.h"
#include "base/text.h"
#include "description_input.h"
#include "description_node.h"

/* ---- Layers ---- */

static int read_from(ray_description *d, ray_layer_description *layer, const ray_node *node,
                     ray_error *error)
{
    return ray_words_read(d, node, "from", &layer->from, &layer->n_from, error);
}

static int read_params(ray_description *d, ray_layer_description *layer, const ray_node *node,
                       ray_error *error)
{
    if (ray_node_expect(d, node, "params", RAY_MAPPING, error))
        return -1;
    for (int32_t i = 0; i < node->n; i++) {
        ray_word tensor;
        if (ray_word_read(d, node->values[i], node->keys[i]->text, &tensor, error))
            return -1;
    }
    layer->params = node;
    return 0;
}

static int read_layer(ray_description *d, const ray_node *node, ray_layer_description *layer,
                      ray_error *error)
{
    const ray_node *found;
    layer->n_from = -1;
    layer->node = node;
    if (ray_node_expect(d, node, "a layer", RAY_MAPPING, error)
        || ray_key_require(d, node, "name", error)
        || ray_key_require(d, node, "type", error)
        || ray_name_read(d, ray_node_find(node, "name"), "name", &layer->name, error)
        || ray_name_read(d, ray_node_find(node, "type"), "type", &layer->type, error))
        return -1;
    found = ray_node_find(node, "from");
    if (found && read_from(d, layer, found, error))
        return -1;
    found = ray_node_find(node, "params");
    return found ? read_params(d, layer, found, error) : 0;
}

static int read_layers(ray_description *d, const ray_node *node, ray_error *error)
{
    if (ray_node_expect(d, node, "layers", RAY_SEQUENCE, error))
        return -1;
    if (node->n == 0)
        return ray_fail_at(error, d->yaml.path, node->mark, "layers: the list is empty; a network "
                           "has at least one layer");
    d->layers = ray_arena_alloc(&d->yaml.arena, (size_t)node->n, sizeof *d->layers);
    if (!d->layers)
        return ray_fail_memory(error);
    for (; d->n_layers < node->n; d->n_layers++)
        if (read_layer(d, node->values[d->n_layers], &d->layers[d->n_layers], error))
            return -1;
    return 0;
}

/* ---- The other keys ---- */

static int read_name(ray_description *d, const ray_node *node, ray_error *error)
{
    return ray_name_read(d, node, "name", &d->name, error);
}

static int read_weights(ray_description *d, const ray_node *node, ray_error *error)
{
    return ray_name_read(d, node, "weights", &d->weights, error);
}

static int read_labels(ray_description *d, const ray_node *node, ray_error *error)
{
    return ray_name_read(d, node, "labels", &d->labels, error);
}

static int read_output(ray_description *d, const ray_node *node, ray_error *error)
{
    return ray_name_read(d, node, "output", &d->output, error);
}

static int read_ignored(ray_description *d, const ray_node *node, ray_error *error)
{
    return ray_words_read(d, node, "ignore_weights", &d->ignored_weights, &d->n_ignored_weights,
                          error);
}

static int read_version(ray_description *d, const ray_node *node, ray_error *error)
{
    int64_t version;
    if (ray_node_expect(d, node, "rayinterp", RAY_SCALAR, error))
        return -1;
    if (!node->quoted && ray_parse_int(node->text, &version) && version == 1)
        return 0;
    const char *quote = node->quoted ? "\"" : "";
    return ray_fail_at(error, d->yaml.path, node->mark, "format version %s%s%s is not known; this "
                       "program reads 1", quote, node->text, quote);
}

static int read_example(ray_description *d, const ray_node *node, ray_error *error)
{
    static const char *const keys[] = { "input", "target", NULL };
    if (ray_node_expect(d, node, "example", RAY_MAPPING, error)
        || ray_keys_check(d, node, keys, error) || ray_key_require(d, node, "input", error))
        return -1;
    const ray_node *target = ray_node_find(node, "target");
    if (target && ray_name_read(d, target, "target", &d->example_target, error))
        return -1;
    return ray_name_read(d, ray_node_find(node, "input"), "input", &d->example_input, error);
}

static int read_defaults(ray_description *d, const ray_node *node, ray_error *error)
{
    if (ray_node_expect(d, node, "defaults", RAY_MAPPING, error))
        return -1;
    d->defaults = ray_arena_alloc(&d->yaml.arena, (size_t)node->n, sizeof *d->defaults);
    if (!d->defaults)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < node->n; i++) {
        ray_default_description *one = &d->defaults[i];
        one->values = node->values[i];
        if (ray_name_read(d, node->keys[i], "defaults", &one->method, error)
            || ray_node_expect(d, one->values, one->method.text, RAY_MAPPING, error))
            return -1;
        d->n_defaults++;
    }
    return 0;
}

static const struct key {
    const char *name;
    int       (*read)(ray_description *d, const ray_node *node, ray_error *error);
    bool        required;
} keys[] = {
    { "rayinterp",      read_version,   true },
    { "name",           read_name,      false },
    { "weights",        read_weights,   false },
    { "ignore_weights", read_ignored,   false },
    { "input",          ray_input_read_description, true },
    { "labels",         read_labels,    false },
    { "example",        read_example,   false },
    { "defaults",       read_defaults,  false },
    { "layers",         read_layers,    true },
    { "output",         read_output,    false },
};
enum { N_KEYS = sizeof keys / sizeof *keys };

/* ---- Names ---- */

static int compare_words(const void *a, const void *b)
{
    const ray_word *p = *(const ray_word *const *)a, *q = *(const ray_word *const *)b;
    int order = strcmp(p->text, q->text);
    if (order != 0)
        return order;
    if (p->mark.line != q->mark.line)
        return p->mark.line < q->mark.line ? -1 : 1;
    return (p->mark.column > q->mark.column) - (p->mark.column < q->mark.column);
}

static int fail_duplicate(const ray_description *d, const ray_word *first, const ray_word *second,
                          ray_error *error)
{
    if (first->mark.line == 0 || second == &d->input.name)
        return ray_fail_at(error, d->yaml.path, second == &d->input.name ? first->mark
                                                                         : second->mark,
                           "the name \"%s\" is that of the network's input", first->text);
    return ray_fail_at(error, d->yaml.path, second->mark,
                       "the name \"%s\" is taken by the %s at line %d, column %d", second->text,
                       first == &d->input.name ? "input" : "layer", first->mark.line,
                       first->mark.column);
}

/* Layers and the input have names of their own. */
static int check_names(const ray_description *d, ray_error *error)
{
    int32_t n = d->n_layers + 1;
    const ray_word **sorted = ray_alloc((size_t)n, sizeof *sorted);
    if (!sorted)
        return ray_fail_memory(error);
    sorted[0] = &d->input.name;
    for (int32_t i = 0; i < d->n_layers; i++)
        sorted[i + 1] = &d->layers[i].name;
    qsort(sorted, (size_t)n, sizeof *sorted, compare_words);
    int failed = 0;
    for (int32_t i = 1; i < n && !failed; i++)
        if (!strcmp(sorted[i - 1]->text, sorted[i]->text))
            failed = fail_duplicate(d, sorted[i - 1], sorted[i], error);
    free(sorted);
    return failed;
}

/* ---- The file ---- */

static int check_keys(const ray_description *d, ray_error *error)
{
    const char *names[N_KEYS + 1] = { NULL };
    for (int i = 0; i < N_KEYS; i++)
        names[i] = keys[i].name;
    if (ray_keys_check(d, d->yaml.root, names, error))
        return -1;
    for (int i = 0; i < N_KEYS; i++)
        if (keys[i].required && ray_key_require(d, d->yaml.root, keys[i].name, error))
            return -1;
    return 0;
}

/* The version comes first: in another version anything may mean something else. */
static int check_version(ray_description *d, ray_error *error)
{
    const ray_node *root = d->yaml.root;
    if (root->type != RAY_MAPPING)
        return ray_fail_at(error, d->yaml.path, root->mark, "a graph file is a mapping that begins "
                           "with \"rayinterp: 1\"; %s is given", ray_node_kind(root));
    const ray_node *version = ray_node_find(root, "rayinterp");
    if (!version)
        return ray_fail_at(error, d->yaml.path, root->mark, "\"rayinterp: 1\", the version of the "
                           "format, is missing");
    return read_version(d, version, error);
}

static int read_all(ray_description *d, ray_error *error)
{
    if (check_version(d, error) || check_keys(d, error))
        return -1;
    for (int i = 0; i < N_KEYS; i++) {
        const ray_node *node = ray_node_find(d->yaml.root, keys[i].name);
        if (node && keys[i].read(d, node, error))
            return -1;
    }
    if (!d->output.text)
        d->output = d->layers[d->n_layers - 1].name;
    return check_names(d, error);
}

/* Of the document that is there. */
static int read_document(ray_description *description, const char *path, ray_error *error)
{
    description->folder = ray_path_folder(path);
    int failed = description->folder ? read_all(description, error) : ray_fail_memory(error);
    if (failed)
        ray_description_free(description);
    return failed;
}

int ray_description_read(ray_description *description, const char *path, ray_error *error)
{
    memset(description, 0, sizeof *description);
    return ray_yaml_read(&description->yaml, path, error) ? -1
           : read_document(description, path, error);
}

int ray_description_parse(ray_description *description, const char *path, const void *text,
                          size_t size, ray_error *error)
{
    memset(description, 0, sizeof *description);
    return ray_yaml_parse(&description->yaml, path, text, size, error) ? -1
           : read_document(description, path, error);
}

void ray_description_free(ray_description *description)
{
    ray_yaml_free(&description->yaml);
    free(description->folder);
    memset(description, 0, sizeof *description);
}
