/* SPDX-License-Identifier: MIT */
/* session.h - one method at work on one batch of images: the run that its plugin sees, and what the
 * host keeps beside it. */
#ifndef RAY_HOST_SESSION_H
#define RAY_HOST_SESSION_H

#include "base/random.h"
#include "checkpoint.h"
#include "methods.h"
#include "run/exec.h"

typedef struct ray_caution { const char *text; const ray_layer **layers; int32_t n; } ray_caution;

/* Scratch memory: a stack of blocks that are used again. */
typedef struct ray_scratch_block { ray_tensor tensor; size_t capacity; } ray_scratch_block;
typedef struct ray_scratch { ray_scratch_block **blocks; int32_t n, used; } ray_scratch;

typedef struct ray_session {
    ray_run            run;         /* first: the plugin's handle leads back here */
    const ray_method  *method;
    const char        *asked;       /* the name by which the method was asked for */
    const ray_network *network;
    const ray_request *request;
    ray_arena          arena;       /* options, state and names */
    int32_t            layer;       /* saliency activation */
    int32_t            end;         /* activation where evaluation ends and backward passes start */
    bool              *kept;        /* by activation: the plugin's keep() */
    bool              *probed;      /* by activation: the user's --probe */
    const ray_rule   **rule;        /* by layer: NULL keeps the gradient, knowingly or not */
    ray_exec          *shared;      /* the image's evaluation, common to the request's methods */
    bool              *forwarded;   /* it has been evaluated; common too */
    ray_exec           own;         /* for batches of the method; made by the first batch() */
    ray_exec          *current;     /* what forward and backward work on */
    ray_scratch        scratch;
    ray_random         random;
    ray_caution       *cautions;
    int32_t            n_cautions;
    ray_tensor       **arrays;      /* files that the plugin read */
    int32_t            n_arrays;
    uint64_t           files_hash;  /* of their contents */
    bool               preparing;
    ray_tensor         image;       /* what run.image points at: the input or one item of it */
    ray_map           *out;         /* what is being made, in `parts` calls of explain() */
    int64_t            part, parts;
    int64_t            done, total; /* as the method told progress() last, in this part */
    bool               stopped;     /* the listener wants an end */
    bool               seeded;      /* what the request says was sent back from the output */
    ray_checkpoint    *checkpoint;  /* common to the request's methods; NULL: none */
    ray_block          blocks[RAY_MOST_BLOCKS];     /* given to resume() in this part */
    int32_t            n_blocks;    /* 0: nothing to save */
    ray_error         *error;
} ray_session;

/* Options, layer and rules of one method of the request; then the plugin's prepare(). */
int  ray_session_open(ray_session *session, const ray_network *network, const ray_method *method,
                      const char *asked, const ray_request *request, ray_error *error);
void ray_session_close(ray_session *session);

/* What one or several sessions ask of an evaluation: arrays to be filled and a demand that points
 * at them. */
typedef struct ray_wishes {
    bool *keep_value, *want_signal, *ends, *replaced;
    uint8_t *reads;
} ray_wishes;
int        ray_wishes_create(ray_wishes *wishes, const ray_graph *graph, ray_error *error);
void       ray_wishes_free(ray_wishes *wishes);
/* watched: every layer's numbers will be looked at, so none is left out. */
ray_demand ray_wishes_demand(const ray_wishes *wishes, int64_t batch, bool watched);
void       ray_wishes_add(ray_wishes *wishes, const ray_session *session);

/* Nothing has been evaluated for this method so far, and no signal sent back. */
void ray_session_forget(ray_session *session);

/* Chooses run.batch_max: what the request says, else what the free memory allows. */
int ray_session_choose_batch(ray_session *session);

/* Whether targets of a single item may be explained together, each with a copy of it. */
bool ray_session_takes_copies(const ray_session *session);

/* How many items, at most `most`, fit into half of the memory that is free, or into what the request
 * allows; 0: an error. */
int64_t ray_wishes_fit(const ray_wishes *wishes, const ray_session *session, int64_t most);

/* The exec for the method's own batches of up to so many items. */
int ray_session_create_own(ray_session *session, int64_t items, bool watched);

/* The maps of run.target (n_targets) of run.image into map: one call of the method's explain(). */
int ray_session_explain(ray_session *session, ray_tensor *map);

/* All maps of the method into result, whose output and targets are there. */
int ray_session_make_maps(ray_session *session, ray_result *result);

/* Evaluates the image with the shared exec, once. */
int ray_session_forward_shared(ray_session *session);

/* Says each caution once to the listener, with the names of its layers. Returns how many there
 * were; with request->strict the first is an error (-1). */
int ray_session_tell_cautions(const ray_session *session);

/* The services, for run.host. */
extern const ray_host ray_host_services;

/* options.c: the struct of the method's parameters from the graph's defaults and the settings. */
int ray_session_read_options(ray_session *session);
/* The layer that the graph names for the method, which exists; NULL: it names none. */
const char *ray_session_default_layer(const ray_session *session);
/* The key of a "key=value" or "method.key=value" that this method is meant by, NULL: another is. */
const char *ray_session_setting_key(const ray_session *session, const char *setting);

/* rules.c */
int  ray_session_match_rules(ray_session *session);
int  ray_session_caution(ray_session *session, const ray_layer *layer, const char *text);
/* Cautions that the rules themselves carry, for the layers that a pass would meet. */
int  ray_session_caution_rules(ray_session *session);

/* scratch.c: NULL without memory.  To release, set scratch->used back to what it was. */
ray_tensor *ray_scratch_take(ray_scratch *scratch, int32_t rank, const int64_t *dim);
void        ray_scratch_free(ray_scratch *scratch);

/* seed.c: what is sent back from the output when the method has no seed of its own. */
int ray_seed_default(ray_session *session, const ray_tensor *out, ray_tensor *dout);

static inline ray_session *ray_session_of(ray_run *run)
{
    return (ray_session *)(void *)run;
}

#endif
