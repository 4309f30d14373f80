/* SPDX-License-Identifier: MIT */
/* load.c - plugin files: who may have written them, what they export.  A loaded file stays so. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "methods.h"

/* Code that another user could have changed is not run.  A sticky folder keeps others off. */
static int check_writers(const char *path, bool is_folder, ray_error *error)
{
    struct stat status;
    if (stat(path, &status))
        return ray_fail(error, "%s: there is no such %s", path, is_folder ? "folder" : "plugin");
    if (!is_folder && !S_ISREG(status.st_mode))
        return ray_fail(error, "%s: not a file", path);
    if (is_folder && !S_ISDIR(status.st_mode))
        return ray_fail(error, "%s: not a folder", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return ray_fail(error, "%s: it belongs to another user, who could change it; plugins must "
                        "be yours or root's", path);
    if ((status.st_mode & S_IWOTH) && !(is_folder && (status.st_mode & S_ISVTX)))
        return ray_fail(error, "%s: every user may write to it; take that right away with "
                        "chmod o-w", path);
    return 0;
}

static int check_file(const char *path, ray_error *error)
{
    char *folder = ray_path_folder(path);
    int failed = folder ? check_writers(path, false, error) || check_writers(folder, true, error)
                        : ray_fail_memory(error);
    free(folder);
    return failed;
}

static int open_library(ray_methods *methods, const char *path, ray_error *error)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return ray_fail(error, "%s: it cannot be loaded as a plugin: %s", path, dlerror());
    const ray_plugin *plugin = dlsym(handle, "ray_plugin_entry");
    if (!plugin)
        return ray_fail(error, "%s: not a rayinterp plugin: it exports no ray_plugin_entry "
                        "(see RAY_PLUGIN in ray_plugin.h)", path);
    return ray_methods_add(methods, plugin, path, error);
}

int ray_methods_load_file(ray_methods *methods, const char *path, ray_error *error)
{
    char *real = realpath(path, NULL);      /* a plain name would be searched for elsewhere */
    if (!real)
        return ray_fail(error, "%s: there is no such plugin", path);
    int failed = check_file(real, error) || open_library(methods, real, error);
    free(real);
    return failed;
}

static int is_plugin_name(const struct dirent *entry)
{
    size_t plain = strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return plain > 0 && !strcmp(entry->d_name + plain, ".so");
}

static void warn(const ray_listener *listener, const char *line)
{
    if (listener && listener->notice)
        listener->notice(listener->context, RAY_WARNING, line);
}

static int load_entries(ray_methods *methods, const char *folder, struct dirent **entries, int n,
                        const ray_listener *listener, ray_error *error)
{
    for (int i = 0; i < n; i++) {
        char *path = ray_path_join(folder, entries[i]->d_name);
        ray_error problem = { "" };
        if (!path)
            return ray_fail_memory(error);
        if (ray_methods_load_file(methods, path, &problem))
            warn(listener, problem.text);
        free(path);
    }
    return 0;
}

int ray_methods_load_folder(ray_methods *methods, const char *folder, const ray_listener *listener,
                            ray_error *error)
{
    struct dirent **entries;
    if (folder[0] != '/')
        return ray_fail(error, "plugin folder \"%s\": an absolute path is needed", folder);
    if (check_writers(folder, true, error))
        return -1;
    int n = scandir(folder, &entries, is_plugin_name, alphasort);
    if (n < 0)
        return ray_fail(error, "%s: the folder cannot be read", folder);
    int failed = load_entries(methods, folder, entries, n, listener, error);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return failed;
}
