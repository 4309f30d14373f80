/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

/* ---- Amounts as words ---- */

static const char *rate_text(double rate, char buffer[32])
{
    snprintf(buffer, 32, rate >= 100 ? "%.0f/s" : rate >= 1 ? "%.1f/s" : "%.2g/s", rate);
    return buffer;
}

/* "2 min 50 s": two units at most. */
static const char *time_text(double seconds, char buffer[64])
{
    static const struct { int64_t size, next; const char *name, *next_name; } units[] = {
        { 86400, 3600, "d", "h" }, { 3600, 60, "h", "min" }, { 60, 1, "min", "s" },
    };
    int64_t s = seconds < 1e9 ? (int64_t)(seconds + 0.5) : 1000000000;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (s >= units[i].size) {
            snprintf(buffer, 64, "%" PRId64 " %s %" PRId64 " %s", s / units[i].size, units[i].name,
                     s % units[i].size / units[i].next, units[i].next_name);
            return buffer;
        }
    snprintf(buffer, 64, "%" PRId64 " s", s);
    return buffer;
}

/* Of this part and of all that come after it. */
static double seconds_left(const cli_progress *p, const ray_progress *now)
{
    int64_t parts_after = now->parts - now->part - 1;
    int64_t steps = now->total - now->done + (parts_after > 0 ? parts_after * now->total : 0);
    return steps > 0 ? (double)steps / p->rate : 0;
}

/* "rise", "rise, target 2 of 3" */
static void name_text(const cli_progress *p, const ray_progress *now, char *buffer, size_t size)
{
    if (now->parts > 1)
        snprintf(buffer, size, "%s, %s %" PRId64 " of %" PRId64, now->method, p->part_name,
                 now->part + 1, now->parts);
    else
        snprintf(buffer, size, "%s", now->method);
}

/* "45.2/s" and "2 min 50 s left" with `between` before each; "" when they are not known. */
static void speed_text(const cli_progress *p, const ray_progress *now, const char *between,
                       char *buffer, size_t size)
{
    char rate[32], left[64];
    buffer[0] = '\0';
    if (p->rate > 0)
        snprintf(buffer, size, "%s%s%s%s left", between, rate_text(p->rate, rate), between,
                 time_text(seconds_left(p, now), left));
}

/* ---- A bar on a terminal ---- */

static int terminal_width(void)
{
    struct winsize size;
    bool known = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col;
    return known ? size.ws_col : 80;
}

/* " [=====>    ]" of `width` characters; none when there is no room for it. */
static void bar_text(const ray_progress *now, int width, char *buffer)
{
    int room = width - 3, full = (int)((double)now->done / (double)now->total * room);
    buffer[0] = '\0';
    if (room < 4)
        return;
    memcpy(buffer, " [", 2);
    for (int i = 0; i < room; i++)
        buffer[2 + i] = i < full ? '=' : i == full ? '>' : ' ';
    memcpy(buffer + 2 + room, "]", 2);
}

/* Leaves room at the end for the "^C" that a terminal may print. */
static void show_bar(cli_progress *p, const ray_progress *now)
{
    enum { WIDEST_BAR = 40, MARGIN = 3 };
    char name[256], counts[128], speed[128], bar[WIDEST_BAR + 1];
    int width = terminal_width() - MARGIN;
    name_text(p, now, name, sizeof name);
    int digits = snprintf(NULL, 0, "%" PRId64, now->total);
    snprintf(counts, sizeof counts, "%*" PRId64 "/%" PRId64 " %s", digits, now->done, now->total,
             now->steps);
    speed_text(p, now, "  ", speed, sizeof speed);
    int room = width - (int)(strlen(name) + strlen(counts) + strlen(speed)) - 1;
    bar_text(now, room < WIDEST_BAR ? room : WIDEST_BAR, bar);
    char line[sizeof name + sizeof counts + sizeof speed + sizeof bar];
    snprintf(line, sizeof line, "%s%s %s%s", name, bar, counts, speed);
    fprintf(stderr, "\r\033[K%.*s", width > 0 ? width : 0, line);
    p->drawn = true;
}

void cli_progress_clear(cli_progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = false;
}

/* ---- Lines and events ---- */

static void show_line(cli_progress *p, const ray_progress *now)
{
    char name[256], speed[128];
    name_text(p, now, name, sizeof name);
    speed_text(p, now, ", ", speed, sizeof speed);
    fprintf(stderr, "rayinterp: %s: %" PRId64 " of %" PRId64 " %s%s\n", name, now->done, now->total,
            now->steps, speed);
}

static void show_event(cli_progress *p, const ray_progress *now)
{
    bool known = p->rate > 0;
    json_t *event = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:I}", "event", "progress",
                              "method", now->method, "steps", now->steps,
                              "done", (json_int_t)now->done, "total", (json_int_t)now->total,
                              "rate", known ? json_real(p->rate) : json_null(),
                              "seconds_left", known ? json_real(seconds_left(p, now)) : json_null(),
                              "part", (json_int_t)now->part, "parts", (json_int_t)now->parts);
    char *text = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(4)) : NULL;
    if (text)
        fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(event);
}

/* ---- When ---- */

static const struct style {
    void (*show)(cli_progress *p, const ray_progress *now);
    double interval;                /* seconds */
    bool   ends;                    /* the first and the last of a part are always shown */
} styles[] = {
    [CLI_PROGRESS_BAR] = { show_bar, 0.1, false },
    [CLI_PROGRESS_LINES] = { show_line, 5, false },
    [CLI_PROGRESS_EVENTS] = { show_event, 0.5, true },
};

/* A terminal that cannot clear a line is none. */
static bool is_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind && *kind && strcmp(kind, "dumb");
}

cli_progress cli_progress_start(bool quiet, bool json, const char *part_name)
{
    cli_progress p = { .part_name = part_name };
    p.style = quiet ? CLI_PROGRESS_NONE : json ? CLI_PROGRESS_EVENTS
                    : is_terminal() ? CLI_PROGRESS_BAR : CLI_PROGRESS_LINES;
    return p;
}

/* Before its first part a method has not said anything. */
static void start_method(cli_progress *p, double time)
{
    p->part = -1;
    p->rate = 0;
    p->shown_time = time;
}

/* Work that goes on from a checkpoint has done much at its first report: it counts from there. */
static bool start_part(cli_progress *p, const ray_progress *now, double time)
{
    if (p->part == now->part)
        return false;
    p->part = now->part;
    p->base_done = now->done;
    p->base_time = time;
    return true;
}

void cli_progress_take(cli_progress *p, const ray_progress *now)
{
    const struct style *style = &styles[p->style];
    double time = cli_now();
    if (now->total <= 0)
        start_method(p, time);
    if (now->total <= 0 || p->style == CLI_PROGRESS_NONE)
        return;
    bool first = start_part(p, now, time), last = now->done >= now->total;
    if (!first && now->done > p->base_done && time > p->base_time)
        p->rate = (double)(now->done - p->base_done) / (time - p->base_time);
    if (time - p->shown_time < style->interval && !(style->ends && (first || last)))
        return;
    p->shown_time = time;
    style->show(p, now);
}
