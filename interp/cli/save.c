/* SPDX-License-Identifier: MIT */
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- What will be written, and whether it can be ---- */

/* The files of one map are listed with it. */
typedef struct listing {
    const cli_request *request;
    cli_files         *files;
    const ray_map     *map;
    int                index;
    ray_error         *error;
} listing;

/* "DIR/ebp.conv1.signal.npy"; a slash in a layer's name would be a folder. */
static char *make_path(const listing *l, const char *name, const char *ending)
{
    const char *folder = strcmp(l->request->output, "/") ? l->request->output : "";
    const char *partial = l->map->partial ? ".partial" : "";
    char *path;
    if (asprintf(&path, "%s/%s%s%s%s%s", folder, l->map->method, partial, *name ? "." : "", name,
                 ending) < 0)
        return NULL;
    for (char *c = path + strlen(folder) + 1; *c; c++)
        if (*c == '/')
            *c = '_';
    return path;
}

static const cli_file *find_listed(const cli_files *files, const char *path)
{
    for (int i = 0; i < files->n; i++)
        if (!strcmp(files->v[i].path, path))
            return &files->v[i];
    return NULL;
}

static void refuse_twice(const cli_file *a, const cli_file *b, ray_error *error)
{
    snprintf(error->text, sizeof error->text, "%s: the %s \"%s\" and the %s \"%s\" would both be "
             "written to this file; ask for one of them at a time", a->path, a->what, a->name,
             b->what, b->name);
}

/* Takes file.path over; NULL: out of memory. */
static int add_file(cli_files *files, cli_file file, ray_error *error)
{
    const cli_file *other = file.path ? find_listed(files, file.path) : NULL;
    bool is_new = file.path && !other;
    cli_file *grown = is_new ? realloc(files->v, ((size_t)files->n + 1) * sizeof *grown) : NULL;
    if (grown) {
        files->v = grown;
        files->v[files->n++] = file;
        return 0;
    }
    if (other)
        refuse_twice(other, &file, error);
    else
        snprintf(error->text, sizeof error->text, "out of memory");
    free(file.path);
    return -1;
}

static int list_file(const listing *l, const char *name, const char *ending, cli_file file)
{
    file.path = make_path(l, name, ending);
    file.map = l->index;
    return add_file(l->files, file, l->error);
}

static int list_probe(const listing *l, const ray_probe *probe)
{
    const cli_file value = { .what = "probe", .name = probe->layer, .tensor = &probe->value };
    const cli_file signal = { .what = "probe", .name = probe->layer, .tensor = &probe->signal };
    return list_file(l, probe->layer, ".activation.npy", value)
           || (probe->signal.data && list_file(l, probe->layer, ".signal.npy", signal));
}

static int list_extra(const listing *l, const ray_extra *extra)
{
    const cli_file array = { .what = "array", .name = extra->name, .tensor = &extra->tensor };
    const cli_file plot = { .what = "plot", .name = extra->name, .curves = extra };
    const cli_request *r = l->request;
    return (r->write_npy && list_file(l, extra->name, ".npy", array))
           || (r->write_png && extra->use == RAY_ARRAY_CURVES
               && list_file(l, extra->name, ".png", plot));
}

static int list_map(const listing *l)
{
    const ray_map *map = l->map;
    const cli_file array = { .what = "map", .name = map->method, .tensor = &map->map };
    const cli_file figure = { .what = "figure", .name = map->method };
    if (l->request->write_npy && list_file(l, "", ".npy", array))
        return -1;
    if (l->request->write_png
        && (ray_figure_check(map, l->error) || list_file(l, "", ".png", figure)))
        return -1;
    for (int k = 0; k < map->n_extras; k++)
        if (list_extra(l, &map->extras[k]))
            return -1;
    for (int k = 0; k < map->n_probes; k++)
        if (list_probe(l, &map->probes[k]))
            return -1;
    return 0;
}

static int list_sheet(const cli_request *r, const ray_result *result, cli_files *files,
                      ray_error *error)
{
    if (!r->sheet || result->stopped)
        return 0;
    for (int i = 0; i < result->n_maps; i++)
        if (ray_figure_check(&result->maps[i], error))
            return -1;
    cli_file sheet = { .path = strdup(r->sheet), .what = "sheet", .name = r->sheet, .map = -1 };
    return add_file(files, sheet, error);
}

/* ---- Writing ---- */

int cli_save_prepare(const cli_request *r, bool *made, ray_error *error)
{
    *made = !mkdir(r->output, 0777);
    if (!*made && errno != EEXIST) {
        snprintf(error->text, sizeof error->text, "--output %s: the folder cannot be made: %s",
                 r->output, strerror(errno));
        return -1;
    }
    return cli_check_folder("--output", r->output, r->output, error)
           || (r->sheet && cli_check_target("--sheet", r->sheet, error));
}

static int write_curves(const cli_file *file, const char *method, ray_error *error)
{
    char title[256];
    snprintf(title, sizeof title, "%s: %s", method, file->name);
    return ray_curves_save(file->curves, title, file->path, error);
}

static int write_file(const cli_file *file, const cli_request *r, const ray_network *network,
                      const ray_result *result, ray_error *error)
{
    if (file->tensor)
        return ray_npy_write(file->path, file->tensor, error);
    if (file->map < 0)
        return ray_sheet_save(network, &r->request, result, file->path, error);
    if (file->curves)
        return write_curves(file, result->maps[file->map].method, error);
    return ray_figure_save(network, &r->request, result, file->map, file->path, error);
}

/* What cannot be is found while the files are listed, before anything is written. */
int cli_save(const cli_request *r, const ray_network *network, const ray_result *result,
             cli_files *files, ray_error *error)
{
    *files = (cli_files){ 0 };
    for (int i = 0; i < result->n_maps; i++)
        if (list_map(&(listing){ r, files, &result->maps[i], i, error }))
            return -1;
    if (list_sheet(r, result, files, error))
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
