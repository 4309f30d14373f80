/* SPDX-License-Identifier: MIT */
/* maps.c - all maps of one method: its explain() is called once, or for each item or target by
 * itself, and what it leaves is completed. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "result.h"

/* How many maps a part of the work is. */
static int64_t maps_of_a_part(const ray_session *session, const ray_result *result)
{
    int64_t items = session->request->input.dim[0];
    uint32_t flags = session->method->flags;
    bool alone = items > 1 ? flags & RAY_ONE_ITEM : !(flags & RAY_MANY_TARGETS);
    return alone ? 1 : result->n_targets;
}

/* How many parts one call of explain() makes: targets of an item, each with a copy of it. */
static int64_t parts_of_a_call(const ray_session *session)
{
    int64_t left = session->parts - session->part, most = session->shared->plan.batch;
    if (!ray_session_takes_copies(session))
        return 1;
    return left < most ? left : most;
}

static int repeat_item(ray_session *session, int64_t copies)
{
    if (session->request->input.dim[0] > 1)
        return 0;
    ray_exec_repeat(session->shared, copies);
    if (copies == 1)
        return 0;
    int64_t size = ray_tensor_size(&session->image);
    const RAY_REAL *item = session->image.data;
    session->image.dim[0] = copies;
    const ray_tensor *images = ray_scratch_take(&session->scratch, session->image.rank,
                                                session->image.dim);
    if (!images)
        return ray_fail_memory(session->error);
    for (int64_t i = 0; i < copies; i++)
        memcpy(images->data + i * size, item, (size_t)size * sizeof *item);
    session->image.data = images->data;
    return 0;
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

/* The parts from session->part on that one call makes; each is of `step` maps. */
static int make_parts_at_once(ray_session *session, const ray_result *result, int64_t step,
                              int64_t parts)
{
    ray_tensor map = session->out->map;
    int64_t first = session->part * step;
    int32_t used = session->scratch.used;
    map.dim[0] = step * parts;
    map.data += first * ray_tensor_item_size(&map);
    session->run.target = result->targets + first;
    session->run.n_targets = map.dim[0];
    choose_item(session);
    ray_session_forget(session);
    if (repeat_item(session, parts) || ray_session_explain(session, &map))
        return -1;
    session->scratch.used = used;
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
    session->part = 0;
    session->parts = result->n_targets / step;
    ask_to_begin(session);
    failed = session->stopped;
    for (int64_t n = 1; !session->stopped && session->part < session->parts; session->part += n) {
        n = parts_of_a_call(session);
        failed = make_parts_at_once(session, result, step, n);
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
    ray_exec_set_items(session->shared, session->request->input.dim[0]);
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
