/* SPDX-License-Identifier: MIT */
/* ONNX models, up to the compiled graph with its weights. */
#include "fuzz_file.h"
#include "rayinterp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ray_network *network = NULL;
    ray_error error = { "" };
    int failed = ray_network_open(&network, fuzz_file(".onnx", data, size), NULL, &error);
    if ((failed != 0) != (error.text[0] != '\0') || (failed != 0) != (network == NULL))
        abort();
    ray_network_close(network);
    return 0;
}
