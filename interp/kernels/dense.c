/* SPDX-License-Identifier: MIT */
/* dense.c - fully connected products.  The weights are streamed once for a batch of items, at
 * memory speed or as near to it as the products allow; without a machine many items are matrix
 * products over blocks of them. */
#include "dense.h"

#include <string.h>

#include "gemm.h"
#include "machine.h"
#include "parallel.h"
#include "pieces.h"
#include "vector.h"

enum {
    FEW = 3,                /* without a machine: items up to which streaming wins over gemm */
    BATCH = 48,             /* with one: items that share what is read of W */
    ROWS = 4,               /* rows of W that one pass over x serves */
    ROW_BLOCK = 32,         /* rows of W in a task */
    COLUMN_BLOCK = 2048,    /* columns of W in a task of the gradient, or summed at a time */
    BATCH_ROWS = 48,        /* rows of W in a task for a batch */
    BATCH_DEPTH = 64,       /* rows of W at a time in its gradient */
    GEMM_BLOCK = 128        /* rows or columns of W in one gemm */
};

typedef struct job {
    ray_dense_sizes    sizes;
    const RAY_REAL    *from, *weight, *bias;
    RAY_REAL          *to;
    const ray_machine *machine;
} job;

static inline __attribute__((always_inline)) RAY_REAL sum_of(const ray_vector *v)
{
    RAY_REAL sum = 0;
    for (int i = 0; i < RAY_VECTOR; i++)
        sum += (*v)[i];
    return sum;
}

/* y[r] += W[r] . x for four rows. */
RAY_CLONES static void dot_rows(const RAY_REAL *w, int64_t n, const RAY_REAL *x, RAY_REAL *y)
{
    ray_vector s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
    int64_t i = 0;
    for (; i + RAY_VECTOR <= n; i += RAY_VECTOR) {
        ray_vector v = RAY_LOAD(x + i);
        s0 += v * RAY_LOAD(w + i);
        s1 += v * RAY_LOAD(w + n + i);
        s2 += v * RAY_LOAD(w + 2 * n + i);
        s3 += v * RAY_LOAD(w + 3 * n + i);
    }
    RAY_REAL r[ROWS] = { sum_of(&s0), sum_of(&s1), sum_of(&s2), sum_of(&s3) };
    for (; i < n; i++) {
        for (int k = 0; k < ROWS; k++)
            r[k] += x[i] * w[k * n + i];
    }
    for (int k = 0; k < ROWS; k++)
        y[k] += r[k];
}

RAY_CLONES static void dot_row(const RAY_REAL *w, int64_t n, const RAY_REAL *x, RAY_REAL *y)
{
    ray_vector s = { 0 };
    int64_t i = 0;
    for (; i + RAY_VECTOR <= n; i += RAY_VECTOR)
        s += RAY_LOAD(x + i) * RAY_LOAD(w + i);
    RAY_REAL r = sum_of(&s);
    for (; i < n; i++)
        r += x[i] * w[i];
    *y += r;
}

static void stream_rows(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs;
    int64_t end = ray_smaller((task + 1) * ROW_BLOCK, out);
    (void)lane;
    for (int64_t row = task * ROW_BLOCK, n; row < end; row += n) {
        n = end - row >= ROWS ? ROWS : 1;
        for (int64_t item = 0; item < j->sizes.items; item++) {
            RAY_REAL *y = j->to + item * out + row;
            for (int64_t k = 0; k < n; k++)
                y[k] = j->bias ? j->bias[row + k] : 0;
            (n == ROWS ? dot_rows : dot_row)(j->weight + row * in, in, j->from + item * in, y);
        }
    }
}

static void multiply_rows(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs, row = task * GEMM_BLOCK;
    ray_gemm_sizes sizes = { j->sizes.items, ray_smaller(GEMM_BLOCK, out - row), in };
    RAY_REAL *y = j->to + row;
    (void)lane;
    for (int64_t item = 0; item < sizes.rows; item++) {
        for (int64_t k = 0; k < sizes.columns; k++)
            y[item * out + k] = j->bias ? j->bias[row + k] : 0;
    }
    ray_gemm(sizes, (ray_matrix){ j->from, in, false },
             (ray_matrix){ j->weight + row * in, in, true }, 1, y, out);
}

