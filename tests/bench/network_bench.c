/* SPDX-License-Identifier: MIT */
/* network_bench.c - times one network on request, for network_bench.py, which asks torch in turns
 * with it.  Everything goes through the public interface: what is timed is what users get.
 * Arguments: a folder of plugins, a graph file, its weights, a .npy with a batch of inputs; and cpu
 * for processor time.
 * Standard input, a line each, and the line that answers it:
 *     about                   version and kernels
 *     time METHOD ITEMS BATCH THREADS LAYER [KEY=VALUE]...
 *                             milliseconds of one call; of one step, where a method reports steps.
 *                             METHOD may be forward, LAYER - (none).
 *     save FILE               the last output or map, written as .npy
 * or "error" and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rayinterp.h"

enum { MOST_WORDS = 16, TARGET = 1 };

typedef struct bench {
    ray_network *network;
    ray_methods *methods;
    ray_tensor   input;             /* the largest batch */
    ray_tensor   output;            /* of the last forward */
    ray_result  *result;            /* of the last method; NULL after a forward */
    double       first, last;       /* reports of progress: when */
    int64_t      first_done, last_done;
} bench;

static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void)
{
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int hear(void *context, const ray_progress *progress)
{
    bench *b = context;
    if (!progress->total || !progress->done)
        return 0;
    b->last = now();
    b->last_done = progress->done;
    if (!b->first_done) {
        b->first = b->last;
        b->first_done = b->last_done;
    }
    return 0;
}

/* The first n items. */
static ray_tensor some_items(const bench *b, int64_t n)
{
    ray_tensor items = b->input;
    items.dim[0] = n;
    return items;
}

static void forget(bench *b)
{
    ray_tensor_free(&b->output);
    ray_result_free(b->result);
    b->result = NULL;
    b->first_done = b->last_done = 0;
}

static int time_forward(bench *b, int64_t items, int threads, double *ms, ray_error *error)
{
    ray_tensor input = some_items(b, items);
    double start = now();
    int failed = ray_forward(b->network, &input, threads, &b->output, error);
    *ms = now() - start;
    return failed;
}

static int time_method(bench *b, ray_request *request, double *ms, ray_error *error)
{
    double start = now();
    int failed = ray_explain(b->network, b->methods, request, &b->result, error);
    *ms = now() - start;
    if (b->last_done > b->first_done)
        *ms = (b->last - b->first) / (double)(b->last_done - b->first_done);
    return failed;
}

static int answer_time(bench *b, char **words, int n, ray_error *error)
{
    static const int64_t target = TARGET;
    const char *method = words[0];
    int64_t items = n > 4 ? atoll(words[1]) : 0;
    int threads = n > 4 ? atoi(words[3]) : 0;
    double ms = 0;
    if (items < 1 || items > b->input.dim[0] || threads < 1) {
        snprintf(error->text, sizeof error->text, "no such request");
        return -1;
    }
    forget(b);
    ray_request request = {
        .methods = &method, .n_methods = 1, .settings = (const char *const *)words + 5,
        .n_settings = n - 5, .input = some_items(b, items), .targets = &target, .n_targets = 1,
        .layer = strcmp(words[4], "-") ? words[4] : NULL, .threads = threads, .batch = atoll(words[2]),
        .listener = { .progress = hear, .context = b },
    };
    int failed = strcmp(method, "forward") ? time_method(b, &request, &ms, error)
                                           : time_forward(b, items, threads, &ms, error);
    if (!failed)
        printf("%.4f\n", ms);
    return failed;
}

static int answer_save(const bench *b, const char *path, ray_error *error)
{
    int failed = ray_npy_write(path, b->result ? &b->result->maps[0].map : &b->output, error);
    if (!failed)
        printf("saved\n");
    return failed;
}

static int answer(bench *b, char *line, ray_error *error)
{
    char *words[MOST_WORDS], *rest = NULL;
    int n = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && n < MOST_WORDS;
         word = strtok_r(NULL, " \n", &rest))
        words[n++] = word;
    if (n == 1 && !strcmp(words[0], "about"))
        return printf("rayinterp %s, %s\n", ray_version(), ray_kernels_name()) < 0;
    if (n == 2 && !strcmp(words[0], "save"))
        return answer_save(b, words[1], error);
    if (n > 1 && !strcmp(words[0], "time"))
        return answer_time(b, words + 1, n - 1, error);
    snprintf(error->text, sizeof error->text, "no such request");
    return -1;
}

static int open_bench(bench *b, char **argv, ray_error *error)
{
    ray_open_options options = { .weights_from = RAY_WEIGHTS_FILE, .weights = argv[3] };
    return ray_network_open(&b->network, argv[2], &options, error)
           || ray_methods_create(&b->methods, error)
           || ray_methods_load_folder(b->methods, argv[1], NULL, error)
           || ray_input_read(b->network, argv[4], &b->input, error);
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    ray_error error = { "usage: network_bench PLUGIN-FOLDER GRAPH WEIGHTS INPUT [cpu]" };
    char line[1024];
    if (argc == 6 && !strcmp(argv[5], "cpu"))
        clock_used = CLOCK_PROCESS_CPUTIME_ID;
    int failed = argc < 5 || argc > 6 || open_bench(&b, argv, &error);
    if (failed)
        fprintf(stderr, "%s\n", error.text);
    while (!failed && fgets(line, sizeof line, stdin)) {
        if (answer(&b, line, &error))
            printf("error %s\n", error.text);
        fflush(stdout);
    }
    forget(&b);
    ray_tensor_free(&b.input);
    ray_methods_destroy(b.methods);
    ray_network_close(b.network);
    return failed ? 1 : 0;
}
