/* SPDX-License-Identifier: MIT */
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int fail_memory(ray_error *error)
{
    snprintf(error->text, sizeof error->text, "out of memory");
    return -1;
}

/* "DIR/ebp.conv1.signal.npy"; a slash in a layer's name would be a folder. */
static char *make_path(const char *folder, const char *method, const char *layer,
                       const char *ending)
{
    size_t size = strlen(folder) + strlen(method) + strlen(layer) + strlen(ending) + 8;
    char *path = malloc(size);
    if (!path)
        return NULL;
    int start = snprintf(path, size, "%s/", !strcmp(folder, "/") ? "" : folder);
    snprintf(path + start, size - (size_t)start, "%s%s%s%s", method, *layer ? "." : "", layer,
             ending);
    for (char *c = path + start; *c; c++)
        if (*c == '/')
            *c = '_';
    return path;
}

static bool is_listed(const cli_files *files, const char *path)
{
    for (int i = 0; i < files->n; i++)
        if (!strcmp(files->v[i].path, path))
            return true;
    return false;
}

static const char *add_file(cli_files *files, const cli_request *r, const ray_result *result,
                            int map, const char *layer, const char *ending, ray_error *error)
{
    cli_file *grown = realloc(files->v, ((size_t)files->n + 1) * sizeof *grown);
    char *path = make_path(r->output, result->maps[map].method, layer, ending);
    if (grown)
        files->v = grown;
    if (!grown || !path || is_listed(files, path)) {
        if (grown && path)
            snprintf(error->text, sizeof error->text, "%s: two probes would be written to this "
                     "file; probe one of them at a time", path);
        else
            fail_memory(error);
        free(path);
        return NULL;
    }
    files->v[files->n++] = (cli_file){ path, map };
    return path;
}

static int save_array(cli_files *files, const cli_request *r, const ray_result *result, int map,
                      const char *layer, const char *ending, const ray_tensor *tensor,
                      ray_error *error)
{
    const char *path = tensor->data ? add_file(files, r, result, map, layer, ending, error) : "";
    if (!path)
        return -1;
    return *path ? ray_npy_write(path, tensor, error) : 0;
}

static int save_map(cli_files *files, const cli_request *r, const ray_network *network,
                    const ray_result *result, int i, ray_error *error)
{
    const ray_map *map = &result->maps[i];
    if (r->write_npy && save_array(files, r, result, i, "", ".npy", &map->map, error))
        return -1;
    if (r->write_png) {
        const char *path = add_file(files, r, result, i, "", ".png", error);
        if (!path || ray_figure_save(network, &r->request, result, i, path, error))
            return -1;
    }
    for (int k = 0; k < map->n_probes; k++) {
        const ray_probe *probe = &map->probes[k];
        if (save_array(files, r, result, i, probe->layer, ".activation.npy", &probe->value, error)
            || save_array(files, r, result, i, probe->layer, ".signal.npy", &probe->signal, error))
            return -1;
    }
    return 0;
}

static int make_folder(const char *path, ray_error *error)
{
    if (!mkdir(path, 0777) || errno == EEXIST)
        return 0;
    snprintf(error->text, sizeof error->text, "--output %s: the folder cannot be made: %s", path,
             strerror(errno));
    return -1;
}

/* Before anything is written. */
static int check_drawable(const cli_request *r, const ray_result *result, ray_error *error)
{
    for (int i = 0; r->write_png && i < result->n_maps; i++)
        if (result->maps[i].map.rank != 4) {
            snprintf(error->text, sizeof error->text, "%s: its map at \"%s\" is not a picture and "
                     "cannot be drawn; leave png out of --format", result->maps[i].method,
                     *result->maps[i].layer ? result->maps[i].layer : "the input");
            return -1;
        }
    return 0;
}

int cli_save(const cli_request *r, const ray_network *network, const ray_result *result,
             cli_files *files, ray_error *error)
{
    *files = (cli_files){ 0 };
    if (check_drawable(r, result, error) || make_folder(r->output, error))
        return -1;
    for (int i = 0; i < result->n_maps; i++)
        if (save_map(files, r, network, result, i, error))
            return -1;
    return 0;
}

void cli_files_free(cli_files *files)
{
    for (int i = 0; i < files->n; i++)
        free(files->v[i].path);
    free(files->v);
    *files = (cli_files){ 0 };
}
