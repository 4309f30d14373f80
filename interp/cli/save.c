/* SPDX-License-Identifier: MIT */
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* tensor: what the file will hold; NULL: the map's figure. */
static int list_file(cli_files *files, char *path, int map, const ray_tensor *tensor,
                     ray_error *error)
{
    cli_file *grown = realloc(files->v, ((size_t)files->n + 1) * sizeof *grown);
    if (grown)
        files->v = grown;
    if (grown && path && !is_listed(files, path)) {
        files->v[files->n++] = (cli_file){ path, map, tensor };
        return 0;
    }
    if (grown && path)
        snprintf(error->text, sizeof error->text, "%s: two probes would be written to this file; "
                 "probe one of them at a time", path);
    else
        snprintf(error->text, sizeof error->text, "out of memory");
    free(path);
    return -1;
}

static int list_probe(cli_files *files, const cli_request *r, const ray_map *map, int i,
                      const ray_probe *probe, ray_error *error)
{
    char *value = make_path(r->output, map->method, probe->layer, ".activation.npy");
    if (list_file(files, value, i, &probe->value, error))
        return -1;
    if (!probe->signal.data)
        return 0;
    char *signal = make_path(r->output, map->method, probe->layer, ".signal.npy");
    return list_file(files, signal, i, &probe->signal, error);
}

static int list_map(cli_files *files, const cli_request *r, const ray_map *map, int i,
                    ray_error *error)
{
    if (r->write_npy
        && list_file(files, make_path(r->output, map->method, "", ".npy"), i, &map->map, error))
        return -1;
    if (r->write_png
        && (ray_figure_check(map, error)
            || list_file(files, make_path(r->output, map->method, "", ".png"), i, NULL, error)))
        return -1;
    for (int k = 0; k < map->n_probes; k++)
        if (list_probe(files, r, map, i, &map->probes[k], error))
            return -1;
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

static int write_file(const cli_file *file, const cli_request *r, const ray_network *network,
                      const ray_result *result, ray_error *error)
{
    if (file->tensor)
        return ray_npy_write(file->path, file->tensor, error);
    return ray_figure_save(network, &r->request, result, file->map, file->path, error);
}

/* What cannot be is found while the files are listed, before anything is written. */
int cli_save(const cli_request *r, const ray_network *network, const ray_result *result,
             cli_files *files, ray_error *error)
{
    *files = (cli_files){ 0 };
    for (int i = 0; i < result->n_maps; i++)
        if (list_map(files, r, &result->maps[i], i, error))
            return -1;
    if (make_folder(r->output, error))
        return -1;
    for (int i = 0; i < files->n; i++)
        if (write_file(&files->v[i], r, network, result, error))
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
