/* SPDX-License-Identifier: MIT */
/* Weights in .npz files. */
#include "fuzz_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_weights(".npz", data, size);
    return 0;
}
