/* SPDX-License-Identifier: MIT */
#include "fingerprint.h"

#include <string.h>
#include <xxhash.h>

#include "base/file.h"

/* Sizes are hashed with what they measure, so that no two requests look the same in a row. */
static void add(XXH3_state_t *hash, const void *data, size_t size)
{
    XXH3_128bits_update(hash, &size, sizeof size);
    XXH3_128bits_update(hash, data, size);
}

static void add_text(XXH3_state_t *hash, const char *text)
{
    add(hash, text ? text : "", text ? strlen(text) + 1 : 0);
}

static void add_texts(XXH3_state_t *hash, const char *const *texts, int n)
{
    add(hash, &n, sizeof n);
    for (int i = 0; i < n; i++)
        add_text(hash, texts[i]);
}

static void add_tensor(XXH3_state_t *hash, const ray_tensor *tensor)
{
    add(hash, tensor->dim, (size_t)tensor->rank * sizeof *tensor->dim);
    add(hash, tensor->data, (size_t)ray_tensor_size(tensor) * sizeof *tensor->data);
}

static int add_file(XXH3_state_t *hash, const char *path, ray_error *error)
{
    ray_mapping file;
    if (ray_mapping_open(&file, path, error))
        return -1;
    add(hash, file.data, file.size);
    ray_mapping_close(&file);
    return 0;
}

static int add_network(XXH3_state_t *hash, const ray_network *network, ray_error *error)
{
    const ray_graph *graph = &network->graph;
    for (int32_t w = graph->first_weight; w < graph->n_activations; w++)
        add_tensor(hash, &network->weights[w - graph->first_weight]);
    return add_file(hash, graph->path, error);
}

static void add_request(XXH3_state_t *hash, const ray_request *request)
{
    add_text(hash, ray_version());
    add_text(hash, ray_kernels_name());
    add_texts(hash, request->methods, request->n_methods);
    add_texts(hash, request->settings, request->n_settings);
    add_tensor(hash, &request->input);
    add(hash, request->targets, (size_t)request->n_targets * sizeof *request->targets);
    add_text(hash, request->layer);
    add(hash, &request->pointing, sizeof request->pointing);
    add(hash, &request->random_seed, sizeof request->random_seed);
    if (request->seed)
        add_tensor(hash, request->seed);
}

int ray_fingerprint_make(const ray_network *network, const ray_request *request,
                         ray_fingerprint *out, ray_error *error)
{
    XXH3_state_t *hash = XXH3_createState();
    if (!hash)
        return ray_fail_memory(error);
    XXH3_128bits_reset(hash);
    add_request(hash, request);
    int failed = add_network(hash, network, error);
    XXH128_hash_t sum = XXH3_128bits_digest(hash);
    *out = (ray_fingerprint){ sum.low64, sum.high64 };
    XXH3_freeState(hash);
    return failed;
}

uint64_t ray_tensor_hash(const ray_tensor *tensor, uint64_t earlier)
{
    uint64_t shape = XXH3_64bits_withSeed(tensor->dim,
                                          (size_t)tensor->rank * sizeof *tensor->dim, earlier);
    return XXH3_64bits_withSeed(tensor->data,
                                (size_t)ray_tensor_size(tensor) * sizeof *tensor->data, shape);
}
