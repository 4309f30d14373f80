/* SPDX-License-Identifier: MIT */
/* report.h - what a command that explains says on standard output. */
#ifndef RAY_CLI_REPORT_H
#define RAY_CLI_REPORT_H

#include "save.h"

typedef struct cli_report {
    const cli_request *request;
    const ray_network *network;
    const ray_methods *methods;
    const ray_result  *result;
    const cli_files   *files;
    const cli_words   *warnings;
    double             seconds;     /* from the start of the program */
} cli_report;

void cli_report_text(const cli_report *report);
int  cli_report_json(const cli_report *report);     /* -1: a name cannot be written as JSON; said */

#endif