/* Part after part of some rows by all items: a part of the items stays in the cache.  One item
 * stays there as a whole: its rows are read from end to end, their sums taken in the same parts. */
static void dot_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs, row = task * BATCH_ROWS;
    ray_dots d = { .y = j->to + row, .w_row = in, .x_item = in, .y_item = out,
                   .rows = ray_smaller(BATCH_ROWS, out - row), .items = j->sizes.items };
    (void)lane;
    for (int64_t item = 0; item < d.items; item++) {
        for (int64_t k = 0; k < d.rows; k++)
            d.y[item * out + k] = j->bias ? j->bias[row + k] : 0;
    }
    int64_t end = row + d.rows, run = d.items == 1 ? RAY_DOT_ROWS : d.rows;
    for (; row < end; row += d.rows, d.y += d.rows) {
        d.rows = ray_smaller(run, end - row);
        for (int64_t column = 0; column < in; column += COLUMN_BLOCK) {
            d.w = j->weight + row * in + column;
            d.x = j->from + column;
            d.n = ray_smaller(COLUMN_BLOCK, in - column);
            j->machine->dot(&d);
        }
    }
}

/* Items in batches; numbers of an item where they come from and where they go. */
static void run_batches(const job *all, int64_t from, int64_t to, int64_t tasks, ray_task *task)
{
    for (int64_t first = 0; first < all->sizes.items; first += BATCH) {
        job j = *all;
        j.sizes.items = ray_smaller(BATCH, all->sizes.items - first);
        j.from += first * from;
        j.to += first * to;
        ray_parallel(tasks, task, &j);
    }
}

void ray_dense_forward(ray_dense_sizes sizes, const RAY_REAL *x, const RAY_REAL *weight,
                       const RAY_REAL *bias, RAY_REAL *y)
{
    job j = { sizes, x, weight, bias, y, ray_machine_get() };
    if (j.machine)
        run_batches(&j, sizes.inputs, sizes.outputs, ray_divide_up(sizes.outputs, BATCH_ROWS),
                    dot_task);
    else if (sizes.items <= FEW)
        ray_parallel(ray_divide_up(sizes.outputs, ROW_BLOCK), stream_rows, &j);
    else
        ray_parallel(ray_divide_up(sizes.outputs, GEMM_BLOCK), multiply_rows, &j);
}

/* x[0 ... n) += g[0] W[0] + ... + g[3] W[3], rows of W `stride` apart. */
RAY_CLONES static void add_rows(const RAY_REAL *w, int64_t stride, const RAY_REAL *g, int64_t n,
                                RAY_REAL *x)
{
    const RAY_REAL *w1 = w + stride, *w2 = w1 + stride, *w3 = w2 + stride;
    RAY_REAL g0 = g[0], g1 = g[1], g2 = g[2], g3 = g[3];
    int64_t i = 0;
    for (; i + RAY_VECTOR <= n; i += RAY_VECTOR) {
        ray_vector s = RAY_LOAD(x + i) + g0 * RAY_LOAD(w + i) + g1 * RAY_LOAD(w1 + i);
        s += g2 * RAY_LOAD(w2 + i) + g3 * RAY_LOAD(w3 + i);
        RAY_STORE(x + i, s);
        for (int k = ROWS; k < 2 * ROWS; k++)
            __builtin_prefetch(w + k * stride + i);
    }
    for (; i < n; i++)
        x[i] += g0 * w[i] + g1 * w1[i] + g2 * w2[i] + g3 * w3[i];
}

static void add_row(const RAY_REAL *w, RAY_REAL g, int64_t n, RAY_REAL *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] += g * w[i];
}

/* One block of columns; rows whose signal is 0 (most, behind a one-hot seed) are not read. */
static void stream_columns(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs, start = task * COLUMN_BLOCK;
    int64_t n = ray_smaller(COLUMN_BLOCK, in - start);
    (void)lane;
    for (int64_t item = 0; item < j->sizes.items; item++) {
        const RAY_REAL *g = j->from + item * out;
        RAY_REAL *x = j->to + item * in + start;
        memset(x, 0, (size_t)n * sizeof *x);
        for (int64_t row = 0, step; row < out; row += step) {
            const RAY_REAL *w = j->weight + row * in + start;
            step = out - row >= ROWS ? ROWS : 1;
            if (step == 1)
                add_row(w, g[row], n, x);
            else if (g[row] != 0 || g[row + 1] != 0 || g[row + 2] != 0 || g[row + 3] != 0)
                add_rows(w, in, g + row, n, x);
        }
    }
}

