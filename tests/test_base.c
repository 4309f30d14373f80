/* SPDX-License-Identifier: MIT */
/* Errors, memory, texts, files and random numbers. */
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
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
    static const size_t sizes[] = { 0, 1, 64, 4097, 2u << 20, (8u << 20) + 1 };
    for (int i = 0; i < COUNT(sizes); i++) {
        char *memory = ray_alloc_aligned(sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        CU_ASSERT_EQUAL((uintptr_t)memory % (sizes[i] >= 2u << 20 ? 2u << 20 : 64), 0);
        memset(memory, 1, sizes[i]);
        ray_free_aligned(memory);
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

/* Where a folder can hold a file without a name, nothing is there to be left behind. */
static void test_file_without_name(void)
{
    ray_error error = { "" };
    ray_output output;
    CU_ASSERT_EQUAL_FATAL(mkdir(in_folder("alone"), 0777), 0);
    CU_ASSERT_EQUAL_FATAL(ray_output_open(&output, in_folder("alone/d.txt"), &error), 0);
    bool empty = output.temporary == NULL;
    CU_ASSERT(fputs("half", output.stream) >= 0);
    CU_ASSERT_EQUAL(rmdir(in_folder("alone")), empty ? 0 : -1);
    ray_output_discard(&output);
    CU_ASSERT_EQUAL(rmdir(in_folder("alone")), empty ? -1 : 0);
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
        { "a file without a name", test_file_without_name },
        { "a full disk", test_file_full_disk },
        { "places that cannot be written", test_file_unwritable },
        { "files that cannot be read", test_file_unreadable },
        { "a pipe does not block", test_file_pipe },
        { "paths", test_paths },
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
