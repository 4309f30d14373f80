/* SPDX-License-Identifier: MIT */
/* kernels.c - which inner loops compute, as a user chooses them. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernels/machine.h"

int ray_kernels_use(const char *name, ray_error *error)
{
    char possible[256] = "plain";
    if (!ray_machine_use(name))
        return 0;
    for (int i = 0; ray_machine_at(i); i++) {
        size_t used = strlen(possible);
        if (ray_machine_at(i)->works())
            snprintf(possible + used, sizeof possible - used, ", %s", ray_machine_at(i)->name);
    }
    return ray_fail(error, "kernels \"%s\": this machine has %s", name, possible);
}

const char *ray_kernels_name(void)
{
    const ray_machine *machine = ray_machine_get();
    return machine ? machine->name : "plain";
}
