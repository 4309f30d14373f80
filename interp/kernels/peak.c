/* SPDX-License-Identifier: MIT */
#include "peak.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "machine.h"
#include "vector.h"

enum {
    DEPTH = 128,                /* of the product: its operands fill half of a cache of 32 KiB */
    PRODUCTS = 4000,            /* of one try on each thread */
    TRIES = 5,                  /* the best counts: others may be at work on the machine */
    BLOCK = 1 << 16             /* numbers that a thread reads at a time */
};
static const int64_t most_read = (int64_t)(128 << 20) / (int64_t)sizeof(RAY_REAL);

static const ray_machine *best_machine(void)
{
    int i = 0;
    while (!ray_machine_at(i)->works())
        i++;
    return ray_machine_at(i);
}

/* ---- Operations ---- */

typedef struct panels {
    RAY_REAL a[DEPTH * RAY_MOST_ROWS], b[DEPTH * 2 * RAY_MOST_LANES];
    RAY_REAL c[RAY_MOST_ROWS * 2 * RAY_MOST_LANES];
} __attribute__((aligned(64))) panels;

static void multiply_often(const ray_machine *machine)
{
    panels p = { { 0 }, { 0 }, { 0 } };
    ray_product product = { .a = p.a, .b = p.b, .c = p.c, .a_row = 1, .a_step = machine->rows,
                            .b_step = 2 * machine->lanes, .c_row = 2 * machine->lanes,
                            .rows = machine->rows, .depth = DEPTH };
    for (int i = 0; i < PRODUCTS; i++)
        machine->multiply(&product);
}

double ray_peak_operations(void)
{
    const ray_machine *machine = best_machine();
    double each = 2.0 * machine->rows * 2 * machine->lanes * DEPTH * PRODUCTS, best = 0;
    for (int i = 0; i < TRIES; i++) {
        double rate = 0;
        #pragma omp parallel reduction(+ : rate)
        {
            #pragma omp barrier
            double start = ray_clock();
            multiply_often(machine);
            rate += each / (ray_clock() - start);
        }
        best = rate > best ? rate : best;
    }
    return best;
}

/* ---- Bandwidth ---- */

/* Of a BLOCK; in several sums, so that none waits for the one before. */
static RAY_REAL sum_of(const RAY_REAL *data)
{
    enum { SUMS = 4 };
    ray_vector sum[SUMS] = { { 0 } };
    for (int64_t i = 0; i < BLOCK; i += SUMS * RAY_VECTOR)
        for (int s = 0; s < SUMS; s++)
            sum[s] += RAY_LOAD(data + i + s * RAY_VECTOR);
    sum[0] += sum[1] + sum[2] + sum[3];
    return sum[0][0] + sum[0][1];
}

/* Seconds; the sum is there to be used, so that no compiler leaves the reading out. */
static double read_all(const RAY_REAL *data, RAY_REAL *sum)
{
    RAY_REAL all = 0;
    double start = ray_clock();
    #pragma omp parallel for schedule(static) reduction(+ : all)
    for (int64_t i = 0; i < most_read; i += BLOCK)
        all += sum_of(data + i);
    *sum += all;
    return ray_clock() - start;
}

double ray_peak_bandwidth(void)
{
    RAY_REAL *data = ray_alloc_aligned((size_t)most_read * sizeof *data), sum = 0;
    if (!data)
        return 0;
    #pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < most_read; i++)
        data[i] = 1;
    double least = read_all(data, &sum);
    for (int i = 1; i < TRIES; i++) {
        double seconds = read_all(data, &sum);
        least = seconds < least ? seconds : least;
    }
    ray_free_aligned(data);
    return sum > 0 ? (double)most_read * sizeof *data / least : 0;
}
