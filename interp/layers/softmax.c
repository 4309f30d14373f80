/* SPDX-License-Identifier: MIT */
/* softmax.c - softmax and its logarithm along one dimension. */
#include <math.h>

#include "dims.h"
#include "elementwise.h"
#include "sum.h"

typedef struct softmax_options {
    int64_t dim;
    int32_t axis;       /* derived: of an item */
} softmax_options;

static const ray_option options[] = {
    { "dim", "dimension to normalise over; the batch is 0", RAY_INT, 0,
      offsetof(softmax_options, dim), 1, 0, 0, NULL, 0 },
    { 0 }
};

static int infer(ray_infer *c)
{
    softmax_options *o = c->options;
    if (ray_dim_axis(c, "dim", o->dim, &o->axis))
        return -1;
    return ray_infer_same(c);
}

/* Lines of numbers are normalised.  Those of a line lie `apart` from each other, so that as many
 * lines interleave; up to TILE of these are worked on together, to make vectors of them. */
enum { TILE = 256 };
typedef struct tile { int64_t at, length, apart, width; } tile;

static int64_t count_tiles(const ray_op *op)
{
    const int32_t dim = ((const softmax_options *)op->options)->axis + 1;
    const int64_t apart = ray_dims_product(op->out, dim + 1, op->out->rank);
    return ray_dims_product(op->out, 0, dim) * ((apart + TILE - 1) / TILE);
}

static tile find_tile(const ray_op *op, int64_t index)
{
    const int32_t dim = ((const softmax_options *)op->options)->axis + 1;
    const int64_t apart = ray_dims_product(op->out, dim + 1, op->out->rank);
    const int64_t tiles = (apart + TILE - 1) / TILE, from = index % tiles * TILE;
    return (tile){ .at = index / tiles * op->out->dim[dim] * apart + from, .apart = apart,
                   .length = op->out->dim[dim],
                   .width = apart - from < TILE ? apart - from : TILE };
}

/* The largest number of each line; of a line with NaN, which becomes all NaN, any. */
RAY_INLINE void find_maxima(const tile *t, const RAY_REAL *x, RAY_REAL *most)
{
    if (t->apart == 1) {
        RAY_REAL largest = x[0];
        #pragma omp simd reduction(max : largest)
        for (int64_t i = 1; i < t->length; i++)
            largest = x[i] > largest ? x[i] : largest;
        *most = largest;
        return;
    }
    for (int64_t j = 0; j < t->width; j++)
        most[j] = x[j];
    for (int64_t i = 1; i < t->length; i++) {
        const RAY_REAL *row = x + i * t->apart;
        #pragma omp simd
        for (int64_t j = 0; j < t->width; j++)
            most[j] = ray_max(most[j], row[j]);
    }
}

/* The sum of y, or of y dy, along each line. */
RAY_INLINE void find_sums(const tile *t, const RAY_REAL *y, const RAY_REAL *dy, RAY_REAL *sum)
{
    if (t->apart == 1) {
        *sum = 0;
        if (dy)
            RAY_SUM(*sum, t->length, RAY_AT(y) * RAY_AT(dy));
        else
            RAY_SUM(*sum, t->length, RAY_AT(y));
        return;
    }
    for (int64_t j = 0; j < t->width; j++)
        sum[j] = 0;
    for (int64_t i = 0; i < t->length; i++) {
        const int64_t row = i * t->apart;
        #pragma omp simd
        for (int64_t j = 0; j < t->width; j++)
            sum[j] += dy ? y[row + j] * dy[row + j] : y[row + j];
    }
}

/* Runs along the line when there is one, else across the lines: i is the place of a number within
 * the tile, j that of its line. */
#define FOR_TILE(statement)                                             \
    do {                                                                \
        if (t->apart == 1) {                                            \
            const int64_t j = 0;                                        \
            _Pragma("omp simd")                                         \
            for (int64_t i = 0; i < t->length; i++) {                   \
                statement;                                              \
            }                                                           \
        } else {                                                        \
            for (int64_t row = 0; row < t->length; row++) {             \
                _Pragma("omp simd")                                     \
                for (int64_t j = 0; j < t->width; j++) {                \
                    const int64_t i = row * t->apart + j;               \
                    statement;                                          \
                }                                                       \
            }                                                           \
        }                                                               \
    } while (0)

