/* SPDX-License-Identifier: MIT */
/* test_bench.c - what `rayinterp bench` tells is complete and agrees with itself and the graph.
 * How long anything takes is no subject of a test. */
#include <jansson.h>

#include "bench/samples.h"
#include "built_plugins.h"
#include "read/picture.h"

#define LABELLED "$R bench $S/tests/graphs/labelled.yaml --threads 1 --runs 2 "
#define GRAPH "SRC/tests/graphs/labelled.yaml"
enum { LABELLED_MACS = 113744, FC_MACS = 3072 + 80 };

/* ---- Medians and quartiles ---- */

static void test_spread(void)
{
    static const struct { int n; double v[6], median, low, high; } rows[] = {
        { 1, { 3 }, 3, 3, 3 },
        { 2, { 5, 1 }, 3, 2, 4 },
        { 3, { 9, 1, 2 }, 2, 1.5, 5.5 },
        { 4, { 4, 3, 2, 1 }, 2.5, 1.75, 3.25 },
        { 5, { 50, 10, 40, 20, 30 }, 30, 20, 40 },
        { 6, { 0, 0, 0, 0, 0, 8 }, 0, 0, 0 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_samples samples;
        CU_ASSERT_EQUAL_FATAL(ray_samples_create(&samples, 2, rows[i].n, NULL), 0);
        memcpy(ray_samples_at(&samples, 1, 0), rows[i].v, (size_t)rows[i].n * sizeof *rows[i].v);
        ray_spread s = ray_samples_spread(&samples, 1);
        CHECK_CASE(s.median == rows[i].median && s.low == rows[i].low && s.high == rows[i].high,
                   "row %d: %g, quartiles %g and %g", i, s.median, s.low, s.high);
        ray_samples_free(&samples);
    }
}

/* ---- JSON ---- */

static json_t *measure(const char *command)
{
    outcome o = program_run(command);
    json_error_t problem;
    CHECK_CASE(o.status == 0 && !*o.err, "%s\n      %s", command, o.err);
    json_t *object = json_loads(o.out, 0, &problem);
    CHECK_CASE(object != NULL, "%s: %s", command, problem.text);
    outcome_free(&o);
    CU_ASSERT_FATAL(object != NULL);
    return object;
}

/* A member that is a number; NaN: there is none. */
static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static bool is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}

static const json_t *result(const json_t *whole, size_t i)
{
    return json_array_get(json_object_get(whole, "results"), i);
}

static bool are_quartiles(const json_t *object, const char *low, const char *median,
                          const char *high)
{
    return number(object, low) > 0 && number(object, low) <= number(object, median)
           && number(object, median) <= number(object, high);
}

static void check_result(const json_t *whole, size_t i, const char *name, double macs)
{
    const json_t *r = result(whole, i);
    double rate = number(r, "gflop_per_second"), ms = number(r, "ms_median");
    check_text("result", text(r, "name"), name);
    CHECK_CASE(are_quartiles(r, "ms_quartile_1", "ms_median", "ms_quartile_3"), "%s", name);
    CHECK_CASE(are_quartiles(r, "forward_ms_quartile_1", "forward_ms_median",
                             "forward_ms_quartile_3"), "%s: forward", name);
    CHECK_CASE(fabs(number(r, "gmacs") - macs * 1e-9) < 1e-12, "%s: %g", name, number(r, "gmacs"));
    CHECK_CASE(fabs(rate * ms / (2e-6 * macs) - 1) < 1e-6, "%s: %g GFLOP/s", name, rate);
    CHECK_CASE(fabs(number(r, "share_of_peak") * number(whole, "peak_gflop_per_second") / rate - 1)
                   < 1e-6, "%s: of peak", name);
    CHECK_CASE(number(r, "planned_bytes") > 0, "%s: planned bytes", name);
}

static void test_results(void)
{
    json_t *whole = measure(LABELLED "--rule gradient,ebp --batch 3 --json");
    check_text("network", text(whole, "network"), "labelled");
    check_text("weights", text(whole, "weights"), "file");
    CU_ASSERT(*text(whole, "kernels") != '\0');
    CU_ASSERT(number(whole, "threads") == 1 && number(whole, "batch") == 3);
    CU_ASSERT(number(whole, "runs") == 2 && number(whole, "warm_up_runs") >= 1);
    CU_ASSERT(number(whole, "macs_per_item") == LABELLED_MACS);
    CU_ASSERT(number(whole, "peak_gflop_per_second") > 0);
    CU_ASSERT(number(whole, "peak_memory_bytes") > 0);
    CU_ASSERT(json_array_size(json_object_get(whole, "results")) == 3);
    check_result(whole, 0, "forward", 3 * LABELLED_MACS);
    check_result(whole, 1, "gradient", 3 * 2 * LABELLED_MACS);
    check_result(whole, 2, "ebp", 3 * 2 * LABELLED_MACS);
    CU_ASSERT(json_object_get(whole, "layers") == NULL);
    json_decref(whole);
}

