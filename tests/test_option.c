/* SPDX-License-Identifier: MIT */
/* Options by table: defaults, descriptions, values taken and refused. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/option.h"
#include "check_text.h"

typedef struct example {
    bool        bias;
    int64_t     groups, limit;
    double      eps;
    const char *text;
    int         mode;
    ray_ints    stride, padding;
    ray_numbers mean;
} example;

#define FIELD(f) .offset = offsetof(example, f)
static const ray_option table[] = {
    { .name = "bias", .type = RAY_BOOL, FIELD(bias), .def = 1 },
    { .name = "groups", .type = RAY_INT, FIELD(groups), .def = 1, .min = 1, .max = INFINITY },
    { .name = "limit", .type = RAY_INT, FIELD(limit), .def = -1, .min = 2, .max = 9,
      .words = "none|all" },
    { .name = "eps", .type = RAY_NUMBER, FIELD(eps), .def = 1e-5, .min = 0, .max = INFINITY },
    { .name = "text", .type = RAY_STRING, FIELD(text), .words = "plain" },
    { .name = "mode", .type = RAY_ENUM, FIELD(mode), .words = "nearest|bilinear" },
    { .name = "stride", .type = RAY_INTS, .flags = RAY_REQUIRED, FIELD(stride), .def = NAN,
      .min = 1, .max = INFINITY, .count = 3 },
    { .name = "padding", .type = RAY_INTS, FIELD(padding), .def = 0, .words = "same", .count = 6 },
    { .name = "mean", .type = RAY_NUMBERS, FIELD(mean), .def = .5, .min = -1, .max = 1 },
    { 0 }
};

static void test_option_defaults(void)
{
    example e = { 0 };
    ray_options_init(table, &e);
    CU_ASSERT(e.bias);
    CU_ASSERT_EQUAL(e.groups, 1);
    CU_ASSERT_EQUAL(e.limit, -1);
    CU_ASSERT_EQUAL(e.eps, 1e-5);
    CU_ASSERT_STRING_EQUAL(e.text, "plain");
    CU_ASSERT_EQUAL(e.mode, 0);
    CU_ASSERT_EQUAL(e.stride.n, 0);
    CU_ASSERT(e.padding.n == 1 && e.padding.v[0] == 0);
    CU_ASSERT(e.mean.n == 1 && e.mean.v[0] == .5);
    ray_options_init(NULL, NULL);
}

static const struct { const char *name, *takes, *def; } described[] = {
    { "bias", "true or false", "true" },
    { "groups", "integer >= 1", "1" },
    { "limit", "integer from 2 to 9, or none, all", "none" },
    { "eps", "number >= 0", "1e-05" },
    { "text", "text", "plain" },
    { "mode", "one of nearest, bilinear", "nearest" },
    { "stride", "integer >= 1, or a list of up to 3", "required" },
    { "padding", "integer, or same, or a list of up to 6", "0" },
    { "mean", "number from -1 to 1, or a list of up to 64", "0.5" },
};

static void test_option_descriptions(void)
{
    char buffer[200], tight[4];
    for (int i = 0; i < COUNT(described); i++) {
        const ray_option *o = ray_option_find(table, described[i].name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        check_text(o->name, ray_option_describe(o, buffer, sizeof buffer), described[i].takes);
        check_text(o->name, ray_option_default(o, buffer, sizeof buffer), described[i].def);
        CU_ASSERT(strlen(ray_option_describe(o, tight, sizeof tight)) < sizeof tight);
        CU_ASSERT(strlen(ray_option_default(o, tight, sizeof tight)) < sizeof tight);
    }
    CU_ASSERT_PTR_NULL(ray_option_find(table, "absent"));
}

/* words: the list, or a single scalar; lists begin with '['.  Cuts it in place. */
static int split(char *text, const char **words, bool *is_list)
{
    int n = 0;
    *is_list = text[0] == '[';
    if (!*is_list) {
        words[0] = text;
        return 1;
    }
    for (char *word = strtok(text, "[], "); word != NULL; word = strtok(NULL, "[], "))
        words[n++] = word;
    return n;
}

static int set_option(const char *name, const char *value, example *e, ray_error *error)
{
    static char copy[400];
    const char *words[100];
    bool is_list;
    snprintf(copy, sizeof copy, "%s", value);
    int n = split(copy, words, &is_list);
    ray_options_init(table, e);
    return ray_option_set(ray_option_find(table, name), e, words, n, is_list, error);
}

