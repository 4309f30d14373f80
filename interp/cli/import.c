/* SPDX-License-Identifier: MIT */
/* import.c - rayinterp import MODEL.onnx: a graph file and weights.  With --json:
 *   {"graph", "weights", "name", "layers", "parameters", "input", "output", "notes": [...]} */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { KEY_FORCE = 2000, KEY_INPUT, KEY_JSON, KEY_NAME, KEY_OUTPUT_NAME, KEY_SHAPE };

typedef struct options {
    const char        *model;
    ray_import_options import;
    bool               quiet, json;
} options;

/* ---- Words ---- */

/* "3x224x224" */
static void parse_shape(struct argp_state *state, const char *text, ray_ints *shape)
{
    char *end;
    shape->n = 0;
    for (const char *at = text; shape->n < RAY_MAX_RANK; at = end + 1) {
        errno = 0;
        long long size = strtoll(at, &end, 10);
        if (errno || end == at || *at < '0' || *at > '9' || size < 1 || size > INT32_MAX)
            break;
        shape->v[shape->n++] = size;
        if (!*end && shape->n < RAY_MAX_RANK)
            return;
        if (*end != 'x')
            break;
    }
    argp_error(state, "--input-shape %s: sizes of one item, without the batch, are expected: "
               "3x224x224", text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    options *o = state->input;
    switch (key) {
    case 'o': o->import.folder = arg; break;
    case 'q': o->quiet = true; break;
    case KEY_FORCE: o->import.force = true; break;
    case KEY_INPUT: o->import.input = arg; break;
    case KEY_JSON: o->json = true; break;
    case KEY_NAME: o->import.name = arg; break;
    case KEY_OUTPUT_NAME: o->import.output = arg; break;
    case KEY_SHAPE: parse_shape(state, arg, &o->import.shape); break;
    case ARGP_KEY_ARG:
        if (o->model)
            argp_error(state, "one model at a time: \"%s\" is one too many", arg);
        o->model = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_error(state, "which model? give the path of an .onnx file"); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option argp_options[] = {
    { "input-name", KEY_INPUT, "NAME", 0, "Of several inputs the one that is explained", CLI_WHAT },
    { "input-shape", KEY_SHAPE, "CxHxW", 0, "Shape of one item of the input, without the batch, "
      "where the model leaves it free: 3x224x224", CLI_WHAT },
    { "output-name", KEY_OUTPUT_NAME, "NAME", 0, "Of several outputs the one that is explained "
      "(default: the first)", CLI_WHAT },
    { "output", 'o', "DIR", 0, "Folder for the files; made when only its last part is missing "
      "(default: the current one)", CLI_RESULT },
    { "name", KEY_NAME, "NAME", 0, "Name of the network and of its files (default: the model's)",
      CLI_RESULT },
    { "force", KEY_FORCE, NULL, 0, "Replace files that are there already", CLI_RESULT },
    { "json", KEY_JSON, NULL, 0, "Print what was written as one JSON object", CLI_HOW },
    { "quiet", 'q', NULL, 0, "Print nothing but errors; with --json the object as well", CLI_HOW },
    { 0 }
};

static const struct argp argp = { argp_options, parse_option, "MODEL.onnx",
    "Translate an ONNX model into a graph file, NAME.yaml, and its weights, NAME.safetensors.",
    NULL, NULL, NULL };

/* ---- What is told ---- */

typedef struct summary { int layers; int64_t parameters; } summary;

static summary sum_up(const ray_network *network)
{
    summary s = { 0, 0 };
    for (ray_layer_info layer; !ray_network_layer(network, s.layers, &layer); s.layers++)
        s.parameters += layer.parameters;
    return s;
}

static void print_text(const ray_imported *imported)
{
    const ray_network *network = imported->network;
    const summary s = sum_up(network);
    ray_tensor in, out;
    char a[160], b[160];
    ray_network_input(network, &in);
    ray_network_output(network, &out);
    printf("%s: %d layers, %" PRId64 " parameters; %s %s to %s %s\n", ray_network_name(network),
           s.layers, s.parameters, ray_network_input_name(network), cli_shape_text(&in, 1, a),
           ray_network_output_name(network), cli_shape_text(&out, 1, b));
    for (const char *line = imported->notes; line && *line;) {
        int n = (int)strcspn(line, "\n");
        printf("note: %.*s\n", n, line);
        line += n + (line[n] == '\n');
    }
    printf("wrote %s, %s\n", imported->graph, imported->weights);
}

static json_t *shape_list(const ray_tensor *shape)
{
    json_t *list = json_array();
    for (int k = 1; k < shape->rank; k++)
        json_array_append_new(list, json_integer(shape->dim[k]));
    return list;
}

static json_t *note_list(const char *notes)
{
    json_t *list = json_array();
    for (const char *line = notes; line && *line;) {
        size_t n = strcspn(line, "\n");
        json_array_append_new(list, json_stringn(line, n));
        line += n + (line[n] == '\n');
    }
    return list;
}

static int print_json(const ray_imported *imported)
{
    const summary s = sum_up(imported->network);
    ray_tensor in, out;
    ray_network_input(imported->network, &in);
    ray_network_output(imported->network, &out);
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:I, s:o, s:o, s:o}", "graph", imported->graph,
                               "weights", imported->weights, "name",
                               ray_network_name(imported->network), "layers", s.layers,
                               "parameters",
                               (json_int_t)s.parameters, "input", shape_list(&in), "output",
                               shape_list(&out), "notes", note_list(imported->notes));
    if (!object) {
        fprintf(stderr, "rayinterp: a path is not UTF-8 and cannot be written as JSON\n");
        return CLI_FAILED;
    }
    json_dumpf(object, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(object);
    return CLI_DONE;
}

/* ---- The command ---- */

static int prepare_folder(const options *o, bool *made, ray_error *error)
{
    const char *folder = o->import.folder;
    *made = false;
    if (!folder)
        return 0;
    *made = !mkdir(folder, 0777);
    if (*made || errno == EEXIST)
        return cli_check_folder("--output", folder, folder, error);
    snprintf(error->text, sizeof error->text, "--output %s: the folder cannot be made: %s", folder,
             strerror(errno));
    return -1;
}

int cli_import(int argc, char **argv)
{
    options o = { 0 };
    ray_imported imported;
    ray_error error = { "" };
    bool made;
    cli_parse(&argp, "import", argc, argv, &o);
    if (prepare_folder(&o, &made, &error))
        return cli_fail(&error);
    if (ray_import(o.model, &o.import, &imported, &error)) {
        if (made)
            rmdir(o.import.folder);     /* fails where something was written */
        return cli_fail(&error);
    }
    int status = CLI_DONE;
    if (o.json)
        status = print_json(&imported);
    else if (!o.quiet)
        print_text(&imported);
    ray_imported_free(&imported);
    return status;
}
