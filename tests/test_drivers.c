/* SPDX-License-Identifier: MIT */
/* test_drivers.c - services for methods that drive the network themselves: an end before the
 * output, threads, files, long work that is stopped and goes on, what is handed out beside maps. */
#include "built_plugins.h"

#define PLAIN "tests/fixtures/plain/"

static explaining open_plain(const char *folder, const char *plugin)
{
    explaining e = { 0 };
    explaining_load(&e, built(folder, plugin));
    explaining_open(&e, source_path(PLAIN "graph.yaml"), RAY_WEIGHTS_FILE,
                    source_path(PLAIN "input.npy"));
    return e;
}

/* ---- Ends ---- */

static void evaluation_ends_where_the_method_says(void)
{
    static const char *const methods[] = { "ends_early", "ends_early_shared" };
    static const int64_t target = 2;
    explaining cut = { 0 }, whole = open_plain("plugins_good", "drivers");
    explaining_load(&cut, built("plugins_good", "services"));
    explaining_open_cut(&cut);
    cut.request.targets = whole.request.targets = &target;
    cut.request.n_targets = whole.request.n_targets = 1;
    const ray_tensor *expected = explaining_map(&cut, "bare");
    for (int i = 0; i < COUNT(methods); i++) {
        double off = tensor_difference(explaining_map(&whole, methods[i]), expected, 1);
        CHECK_CASE(off < 1e-6, "%s: off by %g", methods[i], off);
    }
    explaining_close(&cut);
    explaining_close(&whole);
}

static void targets_must_be_channels_of_the_end(void)
{
    explaining e = open_plain("plugins_good", "drivers");
    ray_tensor seed = { .data = (float[5]){ 1 }, .dim = { 1, 5 }, .rank = 2 };
    e.request.seed = &seed;
    CU_ASSERT_EQUAL(explaining_run(&e, "ends_early"), -1);
    check_message("seed", &e.error, "ends_early: --signal is of the output's shape, but the pass "
                  "starts at \"relu1\"");
    explaining_close(&e);
}

/* ---- Small services ---- */

static void small_services_do_what_they_say(void)
{
    explaining e = open_plain("plugins_good", "drivers");
    const ray_tensor *map = explaining_map(&e, "counts");
    for (int64_t i = 0; i < ray_tensor_size(map); i++)
        CU_ASSERT_EQUAL(map->data[i], (float)i);
    e.request.random_seed = 5489;
    map = explaining_map(&e, "draws_again");
    CU_ASSERT_EQUAL(map->data[0], (float)(3499211612u & 0xffffff));
    CU_ASSERT_EQUAL(map->data[1], (float)(1791095845u & 0xffffff));
    CU_ASSERT_EQUAL(map->data[2], map->data[1]);
    explaining_close(&e);
}

/* With a border of zeros most of the corner's light is lost, with a repeated one it is kept. */
static void pictures_are_blurred(void)
{
    static const char *const settings[] = { "border=0", "border=1" };
    explaining e = open_plain("plugins_good", "drivers");
    e.request.n_settings = 1;
    e.request.settings = &settings[0];
    CU_ASSERT_DOUBLE_EQUAL(tensor_sum(explaining_map(&e, "blurs")), 1.9064, 1e-4);
    e.request.settings = &settings[1];
    CU_ASSERT_DOUBLE_EQUAL(tensor_sum(explaining_map(&e, "blurs")), 0.3597, 1e-4);
    explaining_close(&e);
}

