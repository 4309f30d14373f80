/* SPDX-License-Identifier: MIT */
/* plugins.c - where plugins are looked for: RAYINTERP_PLUGIN_PATH, else the folder beside a program
 * that is run from its build folder, else the installed folder. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int load_path(ray_methods *methods, const char *path, const ray_listener *listener,
                     ray_error *error)
{
    char *copy = strdup(path), *rest = copy;
    int failed = 0;
    for (char *folder; copy && !failed && (folder = strsep(&rest, ":"));)
        if (*folder)
            failed = ray_methods_load_folder(methods, folder, listener, error);
    free(copy);
    return failed;
}

/* The build leaves plugins/ beside the program. */
static bool find_build_folder(char *folder, size_t size)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return false;
    program[n] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    int length = snprintf(folder, size, "%s/plugins", program);
    return length > 0 && (size_t)length < size && !access(folder, R_OK | X_OK);
}

static int load_standard(ray_methods *methods, const ray_listener *listener, ray_error *error)
{
    char folder[PATH_MAX + 16];
    const char *path = getenv("RAYINTERP_PLUGIN_PATH");
    if (path && *path)
        return load_path(methods, path, listener, error);
    if (find_build_folder(folder, sizeof folder))
        return ray_methods_load_folder(methods, folder, listener, error);
    return ray_methods_load_folder(methods, RAY_PLUGIN_DIR, listener, error);
}

int cli_load_methods(ray_methods **methods, const char *const *files, int n_files,
                     const ray_listener *listener, ray_error *error)
{
    if (ray_methods_create(methods, error))
        return -1;
    int failed = load_standard(*methods, listener, error);
    for (int i = 0; !failed && i < n_files; i++)
        failed = ray_methods_load_file(*methods, files[i], error);
    if (failed) {
        ray_methods_destroy(*methods);
        *methods = NULL;
    }
    return failed;
}
