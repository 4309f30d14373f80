/* SPDX-License-Identifier: MIT */
/* An .npz file: a zip archive of NAME.npy, stored or deflated. */
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "npy_header.h"
#include "weights_table.h"

/* Deflate cannot do better than 1032 to 1: who claims more lies. */
enum { BEST_RATIO = 1040 };

static int fail_entry(const ray_weights *w, const char *name, const char *what, ray_error *error)
{
    return ray_fail(error, "%s: %s: %s", w->path, name, what);
}

/* Exactly size bytes of an entry. */
static int read_bytes(const ray_weights *w, zip_file_t *file, const char *name,
                      unsigned char *bytes, size_t size, ray_error *error)
{
    for (size_t done = 0; done < size;) {
        zip_int64_t n = zip_fread(file, bytes + done, size - done);
        if (n < 0)
            return fail_entry(w, name, zip_file_strerror(file), error);
        if (n == 0)
            return ray_fail(error, "%s: %s: truncated: %zu bytes are claimed, there are %zu",
                            w->path, name, size, done);
        done += (size_t)n;
    }
    return 0;
}

/* Nothing follows; the checksum is compared on the way. */
static int check_end(const ray_weights *w, zip_file_t *file, const char *name, ray_error *error)
{
    unsigned char more;
    zip_int64_t n = zip_fread(file, &more, 1);
    if (n == 0)
        return 0;
    return fail_entry(w, name, n < 0 ? zip_file_strerror(file) : "longer than is claimed", error);
}

static zip_file_t *open_entry(const ray_weights *w, zip_uint64_t index, const char *name,
                              ray_error *error)
{
    zip_file_t *file = zip_fopen_index(w->archive, index, 0);
    if (!file)
        fail_entry(w, name, zip_strerror(w->archive), error);
    return file;
}

/* ---- Opening: the headers of all entries ---- */

static int check_stat(const ray_weights *w, const zip_stat_t *stat, ray_error *error)
{
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE
                                | ZIP_STAT_COMP_METHOD;
    if ((stat->valid & needed) != needed)
        return ray_fail(error, "%s: an entry without a name or a size", w->path);
    size_t n = strlen(stat->name);
    if (n <= 4 || strcmp(stat->name + n - 4, ".npy"))
        return fail_entry(w, stat->name, "the name does not end in .npy", error);
    if (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE)
        return ray_fail(error, "%s: %s: compression method %d is not read; only stored and "
                        "deflated", w->path, stat->name, stat->comp_method);
    if (stat->comp_size > w->mapping.size || stat->size / BEST_RATIO > stat->comp_size)
        return ray_fail(error, "%s: %s: %llu bytes cannot come from %llu compressed ones", w->path,
                        stat->name, (unsigned long long)stat->size,
                        (unsigned long long)stat->comp_size);
    return 0;
}

/* Reads the header of an entry and not more. */
static int read_header(const ray_weights *w, zip_file_t *file, const zip_stat_t *stat,
                       ray_npy_header *header, ray_error *error)
{
    unsigned char prefix[RAY_NPY_PREFIX];
    size_t size;
    if (stat->size < sizeof prefix)
        return fail_entry(w, stat->name, "not an .npy file", error);
    if (read_bytes(w, file, stat->name, prefix, sizeof prefix, error))
        return -1;
    if (ray_npy_header_size(stat->name, prefix, sizeof prefix, &size, error))
        return ray_fail_prefix(error, "%s: ", w->path);
    if (size < sizeof prefix || size > stat->size)
        return fail_entry(w, stat->name, "the .npy header does not fit", error);
    unsigned char *bytes = ray_alloc(size, 1);
    if (!bytes)
        return ray_fail_memory(error);
    memcpy(bytes, prefix, sizeof prefix);
    int failed = read_bytes(w, file, stat->name, bytes + sizeof prefix, size - sizeof prefix,
                            error);
    if (!failed && (ray_npy_header_parse(stat->name, bytes, size, header, error)
                    || ray_npy_header_check(stat->name, header, stat->size, error)))
        failed = ray_fail_prefix(error, "%s: ", w->path);
    free(bytes);
    return failed;
}

static int add_entry(ray_weights *w, zip_uint64_t index, const char *name,
                     const ray_npy_header *header, ray_error *error)
{
    char *plain = ray_arena_format(&w->arena, "%.*s", (int)strlen(name) - 4, name);
    ray_entry *entry = plain ? ray_weights_add(w, plain) : NULL;
    if (!entry)
        return ray_fail_memory(error);
    entry->type = header->type;
    entry->shape = header->shape;
    entry->count = header->count;
    entry->index = (int64_t)index;
    return 0;
}

static int scan_entry(ray_weights *w, zip_uint64_t index, ray_error *error)
{
    zip_stat_t stat;
    ray_npy_header header;
    if (zip_stat_index(w->archive, index, 0, &stat))
        return ray_fail(error, "%s: %s", w->path, zip_strerror(w->archive));
    if (check_stat(w, &stat, error))
        return -1;
    zip_file_t *file = open_entry(w, index, stat.name, error);
    if (!file)
        return -1;
    int failed = read_header(w, file, &stat, &header, error);
    zip_fclose(file);
    return failed ? -1 : add_entry(w, index, stat.name, &header, error);
}

static int open_archive(ray_weights *w, ray_error *error)
{
    zip_error_t problem;
    if (w->mapping.size == 0)       /* libzip takes that for an archive without entries */
        return ray_fail(error, "%s: the file is empty", w->path);
    zip_error_init(&problem);
    zip_source_t *source = zip_source_buffer_create(w->mapping.data, w->mapping.size, 0, &problem);
    if (source)
        w->archive = zip_open_from_source(source, ZIP_RDONLY, &problem);
    if (!w->archive) {
        ray_fail(error, "%s: the archive cannot be read: %s", w->path,
                 zip_error_strerror(&problem));
        zip_source_free(source);
    }
    zip_error_fini(&problem);
    return w->archive ? 0 : -1;
}

static int open_npz(ray_weights *w, ray_error *error)
{
    if (ray_mapping_open(&w->mapping, w->path, error) || open_archive(w, error))
        return -1;
    zip_int64_t n = zip_get_num_entries(w->archive, 0);
    for (zip_int64_t i = 0; i < n; i++)
        if (scan_entry(w, (zip_uint64_t)i, error))
            return -1;
    return 0;
}

static void close_npz(ray_weights *w)
{
    if (w->archive)
        zip_discard(w->archive);
}

/* ---- Loading one entry ---- */

static int load_npz(const ray_weights *w, ray_entry *entry, ray_error *error)
{
    zip_stat_t stat;
    if (zip_stat_index(w->archive, (zip_uint64_t)entry->index, 0, &stat))
        return ray_fail(error, "%s: %s", w->path, zip_strerror(w->archive));
    zip_file_t *file = open_entry(w, (zip_uint64_t)entry->index, stat.name, error);
    if (!file)
        return -1;
    unsigned char *bytes = ray_alloc(stat.size, 1);
    int failed = bytes ? 0 : ray_fail_memory(error);
    if (!failed)
        failed = read_bytes(w, file, stat.name, bytes, stat.size, error);
    if (!failed)
        failed = check_end(w, file, stat.name, error);
    if (!failed && ray_entry_load_npy(stat.name, bytes, stat.size, entry, error))
        failed = ray_fail_prefix(error, "%s: ", w->path);
    free(bytes);
    zip_fclose(file);
    return failed;
}

const ray_format ray_format_npz = {
    .ending = ".npz",
    .open = open_npz,
    .load = load_npz,
    .close = close_npz,
};
