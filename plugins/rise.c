/* SPDX-License-Identifier: MIT */
/* rise.c - a picture seen through random masks: where a mask lets it through, its score counts.
 *     map_u = mean over masks of score(x * mask) * mask_u */
#include <math.h>

#include "grid_masks.h"
#include "picture.h"
#include "ray_rules.h"

typedef struct params {
    int64_t     num_masks, num_cells, batch_size, seed;
    double      p;
    const char *masks;
    int         score, classes;
    bool        keep_masks;
} params;

typedef struct state { const ray_tensor *masks; } state;    /* of a file, or NULL */

enum { SEED_OF_COMMAND = -1 };
enum { SCORE_SIGMOID, SCORE_SOFTMAX, SCORE_NONE };
enum { CLASSES_TARGETS, CLASSES_ALL };

#define FIELD(name) #name, .offset = offsetof(params, name)
#define MOST 2147483647
static const ray_option options[] = {
    { .name = FIELD(num_masks), .help = "how many masks", .type = RAY_INT, .def = 8000, .min = 1,
      .max = MOST },
    { .name = FIELD(num_cells), .help = "cells of a mask's grid along each side", .type = RAY_INT,
      .def = 7, .min = 1, .max = 1024 },
    { .name = FIELD(p), .help = "probability that a cell lets the picture through",
      .type = RAY_NUMBER, .def = 0.5, .min = 0, .max = 1 },
    { .name = FIELD(batch_size), .help = "masks whose random numbers are drawn together (those "
                                         "evaluated together: --batch)",
      .type = RAY_INT, .def = 32, .min = 1, .max = MOST },
    { .name = FIELD(seed), .help = "seed of the masks, or that of the command", .type = RAY_INT,
      .def = SEED_OF_COMMAND, .min = 0, .max = 0x1p53, .words = "command" },
    { .name = FIELD(masks), .help = "a .npy of masks, M x 1 x H x W or M x H x W, in place of "
                                    "random ones",
      .type = RAY_STRING, .flags = RAY_PATH },
    { .name = FIELD(score), .help = "what is made of the network's output", .type = RAY_ENUM,
      .words = "sigmoid|softmax|none" },
    { .name = FIELD(classes), .help = "all: also the maps of all classes, as the array \"classes\"",
      .type = RAY_ENUM, .words = "targets|all" },
    { .name = FIELD(keep_masks), .help = "also hand out the masks, as the array \"masks\"",
      .type = RAY_BOOL },
    { 0 }
};

typedef struct work {
    ray_grid_masks masks;
    const float   *given, *image;   /* given: masks of a file, or NULL */
    float         *kept, *room;     /* for all masks, or NULL; for those of a batch */
    int64_t        total, channels, pixels, classes;
    int64_t        slots;           /* classes whose maps are made: the targets, or all */
    double        *scores, *sums;   /* batch x slots; slots x pixels */
    ray_tensor    *every;           /* array of all classes' maps, or NULL */
    int64_t        n;               /* of this batch: how many */
    float         *mask, *batch;
} work;

/* ---- One batch ---- */

static void mask_image(void *context, int64_t i)
{
    const work *w = context;
    float *mask = w->mask + i * w->pixels, *to = w->batch + i * w->channels * w->pixels;
    if (!w->given)
        ray_grid_masks_make(&w->masks, i, mask);
    for (int64_t c = 0; c < w->channels; c++)
        for (int64_t u = 0; u < w->pixels; u++)
            to[c * w->pixels + u] = w->image[c * w->pixels + u] * mask[u];
}

/* ln of the sum of e^y */
static double log_sum(const float *y, int64_t n)
{
    double top = (double)y[0], sum = 0;
    for (int64_t k = 1; k < n; k++)
        top = (double)y[k] > top ? (double)y[k] : top;
    for (int64_t k = 0; k < n; k++)
        sum += exp((double)y[k] - top);
    return top + log(sum);
}

