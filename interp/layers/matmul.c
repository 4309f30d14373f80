/* SPDX-License-Identifier: MIT */
/* matmul.c - products of the matrices in the last two axes; those before broadcast as in numpy. */
#include <inttypes.h>

#include "base/memory.h"
#include "kernels/gemm.h"
#include "kernels/parallel.h"
#include "kind.h"

enum { MATRIX_AXES = 2, BLOCK = 32, ENOUGH_TASKS = 16 };

typedef struct matmul_options {
    bool    transpose_a, transpose_b;
    /* filled by infer: an item's output is `matrices` of rows x columns, sums over depth */
    int64_t rows, columns, depth, matrices;
    int32_t axes;                               /* before the matrix */
    int64_t dim[RAY_MAX_RANK];                  /* of them, in the output */
    int64_t stride[2][RAY_MAX_RANK];            /* in matrices of each input, 0: it broadcasts */
    int64_t count[2];                           /* matrices in an item of each input */
} matmul_options;

static const ray_option options[] = {
    { "transpose_a", "use the first input's matrices transposed", RAY_BOOL, 0,
      offsetof(matmul_options, transpose_a), 0, 0, 0, NULL, 0 },
    { "transpose_b", "use the second input's matrices transposed", RAY_BOOL, 0,
      offsetof(matmul_options, transpose_b), 0, 0, 0, NULL, 0 },
    { 0 }
};

/* ---- Shapes ---- */

static int infer_matrix(ray_infer *c, matmul_options *o)
{
    const ray_shape *a = &c->in[0], *b = &c->in[1];
    char text_a[128], text_b[128];
    if (a->rank < MATRIX_AXES || b->rank < MATRIX_AXES)
        return ray_fail(c->error, "expects inputs of two axes or more, gets %s and %s",
                        ray_shape_text(a, text_a), ray_shape_text(b, text_b));
    o->rows = a->dim[a->rank - (o->transpose_a ? 1 : 2)];
    o->depth = a->dim[a->rank - (o->transpose_a ? 2 : 1)];
    o->columns = b->dim[b->rank - (o->transpose_b ? 2 : 1)];
    int64_t depth_b = b->dim[b->rank - (o->transpose_b ? 1 : 2)];
    if (o->depth != depth_b)
        return ray_fail(c->error, "the inputs %s and %s do not fit: rows of %" PRId64
                        " against columns of %" PRId64, ray_shape_text(a, text_a),
                        ray_shape_text(b, text_b), o->depth, depth_b);
    return 0;
}

/* An input's size along leading axis i of the output. */
static int64_t leading_dim(const ray_shape *in, int32_t axes, int32_t i)
{
    int32_t at = i - (axes - (in->rank - MATRIX_AXES));
    return at < 0 ? 1 : in->dim[at];
}

static int infer_leading(ray_infer *c, matmul_options *o)
{
    const ray_shape *a = &c->in[0], *b = &c->in[1];
    char text_a[128], text_b[128];
    o->axes = (a->rank > b->rank ? a->rank : b->rank) - MATRIX_AXES;
    o->matrices = o->count[0] = o->count[1] = 1;
    for (int32_t i = o->axes - 1; i >= 0; i--) {
        int64_t dims[2] = { leading_dim(a, o->axes, i), leading_dim(b, o->axes, i) };
        if (dims[0] != dims[1] && dims[0] != 1 && dims[1] != 1)
            return ray_fail(c->error, "the inputs %s and %s do not broadcast: %" PRId64
                            " against %" PRId64, ray_shape_text(a, text_a),
                            ray_shape_text(b, text_b), dims[0], dims[1]);
        o->dim[i] = dims[0] == 1 ? dims[1] : dims[0];
        for (int k = 0; k < 2; k++) {
            o->stride[k][i] = dims[k] == 1 ? 0 : o->count[k];
            o->count[k] *= dims[k];
        }
        if (!ray_multiply_checked(o->matrices, o->dim[i], &o->matrices))
            return ray_fail(c->error, "the output is too large");
    }
    return 0;
}

static int infer(ray_infer *c)
{
    matmul_options *o = c->options;
    if (infer_matrix(c, o) || infer_leading(c, o))
        return -1;
    c->out.rank = o->axes + MATRIX_AXES;
    for (int32_t i = 0; i < o->axes; i++)
        c->out.dim[i] = o->dim[i];
    c->out.dim[o->axes] = o->rows;
    c->out.dim[o->axes + 1] = o->columns;
    int64_t size = ray_shape_size(&c->out);
    if (size < 0 || o->rows > INT32_MAX || o->columns > INT32_MAX || o->depth > INT32_MAX
        || !ray_multiply_checked(size, o->depth, &c->macs))
        return ray_fail(c->error, "the output is too large");
    return 0;
}

/* ---- Arithmetic ---- */

typedef struct job {
    const ray_op         *op;
    const matmul_options *o;
    int64_t block, blocks;      /* rows of an output matrix in a task */
    int     side;               /* backward: of which input the signal is computed */
} job;

