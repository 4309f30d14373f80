/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_INPUT = 'i', KEY_OUTPUT = 'o', KEY_QUIET = 'q', KEY_TARGET = 't',
    KEY_BATCH = 1000, KEY_CHECKPOINT, KEY_FORMAT, KEY_JSON, KEY_PROBE, KEY_RESIZE, KEY_RESIZE_MODE,
    KEY_SEED, KEY_SHEET, KEY_SIGNAL, KEY_SMOOTH, KEY_STRICT,
    KEY_VERSION = 'V'
};

static const struct argp_option options[] = {
    { NULL, 0, NULL, 0, "What to explain:", CLI_WHAT },
    { "input", KEY_INPUT, "FILE", 0, "Picture (.png, .jpg, .jpeg) or preprocessed array (.npy, N x "
      "C x H x W or C x H x W); default: the graph's example", CLI_WHAT },
    { "target", KEY_TARGET, "T[,T...]", 0, "Class index or label: one, one for each item, or "
      "several for a single item; default: the example's, else the top class", CLI_WHAT },
    { "signal", KEY_SIGNAL, "onehot|pointing|FILE.npy", 0, "What is sent back from the output "
      "(default onehot)", CLI_WHAT },
    { NULL, 0, NULL, 0, "What to do with the map:", CLI_RESULT },
    { "resize", KEY_RESIZE, "WxH", OPTION_ARG_OPTIONAL, "Enlarge the map to the input's size, or "
      "to WxH", CLI_RESULT },
    { "resize-mode", KEY_RESIZE_MODE, "bilinear|nearest", 0, "How (default bilinear)", CLI_RESULT },
    { "smooth", KEY_SMOOTH, "S", 0, "Gaussian of standard deviation S times the longer side (of masks: the shorter "
      "side)", CLI_RESULT },
    { "output", KEY_OUTPUT, "DIR", 0, "Folder for NAME.npy and NAME.png (default: the current one)",
      CLI_RESULT },
    { "format", KEY_FORMAT, "npy,png", 0, "Which of them to write (default both)", CLI_RESULT },
    { "probe", KEY_PROBE, "LAYER|all", 0, "Also write the layer's activation and signal: "
      "NAME.LAYER.activation.npy, NAME.LAYER.signal.npy (repeatable)", CLI_RESULT },
    { "sheet", KEY_SHEET, "FILE.png", 0, "Also draw the maps of all methods side by side", CLI_RESULT },
    { NULL, 0, NULL, 0, "How:", CLI_HOW },
    { "batch", KEY_BATCH, "N", 0, "Most items to evaluate at a time (default: chosen by the free "
      "memory)", CLI_HOW },
    { "checkpoint", KEY_CHECKPOINT, "FILE", 0, "Save long work here, and go on from there after it "
      "was cut short; removed at the end", CLI_HOW },
    { "seed", KEY_SEED, "N", 0, "Seed of random numbers (default 0)", CLI_HOW },
    { "strict", KEY_STRICT, NULL, 0, "Warnings are errors", CLI_HOW },
    { "quiet", KEY_QUIET, NULL, 0, "Print nothing but warnings and errors", CLI_HOW },
    { "json", KEY_JSON, NULL, 0, "Print the result as one JSON object, and progress on standard "
      "error as one object a line", CLI_HOW },
    { "version", KEY_VERSION, NULL, 0, "Print the version", -1 },
    { 0 }
};

static const char doc[] =
    "Show why a neural network decided what it did: compute attribution maps.\v"
    "Other commands (each with its own --help):\n"
    "  rayinterp forward GRAPH    evaluate the network: top classes, raw output\n"
    "  rayinterp show GRAPH       the layers with shapes, parameters and cost; --dot for Graphviz\n"
    "  rayinterp check GRAPH      read, compile and check the weights; run nothing\n"
    "  rayinterp rules [NAME]     the methods found, or one method's parameters\n"
    "  rayinterp layers [TYPE]    the layer types, or one type's attributes\n"
    "  rayinterp bench GRAPH      the time that evaluation and methods take, layer by layer\n"
    "  rayinterp import MODEL     an ONNX model into a graph file and weights\n\n"
    "GRAPH is a graph file (YAML) or an ONNX model (.onnx).\n"
    "Exit status: 0 done, 1 failed (one line on standard error says what and where), 2 wrong "
    "usage, 130 stopped by Ctrl-C, 143 by SIGTERM.\n"
    "Ctrl-C ends long work after the next step and writes what was done, an unfinished map as "
    "NAME.partial.npy and NAME.partial.png; a second one ends the program at once.\n"
    "Plugins are looked for in the absolute folders of RAYINTERP_PLUGIN_PATH, else in the "
    "installed one.\n\n"
    "Example: rayinterp graphs/shapes.yaml --rule ebp,grad_cam --target star --output maps";

