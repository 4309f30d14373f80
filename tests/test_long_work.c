/* SPDX-License-Identifier: MIT */
/* test_long_work.c - long work can be stopped and goes on after a kill; what comes of it.  What is
 * said meanwhile: test_progress.c. */
#include "check_text.h"
#include "counting.h"

#define SHAPES "$R $S/graphs/shapes.yaml --format npy -q "

static bool is_there(const char *name)
{
    return !access(scratch_path(name), F_OK);
}

/* What the last program that was running wrote to standard output; free(). */
static char *printed(void)
{
    size_t n;
    char *text = (char *)file_content(scratch_path("out"), &n);
    text[n] = '\0';
    return text;
}

static bool is_finite(const char *path)
{
    ray_tensor tensor;
    ray_error error = { "" };
    int64_t n = 1;
    bool finite = true;
    if (ray_npy_read(scratch_path(path), &tensor, &error))
        return false;
    for (int i = 0; i < tensor.rank; i++)
        n *= tensor.dim[i];
    for (int64_t i = 0; i < n; i++)
        finite = finite && isfinite(tensor.data[i]);
    ray_tensor_free(&tensor);
    return finite;
}

/* ---- Stopping ---- */

static json_t *printed_json(void)
{
    char *text = printed();
    json_error_t problem;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    CHECK_CASE(root != NULL, "%s\n%s", problem.text, text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    free(text);
    return root;
}

static void check_stopped_report(void)
{
    json_t *root = printed_json();
    const json_t *maps = json_object_get(root, "maps");
    const json_t *first = json_array_get(maps, 0), *second = json_array_get(maps, 1);
    CU_ASSERT(json_is_true(json_object_get(root, "stopped")));
    CU_ASSERT_EQUAL(json_array_size(maps), 2);
    CU_ASSERT(json_is_false(json_object_get(first, "partial")));
    CU_ASSERT_EQUAL(whole(first, "total"), -1);
    CU_ASSERT(json_is_true(json_object_get(second, "partial")));
    CU_ASSERT_EQUAL(whole(second, "done"), 3);
    CU_ASSERT_EQUAL(whole(second, "total"), 8);
    check_text("steps", json_string_value(json_object_get(second, "steps")), "numbers");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(second, "files")), 5);
    json_decref(root);
}

