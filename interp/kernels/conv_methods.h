/* SPDX-License-Identifier: MIT */
/* conv_methods.h - the ways a convolution can be computed; conv.c chooses.
 *
 * filter    few channels in a group (depthwise): sums of shifted rows, without matrices
 * dense     the kernel covers the whole input: a fully connected layer
 * product   matrix products with columns gathered from the input (or the input itself: 1x1)
 * gradient  the same transposed: matrix products, then columns scattered */
#ifndef RAY_KERNELS_CONV_METHODS_H
#define RAY_KERNELS_CONV_METHODS_H

#include <stdbool.h>

#include "conv.h"

/* One convolution being computed. */
typedef struct ray_conv_job {
    ray_conv_geometry g;
    int64_t           group_in, group_out;      /* channels of one group */
    int64_t           taps, depth;              /* taps of a kernel; group_in * taps */
    int64_t           in_size, out_size;        /* positions of one channel */
    const RAY_REAL   *from, *weight, *bias;     /* from: x, or dy in the gradient */
    RAY_REAL         *to, *work;
} ray_conv_job;

int64_t ray_conv_volume(const int64_t *sizes);          /* product over the axes */
bool    ray_conv_is_pointwise(const ray_conv_job *job); /* kernel 1, stride 1, no padding */

bool    ray_conv_filter_fits(const ray_conv_job *job);
int64_t ray_conv_filter_workspace(const ray_conv_job *job, bool gradient);
void    ray_conv_filter(const ray_conv_job *job, bool gradient);

int64_t ray_conv_product_workspace(const ray_conv_job *job);
void    ray_conv_product(const ray_conv_job *job);

int64_t ray_conv_scatter_workspace(const ray_conv_job *job);
void    ray_conv_scatter(const ray_conv_job *job);

/* Working memory is handed out in pieces on 64 bytes. */
static inline int64_t ray_conv_align(int64_t numbers)
{
    return (numbers + 15) / 16 * 16;
}

#endif
