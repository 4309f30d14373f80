/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "rayinterp.h"

void ray_tensor_free(ray_tensor *tensor)
{
    if (!tensor)
        return;
    ray_free_aligned(tensor->data);
    memset(tensor, 0, sizeof *tensor);
}
