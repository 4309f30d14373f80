/* SPDX-License-Identifier: MIT */
/* description.h - a graph file as it was written: names and attributes with their places, checked
 * for the format, not yet for meaning.  Strings belong to the document inside. */
#ifndef RAY_READ_DESCRIPTION_H
#define RAY_READ_DESCRIPTION_H

#include "yaml.h"

typedef struct ray_word { const char *text; ray_mark mark; } ray_word;  /* text NULL: not given */

typedef struct ray_input_description {
    ray_word  name;                     /* default "input" */
    ray_ints  shape;                    /* one item; all dimensions >= 1 */
    ray_mark  shape_mark;
    int64_t   resize;                   /* 0: none */
    ray_ints  crop;                     /* n = 0: none; a side, or height and width: the shape's */
    ray_numbers mean, std;              /* n is 0, 1 or the number of channels; std > 0 */
} ray_input_description;

typedef struct ray_layer_description {
    ray_word  name, type;
    ray_word *from;                     /* NULL with n_from = -1: the layer above */
    int32_t   n_from;
    const ray_node *node;               /* the whole mapping; the kind's table reads attributes */
    const ray_node *params;             /* mapping parameter -> tensor name, or NULL */
} ray_layer_description;

typedef struct ray_default_description {
    ray_word method;
    const ray_node *values;
} ray_default_description;

typedef struct ray_description {
    ray_yaml  yaml;
    char     *folder;                   /* what relative paths in the file are relative to */
    ray_word  name, weights, labels, output;    /* output: default the last layer */
    ray_word  example_input, example_target;
    ray_word *ignored_weights;          /* `ignore_weights`: shell patterns of tensors that may be
                                         * left unused */
    int32_t   n_ignored_weights;
    ray_input_description input;
    ray_layer_description *layers;      int32_t n_layers;
    ray_default_description *defaults;  int32_t n_defaults;
} ray_description;

int  ray_description_read(ray_description *description, const char *path, ray_error *error);
/* The same of a text; path is what messages call it, and its folder what paths are relative to. */
int  ray_description_parse(ray_description *description, const char *path, const void *text,
                           size_t size, ray_error *error);
void ray_description_free(ray_description *description);

/* Keys of a layer's mapping that are not attributes of its kind: name, type, from, params. */
bool ray_layer_key_is_common(const char *key);

/* Options from the pairs of a mapping by table, defaults first; keys for which skip() is true are
 * left out (skip may be NULL).  Unknown keys, wrong values and missing required options are errors
 * at their place in the file. */
int ray_options_read(const ray_option *table, void *options, const ray_node *mapping,
                     bool (*skip)(const char *key), const char *path, ray_error *error);

/* One option from the value of its key. */
int ray_option_read(const ray_option *option, void *options, const ray_node *value,
                    const char *path, ray_error *error);

#endif
