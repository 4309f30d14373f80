/* SPDX-License-Identifier: MIT */
/* driver_bench.c - what methods that drive the network cost beside the network itself: a mask of
 * RISE against a forward pass of the same batch, an iteration of extremal perturbation against a
 * forward pass and the input's gradient.  Each is timed in turns with its measure in one process;
 * medians.  Arguments: a folder of plugins, a graph file (weights are made up), rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "run/exec.h"

enum { MOST_ROUNDS = 1000, STEPS = 5, SKIPPED = 1 };     /* reports of progress in a round */

typedef struct row { const char *method, *what; int64_t batch, steps; const char *settings[4]; } row;

/* steps: those of a report of progress; a setting of %d gets STEPS times that. */
static const row rows[] = {
    { "rise", "masks", 1, 1, { "num_masks=%d", "seed=1" } },
    { "rise", "masks", 8, 8, { "num_masks=%d", "seed=1" } },
    { "extremal_perturbation", "one area", 1, 1, { "max_iter=%d", "jitter=true" } },
    { "extremal_perturbation", "four areas", 4, 1, { "max_iter=%d", "areas=0.05,0.1,0.2,0.4" } },
    { "extremal_perturbation", "dual", 2, 1, { "max_iter=%d", "variant=dual" } },
};

typedef struct bench {
    ray_network *network;
    ray_methods *methods;
    ray_error    error;
    double       reports[STEPS + 1];
    int          n_reports;
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int hear(void *context, const ray_progress *progress)
{
    bench *b = context;
    if (progress->total && b->n_reports <= STEPS)
        b->reports[b->n_reports++] = now();
    return 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void fill(ray_tensor *tensor)
{
    for (int64_t i = 0; i < ray_tensor_size(tensor); i++)
        tensor->data[i] = (RAY_REAL)(0.02 * (double)(i * 7919 % 101) - 1);
}

/* ---- The measure ---- */

static int open_exec(bench *b, int64_t batch, bool gradient, ray_exec *exec, bool *wanted)
{
    const ray_graph *graph = &b->network->graph;
    size_t n = (size_t)graph->first_weight;
    bool *none = ray_alloc(n, sizeof *none);
    uint8_t *reads = ray_alloc(n, sizeof *reads);
    wanted[0] = gradient;
    for (int32_t i = 0; reads && i < graph->n_layers; i++)
        reads[i] = (uint8_t)graph->layers[i].kind->reads;
    ray_demand demand = { batch, none, wanted, reads, NULL };
    int failed = none && reads ? ray_exec_create(exec, b->network, &demand, &b->error) : -1;
    free(none);
    free(reads);
    if (!failed)
        fill(&exec->value[0]);
    return failed;
}

static int time_network(bench *b, ray_exec *exec, const bool *wanted, double *ms)
{
    double start = now();
    if (ray_exec_forward(exec, &b->error))
        return -1;
    if (wanted[0]) {
        ray_tensor *seed = &exec->signal[b->network->graph.output];
        memset(seed->data, 0, (size_t)ray_tensor_size(seed) * sizeof *seed->data);
        for (int64_t i = 0; i < seed->dim[0]; i++)
            seed->data[i * ray_tensor_item_size(seed)] = 1;
        ray_backward how = { .from = b->network->graph.output, .wanted = wanted };
        if (ray_exec_backward(exec, &how, &b->error))
            return -1;
    }
    *ms = now() - start;
    return 0;
}

/* ---- The method: the mean of the later reports of one short run ---- */

static int time_method(bench *b, const row *r, const ray_tensor *input, double *ms)
{
    char texts[4][64];
    const char *settings[4];
    ray_request request = { .methods = &r->method, .n_methods = 1, .settings = settings,
                            .input = *input, .batch = r->batch,
                            .listener = { .progress = hear, .context = b } };
    for (; request.n_settings < 4 && r->settings[request.n_settings]; request.n_settings++) {
        int i = request.n_settings;
        const char *at = strchr(r->settings[i], '%');
        if (at)
            snprintf(texts[i], sizeof texts[i], "%.*s%d", (int)(at - r->settings[i]),
                     r->settings[i], (int)(STEPS * r->steps));
        settings[i] = at ? texts[i] : r->settings[i];
    }
    ray_result *result;
    b->n_reports = 0;
    if (ray_explain(b->network, b->methods, &request, &result, &b->error))
        return -1;
    ray_result_free(result);
    *ms = (b->reports[STEPS - 1] - b->reports[SKIPPED - 1]) / (STEPS - SKIPPED);
    return 0;
}

static int run_row(bench *b, const row *r, const ray_tensor *input, int rounds)
{
    static double network[MOST_ROUNDS], method[MOST_ROUNDS];
    bool *wanted = ray_alloc((size_t)b->network->graph.first_weight, sizeof *wanted);
    ray_exec exec;
    if (!wanted || open_exec(b, r->batch, strcmp(r->method, "rise"), &exec, wanted))
        return -1;
    int failed = time_network(b, &exec, wanted, &network[0])
                 || time_method(b, r, input, &method[0]);      /* to warm up */
    for (int i = 0; !failed && i < rounds; i++)
        failed = time_network(b, &exec, wanted, &network[i])
                 || time_method(b, r, input, &method[i]);
    ray_exec_destroy(&exec);
    free(wanted);
    if (failed)
        return -1;
    double of_network = median(network, rounds), of_method = median(method, rounds);
    printf("%-22s %-11s %5lld %12.3f %12.3f %8.3f\n", r->method, r->what, (long long)r->batch,
           of_network, of_method, of_method / of_network);
    fflush(stdout);
    return 0;
}

static int run(bench *b, const char *plugins, const char *graph, int rounds)
{
    ray_open_options options = { .weights_from = RAY_WEIGHTS_RANDOM, .seed = 1 };
    ray_tensor input;
    if (ray_network_open(&b->network, graph, &options, &b->error)
        || ray_methods_create(&b->methods, &b->error)
        || ray_methods_load_folder(b->methods, plugins, NULL, &b->error))
        return -1;
    ray_network_input(b->network, &input);
    input.data = ray_alloc((size_t)ray_tensor_size(&input), sizeof *input.data);
    if (!input.data)
        return ray_fail_memory(&b->error);
    fill(&input);
    printf("%-22s %-11s %5s %12s %12s %8s\n", "method", "", "batch", "network ms", "method ms",
           "ratio");
    int failed = 0;
    for (size_t i = 0; !failed && i < sizeof rows / sizeof *rows; i++)
        failed = run_row(b, &rows[i], &input, rounds);
    ray_tensor_free(&input);
    return failed;
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    int rounds = argc == 4 ? atoi(argv[3]) : 0;
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: driver_bench PLUGIN-FOLDER GRAPH ROUNDS\n");
        return 1;
    }
    int failed = run(&b, argv[1], argv[2], rounds);
    if (failed)
        fprintf(stderr, "%s\n", b.error.text);
    ray_methods_destroy(b.methods);
    ray_network_close(b.network);
    return failed ? 1 : 0;
}
