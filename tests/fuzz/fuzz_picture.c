/* SPDX-License-Identifier: MIT */
/* PNG and JPEG pictures, in colour and in grey. */
#include <stdbool.h>

#include "fuzz_file.h"
#include "read/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(".picture", data, size);
    for (int32_t channels = 1; channels <= 3; channels += 2) {
        ray_picture picture = { 0 };
        ray_error error = { "" };
        int failed = ray_picture_read(&picture, path, channels, &error);
        if ((failed != 0) != (error.text[0] != '\0'))
            abort();
        bool odd = picture.width < 1 || picture.height < 1 || picture.channels != channels;
        if (failed == 0 && odd)
            abort();
        ray_picture_free(&picture);
    }
    return 0;
}
