/* SPDX-License-Identifier: MIT */
/* long_work.c - progress, stopping, and going on from a checkpoint. */
#include <string.h>

#include "services.h"

static ray_entry describe(const ray_session *session)
{
    ray_entry entry = { .part = session->part, .done = session->done, .total = session->total,
                        .batch = session->run.batch_max, .files = session->files_hash,
                        .random = session->random };
    strncpy(entry.method, session->asked, sizeof entry.method - 1);
    return entry;
}

/* A first save that fails ends the work at its beginning; later it would be a pity. */
static int save(ray_session *session)
{
    ray_checkpoint *checkpoint = session->checkpoint;
    ray_entry entry = describe(session);
    ray_error problem = { "" };
    if (!ray_checkpoint_save(checkpoint, &entry, session->blocks, session->n_blocks, &problem))
        return session->done < session->total
               ? 0
               : ray_checkpoint_remember(checkpoint, &entry, session->blocks, session->error);
    if (!checkpoint->saved)
        return ray_fail(session->error, "%s", problem.text);
    return ray_service_note(&session->run, "%s", problem.text);
}

static bool ask_listener(ray_session *session)
{
    const ray_listener *listener = &session->request->listener;
    const char *steps = session->method->steps ? session->method->steps : "steps";
    const ray_progress progress = { session->asked, steps, session->done, session->total,
                                    session->part, session->parts };
    return listener->progress && listener->progress(listener->context, &progress);
}

int ray_service_progress(ray_run *run, int64_t done, int64_t total)
{
    ray_session *session = ray_session_of(run);
    session->done = done;
    session->total = total;
    session->stopped = ask_listener(session) || session->stopped;
    bool due = session->stopped || done >= total
               || (session->n_blocks && ray_checkpoint_is_due(session->checkpoint));
    if (session->n_blocks && due && save(session))
        return -1;
    return session->stopped ? -1 : 0;
}

static bool is_another_batch(const ray_session *session, const ray_entry *entry)
{
    return session->request->batch && session->request->batch != entry->batch;
}

int64_t ray_service_resume(ray_run *run, const ray_block *blocks, int32_t n)
{
    ray_session *session = ray_session_of(run);
    ray_checkpoint *checkpoint = session->checkpoint;
    if (!blocks || n < 1 || n > RAY_MOST_BLOCKS)
        return ray_service_fail(run, "resume() takes 1 to %d blocks", RAY_MOST_BLOCKS);
    if (!checkpoint || session->shared->check)
        return 0;
    memcpy(session->blocks, blocks, (size_t)n * sizeof *blocks);
    session->n_blocks = n;
    const ray_entry *entry = ray_checkpoint_find(checkpoint, session->asked, session->part);
    if (!entry)
        return 0;
    if (is_another_batch(session, entry))
        return ray_fail(session->error, "--checkpoint: %s: %s was begun with --batch %lld; only so "
                        "do the results stay the same", checkpoint->path, session->asked,
                        (long long)entry->batch);
    if (entry->files != session->files_hash
        || !ray_checkpoint_restore(checkpoint, entry, blocks, n))
        return ray_fail(session->error, "--checkpoint: %s: the files that %s reads have changed "
                        "since; remove it to start anew", checkpoint->path, session->asked);
    session->random = entry->random;
    session->done = entry->done;
    session->total = entry->total;
    session->stopped = ask_listener(session) || session->stopped;
    return entry->done;
}
