/* SPDX-License-Identifier: MIT */
/* test_services.c - methods that fail, and methods that ask for all that the host offers. */
#include "built_plugins.h"

/* ---- Methods that fail ---- */

static explaining open_plain(const char *plugin_folder, const char *plugin)
{
    explaining e = { 0 };
    explaining_load(&e, built(plugin_folder, plugin));
    explaining_open(&e, source_path("tests/fixtures/plain/graph.yaml"), RAY_WEIGHTS_FILE,
                    source_path("tests/fixtures/plain/input.npy"));
    return e;
}

static void silent_failures_are_given_words(void)
{
    static const char *const names[] = { "silent_prepare", "silent_seed",     "silent_visit",
                                         "silent_explain", "silent_saliency", "silent_rule" };
    explaining e = open_plain("plugins_broken", "silent");
    for (int i = 0; i < COUNT(names); i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "method \"%s\" failed without saying why", names[i]);
        CU_ASSERT_EQUAL(explaining_run(&e, names[i]), -1);
        CU_ASSERT_PTR_NULL(e.result);
        check_text(names[i], e.error.text, expected);
    }
    explaining_close(&e);
}

#define PLAIN "SRC/tests/fixtures/plain/graph.yaml:"

static void misuse_is_refused(void)
{
    static const struct { const char *name, *error; } cases[] = {
        { "keep_unknown", "keep_unknown: " PLAIN " there is no layer \"rellu1\"; did you mean \"relu1\"?" },
        { "keep_late", "keep_late: keep() is for prepare() alone" },
        { "backward_first", "backward_first: backward() before forward()" },
        { "end_at_unkept", "end_at_unkept: a backward pass cannot end at \"relu1\": ask for it with keep()" },
        { "end_at_unknown", "end_at_unknown: " PLAIN " there is no layer \"relu9\"; did you mean \"relu1\"?" },
        { "seed_of_wrong_size", "seed_of_wrong_size: the seed of a backward pass must have the output's shape" },
        { "value_unkept", "value_unkept: the value of \"relu1\" is not there: ask for it with keep(), then "
                          "forward()" },
        { "value_first", "value_first: the value of \"\" is not there: ask for it with keep(), then forward()" },
        { "signal_first", "signal_first: there is no signal at \"\": ask for it with keep() and send one back" },
        { "batch_too_large", "batch_too_large: a batch of 17 items was asked for; 1 to 16 are possible" },
        { "batch_of_none", "batch_of_none: a batch of 0 items was asked for; 1 to 16 are possible" },
        { "scratch_too_large", "out of memory" },
        { "forward_only_backward", "forward_only_backward: a backward pass cannot end at \"relu1\": *" },
        { "reads_nothing", "reads_nothing: the backward function of relu \"relu3\" reads an activation that the "
                           "rule said it would not" },
        { "makes_nan", "makes_nan: the map holds NaN or infinity, though no activation or signal does: it arose in "
                       "the method" },
        { "spoils_signal", PLAIN "9:12: conv2d \"conv2\": NaN or infinity first arose in its backward function" },
    };
    explaining e = open_plain("plugins_broken", "misuse");
    for (int i = 0; i < COUNT(cases); i++) {
        CHECK_CASE(explaining_run(&e, cases[i].name) == -1, "%s did not fail", cases[i].name);
        CU_ASSERT_PTR_NULL(e.result);
        check_message(cases[i].name, &e.error, cases[i].error);
    }
    explaining_close(&e);
}

/* ---- Services ---- */

/* The first outputs of MT19937 after init_genrand(5489), from its authors' page, and after
 * init_genrand(1). */
