/* SPDX-License-Identifier: MIT */
/* explaining.h - networks, methods and maps for tests that explain. */
#ifndef RAY_TESTS_EXPLAINING_H
#define RAY_TESTS_EXPLAINING_H

#include "network/network.h"
#include "scratch.h"

/* What the listener of a request was told: notes and warnings one a line, each after "note: " or
 * "warning: "; and after how many reports of progress the work is to stop (0: never). */
typedef struct heard { char text[4096]; int progress, stop_at; int64_t done; } heard;

static inline void hear_notice(void *context, ray_level level, const char *line)
{
    heard *h = context;
    size_t used = strlen(h->text);
    snprintf(h->text + used, sizeof h->text - used, "%s%s: %s", used ? "\n" : "",
             level == RAY_NOTE ? "note" : "warning", line);
}

/* Reports before a method starts do not count. */
static inline int hear_progress(void *context, const ray_progress *progress)
{
    heard *h = context;
    h->progress += progress->total > 0;
    h->done = progress->done;
    return progress->total > 0 && h->progress == h->stop_at;
}

/* A network with its input, the methods at hand, and what came of the last request. */
typedef struct explaining {
    ray_network *network;
    ray_methods *methods;
    ray_request  request;
    ray_result  *result;
    heard        heard;
    ray_error    error;
} explaining;

/* Folder or file of plugins into e->methods; the test ends when that fails. */
static inline void explaining_load(explaining *e, const char *path)
{
    bool is_file = strlen(path) > 3 && !strcmp(path + strlen(path) - 3, ".so");
    int failed = (!e->methods && ray_methods_create(&e->methods, &e->error))
                 || (is_file ? ray_methods_load_file(e->methods, path, &e->error)
                             : ray_methods_load_folder(e->methods, path, NULL, &e->error));
    CHECK_CASE(!failed, "%s: %s", path, e->error.text);
    CU_ASSERT_FATAL(!failed);
}

/* A graph with weights of its file or made up; the input: a .npy, or NULL: numbers in 0 ... 1. */
static inline void explaining_open(explaining *e, const char *graph, ray_weights_from weights,
                                   const char *input)
{
    ray_open_options options = { .weights_from = weights, .seed = 3 };
    e->request.threads = 1;     /* the networks are too small for more */
    int failed = ray_network_open(&e->network, graph, &options, &e->error);
    CHECK_CASE(!failed, "%s: %s", graph, e->error.text);
    CU_ASSERT_FATAL(!failed);
    if (input) {
        failed = ray_input_read(e->network, input, &e->request.input, &e->error);
        CHECK_CASE(!failed, "%s: %s", input, e->error.text);
        CU_ASSERT_FATAL(!failed);
        return;
    }
    ray_tensor *x = &e->request.input;
    uint32_t state = 1;
    ray_network_input(e->network, x);
    int64_t n = ray_tensor_size(x);
    x->data = malloc((size_t)n * sizeof *x->data);
    for (int64_t i = 0; i < n; i++, state = state * 1664525u + 1013904223u)
        x->data[i] = (float)(state >> 8) / 16777216.f;
}

/* The fixture "plain" cut after relu1, whose channels are then its classes; its methods are loaded
 * by the caller. */
static inline void explaining_open_cut(explaining *e)
{
    static const char text[] =
        "rayinterp: 1\n"
        "ignore_weights: ['conv2.*', 'fc*']\n"
        "input: {name: input, shape: [3, 16, 16]}\n"
        "layers:\n"
        "  - {name: conv1, type: conv2d, out_channels: 8, kernel_size: 3, padding: 1}\n"
        "  - {name: relu1, type: relu}\n"
        "output: relu1\n";
    ray_open_options how = { .weights = source_path("tests/fixtures/plain/weights.safetensors") };
    const char *path = scratch_write("cut.yaml", text, sizeof text - 1);
    e->request.threads = 1;
    int failed = ray_network_open(&e->network, path, &how, &e->error)
                 || ray_input_read(e->network, source_path("tests/fixtures/plain/input.npy"),
                                   &e->request.input, &e->error);
    CHECK_CASE(!failed, "%s", e->error.text);
    CU_ASSERT_FATAL(!failed);
}

/* Runs one method: 0 with e->result, or -1 with e->error. */
static inline int explaining_run(explaining *e, const char *method)
{
    e->request.methods = &method;
    e->request.n_methods = 1;
    e->request.listener = (ray_listener){ hear_notice, hear_progress, &e->heard };
    ray_result_free(e->result);
    e->heard.text[0] = e->error.text[0] = '\0';
    e->heard.progress = 0;
    return ray_explain(e->network, e->methods, &e->request, &e->result, &e->error);
}

/* The same, for a method that must not fail: its map, of the result. */
static inline const ray_tensor *explaining_map(explaining *e, const char *method)
{
    int failed = explaining_run(e, method);
    CHECK_CASE(!failed, "%s: %s", method, e->error.text);
    CU_ASSERT_FATAL(!failed);
    return &e->result->maps[0].map;
}

/* Numbers that the method handed out; the test ends when there are none of that name. */
static inline const ray_finding *explaining_finding(const explaining *e, const char *name)
{
    const ray_map *map = &e->result->maps[0];
    for (int i = 0; i < map->n_findings; i++)
        if (!strcmp(map->findings[i].name, name))
            return &map->findings[i];
    CU_FAIL_FATAL("no such numbers");
    return NULL;
}

static inline void explaining_close(explaining *e)
{
    ray_result_free(e->result);
    ray_tensor_free(&e->request.input);
    ray_network_close(e->network);
    ray_methods_destroy(e->methods);
    *e = (explaining){ 0 };
}

/* A copy that outlives the result; ray_tensor_free(). */
static inline ray_tensor tensor_copy(const ray_tensor *from)
{
    ray_tensor copy = *from;
    size_t bytes = (size_t)ray_tensor_size(from) * sizeof *from->data;
    copy.data = malloc(bytes + 1);
    memcpy(copy.data, from->data, bytes);
    return copy;
}

static inline bool tensor_same(const ray_tensor *a, const ray_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim)
           && !memcmp(a->data, b->data, (size_t)ray_tensor_size(a) * sizeof *a->data);
}

/* The largest |a - scale b| as a fraction of the largest |scale b|; infinite for other sizes. */
static inline double tensor_difference(const ray_tensor *a, const ray_tensor *b, double scale)
{
    double worst = 0, largest = 0;
    if (ray_tensor_size(a) != ray_tensor_size(b))
        return INFINITY;
    for (int64_t i = 0; i < ray_tensor_size(a); i++) {
        double expected = scale * (double)b->data[i], off = fabs((double)a->data[i] - expected);
        worst = off > worst || isnan(off) ? off : worst;
        largest = fabs(expected) > largest ? fabs(expected) : largest;
    }
    return worst == 0 ? 0 : worst / largest;
}

static inline double tensor_sum(const ray_tensor *tensor)
{
    double sum = 0;
    for (int64_t i = 0; i < ray_tensor_size(tensor); i++)
        sum += (double)tensor->data[i];
    return sum;
}

#endif
