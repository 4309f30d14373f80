/* SPDX-License-Identifier: MIT */
/* network_bench.c - times whole networks with random weights on request, for network_bench.py, which asks
 * torch in turns with it.  Argument: a graph file, a batch size.  Standard input, a line each:
 *     forward, gradient      answers with the milliseconds of one run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "run/exec.h"

typedef struct bench {
    ray_network *network;
    ray_exec     exec;
    bool        *wanted;
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int open_bench(bench *b, const char *path, int64_t batch, ray_error *error)
{
    ray_open_options options = { .weights_from = RAY_WEIGHTS_RANDOM, .seed = 1 };
    if (ray_network_open(&b->network, path, &options, error))
        return -1;
    const ray_graph *graph = &b->network->graph;
    bool *none = ray_alloc((size_t)graph->first_weight, sizeof *none);
    uint8_t *reads = ray_alloc((size_t)graph->first_weight, sizeof *reads);
    b->wanted = ray_alloc((size_t)graph->first_weight, sizeof *b->wanted);
    if (!none || !reads || !b->wanted)
        return ray_fail_memory(error);
    b->wanted[0] = true;
    for (int32_t i = 0; i < graph->n_layers; i++)
        reads[i] = (uint8_t)graph->layers[i].kind->reads;
    ray_demand demand = { batch, none, b->wanted, reads };
    int failed = ray_exec_create(&b->exec, b->network, &demand, error);
    free(none);
    free(reads);
    return failed;
}

static void fill(ray_tensor *tensor, double least, double step)
{
    int64_t n = ray_tensor_size(tensor);
    for (int64_t i = 0; i < n; i++)
        tensor->data[i] = (RAY_REAL)(least + step * (double)(i * 7919 % 101));
}

static int run(bench *b, bool gradient, ray_error *error)
{
    double start = now();
    if (ray_exec_forward(&b->exec, error))
        return -1;
    if (gradient) {
        fill(&b->exec.signal[b->network->graph.output], 0, 0.01);
        ray_backward how = { .from = b->network->graph.output, .wanted = b->wanted };
        if (ray_exec_backward(&b->exec, &how, error))
            return -1;
    }
    printf("%.4f\n", now() - start);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    ray_error error = { "" };
    char line[64];
    if (argc != 3 || open_bench(&b, argv[1], atoll(argv[2]), &error)) {
        fprintf(stderr, "%s\n", argc != 3 ? "usage: network_bench GRAPH BATCH" : error.text);
        return 1;
    }
    fill(&b.exec.value[0], -1, 0.02);
    while (fgets(line, sizeof line, stdin))
        if (run(&b, !strncmp(line, "gradient", 8), &error)) {
            fprintf(stderr, "%s\n", error.text);
            return 1;
        }
    ray_exec_destroy(&b.exec);
    ray_network_close(b.network);
    free(b.wanted);
    return 0;
}
