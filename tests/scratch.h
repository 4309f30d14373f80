/* SPDX-License-Identifier: MIT */
/* scratch.h - files that a test writes: in one new folder, which is removed at the end. */
#ifndef RAY_TESTS_SCRATCH_H
#define RAY_TESTS_SCRATCH_H

#include <ftw.h>
#include <unistd.h>
#include "testing.h"

static char scratch_folder[64];

static inline int scratch_remove_one(const char *path, const struct stat *status, int type,
                                     struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void scratch_remove(void)
{
    nftw(scratch_folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file in that folder, in one of a few buffers that are used in turn. */
static inline const char *scratch_path(const char *name)
{
    static char buffers[4][256];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    if (scratch_folder[0] == '\0') {
        strcpy(scratch_folder, "/tmp/rayinterp-test-XXXXXX");
        if (mkdtemp(scratch_folder) == NULL)
            abort();
        atexit(scratch_remove);
    }
    snprintf(buffer, sizeof buffers[0], "%s/%s", scratch_folder, name);
    return buffer;
}

/* Writes a file there; returns its path. */
static inline const char *scratch_write(const char *name, const void *bytes, size_t n)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
        abort();
    return path;
}

/* A whole file; free(). */
static inline unsigned char *file_content(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        abort();
    *n = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*n + 1);
    if (bytes == NULL || fread(bytes, 1, *n, file) != *n)
        abort();
    fclose(file);
    return bytes;
}

#endif
