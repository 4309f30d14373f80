/* SPDX-License-Identifier: MIT */
/* A folder of NAME.npy; everything else in it is left alone. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "npy_header.h"
#include "weights_table.h"

static bool is_array(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 4 && !strcmp(name + n - 4, ".npy");
}

/* Checks header and size of a file. */
static int scan_file(const char *path, ray_npy_header *header, ray_error *error)
{
    ray_mapping mapping;
    if (ray_mapping_open(&mapping, path, error))
        return -1;
    int failed = ray_npy_header_parse(path, mapping.data, mapping.size, header, error);
    if (!failed)
        failed = ray_npy_header_check(path, header, mapping.size, error);
    ray_mapping_close(&mapping);
    return failed;
}

static int add_file(ray_weights *w, const char *name, ray_error *error)
{
    ray_npy_header header;
    char *path = ray_path_join(w->path, name);
    if (!path)
        return ray_fail_memory(error);
    int failed = scan_file(path, &header, error);
    free(path);
    if (failed)
        return -1;
    char *plain = ray_arena_format(&w->arena, "%.*s", (int)strlen(name) - 4, name);
    ray_entry *entry = plain ? ray_weights_add(w, plain) : NULL;
    if (!entry)
        return ray_fail_memory(error);
    entry->type = header.type;
    entry->shape = header.shape;
    entry->count = header.count;
    return 0;
}

static int open_folder(ray_weights *w, ray_error *error)
{
    DIR *folder = opendir(w->path);
    if (!folder)
        return ray_fail(error, "cannot read %s: %s", w->path, strerror(errno));
    int failed = 0;
    for (struct dirent *file; !failed && (file = readdir(folder));)
        if (is_array(file->d_name))
            failed = add_file(w, file->d_name, error);
    closedir(folder);
    if (!failed && w->n == 0)
        failed = ray_fail(error, "%s: a folder without .npy files", w->path);
    return failed;
}

static int load_file(const ray_weights *w, ray_entry *entry, ray_error *error)
{
    ray_mapping mapping;
    ray_arena arena = { NULL };
    char *name = ray_arena_format(&arena, "%s.npy", entry->name);
    char *path = name ? ray_path_join(w->path, name) : NULL;
    int failed = path ? 0 : ray_fail_memory(error);
    if (!failed)
        failed = ray_mapping_open(&mapping, path, error);
    if (!failed) {
        failed = ray_entry_load_npy(path, mapping.data, mapping.size, entry, error);
        ray_mapping_close(&mapping);
    }
    free(path);
    ray_arena_free(&arena);
    return failed;
}

const ray_format ray_format_npy_folder = {
    .open = open_folder,
    .load = load_file,
};
