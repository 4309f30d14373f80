/* SPDX-License-Identifier: MIT */
/* wishes.c - what methods need of an evaluation, joined; and the evaluation of a method's own
 * batches. */
#include <stdlib.h>

#include "session.h"

enum { MOST_ITEMS = 16 };       /* of a batch that is not asked for: more is hardly faster */

int ray_wishes_create(ray_wishes *wishes, const ray_graph *graph, ray_error *error)
{
    size_t n = (size_t)graph->first_weight;
    *wishes = (ray_wishes){ .keep_value = ray_alloc(n, sizeof(bool)),
                            .want_signal = ray_alloc(n, sizeof(bool)),
                            .ends = ray_alloc(n, sizeof(bool)),
                            .replaced = ray_alloc(n, sizeof(bool)),
                            .reads = ray_alloc(n, sizeof(uint8_t)) };
    if (wishes->keep_value && wishes->want_signal && wishes->ends && wishes->replaced
        && wishes->reads)
        return 0;
    ray_wishes_free(wishes);
    return ray_fail_memory(error);
}

void ray_wishes_free(ray_wishes *wishes)
{
    free(wishes->keep_value);
    free(wishes->want_signal);
    free(wishes->ends);
    free(wishes->replaced);
    free(wishes->reads);
    *wishes = (ray_wishes){ 0 };
}

ray_demand ray_wishes_demand(const ray_wishes *wishes, int64_t batch, bool watched)
{
    return (ray_demand){ .batch = batch, .keep_value = wishes->keep_value,
                         .want_signal = wishes->want_signal, .reads = wishes->reads,
                         .ends = wishes->ends, .replaced = wishes->replaced,
                         .join = !watched && ray_machine_get() };
}

/* What the backward function of a layer reads: its rule's word, else the kind's own. */
static uint8_t layer_reads(const ray_session *session, int32_t i)
{
    const ray_rule *rule = session->rule[i];
    if (!rule || !rule->backward)
        return (uint8_t)session->network->graph.layers[i].kind->reads;
    if (rule->reads == RAY_READ_BOTH)
        return RAY_READS_IN | RAY_READS_OUT;
    return (uint8_t)((rule->reads & RAY_READ_IN ? RAY_READS_IN : 0)
                     | (rule->reads & RAY_READ_OUT ? RAY_READS_OUT : 0));
}

void ray_wishes_add(ray_wishes *wishes, const ray_session *session)
{
    const ray_graph *graph = &session->network->graph;
    bool backward = !(session->method->flags & RAY_FORWARD_ONLY);
    wishes->ends[session->end] = true;
    wishes->keep_value[session->layer] = true;
    wishes->want_signal[session->layer] |= backward;
    for (int32_t a = 0; a < graph->first_weight; a++) {
        bool wanted = session->kept[a] || session->probed[a];
        wishes->keep_value[a] |= wanted;
        wishes->want_signal[a] |= backward && wanted;
    }
    for (int32_t i = 0; backward && i < graph->n_layers; i++) {
        wishes->reads[i] |= layer_reads(session, i);
        wishes->replaced[i] |= session->rule[i] && session->rule[i]->backward;
    }
}

static int gather_own(const ray_session *session, ray_wishes *wishes)
{
    if (ray_wishes_create(wishes, &session->network->graph, session->error))
        return -1;
    ray_wishes_add(wishes, session);
    return 0;
}

int ray_session_create_own(ray_session *session, int64_t items, bool watched)
{
    ray_wishes wishes;
    if (gather_own(session, &wishes))
        return -1;
    ray_demand demand = ray_wishes_demand(&wishes, items, watched);
    int failed = ray_exec_create(&session->own, session->network, &demand, session->error);
    ray_wishes_free(&wishes);
    if (failed)
        return -1;
    session->own.check = watched;
    session->own.memory = session->request->memory;
    session->own.listener = &session->request->listener;
    return 0;
}

static int measure(const ray_session *session, const ray_wishes *wishes, int64_t batch,
                   double *bytes)
{
    ray_plan plan;
    ray_demand demand = ray_wishes_demand(wishes, batch, session->shared->check);
    if (ray_plan_make(&plan, &session->network->graph, &demand, session->error))
        return -1;
    *bytes = ray_plan_bytes(&plan);
    ray_plan_free(&plan);
    return 0;
}

int64_t ray_wishes_fit(const ray_wishes *wishes, const ray_session *session, int64_t most)
{
    double one, two;
    if (measure(session, wishes, 1, &one) || measure(session, wishes, 2, &two))
        return 0;
    double room = session->request->memory ? (double)session->request->memory
                                           : 0.5 * ray_memory_available();
    int64_t n = 1;
    while (n < most && one + (two - one) * (double)(2 * n - 1) <= room)
        n *= 2;
    return n < most ? n : most;
}

int ray_session_choose_batch(ray_session *session)
{
    ray_wishes wishes;
    session->run.batch_max = session->request->batch;
    if (session->run.batch_max || !session->method->explain)
        return 0;
    if (gather_own(session, &wishes))
        return -1;
    session->run.batch_max = ray_wishes_fit(&wishes, session, MOST_ITEMS);
    ray_wishes_free(&wishes);
    return session->run.batch_max ? 0 : -1;
}

bool ray_session_takes_copies(const ray_session *session)
{
    const ray_method *method = session->method;
    return session->request->input.dim[0] == 1 && !session->checkpoint
           && !(method->flags & (RAY_MANY_TARGETS | RAY_ONE_ITEM | RAY_FORWARD_ONLY))
           && (!method->explain || (method->flags & RAY_COPIES));
}
