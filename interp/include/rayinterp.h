/* SPDX-License-Identifier: MIT */
/* rayinterp.h - the library: open a network, run it, explain it.
 *
 * The model.  A ray_network is a graph file compiled once, with its weights: constant afterwards,
 * so that any number of threads may use it at a time.  A ray_methods is a set of attribution
 * methods loaded from plugins.  ray_explain() runs methods of that set on a network, for maps.
 *
 * Errors.  Functions return 0, or nonzero with one line in *error: what, where, and what would be
 * right.  The library never prints, exits or aborts on anything a user can do.
 * Ownership.  What *_open, *_create and ray_explain hand out is the caller's until the function of
 * the same family with _close, _destroy or _free; these accept NULL.
 */
#ifndef RAYINTERP_H
#define RAYINTERP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ray_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RAY_API __attribute__((visibility("default")))

typedef struct ray_error { char text[2048]; } ray_error;

/* Lines meant for the user that are not errors.  Called from the thread that called the library. */
typedef enum ray_level { RAY_NOTE, RAY_WARNING } ray_level;

/* How far long work has come: after each batch of it, and with total 0 before a method starts. */
typedef struct ray_progress {
    const char *method;             /* as it was asked for */
    const char *steps;              /* what is counted: "masks", "iterations" */
    int64_t     done, total;
    int64_t     part, parts;        /* maps that are made one after the other: 0 ... parts - 1 */
} ray_progress;

/* One layer evaluated, or a signal sent back through it. */
typedef struct ray_layer_run {
    int     layer;                  /* by index, as in ray_network_layer */
    bool    backward;
    int64_t items;
    double  seconds;
} ray_layer_run;

typedef struct ray_listener {
    void (*notice)(void *context, ray_level level, const char *line);      /* NULL: thrown away */
    int  (*progress)(void *context, const ray_progress *progress);         /* nonzero: stop */
    void  *context;
    void (*layer)(void *context, const ray_layer_run *run);     /* NULL: times are not taken */
} ray_listener;

RAY_API const char *ray_version(void);      /* "0.1.0" */

/* Which inner loops compute, for the whole process: "avx512", "avx2", "baseline" as the machine has
 * them; "plain": the simplest way everywhere, for comparison; NULL: the best.  Before any work. */
RAY_API int         ray_kernels_use(const char *name, ray_error *error);
RAY_API const char *ray_kernels_name(void);     /* of those in use */

/* ---- Networks ---- */
typedef struct ray_network ray_network;

typedef enum ray_weights_from {
    RAY_WEIGHTS_FILE,       /* the file that the graph names, or options.weights */
    RAY_WEIGHTS_RANDOM,     /* made from options.seed: for tests and benchmarks */
    RAY_WEIGHTS_NONE,       /* shapes only: the network can be shown, not run */
    RAY_WEIGHTS_ANY         /* as FILE where graph or options name one, else RANDOM */
} ray_weights_from;

typedef struct ray_open_options {
    ray_weights_from weights_from;
    const char      *weights;       /* .safetensors, .npz, folder of .npy; NULL: the graph's own */
    uint64_t         seed;
} ray_open_options;

/* path: a graph file, or an ONNX model (.onnx), which is translated in memory. */
RAY_API int  ray_network_open(ray_network **out, const char *path, const ray_open_options *options,
                              ray_error *error);        /* options may be NULL: all zero */
RAY_API void ray_network_close(ray_network *network);

/* What an ONNX model leaves open, and where its translation goes.  NULL, 0: the default. */
typedef struct ray_import_options {
    const char *folder;             /* for the files; default: the current one */
    const char *name;               /* of the network and of its files; default: the model's */
    const char *input, *output;     /* of several inputs the one that is explained; default: the only
                                     * input, the first output */
    ray_ints    shape;              /* of one item of the input, where the model leaves sizes free */
    bool        force;              /* replace files that are there */
} ray_import_options;

