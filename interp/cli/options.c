/* SPDX-License-Identifier: MIT */
/* options.c - options that several commands share. */
#include <stdint.h>
#include <string.h>

#include "cli.h"

enum {
    KEY_LAYER = 'l', KEY_PLUGIN = 'p', KEY_RULE = 'r', KEY_SET = 's', KEY_WEIGHTS = 'w',
    KEY_KERNELS = 2000, KEY_MEMORY, KEY_RANDOM, KEY_THREADS
};

/* ---- Where a network comes from, and what it is computed with ---- */

static error_t parse_source(int key, char *arg, struct argp_state *state)
{
    cli_source *source = state->input;
    switch (key) {
    case KEY_WEIGHTS: source->weights = arg; break;
    case KEY_KERNELS: source->kernels = arg; break;
    case KEY_RANDOM:
        cli_parse_int(state, "--random-weights", arg, 0, INT64_MAX);
        source->random_seed = arg;
        break;
    case ARGP_KEY_END:
        if (source->weights && source->random_seed)
            argp_error(state, "--weights and --random-weights: one of them");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option source_options[] = {
    { "weights", KEY_WEIGHTS, "FILE", 0, "Weights in place of the graph's own", CLI_WHAT },
    { "kernels", KEY_KERNELS, "NAME", 0, "Inner loops to compute with: avx512, avx2, baseline, or plain "
      "(the simplest way, for comparison); default: the best of this machine", CLI_HOW },
    { "random-weights", KEY_RANDOM, "SEED", 0, "Make weights up, for benchmarks and tests", CLI_HOW },
    { 0 }
};

const struct argp cli_source_argp = { source_options, parse_source, NULL, NULL, NULL, NULL, NULL };

/* ---- Which methods, and how they are set ---- */

static error_t parse_choice(int key, char *arg, struct argp_state *state)
{
    cli_choice *choice = state->input;
    switch (key) {
    case KEY_RULE: cli_words_split(&choice->rules, arg); break;
    case KEY_LAYER: choice->layer = arg; break;
    case KEY_SET: cli_words_add(&choice->settings, arg); break;
    case KEY_PLUGIN: cli_words_add(&choice->plugins, arg); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option choice_options[] = {
    { "rule", KEY_RULE, "NAME[,NAME...]", 0, "Attribution methods (`rayinterp rules` lists them)",
      CLI_WHAT },
    { "layer", KEY_LAYER, "NAME", 0, "Saliency layer; default: the graph's for the method, else "
      "the input", CLI_WHAT },
    { "set", KEY_SET, "KEY=VALUE", 0, "Method parameter; METHOD.KEY=VALUE for one of several "
      "(repeatable)", CLI_WHAT },
    { "plugin", KEY_PLUGIN, "FILE.so", 0, "Load this plugin too (repeatable)", CLI_WHAT },
    { 0 }
};

const struct argp cli_choice_argp = { choice_options, parse_choice, NULL, NULL, NULL, NULL, NULL };

void cli_choice_put(const cli_choice *choice, ray_request *request)
{
    request->methods = choice->rules.v;
    request->n_methods = choice->rules.n;
    request->settings = choice->settings.v;
    request->n_settings = choice->settings.n;
    request->layer = choice->layer;
}

void cli_choice_free(cli_choice *choice)
{
    cli_words_free(&choice->rules);
    cli_words_free(&choice->settings);
    cli_words_free(&choice->plugins);
}

/* ---- With how much of the machine ---- */

/* 2^n of what the letter stands for, -1: for nothing. */
static int binary_power(char letter)
{
    static const char letters[] = "KMGT";
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? 10 * (int)(at - letters + 1) : -1;
}

/* "64M", "64Mi" or "64MiB", or bytes without a letter; 0 when it is something else. */
static int64_t read_size(const char *text)
{
    int64_t value = 0;
    int power = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, *text - '0', &value))
            return 0;
    if (*text) {
        power = binary_power(*text++);
        text += !strcmp(text, "i") ? 1 : !strcmp(text, "iB") ? 2 : 0;
    }
    return *text || power < 0 || value > INT64_MAX >> power ? 0 : value << power;
}

static int64_t parse_memory(struct argp_state *state, const char *text)
{
    int64_t size = read_size(text);
    if (!size)
        argp_error(state, "--memory %s: a number of bytes is expected, or one followed by K, M, G or "
                   "T, powers of 1024: 512M", text);
    return size;
}

static error_t parse_effort(int key, char *arg, struct argp_state *state)
{
    ray_request *request = state->input;
    switch (key) {
    case KEY_THREADS:
        request->threads = (int)cli_parse_int(state, "--threads", arg, 1, 1024);
        break;
    case KEY_MEMORY: request->memory = parse_memory(state, arg); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option effort_options[] = {
    { "threads", KEY_THREADS, "N", 0, "Threads to use (default: one for each core)", CLI_HOW },
    { "memory", KEY_MEMORY, "SIZE", 0, "Most memory for prepared weights and batches: bytes, or with K, M, G, "
      "T (powers of 1024): 512M (default: half of what is free)", CLI_HOW },
    { 0 }
};

const struct argp cli_effort_argp = { effort_options, parse_effort, NULL, NULL, NULL, NULL, NULL };
