/* SPDX-License-Identifier: MIT */
/* common.c - what several commands need. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

void cli_parse(const struct argp *argp, const char *name, int argc, char **argv, void *options)
{
    char called[64];
    snprintf(called, sizeof called, "rayinterp%s%s", name ? " " : "", name ? name : "");
    argv[0] = called;
    argp_parse(argp, argc, argv, 0, NULL, options);
    argv[0] = NULL;
}

double cli_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int cli_fail(const ray_error *error)
{
    fprintf(stderr, "rayinterp: %s\n", error->text);
    return CLI_FAILED;
}

void cli_notice(void *context, ray_level level, const char *line)
{
    bool colour = isatty(STDERR_FILENO) && level == RAY_WARNING;
    (void)context;
    fprintf(stderr, "rayinterp: %s%s%s%s\n", colour ? "\033[33m" : "",
            level == RAY_WARNING ? "warning: " : "", line, colour ? "\033[0m" : "");
}

long long cli_parse_int(struct argp_state *state, const char *option, const char *text,
                        long long least, long long most)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        argp_error(state, "%s %s: an integer from %lld to %lld is expected", option, text, least,
                   most);
    return value;
}

int cli_open(const cli_source *source, ray_weights_from weights, ray_network **network,
             ray_error *error)
{
    ray_open_options options = { .weights_from = weights, .weights = source->weights };
    if (source->kernels && ray_kernels_use(source->kernels, error))
        return -1;
    if (source->random_seed && weights != RAY_WEIGHTS_NONE) {
        options.weights_from = RAY_WEIGHTS_RANDOM;
        options.seed = strtoull(source->random_seed, NULL, 10);
    }
    return ray_network_open(network, source->graph, &options, error);
}

bool cli_ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && !strcmp(text + n - m, ending);
}

static int fail_target(const char *option, const char *path, ray_error *error)
{
    snprintf(error->text, sizeof error->text, "%s %s: cannot write there: %s", option, path,
             strerror(errno));
    return -1;
}

int cli_check_folder(const char *option, const char *path, const char *folder, ray_error *error)
{
    struct stat status;
    errno = ENOTDIR;
    if (!stat(folder, &status) && S_ISDIR(status.st_mode) && !access(folder, W_OK | X_OK))
        return 0;
    return fail_target(option, path, error);
}

int cli_check_target(const char *option, const char *path, ray_error *error)
{
    struct stat status;
    char *copy = strdup(path);
    int failed = copy ? cli_check_folder(option, path, dirname(copy), error) : 0;
    free(copy);
    errno = EISDIR;
    if (!failed && !stat(path, &status) && S_ISDIR(status.st_mode))
        failed = fail_target(option, path, error);
    return failed;
}

void cli_words_add(cli_words *words, const char *word)
{
    const char **grown = realloc(words->v, ((size_t)words->n + 1) * sizeof *grown);
    if (!grown) {
        fprintf(stderr, "rayinterp: out of memory\n");
        exit(CLI_FAILED);
    }
    words->v = grown;
    words->v[words->n++] = word;
}

void cli_words_split(cli_words *words, char *text)
{
    for (char *word; (word = strsep(&text, ","));)
        cli_words_add(words, word);
}

void cli_words_free(cli_words *words)
{
    free(words->v);
    *words = (cli_words){ 0 };
}

void cli_print_class(FILE *out, const ray_network *network, int64_t class_index)
{
    const char *label = ray_network_label(network, class_index);
    if (label)
        fprintf(out, "%s", label);
    else
        fprintf(out, "class %" PRId64, class_index);
}

void cli_print_top(const ray_network *network, const ray_tensor *output, int k)
{
    for (int64_t item = 0; item < output->dim[0]; item++) {
        int64_t best[16];
        int n = ray_output_top(output, item, k < 16 ? k : 16, best);
        if (output->dim[0] > 1)
            printf("item %-6" PRId64, item);
        else
            printf("classes    ");
        for (int i = 0; i < n; i++) {
            printf(i ? ", " : "");
            cli_print_class(stdout, network, best[i]);
            printf(" %.4g", ray_output_score(output, item, best[i]));
        }
        printf("\n");
    }
}

const char *cli_shape_text(const ray_tensor *tensor, int from, char buffer[160])
{
    size_t used = 0;
    buffer[0] = '\0';
    for (int i = from; i < tensor->rank && used < 160; i++)
        used += (size_t)snprintf(buffer + used, 160 - used, "%s%" PRId64, i > from ? "x" : "",
                                 tensor->dim[i]);
    return buffer;
}

void cli_print_options(const ray_option *table)
{
    char takes[256], def[256];
    for (const ray_option *option = table; option && option->name; option++) {
        ray_option_describe(option, takes, sizeof takes);
        ray_option_default(option, def, sizeof def);
        printf("  %-20s %s\n", option->name, option->help);
        const char *lead = !*def ? "" : strcmp(def, "required") ? "; default " : "; ";
        printf("  %-20s %s%s%s\n", "", takes, lead, def);
    }
}