typedef struct ray_imported {
    char        *graph, *weights;   /* paths of what was written */
    char        *notes;             /* lines for the user, or NULL */
    ray_network *network;           /* opened from these files */
} ray_imported;

/* Writes FOLDER/NAME.safetensors and FOLDER/NAME.yaml, then opens them. */
RAY_API int  ray_import(const char *path, const ray_import_options *options, ray_imported *out,
                        ray_error *error);
RAY_API void ray_imported_free(ray_imported *imported);     /* closes the network, too */

RAY_API const char *ray_network_name(const ray_network *network);
/* The input's or output's shape with dim[0] = 1; data is NULL. */
RAY_API void ray_network_input(const ray_network *network, ray_tensor *shape);
RAY_API void ray_network_output(const ray_network *network, ray_tensor *shape);
/* The name of a class, NULL without labels or out of range. */
RAY_API const char *ray_network_label(const ray_network *network, int64_t class_index);
/* A class index or a label into an index. */
RAY_API int ray_network_class(const ray_network *network, const char *text, int64_t *class_index,
                              ray_error *error);
/* The example of the graph file: the picture's path and the target as written; NULL when absent. */
RAY_API const char *ray_network_example_input(const ray_network *network);
RAY_API const char *ray_network_example_target(const ray_network *network);

typedef struct ray_layer_info {
    const char *name, *kind;
    int         n_inputs;
    ray_tensor  shape;              /* of its output with dim[0] = 1; data is NULL */
    int64_t     parameters;         /* numbers in its weights */
    int64_t     macs;               /* multiply-adds for one item */
    int         line;               /* in the graph file */
} ray_layer_info;
/* Layers in order of evaluation; -1 past the end. */
RAY_API int ray_network_layer(const ray_network *network, int index, ray_layer_info *info);
/* What its input k reads: the network's input (name) or a layer; NULL past the end. */
RAY_API const char *ray_network_layer_input(const ray_network *network, int index, int k);
RAY_API const char *ray_network_input_name(const ray_network *network);
RAY_API const char *ray_network_output_name(const ray_network *network);

/* ---- Layer types ---- */
typedef struct ray_kind_info {
    const char        *name, *summary;
    uint32_t           traits;
    const ray_option  *options;     /* NULL: none */
    const char *const *weights;     /* names, up to NULL */
} ray_kind_info;
RAY_API int ray_kind_info_at(int index, ray_kind_info *info);      /* -1 past the end */
RAY_API int ray_kind_info_find(const char *name, ray_kind_info *info, ray_error *error);

/* ---- Options as text: what one takes ("integer >= 1"), and its default; in buffer ---- */
RAY_API const char *ray_option_describe(const ray_option *option, char *buffer, size_t size);
RAY_API const char *ray_option_default(const ray_option *option, char *buffer, size_t size);

/* ---- Tensors that the library allocates ---- */
RAY_API void ray_tensor_free(ray_tensor *tensor);       /* frees data and zeroes *tensor */

/* A picture (.png, .jpg, .jpeg) preprocessed as the graph says, or a .npy (N x C x H x W or
 * C x H x W, float32, used as it is) as a batch for this network. */
RAY_API int ray_input_read(const ray_network *network, const char *path, ray_tensor *out,
                           ray_error *error);
RAY_API int ray_npy_read(const char *path, ray_tensor *out, ray_error *error);
RAY_API int ray_npy_write(const char *path, const ray_tensor *tensor, ray_error *error);

/* out: N x the output's shape. */
RAY_API int ray_forward(const ray_network *network, const ray_tensor *input, int threads,
                        ray_tensor *out, ray_error *error);
/* The score of a class for one item of an output: the mean over positions. */
RAY_API double ray_output_score(const ray_tensor *output, int64_t item, int64_t class_index);
/* The k best classes of one item (fewer if there are fewer), best first.  Returns how many. */
RAY_API int ray_output_top(const ray_tensor *output, int64_t item, int k, int64_t *class_index);

/* ---- Methods ---- */
typedef struct ray_methods ray_methods;

