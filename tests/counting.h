/* SPDX-License-Identifier: MIT */
/* counting.h - long work that a test holds where it wants.
 *
 * The method "counts" of plugins_good/long_work.c waits at its third step of eight for as long as
 * there is a file called gate, so that no test depends on how fast the machine is. */
#ifndef RAY_TESTS_COUNTING_H
#define RAY_TESTS_COUNTING_H

#include <jansson.h>
#include "running.h"

#define PLUGIN "--plugin $B/tests/plugins_good/long_work.so "
#define COUNTS "$R $S/tests/graphs/labelled.yaml " PLUGIN "--rule counts --set gate=gate "

static inline void gate_shut(bool shut)
{
    if (shut)
        scratch_write("gate", "", 0);
    else
        unlink(scratch_path("gate"));
}

static inline void check_ended(running *r, int expected, const char *said)
{
    int status = running_end(r);
    CHECK_CASE(status == expected, "status %d, %d is expected", status, expected);
    CHECK_CASE(text_matches(r->said, said), "said:     %s\n    expected: %s", r->said, said);
    running_free(r);
}

/* Waits until work was saved twice: at its start and where it is held. */
static inline bool await_saved_twice(const running *r, const char *checkpoint)
{
    return running_await_file(r, checkpoint, running_await_file(r, checkpoint, 0)) != 0;
}

/* A member that is a whole number, -1: there is none. */
static inline int64_t whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static inline void counting_prepare(void)
{
    program_prepare();
    setenv("TERM", "xterm", 1);
}

#endif
