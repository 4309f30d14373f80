/* SPDX-License-Identifier: MIT */
/* check_text.h - messages as tables state them. */
#ifndef RAY_TESTS_CHECK_TEXT_H
#define RAY_TESTS_CHECK_TEXT_H

#include "testing.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Two texts are equal; row says of which case they are. */
static inline void check_text(const char *row, const char *found, const char *expected)
{
    CHECK_CASE(strcmp(found, expected) == 0, "%s\n      found:    %s\n      expected: %s", row, found,
               expected);
}

#endif
