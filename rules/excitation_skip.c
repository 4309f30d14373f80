/* SPDX-License-Identifier: MIT */
/* excitation_skip.c - which input of a sum is the way through the layers, and which ones skip them.
 *
 * The depth of a layer is the most weighted layers on any way from the network's input to its
 * output. */
#include <stdlib.h>

#include "excitation.h"

static int32_t find_index(ray_run *run, const ray_layer *layer)
{
    int32_t i = 0;
    while (run->host->layer_at(run, i) != layer)
        i++;
    return i;
}

/* Of input k of a layer, where those of all layers before it are known. */
static int32_t input_depth(ray_run *run, const int32_t *depth, const ray_layer *layer, int32_t k)
{
    const ray_layer *from = run->host->layer_input(run, layer, k);
    return from ? depth[find_index(run, from)] : 0;
}

static int find_depths(ray_run *run, ray_excitation_state *state)
{
    int32_t n = 0;
    while (run->host->layer_at(run, n))
        n++;
    state->depth = calloc((size_t)n + 1, sizeof *state->depth);
    if (!state->depth)
        return run->host->fail(run, "out of memory");
    for (int32_t i = 0; i < n; i++) {
        const ray_layer *layer = run->host->layer_at(run, i);
        for (int32_t k = 0; k < layer->n_in; k++) {
            int32_t depth = input_depth(run, state->depth, layer, k);
            state->depth[i] = depth > state->depth[i] ? depth : state->depth[i];
        }
        state->depth[i] += (layer->traits & RAY_LINEAR) && layer->weighted;
    }
    return 0;
}

int32_t ray_skip_find_deepest(ray_run *run, const ray_layer *sum)
{
    ray_excitation_state *state = run->state;
    int32_t deepest = -1, most = -1;
    if (!state->depth && find_depths(run, state))
        return -1;
    for (int32_t k = 0; k < sum->n_in; k++) {
        int32_t depth = input_depth(run, state->depth, sum, k);
        if (depth == most)
            deepest = -1;
        if (depth > most) {
            deepest = k;
            most = depth;
        }
    }
    return deepest;
}

void ray_excitation_finish(ray_run *run)
{
    ray_excitation_state *state = run->state;
    free(state->depth);
    state->depth = NULL;
}
