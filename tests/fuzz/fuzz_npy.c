/* SPDX-License-Identifier: MIT */
/* Arrays of NumPy in memory. */
#include "fuzz_file.h"
#include "read/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ray_tensor tensor;
    ray_error error = { "" };
    int failed = ray_npy_parse("fuzz.npy", data, size, &tensor, &error);
    if ((failed != 0) != (error.text[0] != '\0') || (failed != 0) != (tensor.data == NULL))
        abort();
    int64_t count = 1;
    for (int32_t i = 0; i < tensor.rank; i++)
        count *= tensor.dim[i];
    volatile float sum = 0;
    for (int64_t i = 0; failed == 0 && i < count; i++)
        sum = sum + (float)tensor.data[i];
    ray_tensor_free(&tensor);
    return 0;
}