static void arrays_are_read(void)
{
    char setting[512];
    const char *settings[] = { setting };
    explaining e = open_plain("plugins_good", "drivers");
    snprintf(setting, sizeof setting, "file=%s", source_path(PLAIN "input.npy"));
    e.request.settings = settings;
    e.request.n_settings = 1;
    const ray_tensor *map = explaining_map(&e, "reads");
    CU_ASSERT_EQUAL(map->data[0], (float)ray_tensor_size(&e.request.input));
    CU_ASSERT_EQUAL(map->data[1], e.request.input.data[0]);
    snprintf(setting, sizeof setting, "file=%s", "/nowhere/masks.npy");
    CU_ASSERT_EQUAL(explaining_run(&e, "reads"), -1);
    check_message("missing", &e.error, "reads: cannot read /nowhere/masks.npy: No such file or "
                  "directory");
    explaining_close(&e);
}

/* A path in a graph file starts at its folder, one on the command line where one is. */
static void files_of_a_graph_lie_beside_it(void)
{
    char text[2048];
    snprintf(text, sizeof text,
             "rayinterp: 1\n"
             "input: {name: input, shape: [3, 16, 16]}\n"
             "defaults: {reads: {file: masks.npy}}\n"
             "layers:\n"
             "  - {name: relu, type: relu}\n"
             "output: relu\n");
    explaining e = { 0 };
    float numbers[3] = { 7, 8, 9 };
    ray_tensor array = { numbers, { 3 }, 1 };
    CU_ASSERT_FATAL(!ray_npy_write(scratch_path("masks.npy"), &array, &e.error));
    explaining_load(&e, built("plugins_good", "drivers"));
    explaining_open(&e, scratch_write("files.yaml", text, strlen(text)), RAY_WEIGHTS_FILE, NULL);
    const ray_tensor *map = explaining_map(&e, "reads");
    CU_ASSERT_EQUAL(map->data[0], 3);
    CU_ASSERT_EQUAL(map->data[1], 7);
    explaining_close(&e);
}

/* ---- Long work ---- */

static const int64_t two_targets[] = { 3, 1 };

static explaining open_long(void)
{
    explaining e = open_plain("plugins_good", "drivers");
    e.request.targets = two_targets;
    e.request.n_targets = 2;
    return e;
}

static void work_in_parts_is_put_together(void)
{
    explaining e = open_long();
    const ray_tensor *map = explaining_map(&e, "goes_on");
    const ray_map *out = &e.result->maps[0];
    const ray_finding *sum = explaining_finding(&e, "sum");
    CU_ASSERT_EQUAL_FATAL(out->n_extras, 1);
    const ray_tensor *history = &out->extras[0].tensor;
    check_text("name", out->extras[0].name, "history");
    check_text("curves", out->extras[0].curves, "sum");
    CU_ASSERT(history->dim[0] == 4 && history->dim[1] == 10 && history->dim[2] == 1);
    CU_ASSERT(isnan(history->data[10]) && isnan(history->data[39]));
    CU_ASSERT_EQUAL_FATAL(sum->n, 2);
    for (int k = 0; k < 2; k++) {
        int64_t item = ray_tensor_item_size(map);
        CU_ASSERT_EQUAL((double)map->data[k * item], sum->v[k]);
        CU_ASSERT_EQUAL(history->data[k * 20 + 9], map->data[k * item]);
    }
    CU_ASSERT_EQUAL(sum->v[0], 2 * sum->v[1]);      /* the same random numbers for each target */
    CU_ASSERT(!out->partial && out->done == 10 && out->total == 10 && !e.result->stopped);
    check_text("steps", out->steps, "stones");
    explaining_close(&e);
}

/* Stopped after so many reports: maps that were made, and how far the last of them is. */
static void stopped_work_is_handed_out_as_partial(void)
{
    static const struct { int stop_at; int64_t maps, done; bool partial; } cases[] = {
        { 1, 1, 1, true }, { 7, 1, 7, true }, { 13, 2, 3, true }, { 19, 2, 9, true },
    };
    explaining e = open_long();
    for (int i = 0; i < COUNT(cases); i++) {
        e.heard.stop_at = cases[i].stop_at;
        const ray_tensor *map = explaining_map(&e, "goes_on");
        const ray_map *out = &e.result->maps[0];
        int64_t last = (map->dim[0] - 1) * ray_tensor_item_size(map);
        CU_ASSERT(e.result->stopped);
        CHECK_CASE(map->dim[0] == cases[i].maps && out->done == cases[i].done
                   && out->partial == cases[i].partial && out->extras[0].tensor.dim[0] == 2 * map->dim[0],
                   "stopped at %d: %lld maps, %lld done, partial %d", cases[i].stop_at,
                   (long long)map->dim[0], (long long)out->done, out->partial);
        CU_ASSERT_EQUAL(map->data[last + 1], (float)cases[i].done);
    }
    explaining_close(&e);
}

