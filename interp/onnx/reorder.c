/* SPDX-License-Identifier: MIT */
/* reorder.c - a permuted tensor is read in slabs of what is written: of each slab the source is
 * passed once, front to back where two dimensions change places, so that few of its pages are in
 * memory at a time. */
#include "reorder.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "numbers.h"

_Static_assert(sizeof(RAY_REAL) == sizeof(float), "weights are written as they are computed with");

enum {
    SLAB = 32 << 20,                /* bytes of a permuted tensor that are collected at a time */
    TILE = 16,                      /* numbers of a line that are written side by side */
    STEP = 4 << 20                  /* bytes of the source after which pages are given back */
};

/* ---- The order ---- */

/* One dimension more, the innermost so far; merged with the one before where they lie together. */
static void append(ray_reorder *r, int64_t dim, int64_t stride)
{
    int32_t last = r->rank - 1;
    if (dim == 1)
        return;
    if (last >= 0 && r->stride[last] == stride * dim) {
        r->dim[last] *= dim;
        r->stride[last] = stride;
        return;
    }
    r->dim[r->rank] = dim;
    r->stride[r->rank++] = stride;
}

ray_reorder ray_reorder_make(const ray_draft_tensor *tensor, const ray_onnx_model *model)
{
    const ray_onnx_tensor *from = tensor->from;
    ray_reorder r = { .model = model, .from = from->data,
                      .type = ray_onnx_number_type(from->type) };
    int64_t stride[RAY_ONNX_MAX_RANK], step = 1;
    for (int32_t k = from->rank - 1; k >= 0; k--) {
        stride[k] = step;
        step *= from->dim[k];
    }
    for (int32_t k = 0; k < from->rank; k++)
        append(&r, from->dim[tensor->order[k]], stride[tensor->order[k]]);
    if (r.rank == 0) {
        r.dim[r.rank] = from->n;        /* 1, or 0 */
        r.stride[r.rank++] = 1;
    }
    r.row = r.dim[0] ? from->n / r.dim[0] : 0;
    return r;
}

/* ---- Copying ---- */

static void forget(const ray_reorder *r, int64_t first, int64_t n)
{
    if (r->model)
        ray_onnx_files_forget(r->model, r->from + first * r->type->width,
                              (size_t)n * (size_t)r->type->width);
}

/* to[i * to_stride + j] = from[j * from_stride + i], in numbers of `width` bytes. */
static inline void transpose_tile(unsigned char *to, int64_t to_stride, int64_t n_i,
                                  const unsigned char *from, int64_t from_stride, int64_t n_j,
                                  size_t width)
{
    for (int64_t i = 0; i < n_i; i++)
        for (int64_t j = 0; j < n_j; j++)
            memcpy(to + (size_t)(i * to_stride + j) * width,
                   from + (size_t)(j * from_stride + i) * width, width);
}

/* The same with a width that the compiler knows. */
static void transpose(unsigned char *to, int64_t to_stride, int64_t n_i, const unsigned char *from,
                      int64_t from_stride, int64_t n_j, int32_t width)
{
    switch (width) {
    case 1: transpose_tile(to, to_stride, n_i, from, from_stride, n_j, 1); break;
    case 2: transpose_tile(to, to_stride, n_i, from, from_stride, n_j, 2); break;
    case 4: transpose_tile(to, to_stride, n_i, from, from_stride, n_j, 4); break;
    default: transpose_tile(to, to_stride, n_i, from, from_stride, n_j, 8); break;
    }
}

/* The dimension along which the source lies in order. */
static int32_t find_inner(const ray_reorder *r)
{
    for (int32_t k = 0; k < r->rank; k++)
        if (r->stride[k] == 1)
            return k;
    return r->rank - 1;
}

/* A part of what is written, in numbers: dimension `inner` against the last one. */
typedef struct plane { int64_t to_stride, from, to, n_i, n_j; } plane;

