/* SPDX-License-Identifier: MIT */
/* main.c - which command is meant. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

typedef struct command { const char *name; int (*run)(int argc, char **argv); } command;

static const command commands[] = {
    { "forward", cli_forward }, { "show", cli_show }, { "check", cli_check },
    { "rules", cli_rules }, { "layers", cli_layers }, { "bench", cli_bench },
    { "import", cli_import },
};

static const command *find_command(const char *name)
{
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

/* Results that did not reach standard output are a failure like any other, those of --help too. */
static void check_results(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return;
    fprintf(stderr, "rayinterp: cannot write to standard output\n");
    _exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
    argp_err_exit_status = CLI_USAGE;
    atexit(check_results);
    const command *found = find_command(argv[1]);
    return found ? found->run(argc - 1, argv + 1) : cli_explain(argc, argv);
}
