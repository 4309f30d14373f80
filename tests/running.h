/* SPDX-License-Identifier: MIT */
/* running.h - the program while it runs: what it says on standard error, and signals to it.
 * Commands are as in program.h; the last one of a line must be the program itself. */
#ifndef RAY_TESTS_RUNNING_H
#define RAY_TESTS_RUNNING_H

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include "program.h"

/* err: the other end of its standard error.  said: what came from there so far. */
typedef struct running { pid_t child; int err; char *said; size_t n; } running;

static inline pid_t spawn_running(const char *line, int err)
{
    extern char **environ;
    char *const words[] = { "sh", "-c", (char *)line, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    sigset_t usual;
    pid_t child;
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, scratch_path("out"),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    posix_spawn_file_actions_addchdir_np(&actions, scratch_folder);
    if (posix_spawn(&child, "/bin/sh", &actions, &how, words, environ))
        abort();
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&how);
    return child;
}

/* Both ends of a pipe, or of a terminal so many columns wide (0: a pipe). */
static inline void open_ends(int columns, int ends[2])
{
    struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
    if (!columns) {
        if (pipe2(ends, O_CLOEXEC))
            abort();
        return;
    }
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[0] < 0 || grantpt(ends[0]) || unlockpt(ends[0]) || ioctl(ends[0], TIOCSWINSZ, &size))
        abort();
    ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] < 0)
        abort();
}

/* Standard output goes to the file "out".  columns: 0, or standard error is a terminal. */
static inline running running_start(const char *command, int columns)
{
    char line[8192];
    int ends[2];
    open_ends(columns, ends);
    snprintf(line, sizeof line, "IFS=; exec %s", command);
    running r = { .err = ends[0], .said = calloc(1, 1) };
    r.child = spawn_running(line, ends[1]);
    close(ends[1]);
    return r;
}

/* Reads on until a text is there (NULL: to the end); false when it never came. */
static inline bool running_hear(running *r, const char *text)
{
    char block[4096];
    ssize_t n;
    while (!text || !strstr(r->said, text)) {
        if ((n = read(r->err, block, sizeof block)) <= 0)
            return !text;
        r->said = realloc(r->said, r->n + (size_t)n + 1);
        memcpy(r->said + r->n, block, (size_t)n);
        r->said[r->n += (size_t)n] = '\0';
    }
    return true;
}

static inline bool running_has_ended(const running *r)
{
    siginfo_t info = { 0 };
    return waitid(P_PID, (id_t)r->child, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

static inline void moment_pass(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* Waits until a file is there and is another one than before; returns its number, or 0 when the
 * program ended first.  A file that is written anew becomes another one. */
static inline ino_t running_await_file(const running *r, const char *name, ino_t before)
{
    struct stat status = { 0 };
    while (stat(scratch_path(name), &status) || status.st_ino == before) {
        if (running_has_ended(r))
            return 0;
        moment_pass();
    }
    return status.st_ino;
}

/* Its exit status, or minus the signal that ended it; all that it said is there then. */
static inline int running_end(running *r)
{
    int status;
    running_hear(r, NULL);
    close(r->err);
    if (waitpid(r->child, &status, 0) != r->child)
        abort();
    plain_text(r->said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void running_free(running *r)
{
    free(r->said);
    *r = (running){ 0 };
}

#endif
