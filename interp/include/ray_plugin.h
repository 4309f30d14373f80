/* SPDX-License-Identifier: MIT */
/* ray_plugin.h - all that an attribution method needs to plug into rayinterp.
 *
 * The model.  A network is a graph of activations (values) and layers (computations); each layer
 * reads activations and weights and writes one activation, which bears the layer's name.  The host
 * evaluates the network on a batch of images, sends a seed back from the output and asks each layer
 * on the way for the signal at its inputs.  A method says with rules what replaces the gradient of
 * which layers, and turns the signal that arrives at one activation into a map.  Every callback is
 * optional; a method with none is the plain gradient, summed over channels.
 *
 * A plugin is a shared object that exports one constant, ray_plugin_entry, made by RAY_PLUGIN
 * below.  The host checks that constant before it calls anything in the plugin, and hands over its
 * services in run->host, so a plugin links against nothing.  A plugin keeps no writable globals:
 * each run has its own options and state, and runs may be on different threads.
 *
 * Errors.  Every int function returns 0, or nonzero after it said why with host->fail().  Pass a
 * nonzero result on at once; the host reports the first message.
 * Ownership.  All pointers a callback is given belong to the host and live until it returns.
 */
#ifndef RAY_PLUGIN_H
#define RAY_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ray_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RAY_ABI_MAJOR = 1,      /* the host loads its own major only */
    RAY_ABI_MINOR = 3       /* structs grow at the end; the host loads this minor and older */
};

typedef struct ray_run ray_run;

/* ---- Layers, as a method sees them. ---- */
typedef struct ray_layer {
    const char *name, *kind;
    uint32_t    traits;             /* of its kind, and RAY_FIRST */
    int32_t     n_in, n_weights;    /* weights: as the kind lists them, the absent ones counted */
    bool        weighted;           /* it has at least one weight */
} ray_layer;

/* ---- Rules: what replaces the gradient, layer by layer. ---- */

/* One layer of one backward pass.  For kinds with RAY_LINEAR weight[0] is the weight and weight[1]
 * the bias.  data is NULL: for a weight that is absent, for a din that nobody wants (leave it), and
 * for in and out where the rule said it does not read them.  Every wanted din must be written
 * whole; where several layers read one activation, the host adds up what they write. */
typedef struct ray_call {
    const ray_layer  *layer;
    const ray_tensor *in, *out;     /* activations read and written: in[n_in], one out */
    const ray_tensor *weight;
    const ray_tensor *dout;         /* the signal at out */
    ray_tensor       *din;          /* the signal to write at each in */
    int32_t           n_in, n_weights;
} ray_call;

enum {                              /* ray_rule.reads: activations that must be kept for the rule */
    RAY_READ_BOTH = 0, RAY_READ_IN = 1, RAY_READ_OUT = 2, RAY_READ_NONE = 4
};

/* The first rule that fits a layer is its rule.  A layer that none fits keeps its gradient, and the
 * host warns that the method knows nothing about it; a rule without a backward function says that
 * the gradient is right there. */
typedef struct ray_rule {
    const char *kind;               /* shell pattern: "conv2d", "conv?d", "*"; NULL: every kind */
    uint32_t    traits;             /* the layer has all of these */
    const char *layers;             /* shell pattern of the layer's name; NULL: every name */
    int       (*backward)(ray_run *run, const ray_call *call);
    uint32_t    reads;
    const char *caution;            /* warn that the rule is not meant for these layers: the text
                                     * of "METHOD: <caution>: layers ..."; NULL: none */
} ray_rule;

/* ---- Backward passes. ---- */
typedef struct ray_pass {           /* a zero field means the default */
    const ray_tensor *seed;         /* signal sent back from the output [the run's own] */
    const char       *to;           /* activation to stop at [the saliency activation and all that
                                     * is kept]; on the way every kept activation is visited */
} ray_pass;

/* ---- Long work. ---- */
typedef struct ray_block {          /* memory that --checkpoint saves and brings back */
    void  *data;
    size_t size;                    /* bytes */
} ray_block;

/* ---- What a run hands out beside its map. ---- */
typedef struct ray_array {
    const char   *name;             /* [a-z0-9_]+ */
    ray_array_use use;
    int32_t       rank;
    int64_t       dim[RAY_MAX_RANK];
    const char   *curves;           /* RAY_ARRAY_CURVES: "reward|area term", one for each curve */
    const char   *steps;            /* RAY_ARRAY_CURVES: what is counted: "iterations" */
} ray_array;