RAY_API int  ray_methods_create(ray_methods **out, ray_error *error);
RAY_API void ray_methods_destroy(ray_methods *methods);
/* All plugins (*.so) of one folder, given by an absolute path.  A folder that is not there is an
 * error; a plugin that does not load is told to the listener as a warning. */
RAY_API int ray_methods_load_folder(ray_methods *methods, const char *folder,
                                    const ray_listener *listener, ray_error *error);
RAY_API int ray_methods_load_file(ray_methods *methods, const char *path, ray_error *error);

typedef struct ray_method_info {
    const char       *name, *alias, *summary, *reference, *file;
    const ray_option *params;       /* NULL: none */
    bool              needs_layer;
} ray_method_info;
RAY_API int ray_methods_count(const ray_methods *methods);
RAY_API int ray_methods_info(const ray_methods *methods, int index, ray_method_info *info);
/* By name or alias. */
RAY_API int ray_methods_info_find(const ray_methods *methods, const char *name,
                                  ray_method_info *info, ray_error *error);

/* ---- Explaining ---- */
typedef enum ray_resize_mode { RAY_RESIZE_BILINEAR, RAY_RESIZE_NEAREST } ray_resize_mode;

typedef struct ray_request {
    const char *const *methods;     /* names or aliases */
    int                n_methods;
    const char *const *settings;    /* "key=value" or "method.key=value" */
    int                n_settings;
    ray_tensor         input;       /* N items */
    const int64_t     *targets;     /* one for all, one per item, or several for a single item */
    int                n_targets;   /* 0: the top class of each item */
    const char        *layer;       /* saliency layer; NULL: the graph's default for the method */
    bool               pointing;    /* the seed "pointing" in place of one-hot */
    const ray_tensor  *seed;        /* a seed of the output's shape; NULL: one-hot or pointing */
    bool               resize;      /* to resize_height x resize_width, or when these are 0 to the
                                     * input's size */
    int64_t            resize_height, resize_width;
    ray_resize_mode    resize_mode;
    double             smooth;      /* standard deviation / the longer side; 0: none */
    const char *const *probes;      /* layers whose value and signal are wanted too; "all": each */
    int                n_probes;
    int                threads;     /* 0: as many as there are cores */
    uint64_t           random_seed;
    bool               strict;      /* warnings are errors */
    int64_t            batch;       /* most items that a method evaluates at a time; 0: chosen by
                                     * the memory that is free */
    const char        *checkpoint;  /* file that long work is saved to, and goes on from when it is
                                     * there already; NULL: none */
    ray_listener       listener;
    int64_t            memory;      /* most bytes for prepared weights and a method's batches; 0:
                                     * half of what is free */
} ray_request;

typedef struct ray_probe {
    const char *layer;              /* owned by the result */
    ray_tensor  value, signal;      /* signal.data is NULL where the backward pass did not go */
} ray_probe;

/* An array that a method hands out beside its map. */
typedef struct ray_extra {
    const char   *name;             /* "masks" */
    ray_array_use use;
    ray_tensor    tensor;
    const char   *curves, *steps;   /* "reward|area term", "iterations"; NULL: no curves */
} ray_extra;

/* Numbers that a method hands out. */
typedef struct ray_finding { const char *name; double *v; int n; } ray_finding;

typedef struct ray_map {
    const char  *method;            /* as it was asked for */
    const char  *layer;             /* the saliency layer; "" is the input */
    ray_tensor   map;               /* M x 1 x positions: one for each item or target */
    ray_probe   *probes;
    int          n_probes;
    double       seconds;           /* this method's own time */
    ray_extra   *extras;
    int          n_extras;
    ray_finding *findings;
    int          n_findings;
    bool         partial;           /* the listener stopped it after `done` of `total` steps */
    int64_t      done, total;
    const char  *steps;             /* what they are: "masks" */
} ray_map;

