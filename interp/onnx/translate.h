/* SPDX-License-Identifier: MIT */
/* translate.h - inside the translation of ONNX models: what is known of a value, and layers that
 * are planned before they have names.
 *
 * A value is a constant, or an activation: the numbers that a layer makes.  ONNX tensors have a
 * batch axis somewhere, items have none: an item is the tensor without that axis.  Where a
 * model merges the batch with another axis (windows, heads) the item is the whole tensor of a batch
 * of one.  So a change of scheme moves no number. */
#ifndef RAY_ONNX_TRANSLATE_H
#define RAY_ONNX_TRANSLATE_H

#include "draft.h"
#include "layers/dims.h"

_Static_assert((int)RAY_ONNX_MAX_RANK == (int)RAY_MAX_RANK, "dims of both go through dims.h");

enum { RAY_NO_LAYER = -2, RAY_INPUT_LAYER = -1 };

/* constant not NULL: a constant; else layer not RAY_NO_LAYER: an activation; else nothing yet. */
typedef struct ray_known {
    const ray_onnx_tensor *constant;
    int32_t   layer;
    int32_t   rank;                     /* of the ONNX tensor */
    int64_t   dim[RAY_ONNX_MAX_RANK];
    int32_t   batch;                    /* its axis; RAY_ONNX_ABSENT: the item is all of it */
    ray_shape item;                     /* of activations; a single number is [1] */
} ray_known;

typedef struct ray_planned_weight {
    const char            *param;
    const ray_onnx_tensor *tensor;
    bool                   transposed;  /* a matrix that lies transposed */
    ray_shape              shape;
} ray_planned_weight;

typedef struct ray_planned {
    const char        *type, *attributes;
    const char        *suffix;          /* what it does for its node, beside others; "": the node */
    int32_t            node;
    int32_t           *from, n_from;    /* layers, all before it */
    ray_planned_weight weight[RAY_MAX_WEIGHTS];
    int32_t            n_weights;
    ray_shape          out;
    bool               fused;           /* its node is the last of several */
    bool               live;            /* the output depends on it */
    const int32_t     *order;           /* of a permute: its dims; else NULL */
    const char        *name;
} ray_planned;

typedef struct ray_translation {
    const ray_onnx_model   *model;
    const ray_draft_wishes *wishes;
    ray_draft              *draft;
    ray_error              *error;
    ray_known   *known;                 /* by value */
    int32_t     *readers;               /* by value: needed nodes that read it, and the output */
    bool        *needed;                /* by node */
    int32_t      output;                /* value */
    int64_t      batch;                 /* items in a batch, as the model was exported: 1 if free */
    ray_planned *layers;
    int32_t      n_layers, room;
    int64_t      may_read, may_make;    /* numbers of constants that nodes still may read, and bytes
                                         * that still may be made */
    bool         turned;                /* the model's input is H x W x C, the draft's C x H x W;
                                         * layer 0 turns it back */
} ray_translation;

/* ---- The steps of the translation (ports.c, support.c) ---- */

int ray_onnx_find_output(ray_translation *t);
/* The input that is meant, its shape, and the batch.  Needs to know what the output needs. */
int ray_onnx_set_input(ray_translation *t);
/* Fails with all operators that the output needs and that are not supported. */
int ray_onnx_check_operators(ray_translation *t);

/* ---- Nodes ---- */

/* "Conv (node "stem")" for errors; in buffer. */
const char *ray_node_text(const ray_translation *t, const ray_onnx_node *node, char buffer[160]);
/* Input i: NULL where it is left out. */
const ray_known *ray_node_in(const ray_translation *t, const ray_onnx_node *node, int32_t i);
const ray_onnx_tensor *ray_node_constant(const ray_translation *t, const ray_onnx_node *node,
                                         int32_t i);
/* Is a result read by anything? */
bool ray_node_used(const ray_translation *t, const ray_onnx_node *node, int32_t out);
void ray_node_set(ray_translation *t, const ray_onnx_node *node, int32_t out,
                  const ray_known *known);
/* x is the first result, and the translation of the node ends with 0. */
int ray_node_done(ray_translation *t, const ray_onnx_node *node, const ray_known *x);
int64_t     ray_node_int(const ray_onnx_node *node, const char *name, int64_t otherwise);
double      ray_node_number(const ray_onnx_node *node, const char *name, double otherwise);
const char *ray_node_word(const ray_onnx_node *node, const char *name, const char *otherwise);

/* Integers from attribute `name`, or from constant input i (< 0: there is none); n = -1: neither is
 * there.  Fails on an input that is computed. */