/* What the options say reaches the methods. */
static void test_options(void)
{
    json_t *layer = measure(LABELLED "--layer flatten --json");
    CU_ASSERT(json_array_size(json_object_get(layer, "results")) == 2);
    check_result(layer, 1, "gradient", LABELLED_MACS + FC_MACS);
    json_decref(layer);
    json_t *plain = measure(LABELLED "--kernels plain --random-weights 4 --json --layers");
    check_text("kernels", text(plain, "kernels"), "plain");
    check_text("weights", text(plain, "weights"), "random");
    json_decref(plain);
    json_t *unnamed = measure("$R bench $S/tests/graphs/wide.yaml --threads 1 --runs 1 --json");
    check_text("weights", text(unnamed, "weights"), "random");
    json_decref(unnamed);
    json_t *set = measure(LABELLED "--rule gradient,ebp,rise --set ebp.clamp_input=true --set clamp_input=true "
                          "--set num_masks=12 --batch 2 --json");
    const json_t *rise = result(set, 3);
    CU_ASSERT(number(rise, "steps") == 24);
    check_text("steps", text(rise, "steps_name"), "masks");
    CU_ASSERT(fabs(number(rise, "ms_per_step") * 24 / number(rise, "ms_median") - 1) < 1e-6);
    CU_ASSERT(json_object_get(result(set, 1), "steps") == NULL);
    /* the items together, each by itself, their masks */
    check_result(set, 3, "rise", (2 + 2 + 24) * LABELLED_MACS);
    json_decref(set);
}

/* What batches of rise may take, as planned; a unit is 1024 of the one before. */
static void test_memory(void)
{
    static const struct { const char *size; int same_as; } rows[] = {
        { "20000", 0 },  { "200K", 1 },   { "204800", 1 }, { "200Ki", 1 },    { "200KiB", 1 },
        { "400K", 5 },   { "409600", 5 }, { "1G", 7 },     { "1048576K", 7 }, { "1024MiB", 7 },
    };
    double bytes[COUNT(rows)];
    for (int i = 0; i < COUNT(rows); i++) {
        char command[512];
        snprintf(command, sizeof command, "$R bench $S/tests/graphs/labelled.yaml --threads 1 --runs 1 --rule rise "
                 "--set num_masks=64 --json --memory %s", rows[i].size);
        json_t *whole = measure(command);
        int same = rows[i].same_as;
        bytes[i] = number(result(whole, 1), "planned_bytes");
        CHECK_CASE(same == i ? i == 0 || bytes[i] > bytes[i - 1] : bytes[i] == bytes[same],
                   "--memory %s: %g bytes", rows[i].size, bytes[i]);
        json_decref(whole);
    }
}

/* ---- Layers ---- */

static int index_of(const ray_network *network, const char *name)
{
    ray_layer_info info;
    for (int i = 0; !ray_network_layer(network, i, &info); i++)
        if (!strcmp(info.name, name))
            return i;
    return -1;
}

static void check_algorithm(const json_t *layer, const char *name, const char *reason)
{
    bool convolution = strstr(text(layer, "type"), "conv") == text(layer, "type");
    CHECK_CASE(convolution ? *text(layer, name) && *text(layer, reason)
                           : is_null(layer, name) && is_null(layer, reason),
               "%s: %s \"%s\" because \"%s\"", text(layer, "name"), name, text(layer, name),
               text(layer, reason));
}

static void check_layer(const ray_network *network, const json_t *layer, int i)
{
    ray_layer_info info;
    const json_t *shape = json_object_get(layer, "shape");
    const json_t *forward = json_object_get(layer, "forward");
    CU_ASSERT_EQUAL_FATAL(ray_network_layer(network, i, &info), 0);
    check_text("name", text(layer, "name"), info.name);
    check_text("type", text(layer, "type"), info.kind);
    CU_ASSERT(json_array_size(shape) + 1 == (size_t)info.shape.rank);
    for (int k = 1; k < info.shape.rank; k++)
        CU_ASSERT(json_integer_value(json_array_get(shape, (size_t)k - 1)) == info.shape.dim[k]);
    CU_ASSERT(number(layer, "macs_per_item") == (double)info.macs);
    check_algorithm(layer, "algorithm", "reason");
    check_algorithm(layer, "gradient_algorithm", "gradient_reason");
    if (!is_null(layer, "joined")) {
        int head = index_of(network, text(layer, "joined"));
        CHECK_CASE(head >= 0 && head < i && json_is_null(forward), "%s joined %s", info.name,
                   text(layer, "joined"));
        return;
    }
    CHECK_CASE(number(forward, "ms_median") >= 0, "%s: time", info.name);
    CHECK_CASE(is_null(forward, "gflop_per_second") == (info.macs == 0), "%s: GFLOP/s", info.name);
}

