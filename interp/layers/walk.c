/* SPDX-License-Identifier: MIT */
/* walk.c - a walk is first made as short as it can be, then goes along rows: its last dim. */
#include "walk.h"

#include <math.h>
#include <string.h>

#include "real.h"
#include "sum.h"

enum { PIECE = 4096, SUM_PIECE = 1024, TILE = 32 };

void ray_walk_dense(ray_walk *walk, const ray_tensor *tensor)
{
    int64_t stride = 1;
    walk->start = 0;
    walk->rank = tensor->rank;
    for (int32_t i = tensor->rank; i-- > 0;) {
        walk->dim[i] = tensor->dim[i];
        walk->stride[i] = stride;
        stride *= tensor->dim[i];
    }
}

void ray_walk_broadcast(ray_walk *walk, const ray_tensor *dense, const ray_tensor *operand)
{
    const int32_t lacking = dense->rank - operand->rank;
    ray_walk own;
    ray_walk_dense(&own, operand);
    ray_walk_dense(walk, dense);
    for (int32_t i = 0; i < dense->rank; i++) {
        const int32_t k = i == 0 ? 0 : i - lacking;
        const bool repeats = k < (i > 0) || (operand->dim[k] == 1 && dense->dim[i] != 1);
        walk->stride[i] = repeats ? 0 : own.stride[k];
    }
}

/* The same walk without dims of size 1, and with neighbours joined that are one run in both
 * tensors. */
static ray_walk shorten(const ray_walk *walk)
{
    ray_walk s = { .start = walk->start, .rank = 0 };
    for (int32_t i = 0; i < walk->rank; i++) {
        const int32_t last = s.rank - 1;
        if (walk->dim[i] == 1)
            continue;
        if (last >= 0 && s.stride[last] == walk->stride[i] * walk->dim[i]) {
            s.dim[last] *= walk->dim[i];
            s.stride[last] = walk->stride[i];
        } else {
            s.dim[s.rank] = walk->dim[i];
            s.stride[s.rank++] = walk->stride[i];
        }
    }
    if (s.rank == 0) {
        s.dim[0] = s.stride[0] = 1;
        s.rank = 1;
    }
    return s;
}

/* Product of dim[from] ... dim[to - 1]. */
static int64_t product(const ray_walk *walk, int32_t from, int32_t to)
{
    int64_t p = 1;
    for (int32_t i = from; i < to; i++)
        p *= walk->dim[i];
    return p;
}

/* Where the element with this index among dim[from] ... dim[to - 1] lies in the view. */
static int64_t offset(const ray_walk *walk, int32_t from, int32_t to, int64_t index)
{
    int64_t at = 0;
    for (int32_t i = to; i-- > from;) {
        at += index % walk->dim[i] * walk->stride[i];
        index /= walk->dim[i];
    }
    return at;
}

/* n numbers of the view, a stride apart, and of the base make n of the dense tensor. */
RAY_CLONES static void gather_run(ray_walk_how how, const RAY_REAL *base, const RAY_REAL *view,
                                  int64_t stride, RAY_REAL *dense, int64_t n)
{
#define RUN(expression)                             \
    if (stride == 1) {                              \
        _Pragma("omp simd")                         \
        for (int64_t i = 0; i < n; i++) {           \
            const RAY_REAL v = view[i];             \
            dense[i] = expression;                  \
        }                                           \
    } else if (stride == 0) {                       \
        const RAY_REAL v = *view;                   \
        _Pragma("omp simd")                         \
        for (int64_t i = 0; i < n; i++)             \
            dense[i] = expression;                  \
    } else {                                        \
        for (int64_t i = 0; i < n; i++) {           \
            const RAY_REAL v = view[i * stride];    \
            dense[i] = expression;                  \
        }                                           \
    }
    switch (how) {
    case RAY_WALK_SET:      RUN(v) break;
    case RAY_WALK_ADD:      RUN(base[i] + v) break;
    case RAY_WALK_SUBTRACT: RUN(base[i] - v) break;
    case RAY_WALK_MULTIPLY: RUN(base[i] * v) break;
    case RAY_WALK_DIVIDE:   RUN(base[i] / v) break;
    case RAY_WALK_POWER:    RUN(ray_pow(base[i], v)) break;
    case RAY_WALK_LARGER:   RUN(ray_max(base[i], v)) break;
    case RAY_WALK_SMALLER:  RUN(ray_min(base[i], v)) break;
    }
#undef RUN
}

