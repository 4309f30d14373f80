/* SPDX-License-Identifier: MIT */
/* testing.h - what the suites share: where the source is, and a main function that runs a table of tests. */
#ifndef RAY_TESTS_TESTING_H
#define RAY_TESTS_TESTING_H

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rayinterp.h"

/* RAY_SOURCE_DIR / path, in one of a few buffers that are used in turn. */
static inline const char *source_path(const char *path)
{
    static char buffers[8][4096];
    static unsigned next;
    char *buffer = buffers[next++ % 8];
    const char *root = getenv("RAY_SOURCE_DIR");
    snprintf(buffer, sizeof buffers[0], "%s/%s", root ? root : ".", path);
    return buffer;
}

/* Fails the running test and says which case of its table it was. */
#define CHECK_CASE(condition, ...) do { \
        bool check_holds = (condition); \
        if (!check_holds) { \
            fprintf(stderr, "\n    "); \
            fprintf(stderr, __VA_ARGS__); \
            fprintf(stderr, "\n"); \
        } \
        CU_ASSERT(check_holds); \
    } while (0)

typedef struct named_test { const char *name; void (*run)(void); } named_test;

static inline int run_tests(const char *suite_name, const named_test *tests)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (const named_test *test = tests; test->name; test++)
        CU_add_test(suite, test->name, test->run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}

#endif
