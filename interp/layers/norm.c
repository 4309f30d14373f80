/* SPDX-License-Identifier: MIT */
/* norm.c - arithmetic of the normalisations. */
#include "norm.h"

#include "sum.h"

typedef struct moments { RAY_REAL mean, scale; } moments;   /* scale: 1 / sqrt(variance + eps) */

RAY_INLINE moments find_moments(const RAY_REAL *x, int64_t n, double eps)
{
    RAY_REAL sum = 0, squares = 0;
    RAY_SUM(sum, n, RAY_AT(x));
    const RAY_REAL mean = sum / (RAY_REAL)n;
    RAY_SUM(squares, n, (RAY_AT(x) - mean) * (RAY_AT(x) - mean));
    return (moments){ mean, 1 / ray_sqrt(squares / (RAY_REAL)n + (RAY_REAL)eps) };
}

/* y = weight (x - mean) scale + bias; without bias where it is NULL. */
RAY_INLINE void normalise(const RAY_REAL *x, int64_t n, moments m, const ray_affine *affine,
                          const RAY_REAL *bias, RAY_REAL *y)
{
    const RAY_REAL *weight = affine->weight;
    const int64_t repeat = weight ? affine->repeat : n;
    if (repeat == 1 && bias) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            y[i] = (x[i] - m.mean) * m.scale * weight[i] + bias[i];
        return;
    }
    if (repeat == 1) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            y[i] = (x[i] - m.mean) * m.scale * weight[i];
        return;
    }
    for (int64_t from = 0, k = 0; from < n; from += repeat, k++) {
        const RAY_REAL w = weight ? weight[k] : 1, b = weight && bias ? bias[k] : 0;
        #pragma omp simd
        for (int64_t i = from; i < from + repeat; i++)
            y[i] = (x[i] - m.mean) * m.scale * w + b;
    }
}

RAY_CLONES static void forward_run(const RAY_REAL *x, int64_t n, double eps,
                                   const ray_affine *affine, RAY_REAL *y)
{
    normalise(x, n, find_moments(x, n, eps), affine, affine->bias, y);
}

/* With g = weight dy and z = (x - mean) scale: dx = scale (g - mean of g - z mean of g z). */
RAY_CLONES static void backward_run(const RAY_REAL *x, const RAY_REAL *dy, int64_t n, double eps,
                                    const ray_affine *affine, RAY_REAL *dx)
{
    const moments m = find_moments(x, n, eps), as_is = { 0, 1 };
    RAY_REAL sum = 0, product = 0;
    normalise(dy, n, as_is, affine, NULL, dx);
    RAY_SUM(sum, n, RAY_AT(dx));
    RAY_SUM(product, n, RAY_AT(dx) * (RAY_AT(x) - m.mean));
    const RAY_REAL mean = sum / (RAY_REAL)n, slope = product * m.scale * m.scale / (RAY_REAL)n;
    #pragma omp simd
    for (int64_t i = 0; i < n; i++)
        dx[i] = m.scale * (dx[i] - mean - (x[i] - m.mean) * slope);
}

void ray_norm_forward(const RAY_REAL *x, int64_t n, double eps, const ray_affine *affine,
                      RAY_REAL *y)
{
    forward_run(x, n, eps, affine, y);
}

void ray_norm_backward(const RAY_REAL *x, const RAY_REAL *dy, int64_t n, double eps,
                       const ray_affine *affine, RAY_REAL *dx)
{
    backward_run(x, dy, n, eps, affine, dx);
}

void ray_norm_running_factors(const ray_op *op, double eps)
{
    const int64_t channels = op->out->dim[1];
    const RAY_REAL *weight = op->weight[RAY_NORM_WEIGHT].data,
                   *bias = op->weight[RAY_NORM_BIAS].data;
    const RAY_REAL *mean = op->weight[RAY_NORM_MEAN].data;
    const RAY_REAL *variance = op->weight[RAY_NORM_VARIANCE].data;
    for (int64_t c = 0; c < channels; c++) {
        const RAY_REAL scale = (weight ? weight[c] : 1) / ray_sqrt(variance[c] + (RAY_REAL)eps);
        op->work[c] = scale;
        op->work[channels + c] = (bias ? bias[c] : 0) - mean[c] * scale;
    }
}

RAY_CLONES static void scale_plane(const RAY_REAL *x, int64_t n, RAY_REAL scale, RAY_REAL shift,
                                   RAY_REAL *y)
{
    #pragma omp simd
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * scale + shift;
}

/* y = scale x, plus shift if wanted. */
static void scale_channels(const ray_op *op, const RAY_REAL *x, bool shifted, RAY_REAL *y)
{
    const int64_t channels = op->out->dim[1], planes = op->out->dim[0] * channels;
    const int64_t size = ray_tensor_item_size(op->out) / channels;
    #pragma omp parallel for schedule(static) if (planes * size > RAY_SERIAL)
    for (int64_t p = 0; p < planes; p++) {
        const int64_t c = p % channels;
        scale_plane(x + p * size, size, op->work[c], shifted ? op->work[channels + c] : 0,
                    y + p * size);
    }
}

void ray_norm_running_forward(const ray_op *op, double eps)
{
    ray_norm_running_factors(op, eps);
    scale_channels(op, op->in[0].data, true, op->out->data);
}

void ray_norm_running_backward(const ray_op *op, double eps)
{
    ray_norm_running_factors(op, eps);
    scale_channels(op, op->dout->data, false, op->din[0].data);
}
