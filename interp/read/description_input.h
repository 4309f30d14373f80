/* SPDX-License-Identifier: MIT */
/* description_input.h - the `input:` of a graph file (used by description.c only). */
#ifndef RAY_READ_DESCRIPTION_INPUT_H
#define RAY_READ_DESCRIPTION_INPUT_H

#include "description.h"

/* Fills d->input. */
int ray_input_read_description(ray_description *d, const ray_node *node, ray_error *error);

#endif
