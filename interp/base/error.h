/* SPDX-License-Identifier: MIT */
/* error.h - errors as values.  The first message stays; later ones on the way out do not replace
 * it. */
#ifndef RAY_BASE_ERROR_H
#define RAY_BASE_ERROR_H

#include "rayinterp.h"

/* A place in a text file, counted from 1; line 0: nowhere in particular. */
typedef struct ray_mark { int32_t line, column; } ray_mark;

/* Says what went wrong and returns -1.  error may be NULL. */
int ray_fail(ray_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with "path:line:column: " before it. */
int ray_fail_at(ray_error *error, const char *path, ray_mark mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int ray_fail_memory(ray_error *error);      /* "out of memory" */

/* Puts a formatted text before the message that is there ("conv2d \"c3\": "). Returns -1. */
int ray_fail_prefix(ray_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
