/* SPDX-License-Identifier: MIT */
/* ONNX models, up to the compiled graph with its weights; from there to a plan with a backward pass,
 * and to the files of an import. */
#include <string.h>

#include "fuzz_file.h"
#include "network/network.h"
#include "plan/plan.h"

/* What does not fit into memory is refused, which is no fault. */
static void plan_network(const ray_network *network)
{
    const ray_graph *graph = &network->graph;
    const size_t values = (size_t)graph->n_activations, layers = (size_t)graph->n_layers + 1;
    bool *keep = calloc(values, 1), *want = calloc(values, 1);
    uint8_t *reads = malloc(layers);
    ray_plan plan;
    if (keep == NULL || want == NULL || reads == NULL)
        abort();
    memset(reads, RAY_READS_IN | RAY_READS_OUT, layers);
    want[0] = true;
    const ray_demand demand = { .batch = 2, .keep_value = keep, .want_signal = want, .reads = reads,
                                .join = true };
    if (ray_plan_make(&plan, graph, &demand, NULL) == 0)
        ray_plan_free(&plan);
    free(keep);
    free(want);
    free(reads);
}

/* What can be opened can be imported, and has the same layers. */
static void write_network(const ray_network *network, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[100] = "";
    ray_imported imported;
    ray_error error = { "" };
    memcpy(folder, path, (size_t)(slash - path));
    const ray_import_options options = { .folder = folder, .force = true };
    if (ray_import(path, &options, &imported, &error))
        abort();
    if (imported.network->graph.n_layers != network->graph.n_layers)
        abort();
    ray_imported_free(&imported);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(".onnx", data, size);
    ray_network *network = NULL;
    ray_error error = { "" };
    int failed = ray_network_open(&network, path, NULL, &error);
    if ((failed != 0) != (error.text[0] != '\0') || (failed != 0) != (network == NULL))
        abort();
    if (failed == 0) {
        plan_network(network);
        write_network(network, path);
    }
    ray_network_close(network);
    return 0;
}