/* ---- Services of the host. ---- */
typedef struct ray_host {           /* never NULL up to the minor the plugin was built with */
    int (*fail)(ray_run *run, const char *format, ...);     /* returns nonzero */
    int (*note)(ray_run *run, const char *format, ...);     /* one line for the user; returns 0 */
    /* A warning about layers: one line per text, that names all layers it was said of. */
    int (*caution)(ray_run *run, const ray_layer *layer, const char *text);

    /* Memory until the callback that asked returns, contents undefined; NULL after fail(). */
    ray_tensor *(*scratch)(ray_run *run, int32_t rank, const int64_t *dim);
    uint32_t (*random)(ray_run *run);       /* Mersenne Twister MT19937 of the run's seed */
    /* To call after every batch of long work, when the blocks given to resume() agree with each
     * other: nonzero when the user wants it to end.  Then either return nonzero (there will be no
     * map) or make the map of what is done and return 0: it is handed out as partial. */
    int (*progress)(ray_run *run, int64_t done, int64_t total);

    /* The layer's own arithmetic on activations and weights of your choice, shaped as the call's.
     * din[i].data NULL: not wanted. */
    int (*layer_forward)(ray_run *run, const ray_call *call, const ray_tensor *in,
                         const ray_tensor *weight, ray_tensor *out);
    int (*layer_backward)(ray_run *run, const ray_call *call, const ray_tensor *in,
                          const ray_tensor *out, const ray_tensor *weight,
                          const ray_tensor *dout, ray_tensor *din);

    /* The network's layers in order of evaluation; NULL past the end or for an unknown name. */
    const ray_layer *(*layer_at)(ray_run *run, int32_t index);
    const ray_layer *(*layer_named)(ray_run *run, const char *name);

    /* In prepare: this activation's value or signal will be asked for ("": the saliency one). */
    int (*keep)(ray_run *run, const char *activation);

    /* Evaluation.  forward() evaluates the network on the run's image (once, however many runs
     * share it).  batch() gives a batch of n items to fill, n <= run->batch_max; forward() then
     * evaluates that instead.  backward() sends a signal back through what forward() evaluated. */
    ray_tensor *(*batch)(ray_run *run, int64_t n);
    int (*forward)(ray_run *run);
    int (*backward)(ray_run *run, const ray_pass *pass);    /* NULL: all defaults */
    const ray_tensor *(*output)(ray_run *run);              /* of the last forward */
    const ray_tensor *(*value)(ray_run *run, const char *activation);   /* of the last forward */
    const ray_tensor *(*signal)(ray_run *run, const char *activation);  /* of the last backward */

    /* ---- Since 1.1: for methods that drive the network ---- */

    /* In prepare: this activation takes the output's place.  forward() evaluates a batch() up to it
     * and no further, output() is its value, a backward pass starts there. */
    int (*end_at)(ray_run *run, const char *activation);

    /* work(context, i) for i = 0 ... n - 1, in any order, on the run's threads; returns when all
     * are done.  work calls no services. */
    void (*parallel)(ray_run *run, int64_t n, void (*work)(void *context, int64_t i),
                     void *context);

    /* random() starts again from another seed than the run's. */
    void (*random_seed)(ray_run *run, uint64_t seed);

    /* N x C x H x W in place by a Gaussian of standard deviation sigma pixels: taps
     * -ceil(4 sigma) ... ceil(4 sigma), exp(-(i / (sqrt(2) sigma + 1.1920929e-07))^2), normalised
     * to sum one; sigma = 0: the identity. */
    int (*blur)(ray_run *run, ray_tensor *planes, double sigma, ray_border border);

    /* A .npy of float32 (whose path is an option with RAY_PATH), until the run ends; NULL after
     * fail(). */
    const ray_tensor *(*read_array)(ray_run *run, const char *path);

    /* In explain(), before long work: blocks live until explain() returns and are saved at
     * progress().  Returns how much an earlier, interrupted run had done, as it told progress();
     * blocks and random numbers are then as they were there.  0: start; -1 after fail(). */
    int64_t (*resume)(ray_run *run, const ray_block *blocks, int32_t n);

    /* A further array of the result, zero at first.  Arrays of several calls of explain() (one for
     * each target or item) are stacked along their first dimension; each call fills its own part
     * and asks for the same shape.  NULL after fail(). */
    ray_tensor *(*array)(ray_run *run, const ray_array *array);

    /* Named numbers of the result, for the report: "reward", one for each area, say. */
    int (*numbers)(ray_run *run, const char *name, int32_t n, const double *values);

    /* ---- Since 1.2 ---- */

    /* The arithmetic of a layer with RAY_LINEAR, its weight replaced by max(w, 0), or by max(-w, 0)
     * where sign is negative, and without its bias: as layer_forward and layer_backward with such
     * weights, but most kinds take no copy of them.  Layers without weights: as they are. */
    int (*clamped_forward)(ray_run *run, const ray_call *call, int sign, const ray_tensor *in,
                           ray_tensor *out);
    int (*clamped_backward)(ray_run *run, const ray_call *call, int sign, const ray_tensor *dout,
                            ray_tensor *din);

    /* ---- Since 1.3 ---- */

    /* The layer whose output is input k of a layer; NULL: the network's input, or there is no k. */
    const ray_layer *(*layer_input)(ray_run *run, const ray_layer *layer, int32_t k);

    /* What batch normalisation does in inference, y = scale x + shift for each channel: 2 x channels
     * in scratch memory, scale first; NULL after fail(). */
    const ray_tensor *(*layer_scale)(ray_run *run, const ray_layer *layer);
} ray_host;

