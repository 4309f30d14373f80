/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static const struct { int number; const char *name; } signals[] = {
    { SIGINT, "the user" }, { SIGTERM, "SIGTERM" },
};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t came;
static struct sigaction before[N_SIGNALS];

static void take_signal(int number)
{
    came = number;
    for (int i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i].number, &before[i], NULL);
}

void cli_stop_prepare(void)
{
    struct sigaction action = { .sa_handler = take_signal, .sa_flags = SA_RESTART };
    for (int i = 0; i < N_SIGNALS; i++)
        sigaddset(&action.sa_mask, signals[i].number);
    for (int i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i].number, NULL, &before[i]);
    for (int i = 0; i < N_SIGNALS; i++)
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i].number, &action, NULL);
}

int cli_stop_signal(void)
{
    return came;
}

const char *cli_stop_name(int signal_number)
{
    for (int i = 0; i < N_SIGNALS; i++)
        if (signals[i].number == signal_number)
            return signals[i].name;
    return "";
}
