/* SPDX-License-Identifier: MIT */
/* progress.h - how far long work has come, on standard error: a bar on a terminal, now and then a
 * line elsewhere, one JSON object a line with --json, nothing with --quiet.
 *
 * An event: {"event": "progress", "method", "steps", "done", "total", "rate", "seconds_left",
 * "part", "parts"}.  The rate is in steps a second of this run alone, and the time left that of all
 * parts; both are null as long as they are not known.  The first and the last event of each part
 * are always there, others at most twice a second. */
#ifndef RAY_CLI_PROGRESS_H
#define RAY_CLI_PROGRESS_H

#include "rayinterp.h"

typedef enum cli_progress_style {
    CLI_PROGRESS_NONE, CLI_PROGRESS_BAR, CLI_PROGRESS_LINES, CLI_PROGRESS_EVENTS
} cli_progress_style;

typedef struct cli_progress {
    cli_progress_style style;
    const char *part_name;          /* what parts are: "target", "item" */
    int64_t     part;               /* that is going on; -1: none yet */
    int64_t     base_done;          /* where the rate is counted from */
    double      base_time;
    double      rate;               /* steps a second; 0: not known yet */
    double      shown_time;
    bool        drawn;              /* there is a bar on the terminal */
} cli_progress;

cli_progress cli_progress_start(bool quiet, bool json, const char *part_name);

/* Takes what a listener is told; shows it when it is time to. */
void cli_progress_take(cli_progress *p, const ray_progress *now);

/* Clears the bar, before something else is said. */
void cli_progress_clear(cli_progress *p);

#endif