static void parse_size(struct argp_state *state, ray_request *request, const char *text)
{
    long long width, height;
    char end;
    request->resize = true;
    if (!text)
        return;
    if (sscanf(text, "%lldx%lld%c", &width, &height, &end) != 2 || width < 1 || height < 1
        || width > 65536 || height > 65536)
        argp_error(state, "--resize=%s: WxH is expected, each from 1 to 65536", text);
    request->resize_width = width;
    request->resize_height = height;
}

static void parse_mode(struct argp_state *state, ray_request *request, const char *text)
{
    if (!strcmp(text, "bilinear"))
        request->resize_mode = RAY_RESIZE_BILINEAR;
    else if (!strcmp(text, "nearest"))
        request->resize_mode = RAY_RESIZE_NEAREST;
    else
        argp_error(state, "--resize-mode %s: bilinear or nearest is expected", text);
}

static void parse_smooth(struct argp_state *state, ray_request *request, const char *text)
{
    char *end;
    request->smooth = strtod(text, &end);
    if (end == text || *end || !(request->smooth >= 0 && request->smooth <= 1))
        argp_error(state, "--smooth %s: a number from 0 to 1 is expected", text);
}

static void parse_format(struct argp_state *state, cli_request *r, char *text)
{
    r->write_npy = r->write_png = false;
    for (char *word; (word = strsep(&text, ","));) {
        if (!strcmp(word, "npy"))
            r->write_npy = true;
        else if (!strcmp(word, "png"))
            r->write_png = true;
        else
            argp_error(state, "--format %s: npy, png or both are expected", word);
    }
}

static void parse_sheet(struct argp_state *state, cli_request *r, const char *text)
{
    if (!cli_ends_with(text, ".png"))
        argp_error(state, "--sheet %s: a .png file is expected", text);
    r->sheet = text;
}

/* The file is removed in the end, so that it must be none of the results. */
static void parse_checkpoint(struct argp_state *state, ray_request *request, const char *text)
{
    if (!*text)
        argp_error(state, "--checkpoint: the name of a file is expected");
    if (cli_ends_with(text, ".npy") || cli_ends_with(text, ".png"))
        argp_error(state, "--checkpoint %s: results end like this; give it another ending", text);
    request->checkpoint = text;
}

static void check_complete(struct argp_state *state, const cli_request *r)
{
    const char *signal = r->signal;
    if (!r->source.graph)
        argp_error(state, "which graph? give the path of a YAML file");
    if (!r->choice.rules.n)
        argp_error(state, "which method? give --rule NAME (`rayinterp rules` lists them)");
    if (signal && strcmp(signal, "onehot") && strcmp(signal, "pointing") && !strchr(signal, '.'))
        argp_error(state, "--signal %s: onehot, pointing or a .npy file is expected", signal);
}

