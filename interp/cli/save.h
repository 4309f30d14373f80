/* SPDX-License-Identifier: MIT */
/* save.h - the files of a result. */
#ifndef RAY_CLI_SAVE_H
#define RAY_CLI_SAVE_H

#include "request.h"

typedef struct cli_file {
    char             *path;
    int               map;          /* of the result, by index */
    const ray_tensor *tensor;       /* the result's; NULL: the map's figure */
} cli_file;
typedef struct cli_files { cli_file *v; int n; } cli_files;

/* Writes all files of a result into the output folder, which is made when only its last part is
 * missing.  `files` lists them, also on failure. */
int  cli_save(const cli_request *r, const ray_network *network, const ray_result *result,
              cli_files *files, ray_error *error);
void cli_files_free(cli_files *files);

#endif