/* What came before the method that is stopped is complete, what comes after it is not run. */
static void a_signal_ends_work_with_what_was_done(void)
{
    static const struct { int number, status; const char *said; } cases[] = {
        { SIGINT, 130, "**\nrayinterp: stopped by the user\n" },
        { SIGTERM, 143, "**\nrayinterp: stopped by SIGTERM\n" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        gate_shut(true);
        running r = running_start("$R $S/tests/graphs/labelled.yaml " PLUGIN "--rule gradient,counts,"
                                  "deconvnet --set gate=gate --json -o stopped --sheet sheet.png", 0);
        CU_ASSERT(running_hear(&r, "\"done\":3"));
        kill(r.child, cases[i].number);
        check_ended(&r, cases[i].status, cases[i].said);
        check_stopped_report();
        check_program(&(program_case){ "ls stopped; rm -r stopped; ls sheet.png 2>nowhere", 2,
            "counts.partial.ends.npy\ncounts.partial.heights.npy\ncounts.partial.heights.png\n"
            "counts.partial.npy\ncounts.partial.png\ngradient.npy\ngradient.png", NULL });
    }
    gate_shut(false);
}

static void a_partial_map_is_reported(void)
{
    gate_shut(true);
    running r = running_start(COUNTS "--rule deconvnet --format npy -o told", 80);
    CU_ASSERT(running_hear(&r, "3/8 numbers"));
    kill(r.child, SIGINT);
    check_ended(&r, 130, "**rayinterp: stopped by the user\r\n");
    char *text = plain_text(printed());
    CHECK_CASE(text_matches(text, "network **\nmethod     counts: sums of random numbers\n"
                            "           at the input, for fir, silver, * ms\n"
                            "           partial: 3 of 8 numbers\n"
                            "heights    *, nan\n"
                            "wrote      told/counts.partial.npy\n"
                            "wrote      told/counts.partial.heights.npy\n"
                            "wrote      told/counts.partial.ends.npy\n"
                            "not run    deconvnet\n"
                            "time **"), "%s", text);
    CU_ASSERT(is_finite("told/counts.partial.npy"));
    CU_ASSERT(!is_there("told/counts.npy"));
    free(text);
    gate_shut(false);
}

/* The first signal is noticed at the next step, which never comes. */
static void a_second_signal_ends_the_program_at_once(void)
{
    gate_shut(true);
    running r = running_start(COUNTS "--set deaf=true --format npy -o at_once", 0);
    CU_ASSERT(running_hear(&r, "waiting"));
    while (!running_has_ended(&r)) {
        kill(r.child, SIGINT);
        moment_pass();
    }
    check_ended(&r, -SIGINT, "**waiting\n");
    CU_ASSERT(!is_there("at_once/counts.partial.npy"));
    gate_shut(false);
}

static void ignored_signals_stay_ignored(void)
{
    gate_shut(true);
    running r = running_start("sh -c 'trap \"\" INT; exec \"$0\" \"$@\"' " COUNTS "--json -o ignored", 0);
    CU_ASSERT(running_hear(&r, "\"done\":1"));
    kill(r.child, SIGINT);
    CU_ASSERT(running_hear(&r, "\"done\":3"));
    gate_shut(false);
    check_ended(&r, 0, "**\"done\":8**");
    CU_ASSERT(is_there("ignored/counts.npy"));
}

/* ---- Going on ---- */

#define SAVING COUNTS "--target 0,3 -q --checkpoint saved "

static void check_same_as_uninterrupted(const char *command, const char *compare)
{
    char line[2048];
    snprintf(line, sizeof line, "%s -o whole && %s -o parts --checkpoint saved && %s && ! ls saved "
             "2>nowhere && rm -r whole parts", command, command, compare);
    check_program(&(program_case){ line, 0, NULL, NULL });
}

#define SAME_COUNTS "cmp whole/counts.npy parts/counts.npy && cmp whole/counts.heights.npy " \
    "parts/counts.heights.npy && cmp whole/counts.heights.png parts/counts.heights.png"

static void stopped_work_goes_on(void)
{
    gate_shut(true);
    running r = running_start(COUNTS "--target 0,3 --json -o parts --checkpoint saved", 0);
    CU_ASSERT(running_hear(&r, "\"done\":3"));
    kill(r.child, SIGINT);
    check_ended(&r, 130, "**\nrayinterp: stopped by the user; the same command goes on from saved\n");
    CU_ASSERT(is_there("saved"));
    gate_shut(false);
    check_same_as_uninterrupted(COUNTS "--target 0,3 -q", SAME_COUNTS);
}

/* Killed at the third step: the work was saved at its start, and again when it waited there. */
static void killed_work_goes_on(void)
{
    gate_shut(true);
    running r = running_start(COUNTS "--target 0,3 -q -o parts --checkpoint saved", 0);
    CU_ASSERT(await_saved_twice(&r, "saved"));
    kill(r.child, SIGKILL);
    check_ended(&r, -SIGKILL, "");
    CU_ASSERT(!is_there("parts/counts.npy"));
    gate_shut(false);
    running again = running_start(COUNTS "--target 0,3 -o went_on --json --checkpoint saved", 0);
    check_ended(&again, 0, "{\"event\":\"progress\",*\"done\":3,\"total\":8,\"rate\":null,*\n**");
    check_program(&(program_case){ COUNTS "--target 0,3 -q -o whole && cmp whole/counts.npy "
        "went_on/counts.npy && cmp whole/counts.heights.npy went_on/counts.heights.npy && ! ls saved "
        "2>nowhere && rm -r whole went_on", 0, NULL, NULL });
}

static void killed_methods_end_with_the_same_bytes(void)
{
    static const struct { const char *command, *compare; } cases[] = {
        { SHAPES "--rule rise --set num_masks=2000 --batch 4", "cmp whole/rise.npy parts/rise.npy" },
        { SHAPES "--rule extremal_perturbation --set max_iter=300 --set areas=0.1,0.2",
          "diff -r whole parts" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char command[512];
        snprintf(command, sizeof command, "%s -o parts --checkpoint saved", cases[i].command);
        running r = running_start(command, 0);
        CU_ASSERT(await_saved_twice(&r, "saved"));
        kill(r.child, SIGKILL);
        check_ended(&r, -SIGKILL, "");
        check_same_as_uninterrupted(cases[i].command, cases[i].compare);
    }
}

static void foreign_checkpoints_are_refused(void)
{
    static const program_case cases[] = {
        { "echo notes >notes; " COUNTS "-q --checkpoint notes; cat notes", 0, "notes",
          "rayinterp: --checkpoint: notes: it is there, and no checkpoint of this version; name another file" },
        { COUNTS "-q --format npy --checkpoint missing/file", 1, NULL, "rayinterp: --checkpoint: cannot write "
          "missing/file: No such file or directory" },
        /* work that saves nothing leaves nothing */
        { "$R $S/tests/graphs/labelled.yaml --rule gradient --format npy -q --checkpoint none; ls none 2>nowhere", 2,
          NULL, "rayinterp: warning: --checkpoint none: no method of this command saves its work" },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- What comes of it ---- */

static void arrays_and_numbers_are_handed_out(void)
{
    static const program_case cases[] = {
        { COUNTS "-o given | sed -n '/^method/,/^time/p'", 0,
          "method     counts: *\n           at the input, * ms\nheights    *, nan\n"
          "wrote      given/counts.npy\nwrote      given/counts.png\n"
          "wrote      given/counts.heights.npy\nwrote      given/counts.heights.png\n"
          "wrote      given/counts.ends.npy\ntime *", NULL },
        { COUNTS "-o given1 --format png -q && ls given1", 0, "counts.heights.png\ncounts.png", NULL },
        { COUNTS "-o given2 --format npy -q --sheet given2/all.png && ls given2", 0,
          "all.png\ncounts.ends.npy\ncounts.heights.npy\ncounts.npy", NULL },
        { COUNTS "-o given3 --rule gradient --format npy --sheet both.png | tail -n 2 | head -n 1", 0,
          "wrote      both.png", NULL },
        { "for f in both.png given1/counts.heights.png; do head -c 8 $f | od -An -tx1 | tr -d ' '; done", 0,
          "89504e470d0a1a0a\n89504e470d0a1a0a", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void json_holds_numbers_and_files(void)
{
    outcome o = program_run(COUNTS "--json --target 0,1 --sheet sheet.png -o given 2>nowhere");
    json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    const json_t *map = json_array_get(json_object_get(root, "maps"), 0);
    const json_t *heights = json_object_get(json_object_get(map, "values"), "heights");
    CU_ASSERT_EQUAL(json_array_size(heights), 4);
    for (size_t i = 0; i < json_array_size(heights); i++)
        CU_ASSERT(i % 2 ? json_is_null(json_array_get(heights, i)) : json_is_real(json_array_get(heights, i)));
    CU_ASSERT(json_is_false(json_object_get(map, "partial")));
    CU_ASSERT_EQUAL(whole(map, "done"), 8);
    CU_ASSERT_EQUAL(whole(map, "total"), 8);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(map, "files")), 5);
    check_text("sheet", json_string_value(json_object_get(root, "sheet")), "sheet.png");
    json_decref(root);
    outcome_free(&o);
}

int main(void)
{
    static const named_test tests[] = {
        { "a signal ends work with what was done", a_signal_ends_work_with_what_was_done },
        { "a partial map is reported", a_partial_map_is_reported },
        { "a second signal ends the program at once", a_second_signal_ends_the_program_at_once },
        { "ignored signals stay ignored", ignored_signals_stay_ignored },
        { "stopped work goes on", stopped_work_goes_on },
        { "killed work goes on", killed_work_goes_on },
        { "killed methods end with the same bytes", killed_methods_end_with_the_same_bytes },
        { "foreign checkpoints are refused", foreign_checkpoints_are_refused },
        { "arrays and numbers are handed out", arrays_and_numbers_are_handed_out },
        { "json holds numbers and files", json_holds_numbers_and_files },
        { 0 }
    };
    counting_prepare();
    return run_tests("long_work", tests);
}
