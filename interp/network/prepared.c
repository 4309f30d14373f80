/* SPDX-License-Identifier: MIT */
#include "prepared.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* One layer, one direction. */
typedef struct slot {
    RAY_REAL *data;
    bool      used;                     /* before */
} slot;

struct ray_prepared {
    pthread_mutex_t    lock;            /* for all that follows */
    const ray_machine *machine;         /* whose kernels the slots are for */
    double             bytes;
    int32_t            n;
    slot               slots[];
};

ray_prepared *ray_prepared_create(int32_t n_layers)
{
    int32_t n = 2 * n_layers;
    ray_prepared *prepared = ray_alloc(1, sizeof *prepared + (size_t)n * sizeof(slot));
    if (!prepared)
        return NULL;
    prepared->n = n;
    pthread_mutex_init(&prepared->lock, NULL);
    return prepared;
}

void ray_prepared_free(ray_prepared *prepared)
{
    if (!prepared)
        return;
    for (int32_t i = 0; i < prepared->n; i++)
        ray_free_aligned(prepared->slots[i].data);
    pthread_mutex_destroy(&prepared->lock);
    free(prepared);
}

static bool has_room(const ray_prepared *prepared, double bytes, int64_t most)
{
    return most ? prepared->bytes + bytes <= (double)most : bytes <= 0.5 * ray_memory_available();
}

static RAY_REAL *fill(ray_prepared *prepared, slot *s, const ray_kind *kind, const ray_op *op,
                      bool gradient, int64_t most)
{
    int64_t n = kind->prepared(op, gradient);
    double bytes = (double)n * sizeof *s->data;
    if (n == 0 || !has_room(prepared, bytes, most))
        return NULL;
    s->data = ray_alloc_aligned((size_t)n * sizeof *s->data);
    if (!s->data)
        return NULL;
    kind->prepare(op, gradient, s->data);
    prepared->bytes += bytes;
    return s->data;
}

/* The first use is on the fly: a network that is used once gains nothing. */
static const RAY_REAL *get(ray_prepared *prepared, slot *s, const ray_kind *kind, const ray_op *op,
                           bool gradient, int64_t most)
{
    const ray_machine *machine = ray_machine_get();
    bool used = s->used;
    s->used = true;
    if (!prepared->machine)
        prepared->machine = machine;
    if (!used || prepared->machine != machine)
        return NULL;
    return s->data ? s->data : fill(prepared, s, kind, op, gradient, most);
}

const RAY_REAL *ray_prepared_get(ray_prepared *prepared, int32_t layer, const ray_kind *kind,
                                 const ray_op *op, bool gradient, int64_t most)
{
    if (!kind->prepared || !ray_machine_get())
        return NULL;
    pthread_mutex_lock(&prepared->lock);
    const RAY_REAL *data = get(prepared, &prepared->slots[2 * layer + gradient], kind, op, gradient,
                               most);
    pthread_mutex_unlock(&prepared->lock);
    return data;
}