static void random_numbers_are_those_of_the_seed(void)
{
    static const struct { uint64_t seed; uint32_t first[4]; } cases[] = {
        { 5489, { 3499211612u, 581869302u, 3890346734u, 3586334585u } },
        { 1, { 1791095845u, 4282876139u, 3093770124u, 4005303368u } },
        { (UINT64_C(1) << 32) + 1, { 1791095845u, 4282876139u, 3093770124u, 4005303368u } },
    };
    explaining e = open_plain("plugins_good", "services");
    for (int i = 0; i < COUNT(cases); i++) {
        e.request.random_seed = cases[i].seed;
        const ray_tensor *map = explaining_map(&e, "draws");
        for (int k = 0; k < 4; k++)
            CU_ASSERT_EQUAL((uint32_t)map->data[k], cases[i].first[k] & 0xffffff);
    }
    explaining_close(&e);
}

static void maps_of_services_are_right(void)
{
    static const struct { const char *method; double scale; } cases[] = {
        { "without_callbacks", 1 },     /* its second name */
        { "batches", 1 },               /* the last item of a batch of its own is the image */
        { "repeats", 1 },               /* each linear layer evaluated by hand */
        { "clamps", 1 },                /* weights clamped on their way in or before */
        { "copies", 1 },                /* an item for each target */
        { "doubles", 2 },               /* a seed of 2 */
        { "triples", 3 },               /* the signal times 3 on its way */
        { "passes", 5 },                /* passes with a seed of 5 */
    };
    static const int64_t targets[] = { 3, 1 };
    explaining e = open_plain("plugins_good", "services");
    e.request.targets = targets;
    e.request.n_targets = 2;
    ray_tensor plain = tensor_copy(explaining_map(&e, "bare"));
    for (int i = 0; i < COUNT(cases); i++) {
        double off = tensor_difference(explaining_map(&e, cases[i].method), &plain, cases[i].scale);
        CHECK_CASE(off < 1e-5, "%s: off by %g", cases[i].method, off);
    }
    ray_tensor_free(&plain);
    explaining_close(&e);
}

/* Nine targets, eight at a time; fewer with a smaller batch. */
static void copies_come_as_memory_and_batch_allow(void)
{
    static const struct { int64_t batch, memory; int first, last; } cases[] = {
        { 0, 0, 8, 1 }, { 4, 0, 4, 1 }, { 1, 0, 1, 1 }, { 0, 1, 1, 1 },
    };
    static const int64_t targets[9] = { 0, 1, 2, 3, 0, 1, 2, 3, 0 };
    explaining e = open_plain("plugins_good", "services");
    e.request.targets = targets;
    e.request.n_targets = COUNT(targets);
    for (int i = 0; i < COUNT(cases); i++) {
        e.request.batch = cases[i].batch;
        e.request.memory = cases[i].memory;
        const ray_tensor *map = explaining_map(&e, "counts_copies");
        CHECK_CASE((int)map->data[0] == cases[i].first, "case %d: %g at once", i,
                   (double)map->data[0]);
        CHECK_CASE((int)map->data[ray_tensor_size(map) - 1] == cases[i].last,
                   "case %d: %g in the end", i, (double)map->data[ray_tensor_size(map) - 1]);
    }
    CU_ASSERT_EQUAL(explaining_run(&e, "copies_with_array"), -1);
    check_text("array", e.error.text,
               "copies_with_array: array() is not for a method with RAY_COPIES");
    explaining_close(&e);
}

static void check_numbers(const char *of, const ray_tensor *map, const double *expected, int n)
{
    for (int i = 0; i < n; i++)
        CHECK_CASE((double)map->data[i] == expected[i], "%s: number %d is %g, expected %g", of, i,
                   (double)map->data[i], expected[i]);
}

static void layers_are_listed(void)
{
    explaining e = open_plain("plugins_good", "services");
    /* layers; weights of the first; it reads the input, the last does not; the last is linear and
     * has weights */
    check_numbers("layers", explaining_map(&e, "layers"), (double[]){ 10, 2, RAY_FIRST, 0, 2 }, 5);
    check_numbers("scratches", explaining_map(&e, "scratches"), (double[]){ 0, 20, 60, 120 }, 4);
    explaining_close(&e);
}

