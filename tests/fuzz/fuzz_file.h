/* SPDX-License-Identifier: MIT */
/* fuzz_file.h - what a fuzzer made up, as a file, because that is what the readers read. */
#ifndef RAY_TESTS_FUZZ_FILE_H
#define RAY_TESTS_FUZZ_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The entry point that libFuzzer calls with every input it makes up. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the file and returns its path, one for each process and ending. */
static inline const char *fuzz_file(const char *ending, const uint8_t *data, size_t size)
{
    static char path[100];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/rayinterp-fuzz-%ld%s", folder == NULL ? "/tmp" : folder,
             (long)getpid(), ending);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
    return path;
}

#endif
