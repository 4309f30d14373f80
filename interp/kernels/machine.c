/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdatomic.h>
#include <string.h>

extern const ray_machine ray_machine_baseline;
#ifdef RAY_HAVE_AVX
extern const ray_machine ray_machine_avx2, ray_machine_avx512;
#endif

static const ray_machine plain = { .name = "plain" };

/* Best first. */
static const ray_machine *const machines[] = {
#ifdef RAY_HAVE_AVX
    &ray_machine_avx512,
    &ray_machine_avx2,
#endif
    &ray_machine_baseline,
    NULL
};

static _Atomic(const ray_machine *) chosen;

static const ray_machine *find(const char *name)
{
    for (int i = 0; machines[i]; i++) {
        if ((!name || !strcmp(machines[i]->name, name)) && machines[i]->works())
            return machines[i];
    }
    return NULL;
}

const ray_machine *ray_machine_at(int index)
{
    return machines[index];
}

const ray_machine *ray_machine_get(void)
{
    const ray_machine *machine = atomic_load(&chosen);
    if (!machine) {
        machine = find(NULL);
        atomic_store(&chosen, machine);
    }
    return machine == &plain ? NULL : machine;
}

int ray_machine_use(const char *name)
{
    const ray_machine *machine = name && !strcmp(name, plain.name) ? &plain : find(name);
    if (!machine)
        return -1;
    atomic_store(&chosen, machine);
    return 0;
}
