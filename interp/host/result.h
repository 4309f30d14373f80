/* SPDX-License-Identifier: MIT */
/* result.h - maps and probes on their way into a ray_result. */
#ifndef RAY_HOST_RESULT_H
#define RAY_HOST_RESULT_H

#include "session.h"

int ray_tensor_copy(const ray_tensor *from, ray_tensor *to, ray_error *error);

/* Room for n_maps maps of a method, zeroed, and for what its probes will see, values copied. */
int  ray_map_create(ray_map *map, const ray_session *session, int64_t n_maps);
/* The signals of the pass that made the maps from `first` on. */
void ray_map_collect_probes(ray_map *map, const ray_session *session, int64_t first);
/* Only the first n of so many parts were made. */
void ray_map_cut(ray_map *map, int64_t n, int64_t parts);
/* Maps and planes resized and smoothed as the request says. */
int  ray_map_finish(ray_map *map, const ray_session *session);
void ray_map_free(ray_map *map);

#endif
