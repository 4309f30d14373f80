/* SPDX-License-Identifier: MIT */
/* norm.c - arithmetic of the normalisations. */
#include "norm.h"

#include <string.h>

#include "sum.h"

enum { SERIAL = 32768 };

typedef struct moments { RAY_REAL mean, scale; } moments;   /* scale: 1 / sqrt(variance + eps) */

static moments find_moments(const RAY_REAL *x, int64_t n, double eps)
{
    RAY_REAL sum = 0, squares = 0;
    RAY_SUM(sum, n, x[i]);
    const RAY_REAL mean = sum / (RAY_REAL)n;
    RAY_SUM(squares, n, (x[i] - mean) * (x[i] - mean));
    return (moments){ mean, 1 / ray_sqrt(squares / (RAY_REAL)n + (RAY_REAL)eps) };
}

/* y = weight y + bias, or without the bias. */
static void apply_affine(RAY_REAL *y, int64_t n, const ray_affine *affine, const RAY_REAL *bias)
{
    const RAY_REAL *weight = affine->weight;
    const int64_t repeat = affine->repeat;
    if (weight && repeat == 1) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            y[i] = y[i] * weight[i] + (bias ? bias[i] : 0);
        return;
    }
    for (int64_t k = 0; weight && k < n / repeat; k++) {
        const RAY_REAL w = weight[k], b = bias ? bias[k] : 0;
        RAY_REAL *run = y + k * repeat;
        #pragma omp simd
        for (int64_t i = 0; i < repeat; i++)
            run[i] = run[i] * w + b;
    }
}

void ray_norm_forward(const RAY_REAL *x, int64_t n, double eps, const ray_affine *affine,
                      RAY_REAL *y)
{
    const moments m = find_moments(x, n, eps);
    #pragma omp simd
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - m.mean) * m.scale;
    apply_affine(y, n, affine, affine->bias);
}

/* With g = weight dy and z = (x - mean) scale: dx = scale (g - mean of g - z mean of g z). */
void ray_norm_backward(const RAY_REAL *x, const RAY_REAL *dy, int64_t n, double eps,
                       const ray_affine *affine, RAY_REAL *dx)
{
    const moments m = find_moments(x, n, eps);
    RAY_REAL sum = 0, product = 0;
    memcpy(dx, dy, (size_t)n * sizeof *dx);
    apply_affine(dx, n, affine, NULL);
    RAY_SUM(sum, n, dx[i]);
    RAY_SUM(product, n, dx[i] * (x[i] - m.mean));
    const RAY_REAL mean = sum / (RAY_REAL)n, slope = product * m.scale * m.scale / (RAY_REAL)n;
    #pragma omp simd
    for (int64_t i = 0; i < n; i++)
        dx[i] = m.scale * (dx[i] - mean - (x[i] - m.mean) * slope);
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

/* y = scale x, plus shift if wanted. */
static void scale_channels(const ray_op *op, const RAY_REAL *x, bool shifted, RAY_REAL *y)
{
    const int64_t channels = op->out->dim[1], planes = op->out->dim[0] * channels;
    const int64_t size = ray_tensor_item_size(op->out) / channels;
    #pragma omp parallel for schedule(static) if (planes * size > SERIAL)
    for (int64_t p = 0; p < planes; p++) {
        const int64_t c = p % channels;
        const RAY_REAL scale = op->work[c], shift = shifted ? op->work[channels + c] : 0;
        const RAY_REAL *from = x + p * size;
        RAY_REAL *to = y + p * size;
        #pragma omp simd
        for (int64_t i = 0; i < size; i++)
            to[i] = from[i] * scale + shift;
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