static void score_mask(const ray_run *run, const work *w, const float *y, double *scores)
{
    const params *p = run->options;
    double base = p->score == SCORE_SOFTMAX ? log_sum(y, w->classes) : 0;
    for (int64_t s = 0; s < w->slots; s++) {
        double of_class = (double)y[w->every ? s : run->target[s]];
        scores[s] = p->score == SCORE_SOFTMAX   ? exp(of_class - base)
                    : p->score == SCORE_SIGMOID ? 1 / (1 + exp(-of_class))
                                                : of_class;
    }
}

/* Pixels of a map that are added to at a time: enough to be worth a thread. */
static int64_t tile_size(const work *w)
{
    enum { LEAST = 1024, PIXELS_OF_MASKS = 65536 };
    return w->n < PIXELS_OF_MASKS / LEAST ? PIXELS_OF_MASKS / w->n : LEAST;
}

static int64_t count_tiles(const work *w)
{
    return (w->pixels + tile_size(w) - 1) / tile_size(w);
}

/* Masks are added in their order, one by one: how they came in batches plays no part. */
static void add_tile(void *context, int64_t i)
{
    const work *w = context;
    int64_t slot = i / count_tiles(w), begin = i % count_tiles(w) * tile_size(w);
    int64_t end = begin + tile_size(w) < w->pixels ? begin + tile_size(w) : w->pixels;
    double *sums = w->sums + slot * w->pixels;
    for (int64_t m = 0; m < w->n; m++) {
        const double score = w->scores[m * w->slots + slot];
        const float *mask = w->mask + m * w->pixels;
        for (int64_t u = begin; u < end; u++)
            sums[u] += score * (double)mask[u];
    }
}

static int try_masks(ray_run *run, work *w, int64_t first, int64_t n)
{
    const ray_host *host = run->host;
    ray_tensor *batch = host->batch(run, n);
    if (!batch)
        return -1;
    w->n = n;
    w->batch = batch->data;
    w->mask = w->room ? w->room : w->kept + first * w->pixels;
    if (w->given)
        w->mask = (float *)w->given + first * w->pixels;
    else
        ray_grid_masks_draw(run, &w->masks, first, n);
    host->parallel(run, n, mask_image, w);
    if (host->forward(run))
        return -1;
    for (int64_t i = 0; i < n; i++)
        score_mask(run, w, host->output(run)->data + i * w->classes, w->scores + i * w->slots);
    host->parallel(run, w->slots * count_tiles(w), add_tile, w);
    return 0;
}

/* ---- All of them ---- */

static int check_given(ray_run *run, const ray_tensor *masks)
{
    const params *p = run->options;
    int64_t height = run->image->dim[2], width = run->image->dim[3];
    const int64_t *dim = masks->dim;
    bool planes = masks->rank == 3 || (masks->rank == 4 && dim[1] == 1);
    const int64_t *plane = planes ? dim + masks->rank - 2 : dim;
    if (!planes || dim[0] < 1 || plane[0] != height || plane[1] != width)
        return run->host->fail(run, "%s: masks for this network must be M x %lld x %lld or M x 1 x "
                               "%lld x %lld", p->masks, (long long)height, (long long)width,
                               (long long)height, (long long)width);
    return 0;
}

static int read_masks(ray_run *run)
{
    const params *p = run->options;
    state *s = run->state;
    if (ray_check_picture(run))
        return -1;
    if (!p->masks)
        return 0;
    if (p->keep_masks)
        return run->host->fail(run, "keep_masks: the masks of %s are there already", p->masks);
    s->masks = ray_read_finite(run, p->masks);
    return s->masks ? check_given(run, s->masks) : -1;
}

static ray_tensor *take_array(ray_run *run, const char *name, int64_t n, int64_t planes)
{
    const int64_t height = run->image->dim[2], width = run->image->dim[3];
    return run->host->array(run, &(ray_array){ .name = name, .rank = 4,
                                               .dim = { n, planes, height, width } });
}