/* Stopped between two maps, or at the end of the last. */
static void complete_maps_are_counted_after_a_stop(void)
{
    static const struct { int stop_at; int64_t maps; bool partial; } cases[] = {
        { 10, 1, true }, { 20, 2, false },
    };
    explaining e = open_long();
    for (int i = 0; i < COUNT(cases); i++) {
        e.heard.stop_at = cases[i].stop_at;
        const ray_tensor *map = explaining_map(&e, "goes_on");
        const ray_map *out = &e.result->maps[0];
        CU_ASSERT(e.result->stopped && map->dim[0] == cases[i].maps);
        CU_ASSERT(out->partial == cases[i].partial && out->done == cases[i].maps && out->total == 2);
        check_text("steps", out->steps, "maps");
    }
    explaining_close(&e);
}

static void methods_after_a_stop_are_not_run(void)
{
    static const char *const methods[] = { "counts", "goes_on", "draws_again" };
    explaining e = open_long();
    e.request.methods = methods;
    e.request.n_methods = 3;
    e.request.listener = (ray_listener){ hear_notice, hear_progress, &e.heard };
    e.heard.stop_at = 4;
    CU_ASSERT_FATAL(!ray_explain(e.network, e.methods, &e.request, &e.result, &e.error));
    CU_ASSERT_EQUAL(e.result->n_maps, 2);
    CU_ASSERT(!e.result->maps[0].partial && e.result->maps[1].partial && e.result->stopped);
    explaining_close(&e);
}

/* Whenever it is interrupted, and however often, the end is the same. */
static void work_goes_on_from_a_checkpoint(void)
{
    static const int stops[][4] = { { 1 }, { 5, 3 }, { 10 }, { 14, 2, 1 }, { 20 } };
    explaining e = open_long();
    ray_tensor expected = tensor_copy(explaining_map(&e, "goes_on"));
    for (int i = 0; i < COUNT(stops); i++) {
        e.request.checkpoint = scratch_path("work.checkpoint");
        for (int k = 0; k < 4 && stops[i][k]; k++) {
            e.heard.stop_at = stops[i][k];
            explaining_map(&e, "goes_on");
            CU_ASSERT(e.result->stopped && e.result->checkpointed);
        }
        e.heard.stop_at = 0;
        CU_ASSERT(tensor_same(explaining_map(&e, "goes_on"), &expected));
        CU_ASSERT(!e.result->stopped && !e.result->maps[0].partial);
        remove(e.request.checkpoint);
    }
    ray_tensor_free(&expected);
    explaining_close(&e);
}

/* Finished parts are not made again. */
static void what_is_done_is_not_done_again(void)
{
    explaining e = open_long();
    e.request.checkpoint = scratch_path("done.checkpoint");
    explaining_map(&e, "goes_on");
    CU_ASSERT_EQUAL(e.heard.progress, 20);
    explaining_map(&e, "goes_on");
    CU_ASSERT_EQUAL(e.heard.progress, 2);       /* what each part found, and nothing more */
    explaining_close(&e);
}

/* ---- Checkpoints that are refused ---- */

static void refuse(explaining *e, const char *of, const char *expected)
{
    CHECK_CASE(explaining_run(e, "goes_on") == -1, "%s: accepted", of);
    check_message(of, &e->error, expected);
}