typedef struct ray_int_list { int32_t n; int64_t v[RAY_MAX_LIST]; } ray_int_list;
int ray_node_ints(ray_translation *t, const ray_onnx_node *node, const char *name, int32_t i,
                  ray_int_list *list);
/* An axis from the end into one from the front; fails outside of rank. */
int ray_node_axis(ray_translation *t, int64_t given, int32_t rank, int32_t *axis);
/* The same for a list: named[axis] is true for those in it.  rank <= RAY_ONNX_MAX_RANK. */
int ray_node_axes(ray_translation *t, const ray_int_list *list, int32_t rank, bool *named);

/* ---- Activations (known.c) ---- */

/* The item of these dims without axis batch. */
int ray_known_set(ray_translation *t, ray_known *known, int32_t rank, const int64_t *dim,
                  int32_t batch);
/* Input i as an activation; a constant becomes a parameter. */
int ray_known_in(ray_translation *t, const ray_onnx_node *node, int32_t i, ray_known *x);
/* The same numbers as another tensor: a layer `reshape` where the item differs. */
int ray_known_view(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t rank,
                   const int64_t *dim, int32_t batch);
/* From views to what the first of them reads: layer and item; the dims of the tensor stay. */
void ray_known_skip_views(const ray_translation *t, ray_known *x);
/* The batch axis becomes part of the item. */
int ray_known_whole(ray_translation *t, const ray_onnx_node *node, ray_known *x);
/* The batch axis is the first, as layers with channels need it. */
int ray_known_batch_first(ray_translation *t, const ray_onnx_node *node, ray_known *x);
/* What layers call an axis of the tensor; makes x whole if it is the batch. */
int ray_known_dim(ray_translation *t, const ray_onnx_node *node, ray_known *x, int32_t axis,
                  int32_t *dim);
/* Operands that meet at their last axes: all get one scheme, constants become parameters.  The
 * batch will not lie in the last `tail` axes.  batch: of the result, of rank the largest. */
int ray_known_align(ray_translation *t, const ray_onnx_node *node, ray_known *in, int32_t n,
                    int32_t tail, int32_t *batch);
/* Where the batch lies after the tensor x is seen with other dims; RAY_ONNX_ABSENT: merged. */
int32_t ray_known_find_batch(const ray_translation *t, const ray_known *x, int32_t rank,
                             const int64_t *dim);

/* ---- Layers (plan_layer.c) ---- */

/* Attributes as text.  What does not fit is told by ray_plan_layer. */
typedef struct ray_attributes { char text[2048]; size_t n; bool full; } ray_attributes;
void ray_attribute_int(ray_attributes *a, const char *name, int64_t value);
void ray_attribute_ints(ray_attributes *a, const char *name, const int64_t *v, int32_t n);
                                        /* always a list */
void ray_attribute_axes(ray_attributes *a, const char *name, const int64_t *v, int32_t n);
                                        /* one number where all are equal */
void ray_attribute_number(ray_attributes *a, const char *name, double value);
void ray_attribute_word(ray_attributes *a, const char *name, const char *word);
void ray_attribute_text(ray_attributes *a, const char *text);   /* as it is: "min: 0, max: 1" */

/* A layer to be. */
typedef struct ray_step {
    const ray_onnx_node *node;
    const char          *type, *suffix;     /* suffix NULL: the node's own layer */
    int32_t              axes;              /* positions: "conv" and 2 is conv2d; 0: type is all */
    const ray_known     *in;
    int32_t              n_in;
    ray_attributes       attributes;
    ray_planned_weight   weight[RAY_MAX_WEIGHTS];   /* param, tensor, transposed */
    int32_t              n_weights;
    int32_t              batch;             /* where the batch axis of the result lies, or none */
} ray_step;

/* Checks it as the compiler would, and adds it.  out: its tensor. */
int  ray_plan_layer(ray_translation *t, const ray_step *step, ray_known *out);
/* Its tensor is the first result of its node. */
int  ray_plan_result(ray_translation *t, const ray_step *step);
void ray_step_weight(ray_step *step, const char *param, const ray_onnx_tensor *tensor);
/* One input, the same dims. */
int  ray_plan_same(ray_translation *t, ray_step *step, ray_known *x);
/* A layer that treats each number, or each tuple of them, alone; out: its item.  Where all operands
 * are permuted alike, the permutation goes behind it (permute.c).  Changes `in`. */
int  ray_plan_each(ray_translation *t, ray_step *step, ray_known *in, int32_t n, ray_known *out);
/* With one operand: the same dims. */
int  ray_plan_each_same(ray_translation *t, ray_step *step, ray_known *x);
/* The same without attributes: y = type(x). */
int  ray_plan_unary(ray_translation *t, const ray_onnx_node *node, const char *type,
                    const char *suffix, ray_known *x);
