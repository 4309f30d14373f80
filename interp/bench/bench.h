/* SPDX-License-Identifier: MIT */
/* bench.h - what takes turns in a measurement. */
#ifndef RAY_BENCH_BENCH_H
#define RAY_BENCH_BENCH_H

#include "host/methods.h"
#include "run/exec.h"
#include "samples.h"

/* The series of an entry: times of a call, of its evaluation of the input, then those of each
 * layer, forward for the forward pass, backward for a method. */
enum { RAY_SERIES_WHOLE, RAY_SERIES_FORWARD, RAY_SERIES_LAYERS };

/* A method by itself, or the forward pass. */
typedef struct ray_turn {
    const char  *name;              /* as it was asked for */
    ray_request  request;           /* n_methods 0: the forward pass */
    const char **settings;          /* those of the request that are meant for it; owned */
    ray_samples  samples;
} ray_turn;

/* turns[n_methods] of a request, to be freed one by one also on failure.  Fails where an
 * explanation with all methods together would: on unknown names, on settings that no method
 * takes. */
int  ray_turns_create(ray_turn *turns, const ray_network *network, const ray_methods *methods,
                      const ray_request *request, ray_error *error);
void ray_turn_free(ray_turn *turn);

/* Algorithms, and layers joined to others as the plan of the forward pass has it. */
void ray_bench_describe_layers(ray_bench *bench, const ray_exec *exec);

double ray_process_peak_resident(void);     /* bytes; 0: unknown */

#endif
