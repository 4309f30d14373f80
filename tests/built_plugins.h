/* SPDX-License-Identifier: MIT */
/* built_plugins.h - the plugins of plugins_broken/ and plugins_good/, and their messages. */
#ifndef RAY_TESTS_BUILT_PLUGINS_H
#define RAY_TESTS_BUILT_PLUGINS_H

#include "check_text.h"
#include "explaining.h"
#include "program.h"

/* A plugin that the tests were built with: BUILD/tests/FOLDER/NAME.so. */
static inline const char *built(const char *folder, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/%s/%s.so", getenv("B"), folder, name);
    return path;
}

/* A message is as the pattern of text_matches() says; `of`: of which case. */
static inline void check_message(const char *of, ray_error *error, const char *pattern)
{
    plain_text(error->text);
    CHECK_CASE(text_matches(error->text, pattern), "%s\n      found:    %s\n      expected: %s", of,
               error->text, pattern);
}

#endif
