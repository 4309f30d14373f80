/* SPDX-License-Identifier: MIT */
/* Errors, memory, texts, files, options and random numbers. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/random.h"
#include "base/text.h"
#include "check_text.h"

/* ---- Errors ---- */

static void test_error_keeps_first(void)
{
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_fail(&error, "first %d", 1), -1);
    CU_ASSERT_EQUAL(ray_fail(&error, "second"), -1);
    CU_ASSERT_EQUAL(ray_fail_at(&error, "x.yaml", (ray_mark){ 1, 1 }, "third"), -1);
    CU_ASSERT_EQUAL(ray_fail_memory(&error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "first 1");
}

static void test_error_may_be_null(void)
{
    CU_ASSERT_EQUAL(ray_fail(NULL, "lost"), -1);
    CU_ASSERT_EQUAL(ray_fail_at(NULL, "x", (ray_mark){ 1, 1 }, "lost"), -1);
    CU_ASSERT_EQUAL(ray_fail_memory(NULL), -1);
    CU_ASSERT_EQUAL(ray_fail_prefix(NULL, "lost"), -1);
}

static void test_error_place(void)
{
    ray_error error = { "" }, nowhere = { "" };
    ray_fail_at(&error, "x.yaml", (ray_mark){ 3, 14 }, "%s", "odd");
    CU_ASSERT_STRING_EQUAL(error.text, "x.yaml:3:14: odd");
    ray_fail_at(&nowhere, "x.yaml", (ray_mark){ 0, 0 }, "odd");
    CU_ASSERT_STRING_EQUAL(nowhere.text, "x.yaml: odd");
}

static void test_error_prefix(void)
{
    ray_error error = { "" };
    ray_fail(&error, "too large");
    CU_ASSERT_EQUAL(ray_fail_prefix(&error, "conv2d \"%s\": ", "c3"), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "conv2d \"c3\": too large");
}

static const struct { const char *given, *shown; } unclean[] = {
    { "plain", "plain" },
    { "line\nbreak\tand\rmore", "line?break?and?more" },
    { "\x1b[31mred\x7f", "?[31mred?" },
    { "caf\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x90\xb1", "caf\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x90\xb1" },
    { "\xc2\x9b" "31m", "??31m" },
    { "\xff\xfe", "??" },
    { "\xc3", "?" },
    { "\xc0\x80 \xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xf5", "?? ??? ??? ???? ?" },
};

static void test_error_clean(void)
{
    for (int i = 0; i < COUNT(unclean); i++) {
        ray_error error = { "" };
        ray_fail(&error, "%s", unclean[i].given);
        check_text(unclean[i].given, error.text, unclean[i].shown);
    }
}

static void test_error_shortens(void)
{
    enum { LONG = 100000 };
    char *name = ray_alloc(LONG + 1, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    memset(name, 'a', LONG);
    ray_error error = { "" };
    ray_fail(&error, "layer \"%s\" is unknown", name);
    CU_ASSERT_EQUAL(strlen(error.text), strlen("layer \"\" is unknown") + 160 + 3 + 64);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "aaa...aaa"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "a\" is unknown"));
    for (int i = 0; i < LONG; i += 2)
        name[i] = ' ';
    ray_error full = { "" };
    ray_fail(&full, "%s", name);
    CU_ASSERT_EQUAL(strlen(full.text), sizeof full.text - 1);
    CU_ASSERT_STRING_EQUAL(full.text + sizeof full.text - 4, "...");
    ray_fail_prefix(&full, "more ");
    CU_ASSERT_EQUAL(strlen(full.text), sizeof full.text - 1);
    free(name);
}

/* ---- Memory ---- */

static void test_memory_limits(void)
{
    CU_ASSERT_PTR_NULL(ray_alloc(SIZE_MAX / 2, 4));
    CU_ASSERT_PTR_NULL(ray_alloc(SIZE_MAX, 1));
    CU_ASSERT_PTR_NULL(ray_grow(NULL, SIZE_MAX / 8 + 1, 8));
    CU_ASSERT_PTR_NULL(ray_alloc_aligned(SIZE_MAX - 10));
    void *nothing = ray_alloc(0, 8);
    CU_ASSERT_PTR_NOT_NULL(nothing);
    free(nothing);
}

