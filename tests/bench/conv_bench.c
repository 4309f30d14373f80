/* SPDX-License-Identifier: MIT */
/* conv_bench.c - times the kernels on request, for conv_bench.py, which asks torch in turns with
 * it.  With the argument cpu: of processor time.  Standard input, a line each:
 *     conv ITEMS IN OUT SIZE KERNEL STRIDE PADDING GROUPS   a convolution of SIZE x SIZE pictures
 *     dense ITEMS IN OUT                                    a fully connected layer
 *     forward RUNS, gradient RUNS                           answers with each run's milliseconds */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/memory.h"
#include "base/random.h"
#include "kernels/conv.h"
#include "kernels/dense.h"

typedef struct bench {
    bool              is_dense;
    ray_conv_geometry g;
    ray_dense_sizes   d;
    RAY_REAL         *x, *y, *weight, *bias, *work;
} bench;

static RAY_REAL *numbers(int64_t n)
{
    ray_random random;
    RAY_REAL *data = ray_alloc_aligned((size_t)(n + 16) * sizeof *data);
    ray_random_seed(&random, 1);
    if (!data)
        exit(1);
    for (int64_t i = 0; i < n; i++)
        data[i] = (RAY_REAL)(ray_random_uniform(&random) - 0.5);
    return data;
}

static void bench_clear(bench *b)
{
    ray_free_aligned(b->x);
    ray_free_aligned(b->y);
    ray_free_aligned(b->weight);
    ray_free_aligned(b->bias);
    ray_free_aligned(b->work);
    *b = (bench){ 0 };
}

static void make_conv(bench *b, const long long *v)
{
    ray_conv_geometry g = { v[0], v[7], v[1], v[2], .before = { 0 } };
    int64_t out = (v[3] + 2 * v[6] - v[4]) / v[5] + 1;
    for (int a = 0; a < 3; a++) {
        g.in[a] = a > 0 ? v[3] : 1;
        g.out[a] = a > 0 ? out : 1;
        g.kernel[a] = a > 0 ? v[4] : 1;
        g.stride[a] = a > 0 ? v[5] : 1;
        g.before[a] = a > 0 ? v[6] : 0;
        g.dilation[a] = 1;
    }
    bench_clear(b);
    b->g = g;
    b->x = numbers(v[0] * v[1] * v[3] * v[3]);
    b->y = numbers(v[0] * v[2] * out * out);
    b->weight = numbers(v[2] * v[1] / v[7] * v[4] * v[4]);
    b->bias = numbers(v[2]);
    b->work = numbers(ray_conv_workspace(&g));
}

static void make_dense(bench *b, const long long *v)
{
    bench_clear(b);
    b->is_dense = true;
    b->d = (ray_dense_sizes){ v[0], v[1], v[2] };
    b->x = numbers(v[0] * v[1]);
    b->y = numbers(v[0] * v[2]);
    b->weight = numbers(v[1] * v[2]);
    b->bias = numbers(v[2]);
}

static void run_once(bench *b, bool gradient)
{
    if (b->is_dense && gradient)
        ray_dense_gradient(b->d, b->y, b->weight, b->x);
    else if (b->is_dense)
        ray_dense_forward(b->d, b->x, b->weight, b->bias, b->y);
    else if (gradient)
        ray_conv_gradient(&b->g, b->y, b->weight, b->x, b->work);
    else
        ray_conv_forward(&b->g, b->x, b->weight, b->bias, b->y, b->work);
}

static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void)
{
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void answer(bench *b, bool gradient, long long runs)
{
    for (long long i = 0; i < runs; i++) {
        double start = now();
        run_once(b, gradient);
        printf("%.4f ", now() - start);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    char line[256], word[32];
    long long v[8];
    if (argc == 2 && strcmp(argv[1], "cpu") == 0)
        clock_used = CLOCK_PROCESS_CPUTIME_ID;
    while (fgets(line, sizeof line, stdin)) {
        int n = sscanf(line, "%31s %lld %lld %lld %lld %lld %lld %lld %lld", word, v, v + 1, v + 2,
                       v + 3, v + 4, v + 5, v + 6, v + 7);
        if (n == 9 && strcmp(word, "conv") == 0)
            make_conv(&b, v);
        else if (n == 4 && strcmp(word, "dense") == 0)
            make_dense(&b, v);
        else if (n == 2 && b.x)
            answer(&b, strcmp(word, "gradient") == 0, v[0]);
    }
    bench_clear(&b);
    return 0;
}
