/* SPDX-License-Identifier: MIT */
/* services.c - the table that a plugin finds in run->host, and its smaller services. */
#include "services.h"

#include "fingerprint.h"
#include "map/map.h"

/* ---- Means ---- */

static ray_tensor *scratch(ray_run *run, int32_t rank, const int64_t *dim)
{
    ray_tensor *tensor = ray_scratch_take(&ray_session_of(run)->scratch, rank, dim);
    if (!tensor)
        ray_fail_memory(ray_session_of(run)->error);
    return tensor;
}

static uint32_t next_random(ray_run *run)
{
    return ray_random_next(&ray_session_of(run)->random);
}

static void random_seed(ray_run *run, uint64_t seed)
{
    ray_random_seed(&ray_session_of(run)->random, seed);
}

static void parallel(ray_run *run, int64_t n, void (*work)(void *context, int64_t i),
                     void *context)
{
    (void)run;
    #pragma omp parallel for schedule(dynamic, 1) if (n > 1)
    for (int64_t i = 0; i < n; i++)
        work(context, i);
}

static int blur(ray_run *run, ray_tensor *planes, double sigma, ray_border border)
{
    ray_error error = { "" };
    if (ray_map_blur(planes, sigma, border, &error))
        return ray_service_fail(run, "%s", error.text);
    return 0;
}

static const ray_tensor *read_array(ray_run *run, const char *path)
{
    ray_session *session = ray_session_of(run);
    ray_tensor **grown = ray_grow(session->arrays, (size_t)session->n_arrays + 1, sizeof *grown);
    if (grown)
        session->arrays = grown;
    ray_tensor *array = grown ? ray_alloc(1, sizeof *array) : NULL;
    if (!array) {
        ray_fail_memory(session->error);
        return NULL;
    }
    session->arrays[session->n_arrays++] = array;
    if (ray_npy_read(path, array, session->error)) {
        ray_fail_prefix(session->error, "%s: ", session->asked);
        return NULL;
    }
    session->files_hash = ray_tensor_hash(array, session->files_hash);
    return array;
}

const ray_host ray_host_services = {
    .fail = ray_service_fail, .note = ray_service_note, .caution = ray_service_caution,
    .scratch = scratch, .random = next_random, .progress = ray_service_progress,
    .layer_forward = ray_service_layer_forward, .layer_backward = ray_service_layer_backward,
    .layer_at = ray_service_layer_at, .layer_named = ray_service_layer_named,
    .clamped_forward = ray_service_clamped_forward,
    .clamped_backward = ray_service_clamped_backward,
    .keep = ray_service_keep, .batch = ray_service_batch,
    .layer_input = ray_service_layer_input, .layer_scale = ray_service_layer_scale,
    .forward = ray_service_forward, .backward = ray_service_backward,
    .output = ray_service_output, .value = ray_service_value, .signal = ray_service_signal,
    .end_at = ray_service_end_at, .parallel = parallel, .random_seed = random_seed, .blur = blur,
    .read_array = read_array, .resume = ray_service_resume, .array = ray_service_array,
    .numbers = ray_service_numbers,
};