/* y = type(x) with attribute scalar. */
int  ray_plan_scalar(ray_translation *t, const ray_onnx_node *node, const char *type,
                     const char *suffix, double scalar, ray_known *x);
/* Planned layers into the draft's, those that the output needs, with names (names.c, finish.c). */
int  ray_plan_finish(ray_translation *t);
int  ray_plan_name(ray_translation *t);

/* ---- Constants (constant.c, fold*.c) ---- */

/* n of what may be read or made; false: that is more than a model of this size needs. */
bool ray_constant_take(ray_translation *t, int64_t *left, int64_t n);
ray_onnx_tensor *ray_constant_new(ray_translation *t, int32_t type, int32_t rank,
                                  const int64_t *dim);      /* NULL: told */
/* The same numbers with other dims (as many). */
const ray_onnx_tensor *ray_constant_view(ray_translation *t, const ray_onnx_tensor *from,
                                         int32_t rank, const int64_t *dim);
void ray_constant_put(ray_onnx_tensor *tensor, int64_t i, double number);
void ray_constant_put_integer(ray_onnx_tensor *tensor, int64_t i, int64_t number);
bool ray_constant_is_real(const ray_onnx_tensor *tensor);
size_t ray_constant_width(int32_t type);    /* bytes of a number; 0: not known */
/* tensor * factor, float; NULL: told. */
const ray_onnx_tensor *ray_constant_scale(ray_translation *t, const ray_onnx_tensor *tensor,
                                          double factor);
/* Integers as float. NULL: told. */
const ray_onnx_tensor *ray_constant_real(ray_translation *t, const ray_onnx_tensor *tensor);
/* Repeated as numpy does. NULL: told. */
const ray_onnx_tensor *ray_constant_expand(ray_translation *t, const ray_onnx_tensor *tensor,
                                           int32_t rank, const int64_t *dim);
/* rank and dims of a constant are those of known. */
void ray_known_constant(ray_known *known, const ray_onnx_tensor *tensor);

enum { RAY_FOLD_NONE = -1 };
typedef struct ray_onnx_fold {
    const char *op;
    int       (*fold)(ray_translation *t, const ray_onnx_node *node);
    int32_t     reads;                  /* inputs that must be constants: the first so many; 0: all;
                                         * RAY_FOLD_NONE: none, dims will do */
} ray_onnx_fold;
extern const ray_onnx_fold ray_onnx_folds_shape[], ray_onnx_folds_math[], ray_onnx_folds_make[];
const ray_onnx_fold *ray_onnx_fold_find(const char *op);   /* NULL: none */
/* How many of the node's inputs must be constants for it to be folded. */
int32_t ray_onnx_fold_reads(const ray_onnx_fold *fold, const ray_onnx_node *node);

/* ---- Operators (ops_*.c) ---- */

typedef struct ray_onnx_op ray_onnx_op;
struct ray_onnx_op {
    const char *op;
    int       (*translate)(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self);
    const char *kind;                   /* of layer, where the function serves several */
    int32_t     min_in;                 /* inputs that must be there; 0 means 1 */
    const char *more;                   /* as the function says */
};
extern const ray_onnx_op ray_onnx_ops_conv[], ray_onnx_ops_linear[], ray_onnx_ops_norm[],
    ray_onnx_ops_unary[], ray_onnx_ops_pool[], ray_onnx_ops_reduce[], ray_onnx_ops_merge[],
    ray_onnx_ops_shape[], ray_onnx_ops_part[], ray_onnx_ops_wide[], ray_onnx_ops_resize[],
    ray_onnx_ops_attention[];
const ray_onnx_op *ray_onnx_op_find(const char *op);        /* NULL: none */

/* The window of a convolution or pool: numbers for each axis, pads before and after. */
typedef struct ray_onnx_window {
    int32_t axes;
    int64_t kernel[3], stride[3], dilation[3], pads[6];     /* pads: before, after, for each axis */
    bool    same;                       /* SAME_UPPER: pads are left to the layer */
} ray_onnx_window;
/* x: batch first.  kernel: the weight's sizes, NULL: attribute kernel_shape. */
int  ray_onnx_window_read(ray_translation *t, const ray_onnx_node *node, const ray_known *x,
                          const int64_t *kernel, ray_onnx_window *window);
void ray_onnx_window_write(const ray_onnx_window *window, bool dilated, ray_attributes *a);

/* ---- Several nodes as one layer (patterns.c) ---- */

/* Tries to write node as the end of a known pattern: 1 done, 0 not one, -1 error. */
int ray_onnx_pattern_try(ray_translation *t, int32_t node);

#endif