RAY_CLONES static void softmax_tile(const tile *t, const RAY_REAL *x, RAY_REAL *y)
{
    RAY_REAL most[TILE], sum[TILE], share[TILE];
    find_maxima(t, x, most);
    FOR_TILE(y[i] = ray_exp(x[i] - most[j]));
    find_sums(t, y, NULL, sum);
    for (int64_t k = 0; k < t->width; k++)
        share[k] = 1 / sum[k];
    FOR_TILE(y[i] *= share[j]);
}

RAY_CLONES static void log_softmax_tile(const tile *t, const RAY_REAL *x, RAY_REAL *y)
{
    RAY_REAL most[TILE], sum[TILE];
    find_maxima(t, x, most);
    FOR_TILE(y[i] = ray_exp(x[i] - most[j]));
    find_sums(t, y, NULL, sum);
    for (int64_t k = 0; k < t->width; k++)
        sum[k] = ray_log(sum[k]);
    FOR_TILE(y[i] = x[i] - most[j] - sum[j]);
}

/* dx = y (dy - sum of y dy) */
RAY_CLONES static void softmax_tile_back(const tile *t, const RAY_REAL *y, const RAY_REAL *dy,
                                         RAY_REAL *dx)
{
    RAY_REAL sum[TILE];
    find_sums(t, y, dy, sum);
    FOR_TILE(dx[i] = y[i] * (dy[i] - sum[j]));
}

/* dx = dy - exp(y) sum of dy */
RAY_CLONES static void log_softmax_tile_back(const tile *t, const RAY_REAL *y,
                                             const RAY_REAL *dy, RAY_REAL *dx)
{
    RAY_REAL sum[TILE];
    find_sums(t, dy, NULL, sum);
    FOR_TILE(dx[i] = dy[i] - ray_exp(y[i]) * sum[j]);
}

#define FORWARD(name, work_on)                                                      \
    static void name(const ray_op *op)                                              \
    {                                                                               \
        const int64_t tiles = count_tiles(op);                                      \
        _Pragma("omp parallel for schedule(static) if (tiles * TILE > RAY_SERIAL)")  \
        for (int64_t k = 0; k < tiles; k++) {                                       \
            const tile t = find_tile(op, k);                                        \
            work_on(&t, op->in[0].data + t.at, op->out->data + t.at);               \
        }                                                                           \
    }
#define BACKWARD(name, work_on)                                                     \
    static void name(const ray_op *op)                                              \
    {                                                                               \
        const int64_t tiles = op->din[0].data ? count_tiles(op) : 0;                \
        _Pragma("omp parallel for schedule(static) if (tiles * TILE > RAY_SERIAL)")  \
        for (int64_t k = 0; k < tiles; k++) {                                       \
            const tile t = find_tile(op, k);                                        \
            work_on(&t, op->out->data + t.at, op->dout->data + t.at,                \
                    op->din[0].data + t.at);                                        \
        }                                                                           \
    }

FORWARD(softmax_forward, softmax_tile)
FORWARD(log_softmax_forward, log_softmax_tile)
BACKWARD(softmax_backward, softmax_tile_back)
BACKWARD(log_softmax_backward, log_softmax_tile_back)

#define SOFTMAX(prefix, formula)                \
    {                                           \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_ACTIVATION,               \
        .reads = RAY_READS_OUT,                 \
        .options = options,                     \
        .options_size = sizeof(softmax_options), \
        .infer = infer,                         \
        .forward = prefix##_forward,            \
        .backward = prefix##_backward,          \
    }

RAY_KINDS(softmax) = {
    SOFTMAX(softmax, "y = exp(x) / sum of exp(x) over a dimension"),
    SOFTMAX(log_softmax, "y = x - log(sum of exp(x)) over a dimension"),
    { 0 }
};
