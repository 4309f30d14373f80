/* SPDX-License-Identifier: MIT */
/* Long work that a test holds where it wants: sums of random numbers, in steps.  At the step
 * `wait_at` it waits as long as there is a file `gate`: reports progress meanwhile, or with `deaf`
 * says so once and hears nothing. */
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ray_plugin.h"

typedef struct params { int64_t steps, wait_at; const char *gate; bool deaf; } params;

#define FIELD(name) #name, .offset = offsetof(params, name)
static const ray_option options[] = {
    { .name = FIELD(steps), .help = "how many", .type = RAY_INT, .def = 8, .min = 1, .max = 1e6 },
    { .name = FIELD(wait_at), .help = "the step", .type = RAY_INT, .def = 3, .min = 1, .max = 1e6 },
    { .name = FIELD(gate), .help = "a file", .type = RAY_STRING, .words = "" },
    { .name = FIELD(deaf), .help = "no progress meanwhile", .type = RAY_BOOL },
    { 0 }
};

static int64_t count(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

static int wait_at_gate(ray_run *run, const params *p)
{
    const struct timespec moment = { .tv_nsec = 5000000 };
    if (p->deaf && !access(p->gate, F_OK) && run->host->note(run, "waiting"))
        return -1;
    while (*p->gate && !access(p->gate, F_OK)) {
        nanosleep(&moment, NULL);
        if (!p->deaf && run->host->progress(run, p->wait_at, p->steps))
            return -1;
    }
    return 0;
}

/* How many steps were done: fewer than all of them when the user stopped it. */
static int64_t work(ray_run *run, const params *p, int64_t done, ray_tensor *sums,
                    ray_tensor *heights)
{
    int64_t n = count(sums);
    while (done < p->steps) {
        for (int64_t i = 0; i < n; i++)
            sums->data[i] += (float)(run->host->random(run) & 0xff);
        heights->data[2 * done] = sums->data[0] / (float)(done + 1);
        heights->data[2 * done + 1] = done % 2 ? NAN : sums->data[1];
        done++;
        if (run->host->progress(run, done, p->steps)
            || (done == p->wait_at && wait_at_gate(run, p)))
            break;
    }
    return done;
}

static int explain(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    const params *p = run->options;
    const ray_array curves = { "heights", RAY_ARRAY_CURVES, 3, { 1, p->steps, 2 },
                               "mean of the first|second", "steps" };
    const ray_array plain = { .name = "ends", .rank = 2, .dim = { 1, 2 } };
    ray_tensor *sums = host->scratch(run, map->rank, map->dim);
    ray_tensor *heights = host->array(run, &curves), *ends = host->array(run, &plain);
    if (!sums || !heights || !ends)
        return -1;
    memset(sums->data, 0, (size_t)count(sums) * sizeof *sums->data);
    const ray_block blocks[] = { { sums->data, (size_t)count(sums) * sizeof *sums->data },
                                 { heights->data, (size_t)(2 * p->steps) * sizeof *sums->data } };
    int64_t done = host->resume(run, blocks, 2);
    if (done < 0)
        return -1;
    done = work(run, p, done, sums, heights);
    for (int64_t i = 0; i < count(map); i++)
        map->data[i] = sums->data[i] / (float)done;
    ends->data[0] = map->data[0];
    ends->data[1] = map->data[count(map) - 1];
    return host->numbers(run, "heights", 2, (const double[]){ (double)map->data[0], (double)NAN });
}

RAY_PLUGIN(
    { .name = "counts", .summary = "sums of random numbers", .params = options,
      .params_size = sizeof(params), .explain = explain, .steps = "numbers" },
    { .name = "counts_items", .flags = RAY_ONE_ITEM, .summary = "the same, for each item",
      .params = options, .params_size = sizeof(params), .explain = explain });
