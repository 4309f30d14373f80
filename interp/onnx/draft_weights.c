/* SPDX-License-Identifier: MIT */
#include "draft_weights.h"

#include <string.h>

#include "read/weights_table.h"
#include "reorder.h"

static int add_tensor(ray_weights *weights, const ray_draft_tensor *tensor, int64_t index,
                      ray_error *error)
{
    ray_entry *entry = ray_weights_add(weights, tensor->name);
    if (!entry)
        return ray_fail_memory(error);
    entry->type = ray_number_type_named("F32");     /* what load() makes of any type */
    entry->shape.rank = tensor->shape.rank;
    memcpy(entry->shape.dim, tensor->shape.dim, (size_t)tensor->shape.rank * sizeof(int64_t));
    entry->count = tensor->from->n;
    entry->index = index;
    return 0;
}

static int open_draft(ray_weights *weights, ray_error *error)
{
    const ray_draft *draft = weights->archive;
    for (int32_t i = 0; i < draft->n_tensors; i++)
        if (add_tensor(weights, &draft->tensors[i], i, error))
            return -1;
    return 0;
}

static bool is_usable(const ray_draft_tensor *tensor, const ray_reorder *r)
{
    return r->rank == 1 && tensor->from->type == RAY_ONNX_FLOAT
           && (uintptr_t)r->from % _Alignof(RAY_REAL) == 0;
}

static int take_piece(void *context, const float *numbers, size_t n)
{
    RAY_REAL **to = context;
    memcpy(*to, numbers, n * sizeof *numbers);
    *to += n;
    return 0;
}

static int load_draft(const ray_weights *weights, ray_entry *entry, ray_error *error)
{
    const ray_draft *draft = weights->archive;
    const ray_draft_tensor *tensor = &draft->tensors[entry->index];
    ray_reorder r = ray_reorder_make(tensor, draft->model);
    if (is_usable(tensor, &r)) {
        entry->shape.data = (RAY_REAL *)(uintptr_t)r.from;
        return 0;
    }
    RAY_REAL *data = ray_alloc_aligned((size_t)entry->count * sizeof *data), *to = data;
    if (!data)
        return ray_fail_memory(error);
    if (ray_reorder_each(&r, take_piece, &to, error)) {
        ray_free_aligned(data);
        return -1;
    }
    entry->shape.data = data;
    entry->owned = true;
    return 0;
}

static const ray_format draft_format = {
    .open = open_draft,
    .load = load_draft,
};

int ray_draft_open_weights(ray_weights **out, const ray_draft *draft, const char *path,
                           ray_error *error)
{
    return ray_weights_create(out, &draft_format, path, (void *)(uintptr_t)draft, error);
}
