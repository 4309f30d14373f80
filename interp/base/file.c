/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

/* Size of an open regular file; -1 with errno or a message otherwise. */
static int64_t file_size(int file, const char *path, ray_error *error)
{
    struct stat status;
    if (fstat(file, &status))
        return ray_fail(error, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return ray_fail(error, "cannot read %s: it is a folder", path);
    if (!S_ISREG(status.st_mode))
        return ray_fail(error, "cannot read %s: it is not a regular file", path);
    return status.st_size;
}

int ray_mapping_open(ray_mapping *mapping, const char *path, ray_error *error)
{
    *mapping = (ray_mapping){ NULL, 0 };
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);   /* a pipe must not block */
    if (file < 0)
        return ray_fail(error, "cannot read %s: %s", path, strerror(errno));
    int64_t size = file_size(file, path, error);
    void *data = NULL;
    if (size > 0) {
        data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            size = ray_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    close(file);
    if (size < 0)
        return -1;
    *mapping = (ray_mapping){ data, (size_t)size };
    return 0;
}

void ray_mapping_close(ray_mapping *mapping)
{
    if (mapping->data)
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (ray_mapping){ NULL, 0 };
}

/* "path.XXXXXX", not the name of anything yet with all likelihood; free(). */
static char *temporary_name(const char *path, unsigned attempt)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mix = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 15;
    mix = (mix + attempt) * 0x9e3779b97f4a7c15u;
    size_t n = strlen(path);
    char *name = ray_alloc(n + 8, 1);
    if (!name)
        return NULL;
    memcpy(name, path, n);
    name[n] = '.';
    for (unsigned i = 0; i < 6; i++)
        name[n + 1 + i] = letters[mix >> (34 + 5 * i) & 31];
    return name;
}

/* What is at path already must be a file that can be replaced. */
static int check_target(const char *path, ray_error *error)
{
    struct stat status;
    if (stat(path, &status) || S_ISREG(status.st_mode))
        return 0;
    if (S_ISDIR(status.st_mode))
        return ray_fail(error, "cannot write %s: it is a folder", path);
    return ray_fail(error, "cannot write %s: it is not a regular file", path);
}

/* What a descriptor is called until its file has a name. */
typedef struct own_name { char text[40]; } own_name;

static own_name name_of_open(int file)
{
    own_name name;
    snprintf(name.text, sizeof name.text, "/proc/self/fd/%d", file);
    return name;
}

/* A file without a name in the folder of path, which can get one later; -1 where that cannot be. */
static int create_nameless(const char *path)
{
    char *folder = ray_path_folder(path);
    int file = folder ? open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666) : -1;
    free(folder);
    if (file >= 0 && access(name_of_open(file).text, F_OK)) {
        close(file);
        file = -1;
    }
    return file;
}

/* A name that is free goes to the open file, or with file < 0 to a new one.  Its descriptor, and
 * the name in *temporary, or -1. */
static int name_beside(int file, const char *path, char **temporary, ray_error *error)
{
    for (unsigned attempt = 0; attempt < 64; attempt++) {
        *temporary = temporary_name(path, attempt);
        if (!*temporary)
            return ray_fail_memory(error);
        int named = file;
        if (file < 0)
            named = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        else if (linkat(AT_FDCWD, name_of_open(file).text, AT_FDCWD, *temporary, AT_SYMLINK_FOLLOW))
            named = -1;
        if (named >= 0)
            return named;
        int reason = errno;
        free(*temporary);
        *temporary = NULL;
        if (reason != EEXIST)
            return ray_fail(error, "cannot write %s: %s", path, strerror(reason));
    }
    return ray_fail(error, "cannot write %s: no free name beside it", path);
}

int ray_output_open(ray_output *output, const char *path, ray_error *error)
{
    *output = (ray_output){ NULL, NULL, NULL };
    if (check_target(path, error))
        return -1;
    output->path = ray_string_copy(path);
    if (!output->path)
        return ray_fail_memory(error);
    int file = create_nameless(path);
    if (file < 0)
        file = name_beside(-1, path, &output->temporary, error);
    if (file >= 0)
        output->stream = fdopen(file, "wb");
    if (output->stream)
        return 0;
    if (file >= 0) {
        close(file);
        ray_fail(error, "cannot write %s: %s", path, strerror(errno));
    }
    ray_output_discard(output);
    return -1;
}

static int fail_output(ray_output *output, int reason, ray_error *error)
{
    ray_fail(error, "cannot write %s: %s", output->path, strerror(reason ? reason : EIO));
    ray_output_discard(output);
    return -1;
}

/* Everything written, under its temporary name; removed on failure. */
static int close_output(ray_output *output, ray_error *error)
{
    int before = ferror(output->stream) ? errno : 0;       /* of the write that failed */
    errno = 0;
    if (fflush(output->stream) || ferror(output->stream))
        return fail_output(output, errno ? errno : before, error);
    if (!output->temporary
        && name_beside(fileno(output->stream), output->path, &output->temporary, error) < 0) {
        ray_output_discard(output);
        return -1;
    }
    bool failed = fclose(output->stream);
    output->stream = NULL;
    return failed ? fail_output(output, errno, error) : 0;
}

int ray_output_commit(ray_output *output, ray_error *error)
{
    if (output->stream && close_output(output, error))
        return -1;
    if (rename(output->temporary, output->path))
        return fail_output(output, errno, error);
    free(output->temporary);        /* nothing is left to remove */
    output->temporary = NULL;
    ray_output_discard(output);
    return 0;
}

void ray_output_discard(ray_output *output)
{
    if (output->stream)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (ray_output){ NULL, NULL, NULL };
}

char *ray_path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == '\0')
        return ray_string_copy(name);
    size_t n = strlen(folder), m = strlen(name);
    bool slash = folder[n - 1] != '/';
    char *path = ray_alloc(n + m + 2, 1);
    if (!path)
        return NULL;
    memcpy(path, folder, n);
    if (slash)
        path[n++] = '/';
    memcpy(path + n, name, m);
    return path;
}

char *ray_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ray_string_copy(".");
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    char *folder = ray_alloc(n + 1, 1);
    if (folder)
        memcpy(folder, path, n);
    return folder;
}
