/* SPDX-License-Identifier: MIT */
/* test_layer_refusals.c - settings and shapes that layer kinds refuse, with the words they say. */
#include "check_text.h"
#include "layer_refusals.h"
#include "layer_subject.h"

static void test_refusals(void)
{
    ray_random random;
    ray_random_seed(&random, 1);
    for (int i = 0; i < COUNT(layer_refusals); i++) {
        const layer_refusal *r = &layer_refusals[i];
        ray_error error = { "" };
        char row[512];
        subject s;
        snprintf(row, sizeof row, "%s %s [%s]", r->kind, r->settings, r->inputs);
        CHECK_CASE(subject_open(&s, r->kind, r->settings, r->inputs, &random, &error) != 0,
                   "%s is accepted", row);
        check_text(row, error.text, r->message);
        subject_close(&s);
    }
}

/* What is said of kinds and attributes by `rayinterp layers` is there. */
static void test_tables(void)
{
    const ray_kind *kind;
    for (int index = 0; (kind = ray_kind_at(index)) != NULL; index++) {
        CHECK_CASE(kind->summary && *kind->summary, "%s has no summary", kind->name);
        CHECK_CASE((kind->options == NULL) == (kind->options_size == 0), "%s: size without table",
                   kind->name);
        for (const ray_option *o = kind->options; o && o->name; o++) {
            CHECK_CASE(o->help && *o->help, "%s: %s has no help", kind->name, o->name);
            CHECK_CASE(o->offset < kind->options_size, "%s: %s lies outside", kind->name, o->name);
            CHECK_CASE(o->min <= o->max, "%s: %s allows nothing", kind->name, o->name);
        }
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "what layer kinds refuse", test_refusals },
        { "tables of kinds are complete", test_tables },
        { NULL, NULL },
    };
    return run_tests("layer refusals", tests);
}