static void notes_and_cautions_are_heard(void)
{
    explaining e = open_plain("plugins_good", "services");
    explaining_map(&e, "speaks");
    check_text("speaks", e.heard.text, "note: speaks: 3 of three\n"
               "warning: speaks: looks twice at some layers: relu \"relu2\", relu \"relu1\"");
    e.request.strict = true;
    CU_ASSERT_EQUAL(explaining_run(&e, "speaks"), -1);
    check_text("strict", e.error.text,
               "speaks: looks twice at some layers: relu \"relu2\", relu \"relu1\" (an "
               "error because of --strict)");
    explaining_close(&e);
}

static void work_can_be_stopped(void)
{
    explaining e = open_plain("plugins_good", "services");
    explaining_map(&e, "works");
    CU_ASSERT_EQUAL(e.heard.progress, 10);
    e.heard.stop_at = 4;
    CU_ASSERT_EQUAL(explaining_run(&e, "works"), 0);
    CU_ASSERT_EQUAL(e.heard.progress, 4);
    CU_ASSERT_FATAL(e.result != NULL);
    CU_ASSERT(e.result->stopped && e.result->n_maps == 0);     /* it had none to hand out */
    explaining_close(&e);
}

static void parameters_arrive(void)
{
    static const struct { const char *settings[8]; int n; double map[10]; } cases[] = {
        { { NULL }, 10, { 1, 7, 0.5, 4, 0, 3, 0.25 } },
        { { "flag=false", "whole=99", "number=1", "text=a=b", "choice=blue", "list=4,0,9", "numbers=[1.5, -2]" },
          10, { 0, 99, 1, 3, 2, 4, 0, 9, 1.5, -2 } },
        { { "echoes.whole=2", "whole=3", "echoes.text=" }, 7, { 1, 3, 0.5, 0, 0, 3, 0.25 } },
    };
    explaining e = open_plain("plugins_good", "services");
    for (int i = 0; i < COUNT(cases); i++) {
        e.request.settings = cases[i].settings;
        e.request.n_settings = 0;
        while (e.request.n_settings < 8 && cases[i].settings[e.request.n_settings])
            e.request.n_settings++;
        check_numbers("echoes", explaining_map(&e, "echoes"), cases[i].map, cases[i].n);
    }
    explaining_close(&e);
}

static void wrong_parameters_are_refused(void)
{
    static const struct { const char *setting, *error; } cases[] = {
        { "whole=0", "--set: method \"echoes\": whole: 0 is out of range; an integer from 1 to 99" },
        { "whole=1.5", "--set: method \"echoes\": whole: 1.5 is not an integer; an integer from 1 to 99" },
        { "whole=", "--set: method \"echoes\": whole: \"\" is not an integer; an integer from 1 to 99" },
        { "number=nan", "--set: method \"echoes\": number: \"nan\" is not a finite number; a number from 0 to 1" },
        { "number=-0.1", "--set: method \"echoes\": number: -0.1 is out of range; a number from 0 to 1" },
        { "choice=yellow", "--set: method \"echoes\": choice: \"yellow\" is unknown; one of red, green, blue" },
        { "list=1,2,3,4,5", "--set: method \"echoes\": list: a list of 5 is too long; an integer from 0 to 9, or a "
                            "list of up to 4" },
        { "list=1,12", "--set: method \"echoes\": list: 12 is out of range; an integer from 0 to 9, or a list of up "
                       "to 4" },
        { "flag=yes", "--set: method \"echoes\": flag: \"yes\" is neither true nor false; true or false" },
        { "whol=1", "--set: method \"echoes\": unknown parameter \"whol\"; did you mean \"whole\"?" },
        { "echoes.nothing=1", "--set: method \"echoes\": unknown parameter \"nothing\"; valid: flag, whole, number, text, "
                              "choice, list, numbers" },
        { "other.whole=1", "--set other.whole=1: no method of this command has such a parameter; *" },
        { "whole", "--set whole: KEY=VALUE is expected" },
        { "=3", "--set =3: KEY=VALUE is expected" },
    };
    explaining e = open_plain("plugins_good", "services");
    for (int i = 0; i < COUNT(cases); i++) {
        e.request.settings = &cases[i].setting;
        e.request.n_settings = 1;
        CHECK_CASE(explaining_run(&e, "echoes") == -1, "%s was taken", cases[i].setting);
        check_message(cases[i].setting, &e.error, cases[i].error);
    }
    explaining_close(&e);
}