typedef struct ray_result {
    ray_tensor  output;             /* of the network on the input */
    int64_t    *targets;            /* M of them: the class of each map */
    int64_t     n_targets;
    ray_map    *maps;               /* one for each method of the request */
    int         n_maps;
    double      forward_seconds;
    bool        stopped;            /* by the listener: methods that come after the last map were
                                     * not run, and that one may be partial */
    bool        checkpointed;       /* the request's checkpoint file was written or read */
    double      planned_bytes;      /* planned for values, signals and work: the common evaluation
                                     * and the batches of the method that needs most */
} ray_result;

/* Stopping is not an error: what was made until then is in the result. */
RAY_API int  ray_explain(const ray_network *network, const ray_methods *methods,
                         const ray_request *request, ray_result **out, ray_error *error);
RAY_API void ray_result_free(ray_result *result);

/* 0 when a map is a picture, so that ray_figure_save() can draw it. */
RAY_API int ray_figure_check(const ray_map *map, ray_error *error);
/* The maps of one method over their pictures, as a PNG. */
RAY_API int ray_figure_save(const ray_network *network, const ray_request *request,
                            const ray_result *result, int map, const char *path, ray_error *error);
/* The maps of all methods for each target, side by side on one PNG. */
RAY_API int ray_sheet_save(const ray_network *network, const ray_request *request,
                           const ray_result *result, const char *path, ray_error *error);
/* An array of curves as a PNG. */
RAY_API int ray_curves_save(const ray_extra *curves, const char *title, const char *path,
                            ray_error *error);

/* ---- Measuring ---- */

/* Of repeated runs, in seconds: the median and the two quartiles. */
typedef struct ray_spread { double median, low, high; } ray_spread;

/* What was run in turn with others: the forward pass, or a method. */
typedef struct ray_bench_entry {
    const char *name;               /* "forward", or the method as it was asked for */
    ray_spread  whole;              /* one call on the open network, ray_forward or ray_explain */
    ray_spread  forward;            /* of it the evaluation of the input; of "forward": one in
                                     * memory that was planned and used before */
    double      macs;               /* multiply-adds of the layers that one call ran, forward and
                                     * backward, when directly computed; a rule may compute more */
    double      planned_bytes;      /* for values, signals and work */
    int64_t     steps;              /* of long work in one call; 0: it tells of none */
    const char *steps_name;         /* what they are: "masks" */
} ray_bench_entry;

/* A layer, in order of evaluation.  Times are 0 where it was not run by itself. */
typedef struct ray_bench_layer {
    const char *joined;             /* the layer that computes it too, forward; NULL: none does */
    const char *algorithm, *reason;             /* forward; "" where there is one way only */
    const char *back_algorithm, *back_reason;   /* of the gradient */
    ray_spread  forward;
    ray_spread *backward;           /* by entry: in all backward passes of a call */
} ray_bench_layer;

typedef struct ray_bench {
    int64_t          items;         /* of the input */
    int              threads;
    int              runs, warm_up; /* of each entry: that count, and before these */
    bool             random_weights;
    ray_bench_entry *entries;       /* the forward pass, then the methods in their order */
    int              n_entries;
    ray_bench_layer *layers;
    int              n_layers;
    double           peak_operations;   /* a second, of the best inner loops in the nearest cache */
    double           peak_bandwidth;    /* bytes a second that are read from memory; 0: unknown */
    double           peak_resident;     /* bytes: the process's at most so far; 0: unknown */
} ray_bench;

/* Measures the forward pass and each method of a request on `items` items of made-up numbers, in
 * turns, `runs` times.  Of the request methods, settings, layer, threads and memory count.  The
 * result points into the network. */
RAY_API int  ray_bench_run(const ray_network *network, const ray_methods *methods,
                           const ray_request *request, int64_t items, int runs, ray_bench **out,
                           ray_error *error);
RAY_API void ray_bench_free(ray_bench *bench);

/* The times of the layers as a PNG: forward, and backward of the first method. */
RAY_API int ray_bench_picture_save(const ray_network *network, const ray_bench *bench,
                                   const char *path, ray_error *error);

#ifdef __cplusplus
}
#endif
#endif
