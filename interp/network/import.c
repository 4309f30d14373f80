/* SPDX-License-Identifier: MIT */
/* import.c - an ONNX model into a graph file and its weights. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "network.h"

/* ---- Before anything is written ---- */

/* The name becomes one of files. */
static int check_name(const char *name, ray_error *error)
{
    if (*name && *name != '.' && !strchr(name, '/') && ray_text_is_plain(name))
        return 0;
    return ray_fail(error, "the network's name \"%s\" is none for a file; another one is needed",
                    name);
}

static char *make_path(const char *folder, const char *name, const char *ending)
{
    char *file = ray_alloc(strlen(name) + strlen(ending) + 1, 1);
    if (!file)
        return NULL;
    strcat(strcpy(file, name), ending);
    char *path = ray_path_join(folder ? folder : "", file);
    free(file);
    return path;
}

/* A link that leads nowhere is there, too. */
static int check_free(const char *path, const ray_import_options *options,
                      const ray_onnx_import *import, ray_error *error)
{
    struct stat status;
    if (ray_onnx_import_reads(import, path))
        return ray_fail(error, "%s is a file of the model itself, which is not replaced; another "
                        "name or folder is needed", path);
    if (options->force || lstat(path, &status))
        return 0;
    return ray_fail(error, "%s is there already; it is replaced with --force only", path);
}

static int prepare(ray_imported *out, const ray_import_options *options,
                   const ray_onnx_import *import, ray_error *error)
{
    const char *name = import->draft.name;
    if (check_name(name, error))
        return -1;
    out->graph = make_path(options->folder, name, ".yaml");
    out->weights = make_path(options->folder, name, ".safetensors");
    if (!out->graph || !out->weights)
        return ray_fail_memory(error);
    return check_free(out->graph, options, import, error)
           || check_free(out->weights, options, import, error) ? -1 : 0;
}

/* ---- Writing ---- */

/* What is written can be opened. */
static int check_graph(const char *path, const char *text, ray_error *error)
{
    ray_description description = { 0 };
    ray_graph graph = { 0 };
    int failed = ray_description_parse(&description, path, text, strlen(text), error)
                 || ray_graph_compile(&graph, &description, error);
    ray_graph_free(&graph);
    ray_description_free(&description);
    return failed ? -1 : 0;
}

/* Both files, or none: the small one is written before the large one is moved to its place. */
static int write_both(const ray_imported *out, const ray_draft *draft, const char *text,
                      ray_error *error)
{
    ray_output graph;
    if (ray_output_open(&graph, out->graph, error))
        return -1;
    fputs(text, graph.stream);
    if (fflush(graph.stream))
        return ray_output_commit(&graph, error);        /* says why not */
    if (ray_draft_save_weights(draft, out->weights, error)) {
        ray_output_discard(&graph);
        return -1;
    }
    if (!ray_output_commit(&graph, error))
        return 0;
    unlink(out->weights);
    return -1;
}

static int write_files(ray_imported *out, const ray_import_options *options,
                       ray_onnx_import *import, ray_error *error)
{
    ray_draft *draft = &import->draft;
    if (options->name)
        draft->name = options->name;
    if (prepare(out, options, import, error))
        return -1;
    out->notes = draft->notes ? ray_string_copy(draft->notes) : NULL;
    if (draft->notes && !out->notes)
        return ray_fail_memory(error);
    const char *slash = strrchr(out->weights, '/');
    char *text = ray_draft_yaml(draft, slash ? slash + 1 : out->weights);
    if (!text)
        return ray_fail_memory(error);
    int failed = check_graph(import->model.path, text, error)
                 || write_both(out, draft, text, error);
    free(text);
    return failed ? -1 : 0;
}

/* ---- The whole ---- */

static int import_model(const char *path, const ray_import_options *options, ray_imported *out,
                        ray_error *error)
{
    ray_shape shape = { .rank = options->shape.n };
    const ray_draft_wishes wishes = { .input_name = options->input, .output_name = options->output,
                                      .input_shape = shape.rank ? &shape : NULL };
    ray_onnx_import *import;
    if (shape.rank > RAY_MAX_RANK - 1)
        return ray_fail(error, "an input of %d dimensions; %d at most", shape.rank,
                        RAY_MAX_RANK - 1);
    memcpy(shape.dim, options->shape.v, (size_t)shape.rank * sizeof *shape.dim);
    if (ray_onnx_import_open(&import, path, &wishes, error))
        return -1;
    int failed = write_files(out, options, import, error);
    ray_onnx_import_close(import);
    return failed;
}

int ray_import(const char *path, const ray_import_options *options, ray_imported *out,
               ray_error *error)
{
    static const ray_import_options none = { 0 };
    *out = (ray_imported){ 0 };
    if (error)
        error->text[0] = '\0';
    int failed = import_model(path, options ? options : &none, out, error);
    if (!failed && ray_network_open(&out->network, out->graph, NULL, error))
        failed = ray_fail_prefix(error, "%s was written and cannot be opened: ", out->graph);
    if (failed)
        ray_imported_free(out);
    return failed;
}

void ray_imported_free(ray_imported *imported)
{
    if (!imported)
        return;
    ray_network_close(imported->network);
    free(imported->graph);
    free(imported->weights);
    free(imported->notes);
    *imported = (ray_imported){ 0 };
}
