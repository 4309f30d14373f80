/* SPDX-License-Identifier: MIT */
/* forward.c - rayinterp forward GRAPH: the network's output on an input. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

typedef struct options {
    cli_source  source;
    const char *input, *output;
    int         threads, top;
    bool        quiet;
} options;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    options *o = state->input;
    switch (key) {
    case 'i': o->input = arg; break;
    case 'o': o->output = arg; break;
    case 'q': o->quiet = true; break;
    case 't': o->threads = (int)cli_parse_int(state, "--threads", arg, 1, 1024); break;
    case 'k': o->top = (int)cli_parse_int(state, "--top", arg, 1, 16); break;
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->source; break;
    case ARGP_KEY_ARG:
        if (o->source.graph)
            return ARGP_ERR_UNKNOWN;
        o->source.graph = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_error(state, "which graph? give the path of a YAML file"); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option argp_options[] = {
    { "input", 'i', "FILE", 0, "Picture (.png, .jpg, .jpeg) or array (.npy); default: the graph's "
      "example", CLI_WHAT },
    { "output", 'o', "FILE.npy", 0, "Write the raw output here", CLI_RESULT },
    { "top", 'k', "K", 0, "How many classes to print (default 5)", CLI_RESULT },
    { "threads", 't', "N", 0, "Threads to use (default: one for each core)", CLI_HOW },
    { "quiet", 'q', NULL, 0, "Print nothing but errors", CLI_HOW },
    { 0 }
};

static const struct argp_child children[] = { { &cli_source_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = { argp_options, parse_option, "GRAPH",
    "Evaluate a network: print its top classes, write its raw output.", children, NULL, NULL };

static int run(const options *o, const ray_network *network, ray_error *error)
{
    ray_tensor input, output;
    const char *path = o->input ? o->input : ray_network_example_input(network);
    if (!path) {
        snprintf(error->text, sizeof error->text, "%s: it names no example; give --input FILE",
                 o->source.graph);
        return -1;
    }
    if (ray_input_read(network, path, &input, error))
        return -1;
    int failed = ray_forward(network, &input, o->threads, &output, error);
    ray_tensor_free(&input);
    if (failed)
        return -1;
    if (o->output)
        failed = ray_npy_write(o->output, &output, error);
    if (!failed && !o->quiet)
        cli_print_top(network, &output, o->top);
    ray_tensor_free(&output);
    return failed;
}

int cli_forward(int argc, char **argv)
{
    options o = { .top = 5 };
    ray_network *network;
    ray_error error = { "" };
    cli_parse(&argp, "forward", argc, argv, &o);
    if (cli_open(&o.source, RAY_WEIGHTS_FILE, &network, &error))
        return cli_fail(&error);
    int failed = run(&o, network, &error);
    ray_network_close(network);
    return failed ? cli_fail(&error) : CLI_DONE;
}
