/* SPDX-License-Identifier: MIT */
/* graph.h - the compiled network: a bipartite graph of activations and layers, constant once made.
 *
 * Flat arrays joined by integer ids.  Activation 0 is the network's input; layer i writes
 * activation i + 1; weights follow.  Layers are in an order in which they can be evaluated. */
#ifndef RAY_GRAPH_GRAPH_H
#define RAY_GRAPH_GRAPH_H

#include "base/memory.h"
#include "layers/kind.h"
#include "ray_plugin.h"
#include "read/description.h"

enum { RAY_NO_ID = -1 };

typedef struct ray_activation {
    const char *name;               /* of the layer that writes it, the input, or the tensor */
    ray_shape   shape;              /* one item; a weight: the whole */
    int64_t     size;               /* numbers in shape */
    int32_t     producer;           /* layer; RAY_NO_ID: the input or a weight */
    int32_t     n_consumers;
    int32_t    *consumers;          /* layers, ascending; one that reads it twice is there twice */
} ray_activation;

typedef struct ray_graph_layer {
    ray_layer       info;           /* as plugins see it; first, so that a ray_layer leads here */
    const ray_kind *kind;
    void           *options;        /* the kind's, completed by infer */
    int32_t        *in;             /* activations, info.n_in of them */
    int32_t         out;
    int32_t         weight[RAY_MAX_WEIGHTS];    /* activations; RAY_NO_ID: absent */
    int64_t         macs;
    ray_mark        mark;           /* in the graph file */
} ray_graph_layer;

typedef struct ray_graph {
    ray_arena        arena;
    const char      *name, *path;
    ray_activation  *activations;   /* input, layers' outputs, weights */
    int32_t          n_activations, first_weight;
    ray_graph_layer *layers;
    int32_t          n_layers;
    int32_t          output;        /* activation */
} ray_graph;

/* Compiles a description; names are copied.  Errors are at their place in the file. */
int  ray_graph_compile(ray_graph *graph, const ray_description *description, ray_error *error);
void ray_graph_free(ray_graph *graph);

/* Activation by name ("" is the input), RAY_NO_ID and an error with the nearest name, without a
 * place, when unknown.  Weights are not found. */
int32_t ray_graph_find(const ray_graph *graph, const char *name, ray_error *error);

/* Marks every activation (weights apart) from which a marked one is computed away: on return
 * on_path[a] says that a marked activation lies at or before a. on_path: first_weight entries. */
void ray_graph_spread(const ray_graph *graph, bool *on_path);

/* The other way: on return leads[a] says that a marked activation lies at or after a. */
void ray_graph_gather(const ray_graph *graph, bool *leads);

static inline const ray_graph_layer *ray_graph_layer_of(const ray_layer *info)
{
    return (const ray_graph_layer *)(const void *)info;
}

#endif
