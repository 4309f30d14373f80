/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <string.h>

#include "vector.h"

/* Static, as all functions that are compiled for several machines: GCC would export it else. */
RAY_CLONES static void fill(RAY_REAL *to, int64_t n, RAY_REAL value)
{
    ray_vector all = value - (ray_vector){ 0 };
    int64_t i = 0;
    for (; i + RAY_VECTOR <= n; i += RAY_VECTOR)
        RAY_STORE(to + i, all);
    for (; i < n; i++)
        to[i] = value;
}

void ray_row_fill(RAY_REAL *to, int64_t n, RAY_REAL value)
{
    fill(to, n, value);
}

static void gather_two(RAY_REAL *restrict to, const RAY_REAL *restrict from, int64_t n)
{
    #pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] = from[2 * i];
}

void ray_row_gather(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step)
{
    if (step == 1) {
        memcpy(to, from, (size_t)n * sizeof *to);
    } else if (step == 2) {
        gather_two(to, from, n);
    } else {
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i * step];
    }
}

void ray_row_scatter(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step)
{
    if (step == 1) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        to[i * step] = from[i];
}

RAY_CLONES static void add_all(RAY_REAL *to, const RAY_REAL *from, int64_t n)
{
    int64_t i = 0;
    for (; i + RAY_VECTOR <= n; i += RAY_VECTOR)
        RAY_STORE(to + i, RAY_LOAD(to + i) + RAY_LOAD(from + i));
    for (; i < n; i++)
        to[i] += from[i];
}

void ray_row_add(RAY_REAL *to, const RAY_REAL *from, int64_t n, int64_t step)
{
    if (step == 1) {
        add_all(to, from, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        to[i * step] += from[i];
}
