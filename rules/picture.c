/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ray_rules.h"

enum { SHAPE_TEXT = 192 };

/* "3x80x80": all but the batch */
static const char *shape_text(const ray_tensor *tensor, char buffer[SHAPE_TEXT])
{
    int used = 0;
    buffer[0] = '\0';
    for (int32_t i = 1; i < tensor->rank && used < SHAPE_TEXT; i++)
        used += snprintf(buffer + used, (size_t)(SHAPE_TEXT - used), "%s%lld", i > 1 ? "x" : "",
                         (long long)tensor->dim[i]);
    return buffer;
}

int ray_check_picture(ray_run *run)
{
    char shape[SHAPE_TEXT];
    if (run->image->rank == 4)
        return 0;
    return run->host->fail(run, "the network's input, %s, is not a picture: the method needs one "
                           "of channels x height x width", shape_text(run->image, shape));
}

int64_t ray_count_classes(ray_run *run)
{
    const ray_tensor *output = run->host->output(run);
    char shape[SHAPE_TEXT];
    if (ray_count_positions(output) == 1)
        return output->dim[1];
    run->host->fail(run, "the network's output, %s, is not class scores: the method needs one "
                    "number for each class, not %lld", shape_text(output, shape),
                    (long long)ray_count_positions(output));
    return 0;
}

const ray_tensor *ray_read_finite(ray_run *run, const char *path)
{
    const ray_tensor *array = run->host->read_array(run, path);
    for (int64_t i = 0; array && i < ray_count(array); i++)
        if (!isfinite(array->data[i])) {
            run->host->fail(run, "%s: it holds NaN or infinity", path);
            return NULL;
        }
    return array;
}

float *ray_floats_create(ray_run *run, int64_t n)
{
    ray_tensor *memory = run->host->scratch(run, 1, &n);
    if (!memory)
        return NULL;
    memset(memory->data, 0, (size_t)n * sizeof *memory->data);
    return memory->data;
}

double *ray_sums_create(ray_run *run, int64_t n)
{
    return (double *)(void *)ray_floats_create(run, n * (int64_t)(sizeof(double) / sizeof(float)));
}

/* Pictures first ... first + items - 1; NULL after fail(). */
static const ray_tensor *send_back(ray_run *run, int64_t first, int64_t items,
                                   ray_make_picture *make, void *context)
{
    const ray_host *host = run->host;
    int64_t size = ray_count(run->image) / run->image->dim[0];
    ray_tensor *batch = host->batch(run, items);
    for (int64_t i = 0; batch && i < items; i++)
        make(context, first + i, batch->data + i * size);
    if (!batch || host->forward(run) || host->backward(run, NULL))
        return NULL;
    return host->signal(run, run->layer);
}

int64_t ray_sum_signals(ray_run *run, int64_t total, ray_make_picture *make, void *context,
                        double *sums, int64_t n)
{
    const ray_block block = { sums, (size_t)n * sizeof *sums };
    int64_t done = run->host->resume(run, &block, 1);
    while (done >= 0 && done < total) {
        int64_t items = total - done < run->batch_max ? total - done : run->batch_max;
        const ray_tensor *signals = send_back(run, done, items, make, context);
        if (!signals)
            return -1;
        for (int64_t i = 0; i < items; i++)
            for (int64_t u = 0; u < n; u++)
                sums[u] += (double)signals->data[i * n + u];
        done += items;
        if (run->host->progress(run, done, total))
            break;
    }
    return done;
}
