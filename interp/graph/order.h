/* SPDX-License-Identifier: MIT */
/* order.h - who reads whom in a description, and an order in which the layers can be evaluated. */
#ifndef RAY_GRAPH_ORDER_H
#define RAY_GRAPH_ORDER_H

#include "base/memory.h"
#include "read/description.h"

enum { RAY_FROM_INPUT = -1 };

typedef struct ray_order {
    int32_t **from;         /* for each layer of the description: what it reads, layers or
                             * RAY_FROM_INPUT */
    int32_t  *n_from;       /* 0 for kinds that read nothing */
    int32_t  *sequence;     /* layers of the description in the file's order, but each after
                             * what it reads */
    int32_t   output;       /* layer of the description */
} ray_order;

/* All memory is the arena's.  Errors: unknown names, cycles, layers that nobody reads, and
 * an input that nobody reads. */
int ray_order_make(ray_order *order, const ray_description *description, ray_arena *arena,
                   ray_error *error);

#endif
