/* SPDX-License-Identifier: MIT */
/* weight_files.h - weight files, whole and broken, made by the tests in a folder of their own. */
#ifndef RAY_TESTS_WEIGHT_FILES_H
#define RAY_TESTS_WEIGHT_FILES_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/memory.h"
#include "check_text.h"

typedef struct bytes { unsigned char data[4096]; size_t n; } bytes;

static char weight_folder[] = "/tmp/rayinterp-weights-XXXXXX";

/* A path in the tests' folder, in one of a few buffers that are used in turn. */
static inline const char *weight_path(const char *name)
{
    static char buffers[4][300];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    snprintf(buffer, sizeof buffers[0], "%s/%s", weight_folder, name);
    return buffer;
}

static inline void weight_folder_make(void)
{
    if (mkdtemp(weight_folder) == NULL)
        exit(EXIT_FAILURE);
}

static inline void weight_folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *file; (file = readdir(folder)) != NULL;) {
        struct stat status;
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0)
            continue;
        char *inside = ray_path_join(path, file->d_name);
        if (stat(inside, &status) == 0 && S_ISDIR(status.st_mode))
            weight_folder_remove(inside);
        else
            unlink(inside);
        free(inside);
    }
    closedir(folder);
    rmdir(path);
}

static inline void bytes_put(bytes *b, const void *data, size_t n)
{
    CU_ASSERT_FATAL(b->n + n <= sizeof b->data);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static inline void bytes_write(const bytes *b, const char *path)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(b->data, 1, b->n, file), b->n);
    fclose(file);
}

/* A .safetensors file; data may be NULL for zeros. */
static inline bytes safetensors_bytes(const char *header, const void *data, size_t n_data)
{
    static const unsigned char zeros[1024];
    bytes b = { .n = 0 };
    uint64_t length = strlen(header);
    bytes_put(&b, &length, 8);
    bytes_put(&b, header, length);
    bytes_put(&b, data == NULL ? zeros : data, n_data);
    return b;
}

/* An .npy file, version 1.0. */
static inline bytes npy_bytes(const char *header, const void *data, size_t n_data)
{
    static const unsigned char zeros[1024];
    bytes b = { .n = 0 };
    uint16_t length = (uint16_t)strlen(header);
    bytes_put(&b, "\x93NUMPY\x01\x00", 8);
    bytes_put(&b, &length, 2);
    bytes_put(&b, header, length);
    bytes_put(&b, data == NULL ? zeros : data, n_data);
    return b;
}

/* A zip archive of n entries. */
static inline void zip_write(const char *path, const char *const *names, const bytes *entries,
                             int n, int method)
{
    int problem;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &problem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(zip);
    for (int i = 0; i < n; i++) {
        zip_source_t *source = zip_source_buffer(zip, entries[i].data, entries[i].n, 0);
        zip_int64_t index = zip_file_add(zip, names[i], source, 0);
        CU_ASSERT_FATAL(index >= 0);
        CU_ASSERT_EQUAL(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
    }
    CU_ASSERT_EQUAL_FATAL(zip_close(zip), 0);
}

/* Reads a small file back. */
static inline bytes bytes_read(const char *path)
{
    bytes b;
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    b.n = fread(b.data, 1, sizeof b.data, file);
    fclose(file);
    return b;
}

/* The position of some bytes. */
static inline size_t bytes_find(const bytes *b, const char *wanted, size_t n)
{
    for (size_t i = 0; i + n <= b->n; i++)
        if (memcmp(b->data + i, wanted, n) == 0)
            return i;
    CU_FAIL_FATAL("the bytes are not there");
    return 0;
}

#endif
