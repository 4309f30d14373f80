/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdlib.h>

#include "base/memory.h"

static int by_size(const void *a, const void *b)
{
    const ray_buffer *x = *(ray_buffer *const *)a, *y = *(ray_buffer *const *)b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x < y ? -1 : 1;
}

/* The lowest offset at which the buffer meets none of those placed, which are sorted by offset. */
static int64_t find_gap(const ray_buffer *buffer, ray_buffer *const *placed, int32_t n)
{
    int64_t at = 0;
    for (int32_t i = 0; i < n; i++) {
        const ray_buffer *other = placed[i];
        if (other->last < buffer->first || buffer->last < other->first)
            continue;
        if (other->offset - at >= buffer->size)
            break;
        if (other->offset + other->size > at)
            at = other->offset + other->size;
    }
    return at;
}

static void insert_sorted(ray_buffer **placed, int32_t n, ray_buffer *buffer)
{
    int32_t i = n;
    for (; i > 0 && placed[i - 1]->offset > buffer->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = buffer;
}

int ray_buffers_place(ray_buffer *buffers, int32_t n, int64_t *total, ray_error *error)
{
    ray_buffer **queue = ray_alloc((size_t)n * 2 + 1, sizeof *queue);
    if (!queue)
        return ray_fail_memory(error);
    ray_buffer **placed = queue + n;
    for (int32_t i = 0; i < n; i++)
        queue[i] = &buffers[i];
    qsort(queue, (size_t)n, sizeof *queue, by_size);
    *total = 0;
    for (int32_t i = 0; i < n && queue[i]->size > 0; i++) {
        queue[i]->offset = find_gap(queue[i], placed, i);
        insert_sorted(placed, i, queue[i]);
        if (queue[i]->offset + queue[i]->size > *total)
            *total = queue[i]->offset + queue[i]->size;
    }
    free(queue);
    return 0;
}
