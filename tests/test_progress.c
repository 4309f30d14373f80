/* SPDX-License-Identifier: MIT */
/* test_progress.c - what long work says on standard error of how far it has come. */
#include "check_text.h"
#include "counting.h"

/* ---- Events for programs ---- */

/* Events of one part after the other: the first, the last, and in between nothing that goes back. */
static void check_event(const char *line, int64_t *done, int64_t *part)
{
    json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    CHECK_CASE(event != NULL, "%s", line);
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    bool next = whole(event, "part") == *part + 1;
    CHECK_CASE(next ? *done == 8 || *part < 0 : whole(event, "part") == *part && whole(event, "done") >= *done,
               "%s", line);
    *done = whole(event, "done");
    *part = whole(event, "part");
    check_text("event", json_string_value(json_object_get(event, "event")), "progress");
    check_text("method", json_string_value(json_object_get(event, "method")), "counts");
    check_text("steps", json_string_value(json_object_get(event, "steps")), "numbers");
    CHECK_CASE(*done >= 1 && *done <= 8 && whole(event, "total") == 8 && whole(event, "parts") == 3, "%s", line);
    const json_t *rate = json_object_get(event, "rate"), *left = json_object_get(event, "seconds_left");
    CHECK_CASE(json_is_null(rate) ? json_is_null(left) : json_real_value(rate) > 0 && json_real_value(left) >= 0,
               "%s", line);
    CU_ASSERT_EQUAL(json_object_size(event), 9);
    json_decref(event);
}

static void events_are_one_a_line(void)
{
    outcome o = program_run(COUNTS "--target 0,1,2 --json --format npy -o events");
    int64_t done = 0, part = -1;
    CU_ASSERT_EQUAL(o.status, 0);
    for (char *line = strtok(o.err, "\n"); line; line = strtok(NULL, "\n"))
        check_event(line, &done, &part);
    CU_ASSERT_EQUAL(done, 8);
    CU_ASSERT_EQUAL(part, 2);
    json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT(json_is_false(json_object_get(root, "stopped")));
    json_decref(root);
    outcome_free(&o);
}

/* ---- Lines ---- */

static void short_work_says_nothing(void)
{
    static const program_case cases[] = {
        { COUNTS "--format npy -o short | grep numbers", 0, "method     counts: sums of random numbers", NULL },
        { COUNTS "--format npy -o short -q", 0, NULL, NULL },
        { COUNTS "--format npy -o short -q --json | tail -n 1", 0, "}", NULL },
        { "$R $S/tests/graphs/labelled.yaml --rule gradient --format npy -o short --json | tail -n 1", 0, "}", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void long_work_says_a_line_now_and_then(void)
{
    gate_shut(true);
    running r = running_start(COUNTS "--format npy -o lines", 0);
    CU_ASSERT(running_hear(&r, "\n"));
    gate_shut(false);
    check_ended(&r, 0, "rayinterp: counts: 3 of 8 numbers, */s, * left\n");
}

static void quiet_work_is_quiet(void)
{
    static const struct { const char *command; int columns; } cases[] = {
        { COUNTS "-q -o quiet --checkpoint saved", 0 },
        { COUNTS "-q -o quiet --checkpoint saved", 80 },
        { COUNTS "-q --json -o quiet --checkpoint saved", 0 },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        gate_shut(true);
        running r = running_start(cases[i].command, cases[i].columns);
        CU_ASSERT(await_saved_twice(&r, "saved"));
        gate_shut(false);
        check_ended(&r, 0, "");
    }
}

/* ---- On a terminal ---- */

#define CLEARED "\r\033[K"

/* Each time the line is drawn it is cleared before, is shorter than the terminal is wide, and in
 * the end it is gone. */
static void check_bar(const char *said, int columns, const char *pattern)
{
    size_t n = strlen(said), widest = 0;
    const char *at = said;
    bool found = false;
    for (; !strncmp(at, CLEARED, strlen(CLEARED)); at += strcspn(at, "\r")) {
        char line[512];
        at += strlen(CLEARED);
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\r"), at);
        widest = strlen(line) > widest ? strlen(line) : widest;
        found = found || text_matches(line, pattern);
    }
    CHECK_CASE(!*at && n > 4 && !strcmp(said + n - 4, CLEARED), "%d columns: %s", columns, said);
    CHECK_CASE(found, "%d columns: %s\n    expected: %s", columns, said, pattern);
    CHECK_CASE(widest < (size_t)columns, "%d columns: %s", columns, said);
}

static void a_bar_is_drawn_and_cleared(void)
{
    static const struct { int columns; const char *options, *wait, *pattern; } cases[] = {
        { 80, "--rule counts", " left", "counts [====*>*] 3/8 numbers  */s  * s left" },
        { 50, "--rule counts", " left", "counts [=*>*] 3/8 numbers  */s  * s left" },
        { 30, "--rule counts", "3/8 numb", "counts 3/8 numbers*" },
        { 12, "--rule counts", "counts 3/", "counts 3/" },
        { 100, "--rule counts --target 1,2,3", " left", "counts, target 1 of 3 [*] 3/8 numbers  */s  * left" },
        { 100, "--rule counts_items --input $S/tests/fixtures/batch3/input.npy", " left",
          "counts_items, item 1 of 3 [*] 3/8 steps  */s  * left" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char command[512];
        snprintf(command, sizeof command, "$R $S/tests/graphs/labelled.yaml " PLUGIN "--set gate=gate %s "
                 "--format npy -o bar", cases[i].options);
        gate_shut(true);
        running r = running_start(command, cases[i].columns);
        CU_ASSERT(running_hear(&r, cases[i].wait));
        gate_shut(false);
        CU_ASSERT_EQUAL(running_end(&r), 0);
        check_bar(r.said, cases[i].columns, cases[i].pattern);
        running_free(&r);
    }
}

static void no_bar_is_drawn_for_programs(void)
{
    static const struct { const char *command, *said; } cases[] = {
        { "env TERM=dumb " COUNTS "--format npy -o bar --checkpoint saved", "" },
        { COUNTS "--format npy -o bar --json --checkpoint saved",
          "{\"event\":*}\r\n**{\"event\":*\"done\":8,*}\r\n" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        gate_shut(true);
        running r = running_start(cases[i].command, 80);
        CU_ASSERT(await_saved_twice(&r, "saved"));
        gate_shut(false);
        check_ended(&r, 0, cases[i].said);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "events are one a line", events_are_one_a_line },
        { "short work says nothing", short_work_says_nothing },
        { "long work says a line now and then", long_work_says_a_line_now_and_then },
        { "quiet work is quiet", quiet_work_is_quiet },
        { "a bar is drawn and cleared", a_bar_is_drawn_and_cleared },
        { "no bar is drawn for programs", no_bar_is_drawn_for_programs },
        { 0 }
    };
    counting_prepare();
    return run_tests("progress", tests);
}
