/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "bench.h"

double ray_process_peak_resident(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long long kib = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    return 1024.0 * (double)kib;
}