/* Of all layers, forward or backward of a method. */
static double sum_of_shares(const json_t *layers, const char *method)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        const json_t *time = method ? json_object_get(json_object_get(layer, "backward"), method)
                                    : json_object_get(layer, "forward");
        sum += json_is_object(time) ? number(time, "share_of_total") : 0;
    }
    return sum;
}

static void test_layers(void)
{
    ray_network *network;
    ray_error error = { "" };
    ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    int failed = ray_network_open(&network, source_path("tests/graphs/labelled.yaml"), &options, &error);
    CHECK_CASE(!failed, "%s", error.text);
    CU_ASSERT_FATAL(!failed);
    json_t *whole = measure(LABELLED "--rule gradient,grad_cam,rise --set num_masks=4 --layers --json");
    const json_t *layers = json_object_get(whole, "layers");
    CU_ASSERT(json_array_size(layers) == 10);
    for (size_t i = 0; i < json_array_size(layers); i++)
        check_layer(network, json_array_get(layers, i), (int)i);
    CHECK_CASE(fabs(sum_of_shares(layers, NULL) - 1) < 1e-6, "%g", sum_of_shares(layers, NULL));
    CHECK_CASE(fabs(sum_of_shares(layers, "gradient") - 1) < 1e-6, "gradient");
    CHECK_CASE(fabs(sum_of_shares(layers, "grad_cam") - 1) < 1e-6, "grad_cam");
    /* where no signal was sent back: before grad_cam's layer, and of rise nowhere */
    CU_ASSERT(is_null(json_object_get(json_array_get(layers, 0), "backward"), "grad_cam"));
    CU_ASSERT(!is_null(json_object_get(json_array_get(layers, 0), "backward"), "gradient"));
    for (size_t i = 0; i < json_array_size(layers); i++)
        CU_ASSERT(is_null(json_object_get(json_array_get(layers, i), "backward"), "rise"));
    json_decref(whole);
    ray_network_close(network);
}

/* ---- As text ---- */

