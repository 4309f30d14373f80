/* SPDX-License-Identifier: MIT */
/* dense.c - fully connected products.  The weights are streamed once for a batch of items, at
 * memory speed or as near to it as the products allow, and clamped as they arrive. */
#include <string.h>

#include "dense_methods.h"
#include "parallel.h"
#include "pieces.h"

enum {
    ROWS = 48,              /* rows of W in a task */
    ROW_ITEMS = 32,         /* items that share what is read of W */
    COLUMNS = 2048,         /* most columns of W in a task of the gradient */
    COLUMN_ITEMS = 16,      /* items that share what is read of W there */
    COLUMN_DEPTH = 64,      /* rows of W summed at a time */
    PART = 512,             /* columns at a time, where several items pass over them */
    LINE = 64 / sizeof(RAY_REAL)
};

typedef struct job {
    ray_dense_call     call;
    const ray_machine *machine;         /* NULL: plain */
    int64_t            columns;         /* of W in a task */
} job;

/* ---- Results ---- */

void ray_dense_finish(const ray_dense_call *call, int64_t item, int64_t first, int64_t n,
                      const RAY_REAL *sum)
{
    int64_t results = call->gradient ? call->sizes.inputs : call->sizes.outputs;
    const ray_finish *finish = call->finish;
    bool by_channel = finish && (finish->scale || finish->shift);
    int64_t channel = by_channel ? call->channel : results;
    for (int64_t i = 0, run; i < n; i += run) {
        int64_t at = first + i;
        run = ray_smaller(n - i, channel - at % channel);
        ray_finish_row(finish, at / channel, sum + i, run, item * results + at, call->to);
    }
}

/* ---- Forward ---- */

/* A task's sums, those of some rows of W and all items, lane by lane; and a part of the items. */
typedef struct strip {
    int64_t  first, count;                              /* rows */
    RAY_REAL lane[ROW_ITEMS * ROWS * RAY_MOST_LANES];
    RAY_REAL x[ROW_ITEMS * PART] __attribute__((aligned(64)));
} strip;

/* n columns of the items, in vectors. */
static const RAY_REAL *gather_part(const job *j, strip *s, int64_t column, int64_t n)
{
    const RAY_REAL *from = j->call.from + column;
    if (j->call.sizes.items == 1)
        return from;
    j->machine->stack(from, j->call.sizes.inputs, j->call.sizes.items, n, s->x);
    return s->x;
}

static void finish_rows(const job *j, const strip *s)
{
    const RAY_REAL *bias = j->call.bias;
    int64_t lanes = j->machine->lanes;
    for (int64_t item = 0; item < j->call.sizes.items; item++) {
        const RAY_REAL *lane = s->lane + item * ROWS * lanes;
        RAY_REAL sum[ROWS];
        for (int64_t k = 0; k < s->count; k++, lane += lanes) {
            sum[k] = 0;
            for (int64_t l = 0; l < lanes; l++)
                sum[k] += lane[l];
            sum[k] += bias ? bias[s->first + k] : 0;
        }
        ray_dense_finish(&j->call, item, s->first, s->count, sum);
    }
}

/* Part after part of some rows by all items: a part of the items stays in the cache.  One item
 * stays there as a whole: its rows are read from end to end, their sums taken in the same order. */
static void row_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const ray_dense_call *call = &j->call;
    int64_t in = call->sizes.inputs, items = call->sizes.items;
    int64_t part = items == 1 ? in : PART;
    strip s;
    (void)lane;
    s.first = task * ROWS;
    s.count = ray_smaller(ROWS, call->sizes.outputs - s.first);
    memset(s.lane, 0, (size_t)(items * ROWS * j->machine->lanes) * sizeof *s.lane);
    for (int64_t column = 0, n; column < in; column += n) {
        n = ray_smaller(part, in - column);
        ray_dots d = { .w = call->weight + s.first * in + column,
                       .x = gather_part(j, &s, column, n), .sum = s.lane, .w_row = in,
                       .sum_item = ROWS, .rows = s.count, .items = items, .n = n,
                       .clamp = call->clamp };
        j->machine->dot(&d);
    }
    finish_rows(j, &s);
}

/* ---- Gradient ---- */

static bool is_silent(const ray_dense_call *call, int64_t row, int64_t rows)
{
    for (int64_t item = 0; item < call->sizes.items; item++) {
        const RAY_REAL *g = call->from + item * call->sizes.outputs + row;
        for (int64_t k = 0; k < rows; k++) {
            if (g[k] != 0)
                return false;
        }
    }
    return true;
}

/* The columns of a task: sums of all rows, and of those being added. */
typedef struct block {
    int64_t  start, columns;
    RAY_REAL x[COLUMN_ITEMS * COLUMNS];
    RAY_REAL sum[COLUMN_ITEMS * COLUMNS] __attribute__((aligned(64)));      /* in vectors */
} block;

/* n columns of a block: those of all items stay in the cache. */
static void add_part(const job *j, block *b, int64_t row, int64_t rows, int64_t column, int64_t n)
{
    const ray_dense_call *call = &j->call;
    int64_t in = call->sizes.inputs, items = call->sizes.items, lanes = j->machine->lanes;
    ray_sums s = { .w = call->weight + row * in + b->start + column, .g = call->from + row,
                   .sum = b->sum, .w_row = in, .g_item = call->sizes.outputs, .rows = rows,
                   .items = items, .n = n, .clamp = call->clamp };
    memset(b->sum, 0, (size_t)(items * ray_divide_up(n, lanes) * lanes) * sizeof *b->sum);
    j->machine->sum_rows(&s);
    j->machine->unstack(b->sum, items, n, b->x + column, COLUMNS);
}

