/* SPDX-License-Identifier: MIT */
/* draft.h - a network that is being written: layers in graph-format's terms, and the tensors that
 * their weights are made of.  Strings and arrays belong to `arena`, or to the model. */
#ifndef RAY_ONNX_DRAFT_H
#define RAY_ONNX_DRAFT_H

#include "layers/kind.h"
#include "model.h"

/* A tensor of the weights file: `from` with its dimensions in another order, then seen as
 * `shape`. */
typedef struct ray_draft_tensor {
    const char            *name;        /* "features.0.weight" */
    const ray_onnx_tensor *from;
    int32_t                order[RAY_ONNX_MAX_RANK];    /* identity: as it lies */
    ray_shape              shape;
} ray_draft_tensor;

typedef struct ray_draft_param { const char *param, *tensor; } ray_draft_param;

typedef struct ray_draft_layer {
    const char      *name, *type;
    const char     **from;              /* names of layers, or of the input */
    int32_t          n_from;
    const char      *attributes;        /* "out_channels: 64, kernel_size: 3"; "": none */
    ray_draft_param *params;            /* those whose tensor is not called LAYER.PARAM */
    int32_t          n_params;
    ray_shape        out;               /* one item */
} ray_draft_layer;

typedef struct ray_draft {
    ray_arena         arena;
    const char       *name, *input, *output;
    ray_shape         shape;            /* the input's, one item */
    ray_draft_layer  *layers;
    int32_t           n_layers;
    ray_draft_tensor *tensors;
    int32_t           n_tensors;
    char             *notes;            /* lines for the reader of the YAML, or NULL */
    const ray_onnx_model *model;        /* what it was made from, or NULL */
} ray_draft;

/* What a model leaves open. */
typedef struct ray_draft_wishes {
    const char      *input_name;        /* of several the one explained; NULL: the only one */
    const ray_shape *input_shape;       /* one item; NULL: the model's */
    const char      *output_name;       /* NULL: the first */
    bool             whole;             /* the tensor is one item: there is no batch in front */
} ray_draft_wishes;

/* Translates a model.  The draft may point into the model.  Errors: every operator that is not
 * supported, each with its node, in one line; what is unknown or cannot be said in layers. */
int  ray_onnx_translate(const ray_onnx_model *model, const ray_draft_wishes *wishes,
                        ray_draft *draft, ray_error *error);
void ray_draft_free(ray_draft *draft);

/* The YAML text (graph-format), in the draft's style; weights: the path that it names, NULL: none.
 * NULL: no memory.  Free it with free(). */
char *ray_draft_yaml(const ray_draft *draft, const char *weights);

/* Writes the tensors, one after another through a small buffer, as safetensors (float32); the file
 * appears whole or not at all. */
int ray_draft_save_weights(const ray_draft *draft, const char *path, ray_error *error);

#endif