static void change_byte(const char *path, size_t at)
{
    size_t n;
    unsigned char *bytes = file_content(path, &n);
    bytes[at < n ? at : n - 1] ^= 1;
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, n, file);
    fclose(file);
    free(bytes);
}

static void checkpoints_of_another_run_are_refused(void)
{
    static const int64_t other_target[] = { 3, 2 };
    static const char *const settings[] = { "border=1" };
    const char *other = "--checkpoint: TMP/other.checkpoint: it is of another run: *";
    explaining e = open_long();
    e.request.checkpoint = scratch_path("other.checkpoint");
    e.heard.stop_at = 3;
    explaining_map(&e, "goes_on");
    e.heard.stop_at = 0;
    e.request.targets = other_target;
    refuse(&e, "target", other);
    e.request.targets = two_targets;
    e.request.settings = settings;
    e.request.n_settings = 1;
    refuse(&e, "setting", other);
    e.request.n_settings = 0;
    e.request.random_seed = 1;
    refuse(&e, "seed", other);
    e.request.random_seed = 0;
    e.request.input.data[5] += 1;
    refuse(&e, "input", other);
    e.request.input.data[5] -= 1;
    e.request.batch = 2;
    refuse(&e, "batch", "--checkpoint: *: goes_on was begun with --batch 16; only so do the "
           "results stay the same");
    e.request.batch = 0;
    explaining_map(&e, "goes_on");      /* nothing of this has harmed it */
    explaining_close(&e);
}

static void damaged_checkpoints_are_refused(void)
{
    static const size_t places[] = { 40, 200, 5000, SIZE_MAX };
    explaining e = open_long();
    e.request.checkpoint = scratch_path("damaged.checkpoint");
    for (int i = 0; i < COUNT(places); i++) {
        e.heard.stop_at = 3;
        explaining_map(&e, "goes_on");
        change_byte(e.request.checkpoint, places[i]);
        refuse(&e, "damaged", "--checkpoint: TMP/damaged.checkpoint: it is damaged; remove it "
               "to start anew");
        remove(e.request.checkpoint);
    }
    scratch_write("damaged.checkpoint", "my notes, not to be lost, however long they are: 1 2 3", 54);
    refuse(&e, "notes", "--checkpoint: TMP/damaged.checkpoint: it is there, and no checkpoint "
           "of this version; name another file");
    e.request.checkpoint = "/nowhere/a.checkpoint";
    refuse(&e, "folder", "--checkpoint: cannot write /nowhere/a.checkpoint: No such file or "
           "directory");
    explaining_close(&e);
}

static void a_checkpoint_for_nothing_is_warned_of(void)
{
    explaining e = open_long();
    e.request.checkpoint = scratch_path("idle.checkpoint");
    explaining_map(&e, "counts");
    CU_ASSERT(text_matches(e.heard.text, "warning: --checkpoint *: no method of this command saves "
                           "its work"));
    CU_ASSERT(!e.result->checkpointed && access(e.request.checkpoint, F_OK));
    explaining_close(&e);
}

static void a_signal_for_nothing_is_warned_of(void)
{
    explaining e = open_long();
    e.request.pointing = true;
    explaining_map(&e, "counts");
    check_text("pointing", e.heard.text,
               "warning: --signal pointing: no method of this command sends it back");
    explaining_map(&e, "ends_early");
    check_text("sent", e.heard.text, "");
    e.request.strict = true;
    CU_ASSERT_EQUAL(explaining_run(&e, "counts"), -1);
    explaining_close(&e);
}

/* ---- Beside the map ---- */

