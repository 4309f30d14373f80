/* SPDX-License-Identifier: MIT */
/* local_response_norm.c - normalisation by the squares of neighbouring channels.
 *
 * With s = k + alpha/size times the sum of x^2 over size channels, c - before ... c + after:
 *   y = x s^-beta,  dx = dy s^-beta - 2 alpha beta / size x times the sum of dy x s^(-beta - 1)
 * over the channels in whose window c is. */
#include <math.h>

#include "elementwise.h"

enum { EXTRA_BEFORE, EXTRA_AFTER };
typedef struct lrn_options {
    int64_t size;
    double  alpha, beta, k;
    int     extra;
    int64_t before, after;      /* derived: neighbours on each side */
} lrn_options;

static const ray_option options[] = {
    { "size", "neighbouring channels that are added up", RAY_INT, RAY_REQUIRED,
      offsetof(lrn_options, size), 0, 1, INT32_MAX, NULL, 0 },
    { "alpha", "factor of the mean of squares", RAY_NUMBER, 0, offsetof(lrn_options, alpha), 1e-4,
      0, 0, NULL, 0 },
    { "beta", "exponent", RAY_NUMBER, 0, offsetof(lrn_options, beta), 0.75, 0, 0, NULL, 0 },
    { "k", "added to the mean of squares", RAY_NUMBER, 0, offsetof(lrn_options, k), 1, 0, 0, NULL,
      0 },
    { "extra", "of an even size, the side with one neighbour more: before as torch, after as ONNX",
      RAY_ENUM, 0, offsetof(lrn_options, extra), 0, 0, 0, "before|after", 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    lrn_options *o = c->options;
    char text[128];
    o->before = o->extra == EXTRA_BEFORE ? o->size / 2 : (o->size - 1) / 2;
    o->after = o->size - 1 - o->before;
    if (c->in[0].rank < 2)
        return ray_fail(c->error, "expects an input with channels and positions, C x ..., gets %s",
                        ray_shape_text(&c->in[0], text));
    return ray_infer_same(c);
}

/* A block of neighbouring positions of one item: its first number, its length, how far channels are
 * apart, and how many they are. */
enum { LENGTH = 256 };
typedef struct block { int64_t at, n, apart, channels; } block;

static int64_t count_blocks(const ray_tensor *x)
{
    const int64_t positions = ray_tensor_item_size(x) / x->dim[1];
    return x->dim[0] * ((positions + LENGTH - 1) / LENGTH);
}

static block find_block(const ray_tensor *x, int64_t index)
{
    const int64_t positions = ray_tensor_item_size(x) / x->dim[1];
    const int64_t pieces = (positions + LENGTH - 1) / LENGTH, from = index % pieces * LENGTH;
    return (block){ .at = index / pieces * x->dim[1] * positions + from,
                    .apart = positions,
                    .n = positions - from < LENGTH ? positions - from : LENGTH,
                    .channels = x->dim[1] };
}

/* s of channel c */
RAY_INLINE void find_sums(const lrn_options *o, const block *b, const RAY_REAL *x, int64_t c,
                          RAY_REAL *s)
{
    const RAY_REAL factor = (RAY_REAL)(o->alpha / (double)o->size);
    const int64_t first = c < o->before ? 0 : c - o->before;
    const int64_t end = c + o->after + 1, past = end < b->channels ? end : b->channels;
    for (int64_t i = 0; i < b->n; i++)
        s[i] = 0;
    for (int64_t k = first; k < past; k++) {
        const RAY_REAL *row = x + b->at + k * b->apart;
        #pragma omp simd
        for (int64_t i = 0; i < b->n; i++)
            s[i] += row[i] * row[i];
    }
    #pragma omp simd
    for (int64_t i = 0; i < b->n; i++)
        s[i] = (RAY_REAL)o->k + factor * s[i];
}

/* p = s^-beta; square roots are fast where beta is 3/4 as in the paper. */
RAY_INLINE void find_powers(double beta, const RAY_REAL *s, int64_t n, RAY_REAL *p)
{
    if (beta == 0.75) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            const RAY_REAL root = ray_sqrt(s[i]);
            p[i] = 1 / (root * ray_sqrt(root));
        }
    } else {
        for (int64_t i = 0; i < n; i++)
            p[i] = ray_pow(s[i], -(RAY_REAL)beta);
    }
}

RAY_CLONES static void forward_block(const lrn_options *o, const block *b, const RAY_REAL *x,
                                     RAY_REAL *y)
{
    RAY_REAL s[LENGTH], p[LENGTH];
    for (int64_t c = 0; c < b->channels; c++) {
        const int64_t row = b->at + c * b->apart;
        find_sums(o, b, x, c, s);
        find_powers(o->beta, s, b->n, p);
        #pragma omp simd
        for (int64_t i = 0; i < b->n; i++)
            y[row + i] = x[row + i] * p[i];
    }
}

/* share = dy x s^(-beta - 1), and dx = dy s^-beta as a start */
RAY_CLONES static void find_shares(const lrn_options *o, const block *b, const RAY_REAL *x,
                                   const RAY_REAL *dy, RAY_REAL *share, RAY_REAL *dx)
{
    RAY_REAL s[LENGTH], p[LENGTH];
    for (int64_t c = 0; c < b->channels; c++) {
        const int64_t row = b->at + c * b->apart;
        find_sums(o, b, x, c, s);
        find_powers(o->beta, s, b->n, p);
        #pragma omp simd
        for (int64_t i = 0; i < b->n; i++) {
            dx[row + i] = dy[row + i] * p[i];
            share[row + i] = dx[row + i] * x[row + i] / s[i];
        }
    }
}

RAY_CLONES static void backward_block(const lrn_options *o, const block *b, const RAY_REAL *x,
                                      const RAY_REAL *share, RAY_REAL *dx)
{
    const RAY_REAL factor = (RAY_REAL)(2 * o->alpha * o->beta / (double)o->size);
    for (int64_t c = 0; c < b->channels; c++) {
        const int64_t first = c < o->after ? 0 : c - o->after;
        const int64_t end = c + o->before + 1, past = end < b->channels ? end : b->channels;
        const RAY_REAL *from = x + b->at + c * b->apart;
        RAY_REAL *to = dx + b->at + c * b->apart;
        for (int64_t k = first; k < past; k++) {
            const RAY_REAL *row = share + b->at + k * b->apart;
            #pragma omp simd
            for (int64_t i = 0; i < b->n; i++)
                to[i] -= factor * from[i] * row[i];
        }
    }
}

static int64_t workspace(const ray_op *op)
{
    return ray_tensor_size(op->out);
}

static void forward(const ray_op *op)
{
    const int64_t blocks = count_blocks(op->out);
    #pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < blocks; i++) {
        const block b = find_block(op->out, i);
        forward_block(op->options, &b, op->in[0].data, op->out->data);
    }
}

static void backward(const ray_op *op)
{
    const int64_t blocks = count_blocks(op->dout);
    if (!op->din[0].data)
        return;
    #pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < blocks; i++) {
        const block b = find_block(op->dout, i);
        find_shares(op->options, &b, op->in[0].data, op->dout->data, op->work, op->din[0].data);
        backward_block(op->options, &b, op->in[0].data, op->work, op->din[0].data);
    }
}

RAY_KINDS(local_response_norm) = {
    {
        .name = "local_response_norm",
        .summary = "y = x / (k + alpha/size sum of x^2 over size neighbouring channels)^beta",
        .traits = RAY_NORM,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(lrn_options),
        .infer = infer,
        .workspace = workspace,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
