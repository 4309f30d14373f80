/* SPDX-License-Identifier: MIT */
/* perturbing.h - methods that look at many changed pictures, and small networks for them. */
#ifndef RAY_TESTS_PERTURBING_H
#define RAY_TESTS_PERTURBING_H

#include "built_plugins.h"

#define WIDE "tests/graphs/wide.yaml"
#define MEANS "tests/graphs/means.yaml"
#define SQUARES "tests/graphs/squares.yaml"
#define PLAIN "tests/fixtures/plain/graph.yaml"
#define EVERYWHERE "tests/fixtures/fully_convolutional/graph.yaml"

enum { MOST_SETTINGS = 12 };

/* Weights made up where the graph names none; the input's numbers, too. */
static inline explaining open_graph(const char *graph)
{
    explaining e = { 0 };
    bool has_file = strstr(graph, "fixtures");
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path(graph), has_file ? RAY_WEIGHTS_FILE : RAY_WEIGHTS_RANDOM, NULL);
    return e;
}

/* "key=value key=value" */
static inline void set(explaining *e, const char *settings)
{
    static char text[1024];
    static const char *words[MOST_SETTINGS];
    snprintf(text, sizeof text, "%s", settings);
    e->request.settings = words;
    e->request.n_settings = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        words[e->request.n_settings++] = word;
}

static inline const ray_tensor *map_with(explaining *e, const char *method, const char *settings)
{
    set(e, settings);
    return explaining_map(e, method);
}

/* An array beside the last map. */
static inline const ray_tensor *extra(const explaining *e, const char *name)
{
    const ray_map *map = &e->result->maps[0];
    for (int i = 0; i < map->n_extras; i++)
        if (!strcmp(map->extras[i].name, name))
            return &map->extras[i].tensor;
    CU_FAIL_FATAL("no such array");
    return NULL;
}

static inline double finding(const explaining *e, const char *name)
{
    const ray_finding *of = explaining_finding(e, name);
    CU_ASSERT_EQUAL_FATAL(of->n, 1);
    return of->v[0];
}

static inline ray_tensor plane_of(const ray_tensor *tensor, int64_t n, int64_t k)
{
    ray_tensor plane = { .rank = 2, .dim = { tensor->dim[tensor->rank - 2],
                                             tensor->dim[tensor->rank - 1] } };
    plane.data = tensor->data + (n * tensor->dim[1] + k) * ray_tensor_size(&plane);
    return plane;
}

#endif
