/* SPDX-License-Identifier: MIT */
/* fuzz_weights.h - opens a weight file and takes every tensor that it offers. */
#ifndef RAY_TESTS_FUZZ_WEIGHTS_H
#define RAY_TESTS_FUZZ_WEIGHTS_H

#include "fuzz_file.h"
#include "read/weights.h"

static inline void fuzz_tensor(ray_weights *weights, int index)
{
    ray_tensor tensor;
    ray_error error = { "" };
    if (ray_weights_find(weights, ray_weights_name(weights, index)) != index)
        abort();
    if (ray_weights_take(weights, index, &tensor, &error) != 0)
        return;
    int64_t count = 1;
    for (int32_t i = 0; i < tensor.rank; i++)
        count *= tensor.dim[i];
    for (int64_t i = 0; i < count; i++)
        if (tensor.data[i] - tensor.data[i] != 0)
            abort();
}

static inline void fuzz_weights(const char *ending, const uint8_t *data, size_t size)
{
    ray_weights *weights;
    ray_error error = { "" };
    int failed = ray_weights_open(&weights, fuzz_file(ending, data, size), &error);
    if ((failed != 0) != (error.text[0] != '\0') || (failed != 0) != (weights == NULL))
        abort();
    for (int i = 0; failed == 0 && i < ray_weights_count(weights); i++)
        fuzz_tensor(weights, i);
    ray_weights_close(weights);
}

#endif
