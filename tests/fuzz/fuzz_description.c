/* SPDX-License-Identifier: MIT */
/* Graph files, up to the compiled graph without its weights. */
#include "fuzz_file.h"
#include "rayinterp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    ray_network *network = NULL;
    ray_error error = { "" };
    int failed = ray_network_open(&network, fuzz_file(".yaml", data, size), &options, &error);
    if ((failed != 0) != (error.text[0] != '\0'))
        abort();
    if (failed == 0) {
        ray_tensor shape;
        ray_network_output(network, &shape);
        if (shape.rank < 1 || shape.dim[0] != 1)
            abort();
        ray_network_close(network);
    }
    return 0;
}
