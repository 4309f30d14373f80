/* SPDX-License-Identifier: MIT */
/* program.h - the program as a child process: what it printed, and how it ended.
 *
 * Commands are lines for /bin/sh, run in the scratch folder.  $R is the program, $S the source
 * folder, $B the build folder; words are not split at blanks within these.  In what comes back SRC,
 * BUILD and TMP stand for the source, build and scratch folders. */
#ifndef RAY_TESTS_PROGRAM_H
#define RAY_TESTS_PROGRAM_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include "scratch.h"

/* status: 128 and more after a signal */
typedef struct outcome { int status; char *out, *err; } outcome;

/* The text with every `from` replaced by `to`, which is not longer. */
static inline void replace_all(char *text, const char *from, const char *to)
{
    size_t n = strlen(from), m = strlen(to);
    for (char *at = text; n >= m && n && (at = strstr(at, from)) != NULL; at += m) {
        memcpy(at, to, m);
        memmove(at + m, at + n, strlen(at + n) + 1);
    }
}

/* Folders become the names by which the tests know them. */
static inline char *plain_text(char *text)
{
    replace_all(text, getenv("B"), "BUILD");
    replace_all(text, getenv("S"), "SRC");
    replace_all(text, scratch_folder, "TMP");
    return text;
}

/* What a stream was given, without its last end of line. */
static inline char *take_text(FILE *stream)
{
    long n = fseek(stream, 0, SEEK_END) ? -1 : ftell(stream);
    char *text = n < 0 ? NULL : calloc((size_t)n + 1, 1);
    rewind(stream);
    if (!text || fread(text, 1, (size_t)n, stream) != (size_t)n)
        abort();
    fclose(stream);
    if (n && text[n - 1] == '\n')
        text[n - 1] = '\0';
    return plain_text(text);
}

static inline void set_folder(const char *name, const char *from)
{
    char *path = realpath(getenv(from), NULL);
    if (!path)
        abort();
    setenv(name, path, 1);
    free(path);
}

/* Sets $R, $S and $B; to be called first. */
static inline void program_prepare(void)
{
    char program[4096];
    scratch_path("");
    set_folder("S", "RAY_SOURCE_DIR");
    set_folder("B", "RAY_BUILD_DIR");
    snprintf(program, sizeof program, "%s/rayinterp", getenv("B"));
    setenv("R", program, 1);
    setenv("LC_ALL", "C", 1);
    setenv("OMP_NUM_THREADS", "1", 0);      /* what the tests compute is too small for more */
    unsetenv("RAYINTERP_PLUGIN_PATH");
}

static inline int spawn_shell(const char *line, FILE *out, FILE *err)
{
    extern char **environ;
    char *const words[] = { "sh", "-c", (char *)line, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), 1);
    posix_spawn_file_actions_adddup2(&actions, fileno(err), 2);
    posix_spawn_file_actions_addchdir_np(&actions, scratch_folder);
    if (posix_spawn(&child, "/bin/sh", &actions, NULL, words, environ)
        || waitpid(child, &status, 0) != child)
        abort();
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline outcome program_run(const char *command)
{
    char line[8192];
    FILE *out = tmpfile(), *err = tmpfile();
    snprintf(line, sizeof line, "IFS=; %s", command);
    if (!out || !err)
        abort();
    outcome result = { .status = spawn_shell(line, out, err) };
    result.out = take_text(out);
    result.err = take_text(err);
    return result;
}

static inline void outcome_free(outcome *result)
{
    free(result->out);
    free(result->err);
    *result = (outcome){ 0 };
}

/* The whole text is as the pattern says: '*' is anything within a line, "**" any lines. */
static inline bool text_matches(const char *text, const char *pattern)
{
    for (; *pattern && *pattern != '*'; text++, pattern++)
        if (*text != *pattern)
            return false;
    if (!*pattern)
        return !*text;
    bool lines = pattern[1] == '*';
    for (;; text++) {
        if (text_matches(text, pattern + 1 + lines))
            return true;
        if (!*text || (*text == '\n' && !lines))
            return false;
    }
}

/* out and err: patterns; NULL: nothing is printed there. */
typedef struct program_case {
    const char *command;
    int         status;
    const char *out, *err;
} program_case;

static inline void check_program(const program_case *expected)
{
    outcome o = program_run(expected->command);
    const char *out = expected->out ? expected->out : "", *err = expected->err ? expected->err : "";
    CHECK_CASE(o.status == expected->status, "%s\n      status %d, %d is expected\n      error: %s",
               expected->command, o.status, expected->status, o.err);
    CHECK_CASE(text_matches(o.out, out), "%s\n      output:   %s\n      expected: %s",
               expected->command, o.out, out);
    CHECK_CASE(text_matches(o.err, err), "%s\n      error:    %s\n      expected: %s",
               expected->command, o.err, err);
    outcome_free(&o);
}

#define CHECK_PROGRAMS(table) do { \
        for (size_t row = 0; row < sizeof(table) / sizeof *(table); row++) \
            check_program(&(table)[row]); \
    } while (0)

#endif
