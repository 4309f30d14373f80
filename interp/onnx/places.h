/* SPDX-License-Identifier: MIT */
/* places.h - where the nodes of a model lie: in which module of the network, and what they are
 * there. */
#ifndef RAY_ONNX_PLACES_H
#define RAY_ONNX_PLACES_H

#include "translate.h"

typedef struct ray_place {
    int32_t     node;
    const char *module, *op;            /* module "": none */
    bool        plain;                  /* op is the operator's name, and a number perhaps */
    bool        made;                   /* a converter made the node: op says nothing */
    bool        said;                   /* the module is what the exporter says it is */
    bool        leaf;                   /* module and nothing else */
} ray_place;

typedef struct ray_places {
    ray_translation  *t;
    ray_place        *list;             /* of nodes with live layers, by module */
    int32_t           n, n_own;         /* n_own: those that no converter made, which come first */
    int32_t           shared;           /* characters that all modules begin with */
    const ray_place **of_node;          /* NULL: no live layer */
} ray_places;

/* All memory is the draft's. */
int ray_places_find(ray_places *places, ray_translation *t);

/* Letters, digits, _ - and . only, none of these at the ends; in the draft's arena.  NULL: no
 * memory. */
char *ray_place_word(const ray_translation *t, const char *text, size_t length);
/* Counters of results say nothing: 497, val_12, input.4, onnx::Relu_12. */
bool ray_place_says_something(const char *name);
/* tf2onnx calls what it adds as what it stands beside, and a number: conv/BiasAdd__12. */
bool ray_place_is_made(const ray_translation *t, const char *name);
/* layer1.0 is inside layer1. */
bool ray_place_is_inside(const char *module, const char *other);

#endif
