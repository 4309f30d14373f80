/* SPDX-License-Identifier: MIT */
/* file.h - files read whole or mapped, and written whole or not at all. */
#ifndef RAY_BASE_FILE_H
#define RAY_BASE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

/* A regular file mapped read-only (an empty file has data NULL). */
typedef struct ray_mapping { const unsigned char *data; size_t size; } ray_mapping;
int  ray_mapping_open(ray_mapping *mapping, const char *path, ray_error *error);
void ray_mapping_close(ray_mapping *mapping);

/* A file under construction: written beside its place without a name, so that nothing is left of it
 * when the program ends, or under another name where a folder cannot do that; moved there by
 * commit. */
typedef struct ray_output { FILE *stream; char *path, *temporary; } ray_output;
int  ray_output_open(ray_output *output, const char *path, ray_error *error);
int  ray_output_commit(ray_output *output, ray_error *error);    /* closes; removes it on failure */
void ray_output_discard(ray_output *output);                     /* after commit: does nothing */

/* folder/name or name itself when it is absolute or folder is empty; free(). NULL: no memory. */
char *ray_path_join(const char *folder, const char *name);
char *ray_path_folder(const char *path);        /* "." for a plain name; free() */

#endif