static void test_memory_aligned(void)
{
    static const size_t sizes[] = { 0, 1, 64, 4097, (8u << 20) + 1 };
    for (int i = 0; i < COUNT(sizes); i++) {
        char *memory = ray_alloc_aligned(sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        CU_ASSERT_EQUAL((uintptr_t)memory % (sizes[i] > (4u << 20) ? 2u << 20 : 64), 0);
        memset(memory, 1, sizes[i]);
        free(memory);
    }
}

static void test_arena(void)
{
    ray_arena arena = { 0 };
    for (size_t n = 0; n < 300; n++) {
        unsigned char *piece = ray_arena_alloc(&arena, n, 7);
        CU_ASSERT_PTR_NOT_NULL_FATAL(piece);
        CU_ASSERT_EQUAL((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < n * 7; i++)
            CU_ASSERT_EQUAL_FATAL(piece[i], 0);
        memset(piece, 0xee, n * 7);
    }
    CU_ASSERT_PTR_NOT_NULL(ray_arena_alloc(&arena, 1000000, 3));
    CU_ASSERT_PTR_NULL(ray_arena_alloc(&arena, SIZE_MAX / 2, 3));
    CU_ASSERT_STRING_EQUAL(ray_arena_copy(&arena, "word"), "word");
    CU_ASSERT_PTR_NULL(ray_arena_copy(&arena, NULL));
    CU_ASSERT_STRING_EQUAL(ray_arena_format(&arena, "%d-%s", 7, "x"), "7-x");
    ray_arena_free(&arena);
    CU_ASSERT_PTR_NULL(arena.last);
    ray_arena_free(&arena);
}

static const struct { int64_t a, b; bool product, sum; } counts[] = {
    { 3, 5, true, true },
    { (int64_t)1 << 24, (int64_t)1 << 24, true, true },
    { (int64_t)1 << 25, (int64_t)1 << 24, false, true },
    { INT64_MAX, 2, false, false },
    { INT64_MAX, INT64_MAX, false, false },
    { INT64_MIN, -1, false, false },
    { -3, 5, false, true },
    { -3, 1, false, false },
    { 0, INT64_MAX, true, false },
};

static void test_checked_counts(void)
{
    for (int i = 0; i < COUNT(counts); i++) {
        int64_t result;
        CU_ASSERT_EQUAL(ray_multiply_checked(counts[i].a, counts[i].b, &result), counts[i].product);
        CU_ASSERT_EQUAL(ray_add_checked(counts[i].a, counts[i].b, &result), counts[i].sum);
    }
}

/* ---- Texts ---- */

static const struct { const char *text; bool valid; int64_t value; } ints[] = {
    { "0", true, 0 }, { "-7", true, -7 }, { "+7", true, 7 }, { "0012", true, 12 },
    { "9223372036854775807", true, INT64_MAX }, { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808", false, 0 }, { "", false, 0 }, { "-", false, 0 }, { " 1", false, 0 },
    { "1 ", false, 0 }, { "1.0", false, 0 }, { "1e3", false, 0 }, { "0x10", false, 0 },
    { "--1", false, 0 }, { "one", false, 0 },
};

static void test_parse_int(void)
{
    for (int i = 0; i < COUNT(ints); i++) {
        int64_t value = 0;
        bool valid = ray_parse_int(ints[i].text, &value);
        CHECK_CASE(valid == ints[i].valid && (!valid || value == ints[i].value), "%s",
                   ints[i].text);
    }
}

static const struct { const char *text; bool valid; double value; } numbers[] = {
    { "0", true, 0 }, { "-1.5", true, -1.5 }, { ".5", true, .5 }, { "5.", true, 5 },
    { "1e-3", true, 1e-3 }, { "+2E+2", true, 200 }, { "1e308", true, 1e308 },
    { "1e309", false, 0 }, { "-1e999", false, 0 }, { "inf", false, 0 }, { "nan", false, 0 },
    { ".inf", false, 0 }, { "0x1p3", false, 0 }, { "1e", false, 0 }, { ".", false, 0 },
    { "", false, 0 }, { "1,5", false, 0 }, { "1.5f", false, 0 }, { " 1", false, 0 },
    { "1e-400", true, 0 },
};

static void test_plain_text(void)
{
    static const struct { const char *text; bool plain; } texts[] = {
        { "", true }, { "tiger cat", true }, { "caf\xc3\xa9", true }, { "\xf0\x9f\x90\x88", true },
        { "caf\xe9", false }, { "a\tb", false }, { "\033[31m", false }, { "\x7f", false },
        { "\xc2\x85", false }, { "\xc0\xaf", false }, { "\xed\xa0\x80", false }, { "\xe2\x82", false },
        { "\xf4\x90\x80\x80", false }, { "\x80", false },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK_CASE(ray_text_is_plain(texts[i].text) == texts[i].plain, "text %d", (int)i);
}

static void test_parse_number(void)
{
    for (int i = 0; i < COUNT(numbers); i++) {
        double value = 0;
        bool valid = ray_parse_number(numbers[i].text, &value);
        CHECK_CASE(valid == numbers[i].valid && (!valid || value == numbers[i].value), "%s",
                   numbers[i].text);
    }
}

static const struct { const char *word, *hint; } slips[] = {
    { "kernel_sise", "; did you mean \"kernel_size\"?" },
    { "kernelsize", "; did you mean \"kernel_size\"?" },
    { "kernel-size", "; did you mean \"kernel_size\"?" },
    { "Stride", "; did you mean \"stride\"?" },
    { "stirde", "; did you mean \"stride\"?" },
    { "pading", "; did you mean \"padding\"?" },
    { "output", "" },
    { "x", "" },
    { "", "" },
};

static void test_nearest(void)
{
    static const char *const names[] = { "kernel_size", "stride", "padding", "dilation" };
    char buffer[100], tight[8];
    for (int i = 0; i < COUNT(slips); i++) {
        ray_nearest nearest = ray_nearest_start(slips[i].word);
        for (int k = 0; k < COUNT(names); k++)
            ray_nearest_offer(&nearest, names[k]);
        check_text(slips[i].word, ray_nearest_hint(&nearest, buffer, sizeof buffer), slips[i].hint);
        CU_ASSERT(strlen(ray_nearest_hint(&nearest, tight, sizeof tight)) < sizeof tight);
    }
}

static void test_nearest_long(void)
{
    char word[1000], buffer[100];
    memset(word, 'a', sizeof word);
    word[sizeof word - 1] = '\0';
    ray_nearest nearest = ray_nearest_start(word);
    ray_nearest_offer(&nearest, word);
    CU_ASSERT_STRING_EQUAL(ray_nearest_hint(&nearest, buffer, sizeof buffer), "");
}

static void test_ends_with(void)
{
    CU_ASSERT(ray_ends_with("a.NPY", ".npy"));
    CU_ASSERT(ray_ends_with(".npy", ".npy"));
    CU_ASSERT(!ray_ends_with("npy", ".npy"));
    CU_ASSERT(!ray_ends_with("a.npyx", ".npy"));
}

/* ---- Files ---- */

static char folder[] = "/tmp/rayinterp-base-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void test_file_write_and_read(void)
{
    ray_error error = { "" };
    ray_output output;
    ray_mapping mapping;
    const char *path = in_folder("a.txt");
    CU_ASSERT_EQUAL_FATAL(ray_output_open(&output, path, &error), 0);
    CU_ASSERT(fputs("hello", output.stream) >= 0);
    CU_ASSERT(!exists(path));
    CU_ASSERT_EQUAL_FATAL(ray_output_commit(&output, &error), 0);
    ray_output_discard(&output);
    CU_ASSERT_EQUAL_FATAL(ray_mapping_open(&mapping, path, &error), 0);
    CU_ASSERT_EQUAL(mapping.size, 5);
    CU_ASSERT_EQUAL(memcmp(mapping.data, "hello", 5), 0);
    ray_mapping_close(&mapping);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

/* After an unfinished write what was there is still there, and nothing else. */
static void test_file_discard(void)
{
    ray_error error = { "" };
    ray_output output;
    ray_mapping mapping;
    const char *path = in_folder("b.txt");
    CU_ASSERT_EQUAL_FATAL(ray_output_open(&output, path, &error), 0);
    CU_ASSERT_EQUAL_FATAL(ray_output_commit(&output, &error), 0);
    CU_ASSERT_EQUAL_FATAL(ray_output_open(&output, path, &error), 0);
    CU_ASSERT(fputs("half", output.stream) >= 0);
    ray_output_discard(&output);
    CU_ASSERT_EQUAL_FATAL(ray_mapping_open(&mapping, path, &error), 0);
    CU_ASSERT_EQUAL(mapping.size, 0);
    CU_ASSERT_PTR_NULL(mapping.data);
    ray_mapping_close(&mapping);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void test_file_full_disk(void)
{
    ray_error error = { "" };
    ray_output output;
    const char *path = in_folder("c.txt");
    CU_ASSERT_EQUAL_FATAL(ray_output_open(&output, path, &error), 0);
    fclose(output.stream);
    output.stream = fopen("/dev/full", "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(output.stream);
    fputs("lost", output.stream);
    CU_ASSERT_EQUAL(ray_output_commit(&output, &error), -1);
    char expected[300];
    snprintf(expected, sizeof expected, "cannot write %s: No space left on device", path);
    CU_ASSERT_STRING_EQUAL(error.text, expected);
    CU_ASSERT(!exists(path));
}

static const struct { const char *path, *message; } unwritable[] = {
    { "/nonexistent/ebp.png", "cannot write /nonexistent/ebp.png: No such file or directory" },
    { "/dev/null/ebp.png", "cannot write /dev/null/ebp.png: Not a directory" },
    { "/dev/null", "cannot write /dev/null: it is not a regular file" },
    { "/tmp", "cannot write /tmp: it is a folder" },
};

static void test_file_unwritable(void)
{
    for (int i = 0; i < COUNT(unwritable); i++) {
        ray_error error = { "" };
        ray_output output;
        CU_ASSERT_EQUAL(ray_output_open(&output, unwritable[i].path, &error), -1);
        check_text(unwritable[i].path, error.text, unwritable[i].message);
        ray_output_discard(&output);
    }
}

static const struct { const char *path, *message; } unreadable[] = {
    { "/nonexistent/x", "cannot read /nonexistent/x: No such file or directory" },
    { "", "cannot read : No such file or directory" },
    { "/tmp", "cannot read /tmp: it is a folder" },
    { "/dev/zero", "cannot read /dev/zero: it is not a regular file" },
};

static void test_file_unreadable(void)
{
    for (int i = 0; i < COUNT(unreadable); i++) {
        ray_error error = { "" };
        ray_mapping mapping;
        CU_ASSERT_EQUAL(ray_mapping_open(&mapping, unreadable[i].path, &error), -1);
        check_text(unreadable[i].path, error.text, unreadable[i].message);
        ray_mapping_close(&mapping);
    }
}

static void test_file_pipe(void)
{
    ray_error error = { "" };
    ray_mapping mapping;
    const char *path = in_folder("pipe");
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(ray_mapping_open(&mapping, path, &error), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "it is not a regular file"));
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static const struct { const char *folder, *name, *joined; } joins[] = {
    { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { "a", "/b", "/b" },
    { "", "b", "b" }, { ".", "b", "./b" },
};

static const struct { const char *path, *folder; } folders[] = {
    { "b", "." }, { "a/b", "a" }, { "/b", "/" }, { "/a/b", "/a" }, { "a/b/", "a/b" },
};

static void test_paths(void)
{
    for (int i = 0; i < COUNT(joins); i++) {
        char *path = ray_path_join(joins[i].folder, joins[i].name);
        check_text(joins[i].joined, path, joins[i].joined);
        free(path);
    }
    for (int i = 0; i < COUNT(folders); i++) {
        char *path = ray_path_folder(folders[i].path);
        check_text(folders[i].path, path, folders[i].folder);
        free(path);
    }
}

/* ---- Options ---- */

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

/* ---- Random numbers ---- */

/* The C++ standard states the 10000th number of seed 5489; the others are those that NumPy's and
 * Python's generators give from the same seeds. */
static const struct { uint64_t seed; int position; uint32_t value; } drawn[] = {
    { 5489, 1, 3499211612u },
    { 5489, 2, 581869302u },
    { 5489, 10000, 4123659995u },
    { 0, 1, 2357136044u },
    { 1, 1, 1791095845u },
    { (1ull << 32) + 5489, 1, 3499211612u },
};

static void test_random(void)
{
    for (int i = 0; i < COUNT(drawn); i++) {
        ray_random random;
        uint32_t value = 0;
        ray_random_seed(&random, drawn[i].seed);
        for (int k = 0; k < drawn[i].position; k++)
            value = ray_random_next(&random);
        CU_ASSERT_EQUAL(value, drawn[i].value);
    }
}

static void test_random_uniform(void)
{
    ray_random random, same;
    ray_random_seed(&random, 7);
    ray_random_seed(&same, 7);
    for (int i = 0; i < 2000; i++) {
        double u = ray_random_uniform(&random);
        CU_ASSERT(u >= 0 && u < 1);
        CU_ASSERT_EQUAL(u * 16777216, ray_random_next(&same) % 16777216);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "the first error stays", test_error_keeps_first },
        { "errors may be unwanted", test_error_may_be_null },
        { "errors have a place", test_error_place },
        { "errors get prefixes", test_error_prefix },
        { "errors are clean text", test_error_clean },
        { "errors are one line of bounded length", test_error_shortens },
        { "sizes that overflow are refused", test_memory_limits },
        { "aligned memory", test_memory_aligned },
        { "arena", test_arena },
        { "checked counts", test_checked_counts },
        { "integers", test_parse_int },
        { "numbers", test_parse_number },
        { "plain text", test_plain_text },
        { "nearest names", test_nearest },
        { "long names are no slips", test_nearest_long },
        { "endings", test_ends_with },
        { "files are written whole", test_file_write_and_read },
        { "or not at all", test_file_discard },
        { "a full disk", test_file_full_disk },
        { "places that cannot be written", test_file_unwritable },
        { "files that cannot be read", test_file_unreadable },
        { "a pipe does not block", test_file_pipe },
        { "paths", test_paths },
        { "defaults of options", test_option_defaults },
        { "descriptions of options", test_option_descriptions },
        { "values that options refuse", test_option_refused },
        { "long words are shortened", test_option_long_word },
        { "values that options accept", test_option_accepted },
        { "unknown options", test_option_unknown },
        { "Mersenne Twister", test_random },
        { "uniform numbers", test_random_uniform },
        { NULL, NULL }
    };
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    int status = run_tests("base", tests);
    rmdir(folder);
    return status;
}