/* Which matrix of input `side` output matrix m of the same item reads. */
static int64_t source_of(const matmul_options *o, int side, int64_t m)
{
    int64_t source = 0;
    for (int32_t i = o->axes - 1; i >= 0; i--) {
        source += m % o->dim[i] * o->stride[side][i];
        m /= o->dim[i];
    }
    return source;
}

/* op(A) or op(B) as output matrix m of an item sees it. */
static ray_matrix input_matrix(const job *j, int side, int64_t item, int64_t m)
{
    const matmul_options *o = j->o;
    int64_t size = o->depth * (side == 0 ? o->rows : o->columns);
    bool transposed = side == 0 ? o->transpose_a : o->transpose_b;
    int64_t natural = side == 0 ? o->depth : o->columns, other = size / natural;
    int64_t index = item * o->count[side] + source_of(o, side, m);
    return (ray_matrix){ j->op->in[side].data + index * size, transposed ? other : natural,
                         transposed };
}

static void forward_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const matmul_options *o = j->o;
    int64_t matrix = task / j->blocks, row = task % j->blocks * j->block;
    int64_t rows = o->rows - row < j->block ? o->rows - row : j->block;
    ray_matrix a = input_matrix(j, 0, matrix / o->matrices, matrix % o->matrices);
    ray_matrix b = input_matrix(j, 1, matrix / o->matrices, matrix % o->matrices);
    RAY_REAL *to = j->op->out->data + (matrix * o->rows + row) * o->columns;
    (void)lane;
    a.data += a.transposed ? row : row * a.stride;
    ray_gemm((ray_gemm_sizes){ rows, o->columns, o->depth }, a, b, 0, to, o->columns);
}

static void forward(const ray_op *op)
{
    const matmul_options *o = op->options;
    job j = { .op = op, .o = o };
    int64_t matrices = op->in[0].dim[0] * o->matrices;
    int64_t wanted = (ENOUGH_TASKS + matrices - 1) / matrices;
    j.block = (o->rows + wanted - 1) / wanted;
    j.block = j.block < BLOCK ? BLOCK : j.block;
    j.blocks = (o->rows + j.block - 1) / j.block;
    ray_parallel(matrices * j.blocks, forward_task, &j);
}

static ray_matrix flipped(ray_matrix m)
{
    m.transposed = !m.transposed;
    return m;
}

/* Adds what output matrix m sends to its input matrix: dA = dY B' or dB = A' dY, transposed where
 * the input is stored so. */
static void send_back(const job *j, int64_t item, int64_t m, RAY_REAL beta, RAY_REAL *to)
{
    const matmul_options *o = j->o;
    const RAY_REAL *signal = j->op->dout->data + (item * o->matrices + m) * o->rows * o->columns;
    ray_matrix dy = { signal, o->columns, false };
    ray_matrix other = input_matrix(j, 1 - j->side, item, m);
    int64_t n = j->side == 0 ? o->rows : o->columns;
    if (j->side == 0 && !o->transpose_a)
        ray_gemm((ray_gemm_sizes){ n, o->depth, o->columns }, dy, flipped(other), beta, to,
                 o->depth);
    else if (j->side == 0)
        ray_gemm((ray_gemm_sizes){ o->depth, n, o->columns }, other, flipped(dy), beta, to, n);
    else if (!o->transpose_b)
        ray_gemm((ray_gemm_sizes){ o->depth, n, o->rows }, flipped(other), dy, beta, to, n);
    else
        ray_gemm((ray_gemm_sizes){ n, o->depth, o->rows }, flipped(dy), other, beta, to, o->depth);
}

/* One matrix of an input's signal: the sum over the output matrices that read it. */
static void backward_task(void *context, int64_t task, int32_t lane)
{
    const job *j = context;
    const matmul_options *o = j->o;
    int64_t item = task / o->count[j->side], index = task % o->count[j->side];
    int64_t size = o->depth * (j->side == 0 ? o->rows : o->columns);
    RAY_REAL beta = 0, *to = j->op->din[j->side].data + task * size;
    (void)lane;
    if (o->count[j->side] == o->matrices) {
        send_back(j, item, index, 0, to);
        return;
    }
    for (int64_t m = 0; m < o->matrices; m++) {
        if (source_of(o, j->side, m) != index)
            continue;
        send_back(j, item, m, beta, to);
        beta = 1;
    }
}

static void backward(const ray_op *op)
{
    const matmul_options *o = op->options;
    job j = { .op = op, .o = o };
    for (j.side = 0; j.side < 2; j.side++) {
        if (op->din[j.side].data)
            ray_parallel(op->in[0].dim[0] * o->count[j.side], backward_task, &j);
    }
}

RAY_KINDS(matmul) = {
    {
        .name = "matmul",
        .summary = "y = A B, the product of the matrices in the last two axes of two inputs",
        .traits = RAY_MERGE,
        .min_in = 2,
        .max_in = 2,
        .reads = RAY_READS_IN,
        .options = options,
        .options_size = sizeof(matmul_options),
        .infer = infer,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
