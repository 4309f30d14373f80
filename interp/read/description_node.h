/* SPDX-License-Identifier: MIT */
/* description_node.h - checked reading of single nodes of a graph file (used by description*.c).
 * `what` names the value in messages.  All errors carry the place in the file. */
#ifndef RAY_READ_DESCRIPTION_NODE_H
#define RAY_READ_DESCRIPTION_NODE_H

#include "description.h"

/* "a mapping", "a list", "text", "nothing": what a node is, for messages. */
const char *ray_node_kind(const ray_node *node);

/* The node has this type (and is not null). */
int ray_node_expect(const ray_description *d, const ray_node *node, const char *what,
                    ray_node_type type, ray_error *error);

/* Every key of the mapping is in valid (up to NULL). */
int ray_keys_check(const ray_description *d, const ray_node *mapping, const char *const *valid,
                   ray_error *error);

/* The mapping has this key. */
int ray_key_require(const ray_description *d, const ray_node *mapping, const char *key,
                    ray_error *error);

/* A scalar; a name is not empty and has no control characters. */
int ray_word_read(const ray_description *d, const ray_node *node, const char *what, ray_word *word,
                  ray_error *error);
int ray_name_read(const ray_description *d, const ray_node *node, const char *what, ray_word *word,
                  ray_error *error);

/* A name, or a list of at least one; the words are put into the document's arena. */
int ray_words_read(ray_description *d, const ray_node *node, const char *what, ray_word **words,
                   int32_t *n, ray_error *error);

#endif
