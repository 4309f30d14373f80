/* SPDX-License-Identifier: MIT */
/* maps.c - all maps of one method: its explain() is called once, or for each item or target by
 * itself, and what it leaves is completed. */
#include <stdlib.h>

#include "base/clock.h"
#include "result.h"

/* How many maps one call of explain() makes. */
static int64_t maps_of_a_part(const ray_session *session, const ray_result *result)
{
    int64_t items = session->request->input.dim[0];
    uint32_t flags = session->method->flags;
    bool alone = items > 1 ? flags & RAY_ONE_ITEM : !(flags & RAY_MANY_TARGETS);
    return alone ? 1 : result->n_targets;
}

static void choose_item(ray_session *session)
{
    const ray_tensor *input = &session->request->input;
    session->image = *input;
    if (!(session->method->flags & RAY_ONE_ITEM) || input->dim[0] == 1)
        return;
    session->image.dim[0] = 1;
    session->image.data += session->part * ray_tensor_item_size(input);
}

static int make_part(ray_session *session, const ray_result *result, int64_t step)
{
    ray_tensor map = session->out->map;
    int64_t first = session->part * step;
    map.dim[0] = step;
    map.data += first * ray_tensor_item_size(&map);
    session->run.target = result->targets + first;
    session->run.n_targets = step;
    choose_item(session);
    ray_session_forget(session);
    if (ray_session_explain(session, &map))
        return -1;
    ray_map_collect_probes(session->out, session, first);
    return 0;
}

/* The listener may want an end before there is anything to stop. */
static void ask_to_begin(ray_session *session)
{
    const ray_listener *listener = &session->request->listener;
    const ray_progress progress = { session->asked, session->out->steps, 0, 0, 0, session->parts };
    session->stopped = listener->progress && listener->progress(listener->context, &progress);
}

/* What a stopped method left: maps of the parts that were made, the last perhaps partial; where that
 * one left nothing, complete maps, but not all of them. */
static int take_partial(ray_session *session, bool failed)
{
    ray_map *out = session->out;
    int64_t made = session->part + !failed;
    out->partial = failed || session->done < session->total || made < session->parts;
    ray_map_cut(out, made, session->parts);
    if (!failed && session->done < session->total)
        return 0;
    free((char *)out->steps);
    out->steps = ray_string_copy("maps");
    out->done = made;
    out->total = session->parts;
    return out->steps ? 0 : ray_fail_memory(session->error);
}

static int make_parts(ray_session *session, ray_result *result)
{
    int64_t step = maps_of_a_part(session, result);
    bool failed = false;
    session->parts = result->n_targets / step;
    ask_to_begin(session);
    failed = session->stopped;
    for (session->part = 0; !session->stopped && session->part < session->parts; session->part++) {
        failed = make_part(session, result, step);
        if (failed && (!session->stopped || session->error->text[0]))
            return -1;
        if (session->stopped)
            break;
    }
    result->stopped = session->stopped;
    session->out->done = session->done;
    session->out->total = session->total;
    return session->stopped ? take_partial(session, failed) : 0;
}

static int check_map(const ray_session *session)
{
    if (ray_tensor_finite(&session->out->map))
        return 0;
    return ray_fail(session->error, "%s: the map holds NaN or infinity, though no activation or "
                    "signal does: it arose in the method", session->asked);
}

static void note_memory(const ray_session *session, ray_result *result)
{
    double bytes = ray_plan_bytes(&session->shared->plan);
    if (session->own.network)
        bytes += ray_plan_bytes(&session->own.plan);
    if (bytes > result->planned_bytes)
        result->planned_bytes = bytes;
}

int ray_session_make_maps(ray_session *session, ray_result *result)
{
    ray_map *out = session->out = &result->maps[result->n_maps++];
    double start = ray_clock();
    if (ray_map_create(out, session, result->n_targets) || make_parts(session, result)
        || check_map(session))
        return -1;
    note_memory(session, result);
    if (!out->map.dim[0]) {             /* stopped before anything was made */
        ray_map_free(out);
        result->n_maps--;
        return 0;
    }
    out->seconds = ray_clock() - start;
    return ray_map_finish(out, session);
}