static error_t parse_how(int key, char *arg, struct argp_state *state)
{
    cli_request *r = state->input;
    switch (key) {
    case KEY_BATCH: r->request.batch = cli_parse_int(state, "--batch", arg, 1, 4096); break;
    case KEY_CHECKPOINT: parse_checkpoint(state, &r->request, arg); break;
    case KEY_SEED:
        r->request.random_seed = (uint64_t)cli_parse_int(state, "--seed", arg, 0, INT64_MAX);
        break;
    case KEY_STRICT: r->request.strict = true; break;
    case KEY_QUIET: r->quiet = true; break;
    case KEY_JSON: r->json = true; break;
    case KEY_VERSION:
        printf("rayinterp %s\n", ray_version());
        exit(CLI_DONE);
    case ARGP_KEY_ARG:
        if (r->source.graph)
            argp_error(state, "one graph at a time: \"%s\" is one too many", arg);
        r->source.graph = arg;
        break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->source;
        state->child_inputs[1] = &r->choice;
        state->child_inputs[2] = &r->request;
        break;
    case ARGP_KEY_END: check_complete(state, r); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    cli_request *r = state->input;
    switch (key) {
    case KEY_INPUT: r->input = arg; break;
    case KEY_TARGET: r->targets = arg; break;
    case KEY_SIGNAL: r->signal = arg; break;
    case KEY_RESIZE: parse_size(state, &r->request, arg); break;
    case KEY_RESIZE_MODE: parse_mode(state, &r->request, arg); break;
    case KEY_SMOOTH: parse_smooth(state, &r->request, arg); break;
    case KEY_OUTPUT: r->output = arg; break;
    case KEY_FORMAT: parse_format(state, r, arg); break;
    case KEY_SHEET: parse_sheet(state, r, arg); break;
    case KEY_PROBE: cli_words_add(&r->probes, arg); break;
    default: return parse_how(key, arg, state);
    }
    return 0;
}

static const struct argp_child children[] = {
    { &cli_source_argp, 0, NULL, 0 }, { &cli_choice_argp, 0, NULL, 0 },
    { &cli_effort_argp, 0, NULL, 0 }, { 0 }
};

static const struct argp argp = { options, parse_option, "GRAPH --rule NAME[,NAME...]", doc,
                                  children, NULL, NULL };

void cli_request_parse(cli_request *r, int argc, char **argv)
{
    *r = (cli_request){ .write_npy = true, .write_png = true, .output = "." };
    cli_parse(&argp, NULL, argc, argv, r);
}

static int add_target(cli_request *r, const ray_network *network, const char *word,
                      ray_error *error)
{
    int64_t *grown = realloc(r->target_list, ((size_t)r->request.n_targets + 1) * sizeof *grown);
    if (!grown) {
        snprintf(error->text, sizeof error->text, "out of memory");
        return -1;
    }
    r->target_list = grown;
    return ray_network_class(network, word, &r->target_list[r->request.n_targets++], error);
}

/* A label may hold a comma: the whole text is tried first. */
static int read_targets(cli_request *r, const ray_network *network, const char *text,
                        ray_error *error)
{
    int64_t whole;
    ray_error unused = { "" };
    cli_words words = { 0 };
    char *copy = strdup(text);
    if (!copy || !ray_network_class(network, text, &whole, &unused))
        cli_words_add(&words, text);
    else
        cli_words_split(&words, copy);
    int failed = 0;
    for (int i = 0; !failed && i < words.n; i++)
        failed = add_target(r, network, words.v[i], error);
    cli_words_free(&words);
    free(copy);
    return failed;
}

static int read_signal(cli_request *r, ray_error *error)
{
    if (!r->signal || !strcmp(r->signal, "onehot"))
        return 0;
    r->request.pointing = !strcmp(r->signal, "pointing");
    if (r->request.pointing)
        return 0;
    r->request.seed = &r->seed;
    return ray_npy_read(r->signal, &r->seed, error);
}

int cli_request_complete(cli_request *r, const ray_network *network, ray_error *error)
{
    const char *input = r->input ? r->input : ray_network_example_input(network);
    const char *targets = r->targets;
    if (!targets && !r->input)
        targets = ray_network_example_target(network);
    if (!input) {
        snprintf(error->text, sizeof error->text, "%s: it names no example; give --input FILE",
                 r->source.graph);
        return -1;
    }
    r->input = input;
    if (ray_input_read(network, input, &r->request.input, error) || read_signal(r, error)
        || (targets && read_targets(r, network, targets, error)))
        return -1;
    r->request.targets = r->target_list;
    cli_choice_put(&r->choice, &r->request);
    r->request.probes = r->probes.v;
    r->request.n_probes = r->probes.n;
    return 0;
}

void cli_request_free(cli_request *r)
{
    ray_tensor_free(&r->request.input);
    ray_tensor_free(&r->seed);
    free(r->target_list);
    cli_choice_free(&r->choice);
    cli_words_free(&r->probes);
}
