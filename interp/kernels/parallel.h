/* SPDX-License-Identifier: MIT */
/* parallel.h - independent tasks dealt to threads.
 *
 * How work is cut into tasks depends on its shape only, never on the number of threads, and two
 * tasks never write the same place: so results do not depend on the number of threads either.  A
 * task that needs room of its own takes that of its lane. */
#ifndef RAY_KERNELS_PARALLEL_H
#define RAY_KERNELS_PARALLEL_H

#include <stdint.h>

enum { RAY_LANES = 64 };        /* the most threads that work on one call */

typedef void ray_task(void *context, int64_t task, int32_t lane);

/* Threads that may work on one call; at most RAY_LANES. */
int64_t ray_threads(void);

/* Lanes that so many tasks can use: the tasks themselves or ray_threads().  Plans are made with the
 * number of threads that runs them. */
int64_t ray_lanes(int64_t tasks);

/* body(context, task, lane) for each task in 0 ... tasks - 1, lane < ray_lanes(tasks). */
void ray_parallel(int64_t tasks, ray_task *body, void *context);

#endif
