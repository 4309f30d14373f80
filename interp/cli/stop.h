/* SPDX-License-Identifier: MIT */
/* stop.h - SIGINT and SIGTERM: the first asks long work to end, the second ends the program. */
#ifndef RAY_CLI_STOP_H
#define RAY_CLI_STOP_H

/* From here on these signals are noticed; one that is ignored already stays ignored. */
void cli_stop_prepare(void);

/* The signal that came, 0: none.  From then on it acts as it did before cli_stop_prepare(). */
int cli_stop_signal(void);

/* Who stopped the program: "the user", "SIGTERM". */
const char *cli_stop_name(int signal_number);

#endif
