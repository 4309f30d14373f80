/* SPDX-License-Identifier: MIT */
/* text.h - small helpers on words: parsing numbers whole, finding the nearest valid name. */
#ifndef RAY_BASE_TEXT_H
#define RAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole text is one number (C locale, no white space); false otherwise or out of range. */
bool ray_parse_int(const char *text, int64_t *value);
bool ray_parse_number(const char *text, double *value);     /* finite: never inf or nan */

/* Collects candidates and remembers the one nearest to a word (Damerau-Levenshtein). */
typedef struct ray_nearest { const char *word, *best; int distance; } ray_nearest;
ray_nearest ray_nearest_start(const char *word);
void        ray_nearest_offer(ray_nearest *nearest, const char *candidate);
/* "; did you mean \"best\"?" when it looks like a slip, "" otherwise; in buffer. */
const char *ray_nearest_hint(const ray_nearest *nearest, char *buffer, size_t size);

/* Valid UTF-8 without control characters: fit for a terminal and for JSON. */
bool ray_text_is_plain(const char *text);

/* One or more of a-z, 0-9 and _; NULL is none. */
bool ray_text_is_name(const char *text);

bool ray_ends_with(const char *text, const char *ending);   /* ASCII case ignored */

#endif