/* The arrays that were asked for beside the map. */
static int take_arrays(ray_run *run, work *w)
{
    const params *p = run->options;
    if (p->classes == CLASSES_ALL && !(w->every = take_array(run, "classes", 1, w->classes)))
        return -1;
    if (!p->keep_masks || w->given)
        return 0;
    ray_tensor *masks = take_array(run, "masks", w->total, 1);
    w->kept = masks ? masks->data : NULL;
    return masks ? 0 : -1;
}

static int open_work(ray_run *run, work *w)
{
    const params *p = run->options;
    const ray_tensor *given = ((const state *)run->state)->masks, *image = run->image;
    *w = (work){ .given = given ? given->data : NULL, .image = image->data,
                 .total = given ? given->dim[0] : p->num_masks, .channels = image->dim[1],
                 .pixels = image->dim[2] * image->dim[3] };
    w->masks = (ray_grid_masks){ w->total, p->num_cells, p->batch_size, p->p };
    int64_t batch = w->total < run->batch_max ? w->total : run->batch_max;
    if (run->host->forward(run) || !(w->classes = ray_count_classes(run)) || take_arrays(run, w))
        return -1;
    w->slots = w->every ? w->classes : run->n_targets;
    w->scores = ray_sums_create(run, batch * w->slots);
    w->sums = w->scores ? ray_sums_create(run, w->slots * w->pixels) : NULL;
    if (!w->sums)
        return -1;
    if (!w->given && !w->kept && !(w->room = ray_floats_create(run, batch * w->pixels)))
        return -1;
    if (p->seed != SEED_OF_COMMAND)
        run->host->random_seed(run, (uint64_t)p->seed);
    if (w->given)
        return 0;
    return ray_grid_masks_create(run, &w->masks, image->dim[2], image->dim[3], batch);
}

/* How many masks are in the sums: fewer than all when the user stopped it; -1 after fail(). */
static int64_t try_all(ray_run *run, work *w)
{
    const ray_block blocks[] = {
        { w->sums, (size_t)(w->slots * w->pixels) * sizeof *w->sums },
        { w->masks.drawn, (size_t)w->masks.n_drawn * sizeof *w->masks.drawn },
        { w->kept, (size_t)(w->total * w->pixels) * sizeof *w->kept },
    };
    int64_t done = run->host->resume(run, blocks, w->given ? 1 : w->kept ? 3 : 2);
    while (done >= 0 && done < w->total) {
        int64_t left = w->total - done, n = left < run->batch_max ? left : run->batch_max;
        if (try_masks(run, w, done, n))
            return -1;
        done += n;
        if (run->host->progress(run, done, w->total))
            break;
    }
    return done;
}

static void write_maps(const ray_run *run, const work *w, int64_t done, ray_tensor *map)
{
    for (int64_t t = 0; t < run->n_targets; t++) {
        const double *sums = w->sums + (w->every ? run->target[t] : t) * w->pixels;
        for (int64_t u = 0; u < w->pixels; u++)
            map->data[t * w->pixels + u] = (float)(sums[u] / (double)done);
    }
    for (int64_t i = 0; w->every && i < w->classes * w->pixels; i++)
        w->every->data[i] = (float)(w->sums[i] / (double)done);
}

static int explain(ray_run *run, ray_tensor *map)
{
    work w;
    if (open_work(run, &w))
        return -1;
    int64_t done = try_all(run, &w);
    if (done < 0)
        return -1;
    write_maps(run, &w, done, map);
    return 0;
}

RAY_PLUGIN({
    .name = "rise",
    .summary = "mean of random masks, weighted by the score of what they let through",
    .reference = "Petsiuk, Das and Saenko, \"RISE: randomized input sampling for explanation of "
                 "black-box models\", BMVC, 2018",
    .flags = RAY_MANY_TARGETS | RAY_FORWARD_ONLY | RAY_EXPLAINS_INPUT | RAY_ONE_ITEM,
    .params = options,
    .params_size = sizeof(params),
    .state_size = sizeof(state),
    .prepare = read_masks,
    .explain = explain,
    .steps = "masks",
});