static void targets_come_together_or_apart(void)
{
    static const int64_t targets[] = { 4, 0, 2 };
    explaining e = open_plain("plugins_good", "services");
    e.request.targets = targets;
    e.request.n_targets = 3;
    for (int k = 0; k < 2; k++) {
        const ray_tensor *map = explaining_map(&e, k ? "targets_apart" : "targets_together");
        CU_ASSERT_EQUAL(map->dim[0], 3);
        for (int i = 0; i < 3; i++)
            CU_ASSERT_EQUAL(map->data[i * 256], (float)targets[i]);
    }
    explaining_close(&e);
}

/* A method that sends nothing back has no signal to show, whatever another left behind. */
static void a_method_shows_its_own_signals_only(void)
{
    static const char *const rules[] = { "bare", "looks_only" }, *const probes[] = { "relu1" };
    explaining e = open_plain("plugins_good", "services");
    e.request.methods = rules;
    e.request.n_methods = 2;
    e.request.probes = probes;
    e.request.n_probes = 1;
    CU_ASSERT_EQUAL_FATAL(ray_explain(e.network, e.methods, &e.request, &e.result, &e.error), 0);
    CU_ASSERT_PTR_NOT_NULL(e.result->maps[0].probes[0].signal.data);
    CU_ASSERT_PTR_NULL(e.result->maps[1].probes[0].signal.data);
    CU_ASSERT(tensor_same(&e.result->maps[0].probes[0].value, &e.result->maps[1].probes[0].value));
    explaining_close(&e);
}

static void state_is_released(void)
{
    static const char *const failing[] = { "fail=true" };
    explaining e = open_plain("plugins_good", "states");
    CU_ASSERT_EQUAL(explaining_map(&e, "states")->data[0], 1);
    e.request.settings = failing;
    e.request.n_settings = 1;
    CU_ASSERT_EQUAL(explaining_run(&e, "states"), -1);
    check_text("states", e.error.text, "states: as it was asked to");
    explaining_close(&e);
}

static void older_structs_are_read(void)
{
    explaining e = open_plain("plugins_good", "smaller_structs");
    explaining_load(&e, built("plugins_good", "services"));
    const ray_tensor *blocked = explaining_map(&e, "blocks");
    for (int64_t i = 0; i < ray_tensor_size(blocked); i++)
        CU_ASSERT_EQUAL(blocked->data[i], 0);
    ray_tensor all = tensor_copy(explaining_map(&e, "passes_all"));
    CU_ASSERT(tensor_same(&all, explaining_map(&e, "bare")));
    CU_ASSERT(tensor_sum(&all) != 0);
    ray_tensor_free(&all);
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "silent failures are given words", silent_failures_are_given_words },
        { "misuse is refused", misuse_is_refused },
        { "random numbers are those of the seed", random_numbers_are_those_of_the_seed },
        { "maps of services are right", maps_of_services_are_right },
        { "copies come as memory and batch allow", copies_come_as_memory_and_batch_allow },
        { "layers are listed", layers_are_listed },
        { "notes and cautions are heard", notes_and_cautions_are_heard },
        { "work can be stopped", work_can_be_stopped },
        { "parameters arrive", parameters_arrive },
        { "wrong parameters are refused", wrong_parameters_are_refused },
        { "targets come together or apart", targets_come_together_or_apart },
        { "a method shows its own signals only", a_method_shows_its_own_signals_only },
        { "state is released", state_is_released },
        { "older structs are read", older_structs_are_read },
        { 0 }
    };
    program_prepare();
    return run_tests("services", tests);
}
