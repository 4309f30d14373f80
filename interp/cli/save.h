/* SPDX-License-Identifier: MIT */
/* save.h - the files of a result. */
#ifndef RAY_CLI_SAVE_H
#define RAY_CLI_SAVE_H

#include "request.h"

typedef struct cli_file {
    char             *path;
    const char       *what, *name;  /* the probe "conv1", the array "masks", the map "ebp" */
    int               map;          /* of the result, by index; -1: the sheet of all maps */
    const ray_tensor *tensor;       /* what is written as an array; NULL: a picture, */
    const ray_extra  *curves;       /* of these; NULL: of the map or maps */
} cli_file;
typedef struct cli_files { cli_file *v; int n; } cli_files;

/* Before long work: sees to it that there are folders to write to, makes that of the output when
 * only its last part is missing (*made, also on failure). */
int  cli_save_prepare(const cli_request *r, bool *made, ray_error *error);
/* Writes all files of a result into that folder.  `files` lists them, also on failure.  Maps that
 * are partial are called METHOD.partial, and of a result that was stopped there is no sheet. */
int  cli_save(const cli_request *r, const ray_network *network, const ray_result *result,
              cli_files *files, ray_error *error);
void cli_files_free(cli_files *files);

#endif