struct ray_run {                    /* read-only to plugins, but for what state points at */
    const ray_host   *host;
    const void       *options;      /* the method's option struct, filled in */
    void             *state;        /* state_size bytes, zero at the start of the run */
    const ray_tensor *image;        /* N x C x H x W (or N x F, ...), as the network wants it */
    const int64_t    *target;       /* the class of each map; NULL in prepare */
    int64_t           n_targets;    /* N; with RAY_MANY_TARGETS and N = 1 any number */
    int64_t           batch_max;    /* the largest batch() that is allowed; 0 in prepare */
    const char       *layer;        /* saliency activation, "" for the input */
    const char       *output;       /* activation where evaluation ends; since 1.1 */
};

/* ---- What a plugin declares. ---- */
enum {                              /* flags of a method */
    RAY_NEEDS_LAYER  = 1,           /* the user must name a saliency layer */
    RAY_MANY_TARGETS = 2,           /* explain() makes the maps of all targets of an item */
    RAY_FORWARD_ONLY = 4,           /* never calls backward(): nothing is kept for one */
    RAY_EXPLAINS_INPUT = 8,         /* the saliency activation is the input; no layer is named */
    RAY_ONE_ITEM     = 16,          /* explain() is called for each item of the input by itself:
                                     * image, targets and map are that item's */
    RAY_MAP_IS_MASK  = 32,          /* --smooth S: a border of zeros, and S times the shorter side
                                     * [the border repeated, S times the longer side] */
    RAY_COPIES       = 64           /* since 1.2: explain() may be given an item several times, once
                                     * for each of its targets; array() is not for such a method [one
                                     * target at a time, unless there is no explain()] */
};

/* The callbacks of a run, in the order they are called; in brackets what happens without. */
typedef struct ray_method {
    const char       *name;         /* --rule NAME: [a-z0-9_]+ */
    const char       *alias;        /* a second name, or NULL */
    const char       *summary;      /* one line */
    const char       *reference;    /* the paper: authors, title, venue, year */
    uint32_t          flags;
    const ray_option *params;       /* NULL: none */
    const ray_rule   *rules;        /* up to { 0 }; NULL: the gradient everywhere */
    size_t            params_size, state_size;
    int  (*prepare)(ray_run *run);  /* check parameters against the network, keep() [accept] */
    int  (*seed)(ray_run *run, const ray_tensor *out, ray_tensor *dout);    /* [as --signal says] */
    /* The signal at a kept activation is complete and may be looked at or changed before it goes
     * on [leave it]. */
    int  (*visit)(ray_run *run, const char *activation, const ray_tensor *value,
                  ray_tensor *signal);
    int  (*explain)(ray_run *run, ray_tensor *map);     /* [forward, backward, saliency] */
    /* x and p are the value and the signal at the saliency activation, map is N x 1 x positions
     * [sum of p over channels]. */
    int  (*saliency)(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map);
    void (*finish)(ray_run *run);   /* release what state holds [nothing] */
    const char       *steps;        /* what progress() counts: "masks" ["steps"] */
} ray_method;

typedef struct ray_plugin {
    uint32_t major, minor, n_methods, method_size, option_size, rule_size;
    const ray_method *methods;
} ray_plugin;

#ifdef __cplusplus
#define RAY_PLUGIN_EXTERN extern "C"
#else
#define RAY_PLUGIN_EXTERN extern
#endif

/* RAY_PLUGIN({ .name = ... }, ...) exports the methods of a plugin; use it once, at the end. */
#define RAY_PLUGIN(...) \
    static const ray_method ray_plugin_methods[] = { __VA_ARGS__ }; \
    RAY_PLUGIN_EXTERN __attribute__((visibility("default"))) const ray_plugin ray_plugin_entry; \
    const ray_plugin ray_plugin_entry = { \
        RAY_ABI_MAJOR, RAY_ABI_MINOR, sizeof ray_plugin_methods / sizeof *ray_plugin_methods, \
        sizeof(ray_method), sizeof(ray_option), sizeof(ray_rule), ray_plugin_methods }

#ifdef __cplusplus
}
#endif
#endif