static void copy_plane(const ray_reorder *r, const plane *p, unsigned char *to)
{
    int64_t stride = r->stride[r->rank - 1], width = r->type->width, done = 0;
    for (int64_t j = 0; j < p->n_j; j += TILE) {
        int64_t n = p->n_j - j < TILE ? p->n_j - j : TILE;
        transpose(to + (p->to + j) * width, p->to_stride, p->n_i,
                  r->from + (p->from + j * stride) * width, stride, n, r->type->width);
        if ((j + n - done) * stride * width >= STEP) {
            forget(r, p->from + done * stride, (j + n - done) * stride);
            done = j + n;
        }
    }
}

/* Goes to the next place in all dimensions but the last and `inner`; false after the last place. */
static bool advance(const ray_reorder *r, int32_t inner, const int64_t *dim, int64_t *at)
{
    for (int32_t k = r->rank - 2; k >= 0; k--) {
        if (k == inner)
            continue;
        if (++at[k] < dim[k])
            return true;
        at[k] = 0;
    }
    return false;
}

void ray_reorder_copy(const ray_reorder *r, int64_t first, int64_t rows, unsigned char *to)
{
    int32_t last = r->rank - 1, inner = find_inner(r);
    int64_t dim[RAY_ONNX_MAX_RANK], step[RAY_ONNX_MAX_RANK], at[RAY_ONNX_MAX_RANK] = { 0 };
    memcpy(dim, r->dim, sizeof dim);
    dim[0] = rows;
    step[last] = 1;
    for (int32_t k = last; k > 0; k--)
        step[k - 1] = step[k] * dim[k];
    do {
        plane p = { .from = first * r->stride[0] };
        for (int32_t k = 0; k < last; k++) {
            p.from += at[k] * r->stride[k];
            p.to += at[k] * step[k];
        }
        if (inner == last) {
            memcpy(to + p.to * r->type->width, r->from + p.from * r->type->width,
                   (size_t)(dim[last] * r->type->width));
            continue;
        }
        p.to_stride = step[inner];
        p.n_i = dim[inner];
        p.n_j = dim[last];
        copy_plane(r, &p, to);
    } while (advance(r, inner, dim, at));
}

/* ---- All of it ---- */

typedef struct taker {
    ray_reorder_take *take;
    void             *context;
    RAY_REAL         *buffer;       /* RAY_REORDER_PIECE numbers; NULL: not needed */
} taker;

/* Numbers that lie one after another, wherever that is. */
static int take_run(const ray_reorder *r, const taker *t, const unsigned char *from, int64_t n,
                    bool source)
{
    int64_t width = r->type->width;
    for (int64_t done = 0; done < n; done += RAY_REORDER_PIECE) {
        int64_t some = n - done < RAY_REORDER_PIECE ? n - done : RAY_REORDER_PIECE;
        ray_numbers_convert(r->type, false, from + done * width, some, t->buffer);
        if (t->take(t->context, t->buffer, (size_t)some))
            return -1;
        if (source)
            forget(r, done, some);
    }
    return 0;
}

static int take_slabs(const ray_reorder *r, const taker *t, ray_error *error)
{
    int64_t bytes = r->row * r->type->width, rows = bytes < SLAB ? SLAB / bytes : 1;
    rows = rows < r->dim[0] ? rows : r->dim[0];
    unsigned char *slab = ray_alloc((size_t)rows, (size_t)bytes);
    if (!slab)
        return ray_fail_memory(error);
    int failed = 0;
    for (int64_t first = 0; !failed && first < r->dim[0]; first += rows) {
        int64_t some = r->dim[0] - first < rows ? r->dim[0] - first : rows;
        ray_reorder_copy(r, first, some, slab);
        forget(r, 0, r->row * r->dim[0]);
        failed = take_run(r, t, slab, some * r->row, false);
    }
    free(slab);
    return failed;
}

int ray_reorder_each(const ray_reorder *r, ray_reorder_take *take, void *context,
                     ray_error *error)
{
    int64_t n = r->row * r->dim[0];
    taker t = { take, context, ray_alloc(RAY_REORDER_PIECE, sizeof(RAY_REAL)) };
    if (!t.buffer)
        return ray_fail_memory(error);
    int failed = 0;
    if (n)
        failed = r->rank == 1 ? take_run(r, &t, r->from, n, true) : take_slabs(r, &t, error);
    free(t.buffer);
    return failed;
}
