/* SPDX-License-Identifier: MIT */
/* elementwise.h - activations: one number in, one number out.
 *
 * A kind states its formula; the loops are made here: RAY_ELEMENTWISE_FORWARD makes forward()
 * from an expression in x (the input) and o (the options), RAY_ELEMENTWISE_BACKWARD makes
 * backward() from one in g (the signal at the output), v (the value it reads: RAY_OF_IN the input,
 * RAY_OF_OUT the output) and o.  The loop runs over fixed blocks, so that threads change nothing in
 * the result.  Results may take the place of what they are made from. */
#ifndef RAY_LAYERS_ELEMENTWISE_H
#define RAY_LAYERS_ELEMENTWISE_H

#include "exp.h"
#include "kind.h"
#include "vectors.h"

enum { RAY_BLOCK = 8192 };      /* numbers of one piece of work */

#define RAY_VECTORS _Pragma("omp simd")     /* arithmetic, selections and ray_exp */
#define RAY_SCALARS                         /* functions of <math.h> too */
#if RAY_REAL_IS_FLOAT                       /* functions of exp.h that use <math.h> in double */
#define RAY_FLOAT_VECTORS RAY_VECTORS
#else
#define RAY_FLOAT_VECTORS RAY_SCALARS
#endif

#define RAY_OF_IN  op->in[0].data
#define RAY_OF_OUT op->out->data

#define RAY_ELEMENTWISE_FORWARD(how, options_type, expression)                          \
    RAY_ELEMENTWISE_FORWARD_AS(forward, how, options_type, expression)
#define RAY_ELEMENTWISE_BACKWARD(how, options_type, value, expression)                  \
    RAY_ELEMENTWISE_BACKWARD_AS(backward, how, options_type, value, expression)

/* The same under another name, for kinds with several formulas. */
#define RAY_ELEMENTWISE_FORWARD_AS(name, how, options_type, expression)                 \
    RAY_CLONES static void name##_block(const options_type *o, const RAY_REAL *in,      \
                                        RAY_REAL *out, int64_t n)                       \
    {                                                                                   \
        (void)o;                                                                        \
        how for (int64_t i = 0; i < n; i++) {                                           \
            const RAY_REAL x = in[i];                                                   \
            out[i] = (expression);                                                      \
        }                                                                               \
    }                                                                                   \
    static void name(const ray_op *op)                                                  \
    {                                                                                   \
        const RAY_REAL *in = op->in[0].data;                                            \
        RAY_REAL *out = op->out->data;                                                  \
        RAY_FOR_BLOCKS(name##_block(op->options, in + at, out + at, length),            \
                       ray_tensor_size(op->out));                                       \
    }

#define RAY_ELEMENTWISE_BACKWARD_AS(name, how, options_type, value, expression)         \
    RAY_CLONES static void name##_block(const options_type *o, const RAY_REAL *values,  \
                                        const RAY_REAL *dout, RAY_REAL *din, int64_t n) \
    {                                                                                   \
        (void)o;                                                                        \
        how for (int64_t i = 0; i < n; i++) {                                           \
            const RAY_REAL v = values[i], g = dout[i];                                  \
            din[i] = (expression);                                                      \
        }                                                                               \
    }                                                                                   \
    static void name(const ray_op *op)                                                  \
    {                                                                                   \
        const RAY_REAL *values = value, *dout = op->dout->data;                         \
        RAY_REAL *din = op->din[0].data;                                                \
        if (!din)                                                                       \
            return;                                                                     \
        RAY_FOR_BLOCKS(name##_block(op->options, values + at, dout + at, din + at, length),\
                       ray_tensor_size(op->dout));                                      \
    }

/* The statement for each block: `length` numbers from `at` on, of `size` numbers. */
#define RAY_FOR_BLOCKS(statement, size)                                                 \
    do {                                                                                \
        const int64_t whole = (size);                                                   \
        _Pragma("omp parallel for schedule(static) if (whole > RAY_SERIAL)")            \
        for (int64_t at = 0; at < whole; at += RAY_BLOCK) {                             \
            const int64_t length = at + RAY_BLOCK < whole ? RAY_BLOCK : whole - at;     \
            statement;                                                                  \
        }                                                                               \
    } while (0)

/* Options of kinds that have nothing but `inplace`. */
typedef struct ray_inplace_options { bool inplace; } ray_inplace_options;

#define RAY_INPLACE_OPTION(options_type)                                                \
    { "inplace", "accepted as in torch, without effect: memory is planned for the whole network", \
      RAY_BOOL, 0, offsetof(options_type, inplace), 0, 0, 0, NULL, 0 }

/* infer of a layer whose output is shaped as its input. */
static inline int ray_infer_same(ray_infer *c)
{
    c->out = c->in[0];
    return 0;
}

#endif
