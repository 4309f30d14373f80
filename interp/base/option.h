/* SPDX-License-Identifier: MIT */
/* option.h - values into option structs by table (ray_option): YAML attributes and --set alike. */
#ifndef RAY_BASE_OPTION_H
#define RAY_BASE_OPTION_H

#include "error.h"

/* Defaults into a zeroed struct. */
void ray_options_init(const ray_option *table, void *options);

/* NULL when the table has no such entry. */
const ray_option *ray_option_find(const ray_option *table, const char *name);

/* Sets one option from the words of a scalar (n = 1, is_list false) or of a list.  Errors name the
 * option, the value and what is allowed, without a place.  Strings are not copied. */
int ray_option_set(const ray_option *option, void *options, const char *const *words, int n,
                   bool is_list, ray_error *error);

/* "stride: <what>; an integer >= 1", for what a reader of values finds wrong itself. */
int ray_option_fail(const ray_option *option, const char *what, ray_error *error);

/* "unknown attribute "key"", with the nearest name when it looks like a slip, else all names.
 * `what` is what such an entry is called: "attribute", "parameter". */
int ray_option_unknown(const ray_option *table, const char *what, const char *name,
                       ray_error *error);

/* What an option takes, for help: "integer >= 1", "one of blur, fade", ... in buffer. */
const char *ray_option_describe(const ray_option *option, char *buffer, size_t size);
/* Its default as text; "" when there is none, "required" when it must be given. */
const char *ray_option_default(const ray_option *option, char *buffer, size_t size);

#endif