/* The dim along which neighbours of the view lie side by side when they do not along the last one;
 * RAY_ABSENT: there is none. */
static int32_t find_turned(const ray_walk *w)
{
    const int32_t last = w->rank - 1;
    for (int32_t i = 0; i < last && w->stride[last] > 1; i++)
        if (w->stride[i] == 1)
            return i;
    return RAY_ABSENT;
}

/* dense[i * apart + k] = view[i + k * stride] for i below rows, k below columns */
RAY_CLONES static void turn_tile(const RAY_REAL *view, int64_t stride, RAY_REAL *dense,
                                 int64_t apart, int64_t rows, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < columns; k++)
            dense[i * apart + k] = view[i + k * stride];
}

/* dense = view, in tiles of dim `turned` and the last one: so that both are read and written along
 * their rows, as far as caches reach. */
static void gather_turned(const ray_walk *w, int32_t turned, const RAY_REAL *view, RAY_REAL *dense)
{
    const int32_t last = w->rank - 1;
    const int64_t height = w->dim[turned], width = w->dim[last];
    const int64_t down = (height + TILE - 1) / TILE, across = (width + TILE - 1) / TILE;
    const int64_t before = product(w, 0, turned), between = product(w, turned + 1, last);
    #pragma omp parallel for schedule(static) if (before * between * height * width > RAY_SERIAL)
    for (int64_t p = 0; p < before * between * down; p++) {
        const int64_t y = p % down * TILE, q = p / down;
        const int64_t rows = height - y < TILE ? height - y : TILE;
        const RAY_REAL *v = view + w->start + offset(w, 0, turned, q / between)
                            + offset(w, turned + 1, last, q % between) + y;
        RAY_REAL *d = dense + ((q / between * height + y) * between + q % between) * width;
        for (int64_t x = 0; x < across * TILE; x += TILE)
            turn_tile(v + x * w->stride[last], w->stride[last], d + x, between * width, rows,
                      width - x < TILE ? width - x : TILE);
    }
}

void ray_walk_gather(const ray_walk *walk, ray_walk_how how, const RAY_REAL *base,
                     const RAY_REAL *view, RAY_REAL *dense)
{
    const ray_walk w = shorten(walk);
    const int32_t last = w.rank - 1, turned = how == RAY_WALK_SET ? find_turned(&w) : RAY_ABSENT;
    const int64_t rows = product(&w, 0, last), length = w.dim[last];
    const int64_t pieces = (length + PIECE - 1) / PIECE;
    if (turned != RAY_ABSENT) {
        gather_turned(&w, turned, view, dense);
        return;
    }
    #pragma omp parallel for schedule(static) if (rows * length > RAY_SERIAL)
    for (int64_t p = 0; p < rows * pieces; p++) {
        const int64_t row = p / pieces, from = p % pieces * PIECE, at = row * length + from;
        const int64_t n = length - from < PIECE ? length - from : PIECE;
        const RAY_REAL *v = view + w.start + offset(&w, 0, last, row) + from * w.stride[last];
        gather_run(how, how == RAY_WALK_SET ? NULL : base + at, v, w.stride[last], dense + at, n);
    }
}

