/* SPDX-License-Identifier: MIT */
/* bench.c - rayinterp bench GRAPH: how long the network and methods take. */
#include "bench.h"

#include <stdio.h>

typedef struct options {
    cli_source  source;
    cli_choice  choice;
    ray_request request;
    int64_t     batch;
    int         runs;
    bool        layers, json;
    const char *picture;
} options;

enum { KEY_BATCH = 1000, KEY_JSON, KEY_LAYERS, KEY_PICTURE, KEY_RUNS };

static void parse_picture(struct argp_state *state, options *o, const char *text)
{
    if (!cli_ends_with(text, ".png"))
        argp_error(state, "--picture %s: a .png file is expected", text);
    o->picture = text;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    options *o = state->input;
    switch (key) {
    case KEY_BATCH: o->batch = cli_parse_int(state, "--batch", arg, 1, 4096); break;
    case KEY_RUNS: o->runs = (int)cli_parse_int(state, "--runs", arg, 1, 10000); break;
    case KEY_LAYERS: o->layers = true; break;
    case KEY_JSON: o->json = true; break;
    case KEY_PICTURE: parse_picture(state, o, arg); break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->source;
        state->child_inputs[1] = &o->choice;
        state->child_inputs[2] = &o->request;
        break;
    case ARGP_KEY_ARG:
        if (o->source.graph)
            return ARGP_ERR_UNKNOWN;
        o->source.graph = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_error(state, "which graph? give the path of a YAML file"); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option argp_options[] = {
    { NULL, 0, NULL, 0, "What to measure:", CLI_WHAT },
    { "batch", KEY_BATCH, "N", 0, "Items of the input, made up (default 1)", CLI_WHAT },
    { "runs", KEY_RUNS, "N", 0, "Times that each is run and measured (default 9)", CLI_WHAT },
    { NULL, 0, NULL, 0, "What to tell:", CLI_RESULT },
    { "layers", KEY_LAYERS, NULL, 0, "Tell of each layer, too", CLI_RESULT },
    { "picture", KEY_PICTURE, "FILE.png", 0, "Also draw the times of the layers", CLI_RESULT },
    { "json", KEY_JSON, NULL, 0, "Print the result as one JSON object", CLI_RESULT },
    { NULL, 0, NULL, 0, "How:", CLI_HOW },
    { 0 }
};

static const struct argp_child children[] = {
    { &cli_source_argp, 0, NULL, 0 }, { &cli_choice_argp, 0, NULL, 0 },
    { &cli_effort_argp, 0, NULL, 0 }, { 0 }
};

static const char doc[] =
    "Measure how long the network's evaluation and each method named by --rule (default: gradient) "
    "take on made-up numbers: run in turns, after some turns to warm up.  Weights are made up "
    "where the graph names none.\v"
    "GFLOP/s count multiply-adds of direct computation, two operations each: Winograd's transforms "
    "need fewer, and the peak can be exceeded.  The peak is that of the best inner loops, measured "
    "between the turns on as many threads.\n\n"
    "With --json: network, weights (\"file\" or \"random\"), kernels, threads, batch, runs, "
    "warm_up_runs, macs_per_item, peak_gflop_per_second, read_gigabytes_per_second, "
    "peak_memory_bytes (of the process: VmHWM); results: for the forward pass and each method "
    "name, ms_median, ms_quartile_1, ms_quartile_3, the same of its evaluation of the input "
    "(forward_ms_...), gmacs, gflop_per_second, share_of_peak, planned_bytes, and of long work "
    "steps, steps_name, ms_per_step.  With --layers, layers: name, type, shape, macs_per_item, "
    "joined (the layer that computes this one, too), algorithm, reason, gradient_algorithm, "
    "gradient_reason; forward, and backward by method: ms_median, ms_quartile_1, ms_quartile_3, "
    "share_of_total, and forward gflop_per_second, share_of_peak.  What is not known is null.";

static const struct argp argp = { argp_options, parse_option, "GRAPH", doc, children, NULL, NULL };

/* ---- What the numbers mean ---- */

double cli_bench_gflop_per_second(double macs, double seconds)
{
    return seconds > 0 ? 2e-9 * macs / seconds : 0;
}

double cli_bench_share_of_peak(const ray_bench *bench, double macs, double seconds)
{
    return cli_bench_gflop_per_second(macs, seconds) / (1e-9 * bench->peak_operations);
}

const ray_spread *cli_bench_time(const ray_bench *bench, int layer, int entry)
{
    return entry ? &bench->layers[layer].backward[entry] : &bench->layers[layer].forward;
}

double cli_bench_total(const ray_bench *bench, int entry)
{
    double total = 0;
    for (int i = 0; i < bench->n_layers; i++)
        total += cli_bench_time(bench, i, entry)->median;
    return total;
}

/* ---- The command ---- */

static int tell(const options *o, const ray_network *network, const ray_bench *bench,
                ray_error *error)
{
    const cli_measured measured = { network, bench, o->layers };
    if (o->picture && ray_bench_picture_save(network, bench, o->picture, error))
        return cli_fail(error);
    if (o->json)
        return cli_bench_json(&measured) ? CLI_FAILED : CLI_DONE;
    cli_bench_text(&measured);
    if (o->picture)
        printf("wrote      %s\n", o->picture);
    return CLI_DONE;
}

static int measure(const options *o, const ray_network *network, const ray_methods *methods)
{
    ray_bench *bench;
    ray_error error = { "" };
    if (ray_bench_run(network, methods, &o->request, o->batch, o->runs, &bench, &error))
        return cli_fail(&error);
    int status = tell(o, network, bench, &error);
    ray_bench_free(bench);
    return status;
}

static int run(options *o)
{
    ray_listener listener = { .notice = cli_notice };
    ray_network *network = NULL;
    ray_methods *methods = NULL;
    ray_error error = { "" };
    bool failed = (o->picture && cli_check_target("--picture", o->picture, &error))
                  || cli_open(&o->source, RAY_WEIGHTS_ANY, &network, &error)
                  || cli_load_methods(&methods, o->choice.plugins.v, o->choice.plugins.n,
                                      &listener, &error);
    int status = failed ? cli_fail(&error) : measure(o, network, methods);
    ray_network_close(network);
    ray_methods_destroy(methods);
    return status;
}

int cli_bench(int argc, char **argv)
{
    options o = { .batch = 1, .runs = 9 };
    cli_parse(&argp, "bench", argc, argv, &o);
    if (!o.choice.rules.n)
        cli_words_add(&o.choice.rules, "gradient");
    cli_choice_put(&o.choice, &o.request);
    int status = run(&o);
    cli_choice_free(&o.choice);
    return status;
}
