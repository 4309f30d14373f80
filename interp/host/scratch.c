/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static ray_scratch_block *add_block(ray_scratch *scratch)
{
    ray_scratch_block **grown = ray_grow(scratch->blocks, (size_t)scratch->n + 1, sizeof *grown);
    if (!grown)
        return NULL;
    scratch->blocks = grown;
    grown[scratch->n] = ray_alloc(1, sizeof **grown);
    return grown[scratch->n] ? grown[scratch->n++] : NULL;
}

static bool ensure_capacity(ray_scratch_block *block, size_t bytes)
{
    if (block->capacity >= bytes)
        return true;
    ray_free_aligned(block->tensor.data);
    block->tensor.data = ray_alloc_aligned(bytes);
    block->capacity = block->tensor.data ? bytes : 0;
    return block->tensor.data;
}

ray_tensor *ray_scratch_take(ray_scratch *scratch, int32_t rank, const int64_t *dim)
{
    int64_t size = 1;
    if (rank < 0 || rank > RAY_MAX_RANK)
        return NULL;
    for (int32_t i = 0; i < rank; i++)
        if (!ray_multiply_checked(size, dim[i], &size))
            return NULL;
    ray_scratch_block *block = scratch->used < scratch->n ? scratch->blocks[scratch->used]
                                                          : add_block(scratch);
    if (!block || !ensure_capacity(block, ((size_t)size + 16) * sizeof(RAY_REAL)))
        return NULL;
    scratch->used++;
    block->tensor.rank = rank;
    memcpy(block->tensor.dim, dim, (size_t)rank * sizeof *dim);
    return &block->tensor;
}

void ray_scratch_free(ray_scratch *scratch)
{
    for (int32_t i = 0; i < scratch->n; i++) {
        ray_free_aligned(scratch->blocks[i]->tensor.data);
        free(scratch->blocks[i]);
    }
    free(scratch->blocks);
    *scratch = (ray_scratch){ 0 };
}