void ray_walk_scatter(const ray_walk *walk, const RAY_REAL *dense, RAY_REAL *view)
{
    const ray_walk w = shorten(walk);
    const int32_t last = w.rank - 1;
    const int64_t rows = product(&w, 0, last), length = w.dim[last], stride = w.stride[last];
    #pragma omp parallel for schedule(static) if (rows * length > RAY_SERIAL)
    for (int64_t row = 0; row < rows; row++) {
        const RAY_REAL *d = dense + row * length;
        RAY_REAL *v = view + w.start + offset(&w, 0, last, row);
        for (int64_t i = 0; i < length; i++)
            v[i * stride] = d[i];
    }
}

RAY_CLONES static void sum_run(const RAY_REAL *dense, RAY_REAL *view, int64_t stride, int64_t n)
{
    if (stride == 0) {
        RAY_SUM(*view, n, RAY_AT(dense));
    } else if (stride == 1) {
        #pragma omp simd
        for (int64_t i = 0; i < n; i++)
            view[i] += dense[i];
    } else {
        for (int64_t i = 0; i < n; i++)
            view[i * stride] += dense[i];
    }
}

RAY_CLONES static void extreme_run(const RAY_REAL *dense, RAY_REAL sign, RAY_REAL *view,
                                   int64_t stride, int64_t n)
{
    enum { LANES = 8 };
    RAY_REAL most[LANES];
    int64_t i = 0;
    if (stride != 0) {
        for (; i < n; i++)
            view[i * stride] = sign * ray_max(sign * view[i * stride], sign * dense[i]);
        return;
    }
    for (int k = 0; k < LANES; k++)
        most[k] = sign * *view;
    for (; i + LANES <= n; i += LANES) {
        #pragma omp simd
        for (int k = 0; k < LANES; k++)
            most[k] = ray_max(most[k], sign * dense[i + k]);
    }
    for (; i < n; i++)
        most[0] = ray_max(most[0], sign * dense[i]);
    for (int k = 1; k < LANES; k++)
        most[0] = ray_max(most[0], most[k]);
    *view = sign * most[0];
}

/* The leading dims that do not repeat, and pieces of the last when that does not, part the view
 * among threads; what is between is taken in order.  sign 0: the sum. */
static void reduce(const ray_walk *walk, RAY_REAL sign, const RAY_REAL *dense, RAY_REAL *view)
{
    const ray_walk w = shorten(walk);
    const int32_t last = w.rank - 1;
    const int64_t length = w.dim[last], stride = w.stride[last];
    const int64_t piece = stride == 0 ? length : SUM_PIECE, pieces = (length + piece - 1) / piece;
    int32_t split = 0;
    while (split < last && w.stride[split] != 0)
        split++;
    const int64_t outer = product(&w, 0, split), middle = product(&w, split, last);
    #pragma omp parallel for schedule(static) if (outer * middle * length > RAY_SERIAL)
    for (int64_t p = 0; p < outer * pieces; p++) {
        const int64_t o = p / pieces, from = p % pieces * piece;
        const int64_t n = length - from < piece ? length - from : piece;
        RAY_REAL *v = view + w.start + offset(&w, 0, split, o) + from * stride;
        const RAY_REAL *d = dense + o * middle * length + from;
        for (int64_t m = 0; m < middle; m++) {
            RAY_REAL *to = v + offset(&w, split, last, m);
            if (sign == 0)
                sum_run(d + m * length, to, stride, n);
            else
                extreme_run(d + m * length, sign, to, stride, n);
        }
    }
}

void ray_walk_sum(const ray_walk *walk, const RAY_REAL *dense, RAY_REAL *view, int64_t size)
{
    memset(view, 0, (size_t)size * sizeof *view);
    reduce(walk, 0, dense, view);
}

void ray_walk_extreme(const ray_walk *walk, RAY_REAL sign, const RAY_REAL *dense, RAY_REAL *view,
                      int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        view[i] = -sign * (RAY_REAL)INFINITY;
    reduce(walk, sign, dense, view);
}
