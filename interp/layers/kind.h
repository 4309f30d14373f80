/* SPDX-License-Identifier: MIT */
/* kind.h - what a layer kind is.
 *
 * A kind is one file that ends in RAY_KINDS(file) = { { .name = ... }, ..., { 0 } }, and one word
 * in the list of layers/meson.build.  It sees tensors, never the graph.  Its functions are pure:
 * they read the operands they are given and write whole results; they cannot fail (what can be
 * wrong is found by infer).  They may use OpenMP; results must not depend on the number of threads.
 * Code uses RAY_REAL, never float, so that the tests can build it in double.
 *
 * Attributes that name dimensions count the batch as 0, as torch does; shapes here are those of one
 * item, without the batch. */
#ifndef RAY_LAYERS_KIND_H
#define RAY_LAYERS_KIND_H

#include "base/error.h"
#include "kernels/finish.h"
#include "kernels/machine.h"

enum { RAY_MAX_WEIGHTS = 5, RAY_ANY = INT32_MAX, RAY_ABSENT = -1, RAY_NONE = -2 };

typedef struct ray_shape { int32_t rank; int64_t dim[RAY_MAX_RANK - 1]; } ray_shape;

/* Shapes at compile time. */
typedef struct ray_infer {
    void            *options;           /* as the table read them; infer may fill derived fields
                                         * after them */
    const ray_shape *in;
    int32_t          n_in;              /* between the kind's min_in and max_in */
    ray_shape        out;               /* to fill */
    ray_shape        weight[RAY_MAX_WEIGHTS];
                                        /* to fill for each weight; rank RAY_ABSENT (the start
                                         * value): none */
    int64_t          macs;              /* to fill: multiply-adds of one item, 0 if negligible */
    ray_error       *error;             /* ray_fail(c->error, "kernel_size 7 is larger than ..."):
                                         * no place, no layer name */
} ray_infer;

/* One layer applied to one batch.  forward writes out->data.  backward reads dout and writes din[i]
 * whole for each i with din[i].data not NULL (input gradient: Jacobian transposed times dout).  In
 * backward in[i].data and out->data are NULL unless the kind's `reads` asks for them; dims are
 * always there. */
typedef struct ray_op {
    const void       *options;
    const ray_tensor *in;
    int32_t           n_in;
    const ray_tensor *weight;           /* RAY_MAX_WEIGHTS of them; data NULL: absent */
    const ray_tensor *out;
    const ray_tensor *dout;
    ray_tensor       *din;
    RAY_REAL         *work;             /* workspace() numbers, on 64 bytes, not zeroed */
    const ray_finish *finish;           /* of forward's result, or of backward's single din; NULL:
                                         * none; for kinds that finish */
    const RAY_REAL   *prepared;         /* what prepare() made of the weights, without clamp; or NULL */
    ray_clamp         clamp;            /* of weight[0], in both directions; for kinds that clamp */
} ray_op;

/* What a layer does to numbers that another layer makes, if that one's kernel does it on the way:
 * it joins the other.  In the order of ray_finish. */
enum {
    RAY_JOIN_SCALE = 1,                 /* y = scale x + shift by channel (dim[1]) */
    RAY_JOIN_ADD   = 2,                 /* y = x + another input of the same shape */
    RAY_JOIN_LIMIT = 4                  /* y = x moved into low ... high; its gradient passes where
                                         * y lies between them, both excluded */
};

/* ray_kind.reads: what backward needs beside dout and weights. */
enum { RAY_READS_IN = 1, RAY_READS_OUT = 2 };

typedef struct ray_kind {
    const char *name;                   /* as torch.nn, in snake_case */
    const char *summary;                /* one line, with the formula: "y = max(x, 0)" */
    uint32_t    traits;                 /* RAY_LINEAR, ... */
    int32_t     min_in, max_in;         /* inputs; 0, 0 means 1, 1; max_in RAY_ANY: no limit;
                                         * RAY_NONE: it reads no activation */
    uint32_t    reads;
    bool        view;                   /* out is in with another shape: forward and backward are
                                         * never called by the runner, and may be NULL: it shares
                                         * the memory */
    bool        in_place;               /* out may be the memory of in[0], and din[0] that of dout */
    uint32_t    joins;                  /* RAY_JOIN_*: at most one */
    uint32_t    finishes;               /* RAY_JOIN_*: which of them it does for layers behind it;
                                         * with any, backward does finish->add, ->gate and ->scale */
    bool        clamps;                 /* minds op->clamp */
    const ray_option *options;          /* NULL: none */
    size_t      options_size;
    const char *weights[RAY_MAX_WEIGHTS + 1];   /* names, in order: "weight", "bias" */
    const char *ignored;                /* a tensor beside them that is left unused without
                                         * complaint, or NULL */
    int       (*infer)(ray_infer *c);   /* 0, or ray_fail(c->error, ...) */
    int64_t   (*workspace)(const ray_op *op);
                                        /* numbers needed for either direction (data pointers are
                                         * NULL); NULL: 0 */
    int64_t   (*prepared)(const ray_op *op, bool gradient);
    void      (*prepare)(const ray_op *op, bool gradient, RAY_REAL *to);
                                        /* weights in the form in which one direction multiplies by
                                         * them: how many numbers (0: as they are), and these; NULL:
                                         * as they are */
    void      (*forward)(const ray_op *op);
    void      (*backward)(const ray_op *op);
    const char *(*algorithm)(const ray_op *op, bool backward, const char **reason);
                                        /* which of several ways computes it, and why (data
                                         * pointers are NULL); NULL: there is one */
    void      (*join)(const ray_op *op, ray_finish *finish);
                                        /* what it joins with: scale and shift, which lie in op->work
                                         * (op->out: dims only), or low and high; NULL: RAY_JOIN_ADD,
                                         * or none */
} ray_kind;

#define RAY_KINDS(file) const ray_kind ray_kinds_##file[]

/* All kinds by position, NULL past the end; one by name, NULL when unknown. */
const ray_kind *ray_kind_at(int index);
const ray_kind *ray_kind_find(const char *name);
/* Says that there is no such kind, with the nearest name when it looks like a slip.  Returns -1. */
int ray_kind_unknown(const char *name, ray_error *error);
/* What a kind asks of its inputs. */
int32_t ray_kind_min_in(const ray_kind *kind);
int32_t ray_kind_max_in(const ray_kind *kind);

int64_t ray_shape_size(const ray_shape *shape);                    /* product; -1 beyond 2^48 */
const char *ray_shape_text(const ray_shape *shape, char buffer[128]);           /* "64x56x56" */
int64_t ray_tensor_size(const ray_tensor *tensor);                 /* product of all dims */
int64_t ray_tensor_item_size(const ray_tensor *tensor);            /* product of dim[1] on */

#endif
