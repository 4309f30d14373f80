/* SPDX-License-Identifier: MIT */
/* A method with memory of its own: taken in prepare, released in finish, even after a failure. */
#include <stdlib.h>

#include "ray_plugin.h"

typedef struct params { bool fail; } params;
typedef struct state { float *memory; } state;

static const ray_option options[] = {
    { .name = "fail", .help = "fail after the memory is taken", .type = RAY_BOOL,
      .offset = offsetof(params, fail) },
    { 0 }
};

static int take(ray_run *run)
{
    state *s = run->state;
    if (s->memory)
        return run->host->fail(run, "the state was not empty");
    s->memory = calloc(100, sizeof *s->memory);
    return s->memory ? 0 : run->host->fail(run, "out of memory");
}

static int use(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map)
{
    const state *s = run->state;
    (void)x;
    (void)p;
    if (((const params *)run->options)->fail)
        return run->host->fail(run, "as it was asked to");
    map->data[0] = s->memory[99] + 1;
    return 0;
}

static void release(ray_run *run)
{
    free(((state *)run->state)->memory);
}

RAY_PLUGIN({ .name = "states",
             .params = options,
             .params_size = sizeof(params),
             .state_size = sizeof(state),
             .prepare = take,
             .saliency = use,
             .finish = release });