static void planes_are_treated_as_the_map(void)
{
    explaining e = open_plain("plugins_good", "drivers");
    e.request.resize = true;
    e.request.resize_height = 20;
    e.request.resize_width = 24;
    e.request.smooth = 0.1;
    const ray_tensor *map = explaining_map(&e, "planes");
    const ray_tensor *planes = &e.result->maps[0].extras[0].tensor;
    CU_ASSERT(planes->dim[0] == 2 && planes->dim[2] == 20 && planes->dim[3] == 24);
    size_t bytes = (size_t)ray_tensor_size(map) * sizeof *map->data;
    CU_ASSERT(!memcmp(planes->data, map->data, bytes));
    CU_ASSERT(!memcmp(planes->data + ray_tensor_size(map), map->data, bytes));
    CU_ASSERT(map->data[0] < 1);        /* a border of zeros darkens the corner */
    explaining_close(&e);
}

static void a_layer_for_a_method_of_the_input_is_refused(void)
{
    explaining e = open_plain("plugins_good", "drivers");
    e.request.layer = "relu1";
    refuse(&e, "layer", "--layer relu1: method \"goes_on\" explains the input; it takes no layer");
    explaining_close(&e);
}

/* ---- Misuse ---- */

static void misuse_is_refused(void)
{
    static const char when[] = "array() is for explain(), and takes a name of a-z, 0-9 and _ and a "
                               "shape that fits its use";
    static const struct { const char *name, *error; } cases[] = {
        { "end_late", "end_at() is for prepare() alone" },
        { "end_nowhere", "SRC/" PLAIN "graph.yaml: there is no layer \"relu9\"; did you mean \"relu1\"?" },
        { "hand_out_early", when },
        { "number_early", "numbers() is for explain(), and takes a name of a-z, 0-9 and _" },
        { "evaluate_early", "forward() is not for prepare()" },
        { "hand_out_badly", when },
        { "hand_out_curves_of_one_axis", when },
        { "change_shape", "the array \"a\" has another shape than before" },
        { "save_nothing", "resume() takes 1 to 16 blocks" },
    };
    explaining e = open_plain("plugins_broken", "misuse_drivers");
    for (int i = 0; i < COUNT(cases); i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "%s: %s", cases[i].name, cases[i].error);
        CHECK_CASE(explaining_run(&e, cases[i].name) == -1, "%s did not fail", cases[i].name);
        check_message(cases[i].name, &e.error, expected);
    }
    CU_ASSERT_EQUAL(explaining_run(&e, "feed_infinity"), -1);
    check_message("feed_infinity", &e.error, "SRC/" PLAIN "graph.yaml:6:12: conv2d \"conv1\": NaN or "
                  "infinity first arose in its output");
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "evaluation ends where the method says", evaluation_ends_where_the_method_says },
        { "targets must be channels of the end", targets_must_be_channels_of_the_end },
        { "small services do what they say", small_services_do_what_they_say },
        { "pictures are blurred", pictures_are_blurred },
        { "arrays are read", arrays_are_read },
        { "files of a graph lie beside it", files_of_a_graph_lie_beside_it },
        { "work in parts is put together", work_in_parts_is_put_together },
        { "stopped work is handed out as partial", stopped_work_is_handed_out_as_partial },
        { "complete maps are counted after a stop", complete_maps_are_counted_after_a_stop },
        { "methods after a stop are not run", methods_after_a_stop_are_not_run },
        { "work goes on from a checkpoint", work_goes_on_from_a_checkpoint },
        { "what is done is not done again", what_is_done_is_not_done_again },
        { "checkpoints of another run are refused", checkpoints_of_another_run_are_refused },
        { "damaged checkpoints are refused", damaged_checkpoints_are_refused },
        { "a checkpoint for nothing is warned of", a_checkpoint_for_nothing_is_warned_of },
        { "a signal for nothing is warned of", a_signal_for_nothing_is_warned_of },
        { "planes are treated as the map", planes_are_treated_as_the_map },
        { "a layer for a method of the input is refused",
          a_layer_for_a_method_of_the_input_is_refused },
        { "misuse is refused", misuse_is_refused },
        { 0 }
    };
    program_prepare();
    return run_tests("drivers", tests);
}
