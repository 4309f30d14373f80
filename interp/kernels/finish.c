/* SPDX-License-Identifier: MIT */
#include "finish.h"

#include <string.h>

#include "pieces.h"
#include "vector.h"

enum { PIECE = 16 * 1024 }; /* numbers finished at a time */

/* What one row needs; pointers at its first number. */
typedef struct row {
    const RAY_REAL *sum, *add, *gate;
    RAY_REAL *to;
    RAY_REAL scale, shift, low, high;
} row;

enum { PASS, LIMIT, GATE };

/* `adds` and `end` are constants wherever this is called. */
static inline __attribute__((always_inline)) void finish_numbers(const row *r, int64_t n,
                                                                 const bool adds, const int end)
{
    const RAY_REAL scale = r->scale, shift = r->shift, low = r->low, high = r->high;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        RAY_REAL v = r->sum[i] * scale + shift;
        if (adds)
            v += r->add[i];
        if (end == LIMIT) {
            v = v < low ? low : v;
            v = v > high ? high : v;
        }
        if (end == GATE)
            v = r->gate[i] > low && r->gate[i] < high ? v : 0;
        r->to[i] = v;
    }
}

RAY_CLONES static void finish(const row *r, int64_t n, int end)
{
    if (r->add && end == PASS)
        finish_numbers(r, n, true, PASS);
    else if (r->add && end == LIMIT)
        finish_numbers(r, n, true, LIMIT);
    else if (r->add)
        finish_numbers(r, n, true, GATE);
    else if (end == PASS)
        finish_numbers(r, n, false, PASS);
    else if (end == LIMIT)
        finish_numbers(r, n, false, LIMIT);
    else
        finish_numbers(r, n, false, GATE);
}

void ray_finish_row(const ray_finish *f, int64_t channel, const RAY_REAL *sum, int64_t n,
                    int64_t at, RAY_REAL *result)
{
    if (!f) {
        if (sum != result + at)
            memcpy(result + at, sum, (size_t)n * sizeof *sum);
        return;
    }
    row r = { .sum = sum, .to = result + at, .low = f->low, .high = f->high };
    r.scale = f->scale ? f->scale[channel] : 1;
    r.shift = f->shift ? f->shift[channel] : 0;
    r.add = f->add ? f->add + at : NULL;
    r.gate = f->gate ? f->gate + at : NULL;
    finish(&r, n, f->gate ? GATE : f->limit ? LIMIT : PASS);
}

void ray_finish_all(const ray_finish *f, int64_t items, int64_t channels, int64_t size,
                    RAY_REAL *result)
{
    int64_t pieces = ray_divide_up(size, PIECE), tasks = items * channels * pieces;
#pragma omp parallel for schedule(static) if (tasks > 1)
    for (int64_t task = 0; task < tasks; task++) {
        int64_t plane = task / pieces, first = task % pieces * PIECE, at = plane * size + first;
        ray_finish_row(f, plane % channels, result + at, ray_smaller(PIECE, size - first), at,
                       result);
    }
}
