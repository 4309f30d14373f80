/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* ---- Mapping ---- */

/* Takes path over. */
static ray_onnx_file *open_file(char *path, ray_error *error)
{
    ray_onnx_file *file = path ? ray_alloc(1, sizeof *file) : NULL;
    if (!file) {
        ray_fail_memory(error);
        free(path);
        return NULL;
    }
    file->path = path;
    if (!ray_mapping_open(&file->mapping, path, error))
        return file;
    free(path);
    free(file);
    return NULL;
}

int ray_onnx_files_open(ray_onnx_model *model, ray_error *error)
{
    model->files = open_file(ray_string_copy(model->path), error);
    return model->files ? 0 : -1;
}

void ray_onnx_files_close(ray_onnx_model *model)
{
    for (ray_onnx_file *file = model->files, *next; file; file = next) {
        next = file->next;
        ray_mapping_close(&file->mapping);
        free(file->path);
        free(file);
    }
    model->files = NULL;
}

int64_t ray_onnx_files_size(const ray_onnx_model *model)
{
    int64_t size = 0;
    for (const ray_onnx_file *file = model->files; file; file = file->next)
        size += (int64_t)file->mapping.size;
    return size;
}

bool ray_onnx_files_has(const ray_onnx_model *model, const char *path)
{
    struct stat own, other;
    bool found = false;
    if (stat(path, &own))
        return false;
    for (const ray_onnx_file *file = model->files; file; file = file->next)
        found = found || (!stat(file->path, &other) && own.st_dev == other.st_dev
                          && own.st_ino == other.st_ino);
    return found;
}

void ray_onnx_files_forget(const ray_onnx_model *model, const void *bytes, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)bytes, to = from + size;
    for (const ray_onnx_file *file = model->files; file; file = file->next) {
        uintptr_t begin = (uintptr_t)file->mapping.data, end = begin + file->mapping.size;
        if (!file->mapping.data || from < begin || to > end)
            continue;
        from = (from + page - 1) / page * page;
        to = to / page * page;
        if (from < to)
            madvise((void *)from, to - from, MADV_DONTNEED);
        return;
    }
}

/* ---- External data ---- */

static int check_location(const char *location, ray_error *error)
{
    if (!location || !*location)
        return ray_fail(error, "its external data names no file");
    if (*location == '/')
        return ray_fail(error, "its external data lies in \"%s\"; only a path relative to the "
                        "model's folder is followed", location);
    for (const char *part = location; *part; part += strspn(part, "/")) {
        size_t n = strcspn(part, "/");
        if (n == 2 && !memcmp(part, "..", 2))
            return ray_fail(error, "its external data lies in \"%s\"; only what is below the "
                            "model's folder is read", location);
        part += n;
    }
    return 0;
}

/* Is path, which has no links, below the folder? */
static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    if (n == 1)
        return true;        /* "/" */
    return !strncmp(path, folder, n) && path[n] == '/';
}

/* The path without links, once it is found to lie below the folder; free(). */
static char *resolve_below(const char *folder, const char *location, ray_error *error)
{
    char *joined = ray_path_join(folder, location), *root = realpath(folder, NULL);
    char *path = joined && root ? realpath(joined, NULL) : NULL;
    if (!joined || !root) {
        ray_fail_memory(error);
    } else if (!path) {
        ray_fail(error, "its external data cannot be read: %s: %s", joined, strerror(errno));
    } else if (!is_below(path, root)) {
        ray_fail(error, "its external data in \"%s\" is a link to %s; only what is below the "
                 "model's folder is read", location, path);
        free(path);
        path = NULL;
    }
    free(joined);
    free(root);
    return path;
}

static const ray_onnx_file *open_below(ray_onnx_model *model, const char *location,
                                       ray_error *error)
{
    char *folder = ray_path_folder(model->path);
    if (!folder) {
        ray_fail_memory(error);
        return NULL;
    }
    char *path = resolve_below(folder, location, error);
    free(folder);
    if (!path)
        return NULL;
    for (ray_onnx_file *file = model->files->next; file; file = file->next)
        if (!strcmp(file->path, path)) {
            free(path);
            return file;
        }
    ray_onnx_file *file = open_file(path, error);
    if (file) {
        file->next = model->files->next;
        model->files->next = file;
    }
    return file;
}

static int read_size(const char *what, const char *text, int64_t otherwise, int64_t *value,
                     ray_error *error)
{
    *value = otherwise;
    if (!text || (ray_parse_int(text, value) && *value >= 0))
        return 0;
    return ray_fail(error, "its external data has the %s \"%s\"; a number of bytes is expected",
                    what, text);
}

int ray_onnx_files_find(ray_onnx_model *model, const ray_onnx_external *external, int64_t size,
                        const unsigned char **bytes, ray_error *error)
{
    int64_t offset, length;
    if (check_location(external->location, error)
        || read_size("offset", external->offset, 0, &offset, error)
        || read_size("length", external->length, size, &length, error))
        return -1;
    if (length != size)
        return ray_fail(error, "its external data has %lld bytes; its shape makes %lld",
                        (long long)length, (long long)size);
    const ray_onnx_file *file = open_below(model, external->location, error);
    if (!file)
        return -1;
    uint64_t from = (uint64_t)offset, all = file->mapping.size;
    if (from > all || (uint64_t)size > all - from)
        return ray_fail(error, "its external data, %lld bytes at %lld, does not lie in the %zu "
                        "bytes of %s", (long long)size, (long long)offset,
                        file->mapping.size, file->path);
    *bytes = size ? file->mapping.data + offset : NULL;
    return 0;
}