static const struct { const char *name, *value, *message; } refused[] = {
    { "bias", "maybe", "bias: \"maybe\" is neither true nor false; true or false" },
    { "bias", "yes", "bias: \"yes\" is neither true nor false; true or false" },
    { "bias", "1", "bias: 1 is neither true nor false; true or false" },
    { "groups", "0", "groups: 0 is out of range; an integer >= 1" },
    { "groups", "two", "groups: \"two\" is not an integer; an integer >= 1" },
    { "groups", "1.5", "groups: 1.5 is not an integer; an integer >= 1" },
    { "groups", "99999999999999999999", "groups: 99999999999999999999 is not an integer; "
      "an integer >= 1" },
    { "groups", "[1]", "groups: a list is given; an integer >= 1" },
    { "limit", "10", "limit: 10 is out of range; an integer from 2 to 9, or none, all" },
    { "limit", "-1", "limit: -1 is out of range; an integer from 2 to 9, or none, all" },
    { "limit", "some", "limit: \"some\" is not an integer; an integer from 2 to 9, or none, all" },
    { "limit", "none|all", "limit: \"none|all\" is not an integer; an integer from 2 to 9, or "
      "none, all" },
    { "eps", "-1e-3", "eps: -1e-3 is out of range; a number >= 0" },
    { "eps", "inf", "eps: \"inf\" is not a finite number; a number >= 0" },
    { "eps", "1e999", "eps: \"1e999\" is not a finite number; a number >= 0" },
    { "mode", "cubic", "mode: \"cubic\" is unknown; one of nearest, bilinear" },
    { "mode", "", "mode: \"\" is unknown; one of nearest, bilinear" },
    { "mode", "[nearest]", "mode: a list is given; one of nearest, bilinear" },
    { "text", "[a]", "text: a list is given; text" },
    { "stride", "-1", "stride: -1 is out of range; an integer >= 1, or a list of up to 3" },
    { "stride", "[1, 0]", "stride: 0 is out of range; an integer >= 1, or a list of up to 3" },
    { "stride", "[1, x]", "stride: \"x\" is not an integer; an integer >= 1, or a list of up to "
      "3" },
    { "stride", "[]", "stride: the list is empty; an integer >= 1, or a list of up to 3" },
    { "stride", "[1, 1, 1, 1]", "stride: a list of 4 is too long; an integer >= 1, or a list of up "
      "to 3" },
    { "padding", "valid", "padding: \"valid\" is not an integer; an integer, or same, or a list of "
      "up to 6" },
    { "mean", "2", "mean: 2 is out of range; a number from -1 to 1, or a list of up to 64" },
};

static void test_option_refused(void)
{
    for (int i = 0; i < COUNT(refused); i++) {
        ray_error error = { "" };
        example e;
        CU_ASSERT_EQUAL(set_option(refused[i].name, refused[i].value, &e, &error), -1);
        check_text(refused[i].value, error.text, refused[i].message);
    }
}

static void test_option_long_word(void)
{
    char word[350];
    memset(word, 'w', sizeof word);
    word[sizeof word - 1] = '\0';
    ray_error error = { "" };
    example e;
    CU_ASSERT_EQUAL(set_option("mode", word, &e, &error), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "...\" is unknown; one of nearest, bilinear"));
}

static void test_option_accepted(void)
{
    example e = { 0 };
    CU_ASSERT(set_option("bias", "False", &e, NULL) == 0 && !e.bias);
    CU_ASSERT(set_option("bias", "TRUE", &e, NULL) == 0 && e.bias);
    CU_ASSERT(set_option("groups", "12", &e, NULL) == 0 && e.groups == 12);
    CU_ASSERT(set_option("limit", "all", &e, NULL) == 0 && e.limit == -2);
    CU_ASSERT(set_option("limit", "9", &e, NULL) == 0 && e.limit == 9);
    CU_ASSERT(set_option("eps", "3", &e, NULL) == 0 && e.eps == 3);
    CU_ASSERT(set_option("mode", "bilinear", &e, NULL) == 0 && e.mode == 1);
    CU_ASSERT(set_option("stride", "2", &e, NULL) == 0 && e.stride.n == 1 && e.stride.v[0] == 2);
    CU_ASSERT(set_option("stride", "[2, 3]", &e, NULL) == 0 && e.stride.n == 2 &&
              e.stride.v[1] == 3);
    CU_ASSERT(set_option("padding", "same", &e, NULL) == 0 && e.padding.v[0] == -1);
    CU_ASSERT(set_option("padding", "[-1, 2]", &e, NULL) == 0 && e.padding.n == 2);
    CU_ASSERT(set_option("mean", "[.1, -.2]", &e, NULL) == 0 && e.mean.n == 2 &&
              e.mean.v[1] == -.2);
    CU_ASSERT(set_option("text", "any words", &e, NULL) == 0 && strcmp(e.text, "any words") == 0);
}

static const ray_option empty_table[] = { { 0 } };

static const struct { const ray_option *table; const char *name, *message; } unknown[] = {
    { table, "groupes", "unknown attribute \"groupes\"; did you mean \"groups\"?" },
    { table, "kernel_size", "unknown attribute \"kernel_size\"; valid: bias, groups, limit, eps, "
      "text, mode, stride, padding, mean" },
    { empty_table, "bias", "unknown attribute \"bias\"; there are none" },
    { NULL, "bias", "unknown attribute \"bias\"; there are none" },
};

static void test_option_unknown(void)
{
    for (int i = 0; i < COUNT(unknown); i++) {
        ray_error error = { "" };
        CU_ASSERT_EQUAL(ray_option_unknown(unknown[i].table, "attribute", unknown[i].name, &error), -1);
        check_text(unknown[i].name, error.text, unknown[i].message);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "defaults of options", test_option_defaults },
        { "descriptions of options", test_option_descriptions },
        { "values that options refuse", test_option_refused },
        { "long words are shortened", test_option_long_word },
        { "values that options accept", test_option_accepted },
        { "unknown options", test_option_unknown },
        { NULL, NULL }
    };
    return run_tests("options", tests);
}
