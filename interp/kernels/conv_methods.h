/* SPDX-License-Identifier: MIT */
/* conv_methods.h - the ways a convolution can be computed; conv.c chooses. */
#ifndef RAY_KERNELS_CONV_METHODS_H
#define RAY_KERNELS_CONV_METHODS_H

#include "conv.h"

/* One convolution being computed, in the names of its output: `from` is what it reads. */
typedef struct ray_conv_job {
    ray_conv_geometry  g;
    const ray_machine *machine;                 /* NULL: plain */
    bool               gradient;                /* from is dy, to is dx */
    bool               turned;                  /* weight is that of the convolution whose gradient
                                                 * this is: channels exchanged, taps in reverse */
    int64_t            group_in, group_out;     /* channels of one group */
    int64_t            taps, depth;             /* taps of a kernel; group_in * taps */
    int64_t            in_size, out_size;       /* positions of one channel */
    const RAY_REAL    *from, *weight, *bias, *prepared;
    ray_clamp          clamp;                   /* only for methods that clamp */
    const ray_finish  *finish;                  /* NULL for methods that do not finish */
    RAY_REAL          *to, *work;
} ray_conv_job;

/* A method.  fits: whether it can, and is meant to, compute this job. */
typedef struct ray_conv_method {
    const char *name, *reason;
    bool    (*fits)(const ray_conv_job *job);
    int64_t (*workspace)(const ray_conv_job *job);      /* numbers; NULL: none */
    void    (*run)(const ray_conv_job *job);
    int64_t (*prepared)(const ray_conv_job *job);       /* numbers; NULL: weights as they are */
    void    (*prepare)(const ray_conv_job *job, RAY_REAL *to);
    bool    clamps;                                     /* weights on their way in */
    bool    finishes;                                   /* results, also in place */
} ray_conv_method;

extern const ray_conv_method ray_conv_depthwise;        /* 3x3, 5x5 by channel; both */
extern const ray_conv_method ray_conv_filter;           /* sums of shifted rows; both directions */
extern const ray_conv_method ray_conv_dense;            /* a fully connected layer; both */
extern const ray_conv_method ray_conv_winograd;         /* 3x3 by transformed tiles; both */
extern const ray_conv_method ray_conv_slab;             /* products with columns of slabs; both */
extern const ray_conv_method ray_conv_turned;           /* gradient as a product */
extern const ray_conv_method ray_conv_product;          /* matrix products, columns gathered */
extern const ray_conv_method ray_conv_scatter;          /* gradient: products, columns scattered */

ray_conv_job ray_conv_job_make(const ray_conv_geometry *geometry);
int64_t ray_conv_volume(const int64_t *sizes);          /* product over the axes */
bool    ray_conv_is_pointwise(const ray_conv_job *job); /* kernel 1, stride 1, no padding */

/* The gradient of stride 1 as a convolution of dy, its weights still those of the job. */
ray_conv_job ray_conv_turn(const ray_conv_job *job);

/* Working memory is handed out in pieces on 64 bytes. */
static inline int64_t ray_conv_align(int64_t numbers)
{
    return (numbers + 15) / 16 * 16;
}

#endif
