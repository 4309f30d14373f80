/* SPDX-License-Identifier: MIT */
/* dense_matrix.c - fully connected products of many rows that always come together: a product of
 * matrices, cut into blocks by the shape of what comes together alone. */
#include "dense_methods.h"
#include "gemm.h"
#include "parallel.h"
#include "pieces.h"

enum {
    FEWEST = 32,            /* rows from which on this is faster than streaming the weights */
    ROWS = 256,             /* rows of a block */
    COLUMNS = 256           /* results of a block */
};

typedef struct job {
    const ray_dense_call *call;
    int64_t depth, results, row_blocks, column_blocks;      /* row_blocks: of what comes together */
} job;

static bool fits(const ray_dense_call *call)
{
    return call->together >= FEWEST && call->clamp == RAY_CLAMP_NONE;
}

static void block_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const ray_dense_call *call = j->call;
    int64_t column = task % j->column_blocks * COLUMNS, block = task / j->column_blocks;
    int64_t row = block % j->row_blocks * ROWS;
    int64_t first = block / j->row_blocks * call->together + row;
    ray_gemm_sizes sizes = { ray_smaller(ROWS, call->together - row),
                             ray_smaller(COLUMNS, j->results - column), j->depth };
    ray_matrix x = { call->from + first * j->depth, j->depth, false };
    ray_matrix w = { call->weight + column * (call->gradient ? 1 : j->depth), call->sizes.inputs,
                     !call->gradient };
    RAY_REAL sum[ROWS * COLUMNS];
    (void)lane;
    ray_gemm(sizes, x, w, 0, sum, COLUMNS);
    for (int64_t r = 0; r < sizes.rows; r++) {
        for (int64_t k = 0; call->bias && k < sizes.columns; k++)
            sum[r * COLUMNS + k] += call->bias[column + k];
        ray_dense_finish(call, first + r, column, sizes.columns, sum + r * COLUMNS);
    }
}

static void compute(const ray_dense_call *call)
{
    const ray_dense_sizes *s = &call->sizes;
    job j = { .call = call, .depth = call->gradient ? s->outputs : s->inputs,
              .results = call->gradient ? s->inputs : s->outputs };
    j.row_blocks = ray_divide_up(call->together, ROWS);
    j.column_blocks = ray_divide_up(j.results, COLUMNS);
    ray_parallel(s->items / call->together * j.row_blocks * j.column_blocks, block_task, &j);
}

const ray_dense_method ray_dense_matrix = { fits, compute };
