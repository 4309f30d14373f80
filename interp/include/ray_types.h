/* SPDX-License-Identifier: MIT */
/* ray_types.h - values that every part of rayinterp shares: tensors, traits of layer kinds,
 * and the tables that describe typed options.  Plain data: nothing here owns memory.
 */
#ifndef RAY_TYPES_H
#define RAY_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef RAY_REAL
#define RAY_REAL float      /* the arithmetic of a build; the gradient checks build in double */
#endif

enum { RAY_MAX_RANK = 8 };  /* dimensions of a tensor, the batch included */

/* A dense row-major array.  dim[0] counts the items of the batch, dim[1] channels or features,
 * the rest positions.  A weight has no batch: its dim[] is its shape. */
typedef struct ray_tensor {
    RAY_REAL *data;
    int64_t   dim[RAY_MAX_RANK];
    int32_t   rank;
} ray_tensor;

/* What an array is that a method hands out beside its map. */
typedef enum ray_array_use {
    RAY_ARRAY_PLAIN,        /* numbers, written to METHOD.NAME.npy */
    RAY_ARRAY_MAPS,         /* planes M x 1 x H x W: resized and smoothed as the map is */
    RAY_ARRAY_CURVES        /* plots x steps x curves: drawn, too, as METHOD.NAME.png; NaN where a
                             * curve was not continued */
} ray_array_use;

typedef enum ray_border {   /* what lies outside of a picture */
    RAY_BORDER_REPLICATE,   /* its nearest pixel */
    RAY_BORDER_ZERO
} ray_border;

/* What a layer kind is, for rules that hold for many kinds. */
enum {
    RAY_LINEAR     = 1,     /* a weighted sum of the input: convolution, linear, avg_pool, mean, sum */
    RAY_ACTIVATION = 2,     /* one number in, one number out (softmax included) */
    RAY_POOL       = 4,     /* max and average pooling, amax, amin */
    RAY_NORM       = 8,     /* batch, layer, group, instance and local response normalisation */
    RAY_MERGE      = 16,    /* several activations become one: add, mul, pow, concat, matmul, ... */
    RAY_SHAPE      = 32,    /* values move or repeat, unchanged: flatten, pad, upsample, ... */
    RAY_RELU_LIKE  = 64,    /* passes what is positive: relu, relu6, leaky_relu */
    RAY_FIRST      = 128    /* set on a layer, not on a kind: it reads the network's input */
};

/* ---- Options: attributes of layers and parameters of methods, one table type for both. ---- */

typedef enum ray_type {
    RAY_BOOL,               /* bool: true, false */
    RAY_INT,                /* int64_t */
    RAY_NUMBER,             /* double */
    RAY_STRING,             /* const char *, NULL when not given and without a default */
    RAY_ENUM,               /* int: the position of the word in `words` */
    RAY_INTS,               /* ray_ints */
    RAY_NUMBERS             /* ray_numbers */
} ray_type;

enum { RAY_MAX_LIST = 64 };
typedef struct ray_ints    { int32_t n; int64_t v[RAY_MAX_LIST]; } ray_ints;  /* n = 0: not given */
typedef struct ray_numbers { int32_t n; double  v[RAY_MAX_LIST]; } ray_numbers;

enum {                      /* flags of an option */
    RAY_REQUIRED = 1,
    RAY_PATH     = 2        /* RAY_STRING: a file; in a graph file relative to its folder */
};

/* One option.  Tables end with an entry whose name is NULL. */
typedef struct ray_option {
    const char *name, *help;
    ray_type    type;
    uint32_t    flags;
    size_t      offset;     /* of the field in the options struct */
    double      def;        /* default of numbers, bools; lists: their single entry, NAN: empty */
    double      min, max;   /* inclusive; both 0: any */
    const char *words;      /* RAY_ENUM: "first|second", the first is the default.  RAY_INT(S):
                             * words accepted in place of the number, read as -1, -2, ...
                             * RAY_STRING: default */
    int32_t     count;      /* lists: the most entries; 0 means RAY_MAX_LIST */
} ray_option;

#ifdef __cplusplus
}
#endif
#endif