static void test_text(void)
{
    static const program_case cases[] = {
        { LABELLED, 0, "network    labelled: 3x16x16 to 5, 10 layers, 0.1137 million multiply-adds an item\n"
          "weights    of the file\n"
          "machine    kernels *, 1 thread; peak *.* GFLOP/s, reads *.* GB/s\n"
          "measured   batch 1, 2 runs in turns after * to warm up\n\n"
          " *median ms *quartiles *evaluation *GFLOP/s *of peak *planned MiB\n"
          "forward *.* ... *.* *%*\n"
          "gradient *.* ... *.* *%*\n\n"
          "milliseconds of a whole call; *\nGFLOP/s of direct computation: *\n"
          "memory     *.* MiB at most, the whole process (VmHWM)", NULL },
        { LABELLED "--rule rise --set num_masks=8 --threads 2 | grep -A1 ^rise", 0,
          "rise *.* ... *.* *%*\n *.*   for each of 8 masks", NULL },
        { LABELLED "--layers | grep -A99 ^name", 0,
          "name *type *output *algorithm *forward ms *share *GFLOP/s *of peak *gradient ms\n"
          "conv1 *conv2d *8x16x16 *.* *% *.* *% *.*\nrelu1 **\nflatten **\nfc2 **\nall *.* *100 % *.* *% *.*\n"
          "medians; **", NULL },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- The picture ---- */

/* A bar for each layer that was run by itself, in the layout of tests/test_bars.c. */
static void test_picture(void)
{
    json_t *whole = measure(LABELLED "--layers --json --picture bars.png");
    const json_t *layers = json_object_get(whole, "layers");
    ray_picture drawing = { NULL, 0, 0, 0 };
    ray_error error = { "" };
    int bars = 0;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        bars += is_null(layer, "joined") || !is_null(json_object_get(layer, "backward"), "gradient");
    }
    int failed = ray_picture_read(&drawing, scratch_path("bars.png"), 3, &error);
    CHECK_CASE(failed == 0, "%s", error.text);
    CHECK_CASE(drawing.width == 1200 && drawing.height == 16 + 58 + 30 + 24 * bars + 56 + 6,
               "%d x %d pixels for %d bars", (int)drawing.width, (int)drawing.height, bars);
    ray_picture_free(&drawing);
    json_decref(whole);
    check_program(&(program_case){ LABELLED "--picture bars.png | tail -n 1", 0,
                                   "wrote      bars.png", NULL });
}

/* ---- Refusals ---- */

#define USAGE(text) "rayinterp bench: " text "\nTry `rayinterp bench --help' **"

static void test_wrong_usage(void)
{
    static const program_case cases[] = {
        { "$R bench", 2, NULL, USAGE("which graph? give the path of a YAML file") },
        { "$R bench a.yaml b.yaml", 2, NULL, USAGE("Too many arguments") },
        { LABELLED "--runs 0", 2, NULL, USAGE("--runs 0: an integer from 1 to 10000 is expected") },
        { LABELLED "--runs many", 2, NULL, USAGE("--runs many: an integer from 1 to 10000 is expected") },
        { LABELLED "--batch 0", 2, NULL, USAGE("--batch 0: an integer from 1 to 4096 is expected") },
        { LABELLED "--threads 0", 2, NULL, USAGE("--threads 0: an integer from 1 to 1024 is expected") },
        { LABELLED "--picture bars.jpg", 2, NULL, USAGE("--picture bars.jpg: a .png file is expected") },
        { LABELLED "--weights w.npz --random-weights 1", 2, NULL,
          USAGE("--weights and --random-weights: one of them") },
        { LABELLED "--input a.png", 2, NULL, USAGE("unrecognized option '--input'") },
        { "$R bench --help", 0, "Usage: rayinterp bench [OPTION...] GRAPH\n**--batch=**--runs=**--layers**"
          "--picture=**--kernels=**--memory=**ms_median**", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void test_refusals(void)
{
    static const program_case cases[] = {
        { "$R bench missing.yaml", 1, NULL, "rayinterp: cannot read missing.yaml: No such file or directory" },
        { LABELLED "--rule gradeint", 1, NULL, "rayinterp: rule \"gradeint\": no plugin brings such a method; did you "
          "mean \"gradient\"?; `rayinterp rules` lists them" },
        { LABELLED "--rule ebp,gradient,ebp", 1, NULL, "rayinterp: rule \"ebp\" is named twice" },
        { LABELLED "--layer pol1", 1, NULL,
          "rayinterp: --layer: " GRAPH ": there is no layer \"pol1\"; did you mean \"pool1\"?" },
        { LABELLED "--rule occlusion --layer pool1", 1, NULL, "rayinterp: --layer pool1: method \"occlusion\" "
          "explains the input; it takes no layer" },
        { LABELLED "--rule ebp --set clamp_inptu=true", 1, NULL,
          "rayinterp: --set: method \"ebp\": unknown parameter \"clamp_inptu\"; did you mean \"clamp_input\"?" },
        { LABELLED "--rule ebp,gradient --set clamp=true", 1, NULL, "rayinterp: --set clamp=true: no method of this "
          "command has such a parameter; `rayinterp rules NAME` lists them" },
        { LABELLED "--rule contrastive_ebp --set classifier_layer=relu3", 1, NULL, "rayinterp: contrastive_ebp: "
          "classifier_layer \"relu3\" is not a convolution or fully connected layer of this network" },
        { LABELLED "--weights missing.npz", 1, NULL, "rayinterp: cannot read missing.npz: No such file or directory" },
        { LABELLED "--kernels fast", 1, NULL, "rayinterp: kernels \"fast\": this machine has plain, *baseline" },
        { LABELLED "--picture missing/bars.png", 1, NULL,
          "rayinterp: --picture missing/bars.png: cannot write there: No such file or directory" },
        { "mkdir -p taken.png; " LABELLED "--picture taken.png", 1, NULL,
          "rayinterp: --picture taken.png: cannot write there: Is a directory" },
        { LABELLED "--plugin missing.so", 1, NULL, "rayinterp: missing.so: there is no such plugin" },
        { LABELLED ">/dev/full", 1, NULL, "rayinterp: cannot write to standard output" },
    };
    CHECK_PROGRAMS(cases);
}

static void test_library_refusals(void)
{
    explaining e = { 0 };
    ray_bench *bench;
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path("tests/graphs/wide.yaml"), RAY_WEIGHTS_NONE, NULL);
    static const struct { int64_t items; int runs; const char *expected; } rows[] = {
        { 1, 0, "0 runs of 1 items are asked for; each must be 1 or more" },
        { 0, 3, "3 runs of 0 items are asked for; each must be 1 or more" },
        { 1, 1, "*wide.yaml: opened without weights; it can be shown, not run" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        CU_ASSERT(ray_bench_run(e.network, e.methods, &e.request, rows[i].items, rows[i].runs,
                                &bench, &e.error) != 0);
        CU_ASSERT(bench == NULL);
        check_message("bench", &e.error, rows[i].expected);
    }
    ray_bench_free(NULL);
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "median and quartiles", test_spread },
        { "results", test_results },
        { "options", test_options },
        { "memory", test_memory },
        { "layers", test_layers },
        { "text", test_text },
        { "picture", test_picture },
        { "wrong usage", test_wrong_usage },
        { "refusals", test_refusals },
        { "library refusals", test_library_refusals },
        { 0 }
    };
    program_prepare();
    return run_tests("bench", tests);
}
