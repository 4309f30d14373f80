/* SPDX-License-Identifier: MIT */
/* request.h - what `rayinterp GRAPH --rule ...` was asked for, from words to a ray_request. */
#ifndef RAY_CLI_REQUEST_H
#define RAY_CLI_REQUEST_H

#include "cli.h"

typedef struct cli_request {
    cli_source  source;
    cli_choice  choice;
    const char *input, *targets, *signal, *output, *sheet;
    cli_words   probes;
    bool        write_npy, write_png, quiet, json;
    ray_request request;            /* in part by the parser, in part by cli_request_complete */
    ray_tensor  seed;
    int64_t    *target_list;
} cli_request;

/* Ends the program with status 2 on wrong usage, 0 after --help. */
void cli_request_parse(cli_request *r, int argc, char **argv);
/* Reads input, targets and signal: what needs the network. */
int  cli_request_complete(cli_request *r, const ray_network *network, ray_error *error);
void cli_request_free(cli_request *r);

#endif
