/* SPDX-License-Identifier: MIT */
/* seed.c - the signal sent back from the output (step 2 of the saliency pipeline). */
#include <math.h>
#include <string.h>

#include "session.h"

/* exp(y) over the positions of a class, divided by its sum (Zhang et al., "Top-down neural
 * attention by excitation backprop", ECCV 2016, for the pointing game); the maximum is taken off
 * against overflow. */
static void seed_pointing(const RAY_REAL *y, RAY_REAL *seed, int64_t positions)
{
    RAY_REAL top = y[0];
    double sum = 0;
    for (int64_t u = 1; u < positions; u++)
        top = y[u] > top ? y[u] : top;
    for (int64_t u = 0; u < positions; u++)
        sum += exp((double)(y[u] - top));
    for (int64_t u = 0; u < positions; u++)
        seed[u] = (RAY_REAL)(exp((double)(y[u] - top)) / sum);
}

static void seed_class(const ray_session *session, const ray_tensor *out, ray_tensor *dout,
                       int64_t item, int64_t class_index)
{
    int64_t positions = ray_tensor_item_size(out) / out->dim[1];
    int64_t at = (item * out->dim[1] + class_index) * positions;
    if (session->request->pointing)
        seed_pointing(out->data + at, dout->data + at, positions);
    else
        for (int64_t u = 0; u < positions; u++)
            dout->data[at + u] = 1;
}

/* One seed for all items, or each its own; a batch of the method's own is of one item. */
static void seed_given(const ray_session *session, ray_tensor *dout)
{
    const ray_tensor *seed = session->request->seed;
    int64_t size = ray_tensor_item_size(dout);
    bool alone = session->image.dim[0] < seed->dim[0];
    for (int64_t n = 0; n < dout->dim[0]; n++) {
        int64_t item = alone ? session->part : n % seed->dim[0];
        memcpy(dout->data + n * size, seed->data + item * size, (size_t)size * sizeof *seed->data);
    }
}

static int check_end(const ray_session *session, const ray_tensor *out)
{
    const ray_graph *graph = &session->network->graph;
    if (session->end == graph->output)
        return 0;
    if (session->request->seed)
        return ray_fail(session->error, "%s: --signal is of the output's shape, but the pass "
                        "starts at \"%s\"", session->asked,
                        graph->activations[session->end].name);
    for (int64_t i = 0; i < session->run.n_targets; i++)
        if (session->run.target[i] >= out->dim[1])
            return ray_fail(session->error, "%s: target %lld is out of range; \"%s\" has %lld "
                            "channels", session->asked, (long long)session->run.target[i],
                            graph->activations[session->end].name, (long long)out->dim[1]);
    return 0;
}

int ray_seed_default(ray_session *session, const ray_tensor *out, ray_tensor *dout)
{
    if (check_end(session, out))
        return -1;
    session->seeded = true;
    if (session->request->seed) {
        seed_given(session, dout);
        return 0;
    }
    memset(dout->data, 0, (size_t)ray_tensor_size(dout) * sizeof *dout->data);
    for (int64_t n = 0; n < out->dim[0]; n++)
        seed_class(session, out, dout, n,
                   session->run.target[session->run.n_targets > 1 ? n % session->run.n_targets
                                                                  : 0]);
    return 0;
}
