/* SPDX-License-Identifier: MIT */
/* Built with a header whose structs end earlier, as those of an older minor version: what they
 * lack is zero. */
#include <string.h>

#include "ray_plugin.h"

typedef struct small_rule {
    const char *kind;
    uint32_t    traits;
    const char *layers;
    int       (*backward)(ray_run *run, const ray_call *call);
    uint32_t    reads;
} small_rule;

typedef struct small_method {
    const char       *name, *alias, *summary, *reference;
    uint32_t          flags;
    const ray_option *params;
    const small_rule *rules;
    size_t            params_size, state_size;
    int             (*prepare)(ray_run *run);
} small_method;

static int block(ray_run *run, const ray_call *call)
{
    int64_t n = 1;
    (void)run;
    for (int32_t i = 0; i < call->dout->rank; i++)
        n *= call->dout->dim[i];
    memset(call->din[0].data, 0, (size_t)n * sizeof *call->din[0].data);
    return 0;
}

static const small_rule rules[] = {
    { .kind = "relu", .layers = "relu2", .backward = block, .reads = RAY_READ_NONE },
    { .kind = "*" }, { 0 }
};
static const small_method methods[] = {
    { .name = "blocks", .summary = "nothing passes relu2", .rules = rules },
    { .name = "passes_all" }
};

extern __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry;
const ray_plugin ray_plugin_entry = { RAY_ABI_MAJOR, RAY_ABI_MINOR, 2, sizeof(small_method),
                                      sizeof(ray_option), sizeof(small_rule),
                                      (const ray_method *)methods };
