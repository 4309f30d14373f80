/* SPDX-License-Identifier: MIT */
/* prepared.h - weights in the form in which kernels multiply by them, kept with their network from
 * the second time that they are used. */
#ifndef RAY_NETWORK_PREPARED_H
#define RAY_NETWORK_PREPARED_H

#include "layers/kind.h"

typedef struct ray_prepared ray_prepared;

ray_prepared *ray_prepared_create(int32_t n_layers);        /* NULL without memory */
void          ray_prepared_free(ray_prepared *prepared);    /* NULL: nothing */

/* What kind->prepare made of a layer's weights for one direction; NULL: the kernel is to do so on
 * the fly, for the layer was not used before, or all that is kept would be more than `most` bytes (0:
 * half of the memory that is free), or the kernel takes weights as they are.  op: the layer's, with
 * its weights.  May be called by any number of threads at a time. */
const RAY_REAL *ray_prepared_get(ray_prepared *prepared, int32_t layer, const ray_kind *kind,
                                 const ray_op *op, bool gradient, int64_t most);

#endif
