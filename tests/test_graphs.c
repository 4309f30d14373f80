/* SPDX-License-Identifier: MIT */
/* test_graphs.c - the networks of graphs/: they compile, and the parameters of torchvision's networks
 * are those of fixtures/torchvision_parameters.txt, name by name and shape by shape. */
#include <dirent.h>

#include "check_text.h"
#include "network/network.h"

#define PARAMETERS "tests/fixtures/torchvision_parameters.txt"

/* graphs/NAME.yaml without weights. */
static ray_network *open_graph(const char *name)
{
    char path[512];
    ray_network *network = NULL;
    ray_error error = { "" };
    ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    snprintf(path, sizeof path, "graphs/%s.yaml", name);
    int failed = ray_network_open(&network, source_path(path), &options, &error);
    CHECK_CASE(!failed, "%s", error.text);
    return failed ? NULL : network;
}

/* ---- Every file ---- */

static void every_graph_compiles(void)
{
    DIR *folder = opendir(source_path("graphs"));
    struct dirent *entry;
    int n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    while ((entry = readdir(folder)) != NULL) {
        char *ending = strstr(entry->d_name, ".yaml");
        if (!ending || ending[5])
            continue;
        *ending = '\0';
        ray_network *network = open_graph(entry->d_name);
        if (network)
            check_text(entry->d_name, ray_network_name(network), entry->d_name);
        ray_network_close(network);
        n++;
    }
    closedir(folder);
    CHECK_CASE(n >= 11, "graphs/ has %d graph files, not the eleven and more it should have", n);
}

/* ---- torchvision's ---- */

typedef struct parameter { char network[64], name[128], shape[64]; } parameter;

/* The next line that is not a comment; false at the end. */
static bool next_parameter(FILE *file, parameter *p)
{
    char line[512];
    while (fgets(line, sizeof line, file))
        if (line[0] != '#')
            return sscanf(line, "%63s %127s %63s", p->network, p->name, p->shape) == 3;
    return false;
}

static const ray_activation *weight_named(const ray_graph *graph, const char *name)
{
    for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
        if (!strcmp(graph->activations[a].name, name))
            return &graph->activations[a];
    return NULL;
}

static void check_parameter(const ray_graph *graph, const parameter *p)
{
    char row[256], shape[128];
    const ray_activation *weight = weight_named(graph, p->name);
    snprintf(row, sizeof row, "%s: %s", p->network, p->name);
    check_text(row, weight ? ray_shape_text(&weight->shape, shape) : "absent", p->shape);
}

/* Ends the checks of a network: the file named as many parameters as the graph has. */
static void check_count(ray_network *network, int n)
{
    if (!network)
        return;
    int has = network->graph.n_activations - network->graph.first_weight;
    CHECK_CASE(n == has, "%s: %d parameters, torchvision has %d", ray_network_name(network), has, n);
    ray_network_close(network);
}

static void parameters_are_those_of_torchvision(void)
{
    FILE *file = fopen(source_path(PARAMETERS), "r");
    ray_network *network = NULL;
    char current[64] = "";
    parameter p;
    int n = 0, networks = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (next_parameter(file, &p)) {
        if (strcmp(p.network, current)) {
            check_count(network, n);
            strcpy(current, p.network);
            network = open_graph(current);
            networks++;
            n = 0;
        }
        if (network)
            check_parameter(&network->graph, &p);
        n++;
    }
    check_count(network, n);
    CHECK_CASE(networks == 9, "%s: %d networks", PARAMETERS, networks);
    fclose(file);
}

int main(void)
{
    static const named_test tests[] = {
        { "every graph of graphs/ compiles", every_graph_compiles },
        { "parameters are those of torchvision", parameters_are_those_of_torchvision },
        { NULL, NULL },
    };
    return run_tests("graphs", tests);
}
