/* SPDX-License-Identifier: MIT */
/* check.c - rayinterp check GRAPH: read, compile and check the weights; run nothing. */
#include <stdio.h>

#include "cli.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    cli_source *source = state->input;
    if (key == 'w')
        source->weights = arg;
    else if (key == ARGP_KEY_ARG && !source->graph)
        source->graph = arg;
    else if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "which graph? give the path of a YAML file");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option argp_options[] = {
    { "weights", 'w', "FILE", 0, "Use these weights in place of the graph's own", 0 },
    { 0 }
};

static const struct argp argp = { argp_options, parse_option, "GRAPH",
    "Read and compile a graph file and check its weights, labels and shapes; run nothing.",
    NULL, NULL, NULL };

int cli_check(int argc, char **argv)
{
    cli_source source = { 0 };
    ray_network *network;
    ray_error error;
    cli_parse(&argp, "check", argc, argv, &source);
    if (cli_open(&source, RAY_WEIGHTS_FILE, &network, &error))
        return cli_fail(&error);
    printf("%s: no fault found\n", source.graph);
    ray_network_close(network);
    return CLI_DONE;
}