/* The columns of a product that do not fill two vectors. */
static void last_columns(const job *j, const RAY_REAL *w, const RAY_REAL *g, int64_t n,
                         int64_t rows, RAY_REAL *x)
{
    int64_t in = j->sizes.inputs, out = j->sizes.outputs;
    for (int64_t item = 0; item < j->sizes.items; item++) {
        for (int64_t row = 0; row < rows; row++)
            add_row(w + row * in, g[item * out + row], n, x + item * in);
    }
}

static bool is_silent(const job *j, int64_t row, int64_t rows)
{
    for (int64_t item = 0; item < j->sizes.items; item++) {
        const RAY_REAL *g = j->from + item * j->sizes.outputs + row;
        for (int64_t k = 0; k < rows; k++) {
            if (g[k] != 0)
                return false;
        }
    }
    return true;
}

/* One item: rows of W are read from end to end. */
static void add_block(const job *j, const RAY_REAL *w, const RAY_REAL *g, int64_t rows, int64_t n,
                      RAY_REAL *x)
{
    RAY_REAL sum[COLUMN_BLOCK] __attribute__((aligned(64)));
    memset(sum, 0, (size_t)n * sizeof *sum);
    j->machine->sum_rows(w, j->sizes.inputs, g, rows, n, sum);
    for (int64_t i = 0; i < n; i++)
        x[i] += sum[i];
}

static void multiply_block(const job *j, const RAY_REAL *w, const RAY_REAL *g, int64_t rows,
                           int64_t n, RAY_REAL *x)
{
    ray_product p = { .a = g, .a_row = j->sizes.outputs, .a_step = 1, .b_step = j->sizes.inputs,
                      .c_row = j->sizes.inputs, .rows = j->sizes.items, .depth = rows,
                      .add = true };
    for (int64_t i = 0; i < n; i += 2 * j->machine->lanes) {
        p.b = w + i;
        p.c = x + i;
        j->machine->multiply(&p);
    }
}

/* One block of columns for all items, some rows of W after others: the same sums in the same order
 * for one item and for many.  Rows without a signal (most, behind a one-hot seed) are not read. */
static void batch_columns(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs, start = task * COLUMN_BLOCK;
    int64_t n = ray_smaller(COLUMN_BLOCK, in - start), whole = n - n % (2 * j->machine->lanes);
    RAY_REAL *x = j->to + start;
    (void)lane;
    for (int64_t item = 0; item < j->sizes.items; item++)
        memset(x + item * in, 0, (size_t)n * sizeof *x);
    for (int64_t row = 0, rows; row < out; row += rows) {
        const RAY_REAL *w = j->weight + row * in + start, *g = j->from + row;
        rows = ray_smaller(BATCH_DEPTH, out - row);
        if (is_silent(j, row, rows))
            continue;
        (j->sizes.items == 1 ? add_block : multiply_block)(j, w, g, rows, whole, x);
        last_columns(j, w + whole, g, n - whole, rows, x + whole);
    }
}

static void multiply_columns(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    int64_t in = j->sizes.inputs, out = j->sizes.outputs, start = task * GEMM_BLOCK;
    ray_gemm_sizes sizes = { j->sizes.items, ray_smaller(GEMM_BLOCK, in - start), out };
    (void)lane;
    ray_gemm(sizes, (ray_matrix){ j->from, out, false },
             (ray_matrix){ j->weight + start, in, false }, 0, j->to + start, in);
}

void ray_dense_gradient(ray_dense_sizes sizes, const RAY_REAL *dy, const RAY_REAL *weight,
                        RAY_REAL *dx)
{
    job j = { sizes, dy, weight, NULL, dx, ray_machine_get() };
    if (j.machine)
        run_batches(&j, sizes.outputs, sizes.inputs, ray_divide_up(sizes.inputs, COLUMN_BLOCK),
                    batch_columns);
    else if (sizes.items <= FEW)
        ray_parallel(ray_divide_up(sizes.inputs, COLUMN_BLOCK), stream_columns, &j);
    else
        ray_parallel(ray_divide_up(sizes.inputs, GEMM_BLOCK), multiply_columns, &j);
}