/* One block of columns for all items, some rows of W after others: the same sums in the same order
 * for one item and for many.  Rows without a signal (most, behind a one-hot seed) are not read. */
static void column_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const ray_dense_call *call = &j->call;
    int64_t items = call->sizes.items, out = call->sizes.outputs, part = items > 1 ? PART : COLUMNS;
    block b;
    (void)lane;
    b.start = task * j->columns;
    b.columns = ray_smaller(j->columns, call->sizes.inputs - b.start);
    memset(b.x, 0, (size_t)(items * COLUMNS) * sizeof *b.x);
    for (int64_t row = 0, rows; row < out; row += rows) {
        rows = ray_smaller(COLUMN_DEPTH, out - row);
        if (is_silent(call, row, rows))
            continue;
        for (int64_t column = 0; column < b.columns; column += part)
            add_part(j, &b, row, rows, column, ray_smaller(part, b.columns - column));
    }
    for (int64_t item = 0; item < items; item++)
        ray_dense_finish(call, item, b.start, b.columns, b.x + item * COLUMNS);
}

/* ---- Plain ---- */

static RAY_REAL clamped(RAY_REAL w, ray_clamp clamp)
{
    if (clamp == RAY_CLAMP_NONE)
        return w;
    w = clamp == RAY_CLAMP_POSITIVE ? w : -w;
    return w > 0 ? w : 0;
}

/* One output of every item. */
static void plain_row(void *context, int64_t row, int32_t lane)
{
    const job *j = context;
    const ray_dense_call *call = &j->call;
    int64_t in = call->sizes.inputs;
    const RAY_REAL *w = call->weight + row * in;
    (void)lane;
    for (int64_t item = 0; item < call->sizes.items; item++) {
        const RAY_REAL *x = call->from + item * in;
        RAY_REAL sum = 0;
        #pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < in; i++)
            sum += x[i] * clamped(w[i], call->clamp);
        sum += call->bias ? call->bias[row] : 0;
        ray_dense_finish(call, item, row, 1, &sum);
    }
}

/* One block of inputs of every item. */
static void plain_columns(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const ray_dense_call *call = &j->call;
    int64_t in = call->sizes.inputs, start = task * j->columns;
    int64_t n = ray_smaller(j->columns, in - start);
    (void)lane;
    for (int64_t item = 0; item < call->sizes.items; item++) {
        RAY_REAL sum[COLUMNS] = { 0 };
        for (int64_t row = 0; row < call->sizes.outputs; row++) {
            const RAY_REAL *w = call->weight + row * in + start;
            RAY_REAL g = call->from[item * call->sizes.outputs + row];
            for (int64_t i = 0; g != 0 && i < n; i++)
                sum[i] += g * clamped(w[i], call->clamp);
        }
        ray_dense_finish(call, item, start, n, sum);
    }
}

/* ---- Calls ---- */

/* `most` items at a time. */
static void run_batches(const job *all, int64_t most, int64_t tasks, ray_task *task)
{
    ray_dense_sizes sizes = all->call.sizes;
    int64_t from = all->call.gradient ? sizes.outputs : sizes.inputs;
    int64_t to = sizes.inputs + sizes.outputs - from;
    for (int64_t first = 0; first < sizes.items; first += most) {
        job j = *all;
        ray_finish finish = { 0 };
        j.call.sizes.items = ray_smaller(most, sizes.items - first);
        j.call.from += first * from;
        j.call.to += first * to;
        if (j.call.finish) {
            finish = *j.call.finish;
            finish.add = finish.add ? finish.add + first * to : NULL;
            finish.gate = finish.gate ? finish.gate + first * to : NULL;
            j.call.finish = &finish;
        }
        ray_parallel(tasks, task, &j);
    }
}

/* Columns in a task: an even number of tasks of nearly one size. */
static int64_t cut_columns(int64_t columns)
{
    int64_t pairs = ray_divide_up(columns, 2 * COLUMNS), piece = ray_divide_up(columns, 2 * pairs);
    return ray_divide_up(piece, 2 * LINE) * 2 * LINE;
}

void ray_dense_compute(const ray_dense_call *call)
{
    job j = { *call, ray_machine_get(), cut_columns(call->sizes.inputs) };
    int64_t columns = ray_divide_up(call->sizes.inputs, j.columns), rows = call->sizes.outputs;
    if (j.machine && ray_dense_matrix.fits(call))
        ray_dense_matrix.compute(call);
    else if (call->gradient && j.machine)
        run_batches(&j, COLUMN_ITEMS, columns, column_task);
    else if (call->gradient)
        ray_parallel(columns, plain_columns, &j);
    else if (j.machine)
        run_batches(&j, ROW_ITEMS, ray_divide_up(rows, ROWS), row_task);
    else
        ray_parallel(rows, plain_row, &j);
}

void ray_dense_forward(ray_dense_sizes sizes, const RAY_REAL *x, const RAY_REAL *weight,
                       const RAY_REAL *bias, RAY_REAL *y)
{
    ray_dense_compute(&(ray_dense_call){ .sizes = sizes, .from = x, .weight = weight, .bias = bias,
                                         .to = y });
}

void ray_dense_gradient(ray_dense_sizes sizes, const RAY_REAL *dy, const RAY_REAL *weight,
                        RAY_REAL *dx)
{
    ray_dense_compute(&(ray_dense_call){ .sizes = sizes, .gradient = true, .from = dy,
                                         .weight = weight, .to = dx });
}
