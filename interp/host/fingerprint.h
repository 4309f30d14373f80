/* SPDX-License-Identifier: MIT */
/* fingerprint.h - whether two requests are the same, by a hash (XXH3, 128 bits). */
#ifndef RAY_HOST_FINGERPRINT_H
#define RAY_HOST_FINGERPRINT_H

#include "checkpoint.h"
#include "network/network.h"

/* Of everything that has a say in the maps before they are resized: the graph file, weights, input,
 * targets, methods, settings, seeds.  Not of threads and batch. */
int ray_fingerprint_make(const ray_network *network, const ray_request *request,
                         ray_fingerprint *out, ray_error *error);

/* Of a tensor's shape and numbers, joined to an earlier hash. */
uint64_t ray_tensor_hash(const ray_tensor *tensor, uint64_t earlier);

#endif
