/* SPDX-License-Identifier: MIT */
/* gemm_panels.c - products of matrices with the inner loops of machine.h.
 *
 * A few panels of B, a part of the depth, are copied where they do not drive one another out of the
 * nearest cache; then rows of A pass over them. */
#include <string.h>

#include "gemm.h"
#include "pieces.h"

enum {
    COLUMNS = 64,               /* of B at a time */
    STEP = COLUMNS + 16,        /* numbers from row to row of the copy: an odd number of lines */
    DEPTH = 256,
    ROW_RUNS = 4                /* runs of rows that pass over one panel after another */
};

typedef struct work {
    const ray_machine *machine;
    ray_gemm_sizes     sizes;
    ray_matrix         a;
    ray_gemm_finish    finish;
    RAY_REAL          *c;
    int64_t            c_stride;
    int64_t            depth, depths;           /* the part being multiplied */
    int64_t            column, columns;
    RAY_REAL           b[DEPTH * STEP] __attribute__((aligned(64)));
} work;

bool ray_gemm_panels_suit(const ray_machine *machine, int64_t columns)
{
    if (!machine)
        return false;
    int64_t width = 2 * machine->lanes, missing = (width - columns % width) % width;
    return missing * 32 <= columns;
}

static void copy_part(work *w, const RAY_REAL *b, int64_t stride)
{
    int64_t width = 2 * w->machine->lanes, missing = (width - w->columns % width) % width;
    size_t bytes = (size_t)w->columns * sizeof *b;
    b += w->depth * stride + w->column;
    for (int64_t d = 0; d < w->depths; d++) {
        memcpy(w->b + d * STEP, b + d * stride, bytes);
        memset(w->b + d * STEP + w->columns, 0, (size_t)missing * sizeof *b);
    }
}

/* A panel that C has not got all columns of, by way of a panel that has. */
static void multiply_partly(const ray_machine *machine, const ray_product *whole, int64_t columns)
{
    RAY_REAL c[ROW_RUNS * RAY_MOST_ROWS * 2 * RAY_MOST_LANES];
    ray_product part = *whole;
    part.c = c;
    part.c_row = 2 * machine->lanes;
    size_t bytes = (size_t)columns * sizeof *c;
    for (int64_t r = 0; whole->add && r < part.rows; r++)
        memcpy(c + r * part.c_row, whole->c + r * whole->c_row, bytes);
    machine->multiply(&part);
    for (int64_t r = 0; r < part.rows; r++)
        memcpy(whole->c + r * whole->c_row, c + r * part.c_row, bytes);
}

static void multiply_run(const work *w, int64_t row, int64_t rows)
{
    bool first = w->depth == 0;
    int64_t width = 2 * w->machine->lanes, stride = w->a.stride;
    ray_product p = { .a_row = w->a.transposed ? 1 : stride, .a_step = w->a.transposed ? stride : 1,
                      .b_step = STEP, .c_row = w->c_stride, .rows = rows, .depth = w->depths,
                      .add = !first || w->finish.add };
    p.a = w->a.data + row * p.a_row + w->depth * p.a_step;
    p.bias = first && w->finish.bias ? w->finish.bias + row : NULL;
    for (int64_t column = 0; column < w->columns; column += width) {
        p.b = w->b + column;
        p.c = w->c + row * w->c_stride + w->column + column;
        if (column + width <= w->columns)
            w->machine->multiply(&p);
        else
            multiply_partly(w->machine, &p, w->columns - column);
    }
}

void ray_gemm_panels(const ray_machine *machine, ray_gemm_sizes sizes, ray_matrix a,
                     const RAY_REAL *b, int64_t b_stride, const ray_gemm_finish *finish,
                     RAY_REAL *c, int64_t c_stride)
{
    work w;
    int64_t run = ROW_RUNS * machine->rows;
    w.machine = machine;
    w.sizes = sizes;
    w.a = a;
    w.finish = *finish;
    w.c = c;
    w.c_stride = c_stride;
    for (w.column = 0; w.column < sizes.columns; w.column += w.columns) {
        w.columns = ray_smaller(COLUMNS, sizes.columns - w.column);
        for (w.depth = 0; w.depth < sizes.depth; w.depth += w.depths) {
            w.depths = ray_smaller(DEPTH, sizes.depth - w.depth);
            copy_part(&w, b, b_stride);
            for (int64_t row = 0; row < sizes.rows; row += run)
                multiply_run(&w, row, ray_smaller(run, sizes.rows - row));
        }
    }
}
