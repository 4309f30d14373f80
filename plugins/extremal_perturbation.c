/* SPDX-License-Identifier: MIT */
/* extremal_perturbation.c - for each area, the smooth mask of that area that changes a reward most
 * when the picture is kept where it is 1 and spoilt where it is 0 (preserve), the other way round
 * (delete), or both (dual).  Found by gradient ascent on
 *     reward - 300 * 1.0035^t * mean((sorted mask - reference)^2)     in iteration t */
#include <math.h>
#include <string.h>

#include "mask_area.h"
#include "perturb.h"
#include "picture.h"
#include "ray_rules.h"
#include "reward.h"
#include "smooth_mask.h"

typedef struct params {
    ray_numbers areas;
    int         perturbation, variant, reward;
    int64_t     max_iter, num_levels, step, reward_channel;
    double      sigma, max_blur;
    bool        jitter;
    const char *reward_layer;
} params;

enum { BLUR, FADE };
enum { PRESERVE, DELETE, DUAL };
enum { SIMPLE, CONTRASTIVE };
enum { CHANNEL_OF_TARGET = -1 };

#define FIELD(name) #name, .offset = offsetof(params, name)
static const ray_option options[] = {
    { .name = FIELD(areas), .help = "area of each mask as a fraction of the picture's, in (0, 1)",
      .type = RAY_NUMBERS, .def = 0.1 },
    { .name = FIELD(perturbation), .help = "what is done to the picture where it is not kept",
      .type = RAY_ENUM, .words = "blur|fade" },
    { .name = FIELD(max_iter), .help = "iterations", .type = RAY_INT, .def = 800, .min = 1,
      .max = 1000000 },
    { .name = FIELD(num_levels), .help = "degrees of perturbation that are made beforehand",
      .type = RAY_INT, .def = 8, .min = 2, .max = 256 },
    { .name = FIELD(step), .help = "pixels between two parameters of a mask", .type = RAY_INT,
      .def = 7, .min = 1, .max = 65536 },
    { .name = FIELD(sigma), .help = "pixels over which a parameter spreads", .type = RAY_NUMBER,
      .def = 21, .min = 1e-3, .max = 1000 },
    { .name = FIELD(jitter), .help = "mirror the picture in every other iteration",
      .type = RAY_BOOL, .def = 1 },
    { .name = FIELD(variant), .help = "keep what the mask shows, delete it, or tell both apart",
      .type = RAY_ENUM, .words = "preserve|delete|dual" },
    { .name = FIELD(reward), .help = "the channel's value, or how much it exceeds all others",
      .type = RAY_ENUM, .words = "simple|contrastive" },
    { .name = FIELD(max_blur), .help = "perturbation=blur: standard deviation of the strongest, "
                                       "in pixels",
      .type = RAY_NUMBER, .def = 20, .min = 1e-3, .max = 1000 },
    { .name = FIELD(reward_layer), .help = "the layer whose output is rewarded; by default the "
                                           "network's output",
      .type = RAY_STRING },
    { .name = FIELD(reward_channel), .help = "the channel that is rewarded, or that of the target",
      .type = RAY_INT, .def = CHANNEL_OF_TARGET, .min = 0, .max = 0x1p53, .words = "target" },
    { 0 }
};

static const double rate = 0.01, kept_momentum = 0.9, new_momentum = 0.1;
enum { BLOCK = 16 };        /* rows of a picture that are perturbed at a time */

typedef struct work {
    const params   *params;
    int64_t         areas, images;      /* masks; pictures to evaluate: one or two for each */
    int64_t         height, width, channel;
    ray_smooth_mask mask;
    ray_pyramid     pyramid;
    float          *parameters, *momentum, *gradient;   /* areas x grid */
    float          *full, *full_signal;                 /* areas x full mask */
    ray_tensor     *seed;               /* batch x output */
    ray_tensor     *masks, *history;    /* arrays handed out: areas x 1 x height x width, areas x
                                         * max_iter x 2 */
    double          strength;           /* of the area term, in this iteration */
    bool            mirror;
    int64_t         t, first, n;        /* iteration; images of this batch: n from `first` on */
    float          *batch;
    const float    *signal;             /* at the batch */
} work;

/* ---- Pictures ---- */

static bool is_complement(const work *w, int64_t image)
{
    return w->params->variant == DELETE || image >= w->areas;
}

static ray_perturbing how_of(const work *w, int64_t image)
{
    return (ray_perturbing){ .complement = is_complement(w, image), .mirror = w->mirror };
}

static int64_t count_blocks(const work *w)
{
    return (w->height + BLOCK - 1) / BLOCK;
}

/* Where the row of the picture begins within the full mask. */
static int64_t row_offset(const work *w, int64_t area, int64_t row)
{
    const ray_smooth_mask *m = &w->mask;
    return (area * m->full[0] + m->margin + row) * m->full[1] + m->margin;
}

static void perturb_block(void *context, int64_t i)
{
    const work *w = context;
    int64_t k = i / count_blocks(w), row = i % count_blocks(w) * BLOCK, image = w->first + k;
    float *to = w->batch + k * w->pyramid.channels * w->height * w->width;
    for (int64_t end = row + BLOCK; row < end && row < w->height; row++)
        ray_perturb_row(&w->pyramid, how_of(w, image), row,
                        w->full + row_offset(w, image % w->areas, row), to);
}

/* The signal at rows of a mask from all pictures of the batch that it perturbed, in their order. */
static void collect_block(void *context, int64_t i)
{
    const work *w = context;
    int64_t area = i / count_blocks(w), row = i % count_blocks(w) * BLOCK;
    for (int64_t end = row + BLOCK; row < end && row < w->height; row++)
        for (int64_t k = 0; k < w->n; k++) {
            int64_t image = w->first + k, at = row_offset(w, area, row);
            const float *from = w->signal + k * w->pyramid.channels * w->height * w->width;
            if (image % w->areas == area)
                ray_perturb_row_backward(&w->pyramid, how_of(w, image), row, w->full + at, from,
                                         w->full_signal + at);
        }
}

/* ---- Rewards ---- */

/* Reward and area term of this iteration. */
static float *history_of(const work *w, int64_t area)
{
    return w->history->data + (area * w->params->max_iter + w->t) * 2;
}

/* The signal that is sent back leads downwards: away from the reward. */
static void reward_batch(const work *w, const ray_tensor *output)
{
    const int64_t size = output->dim[1] * ray_count_positions(output);
    for (int64_t k = 0; k < w->n; k++) {
        double sign = is_complement(w, w->first + k) ? -1 : 1;
        double reward = ray_reward(output, k, w->channel, w->params->reward == CONTRASTIVE, -sign,
                                   w->seed->data + k * size);
        history_of(w, (w->first + k) % w->areas)[0] += (float)(sign * reward);
    }
}

/* ---- One iteration ---- */

static int try_batch(ray_run *run, work *w)
{
    const ray_host *host = run->host;
    ray_tensor *batch = host->batch(run, w->n);
    if (!batch)
        return -1;
    w->batch = batch->data;
    host->parallel(run, w->n * count_blocks(w), perturb_block, w);
    if (host->forward(run))
        return -1;
    reward_batch(w, host->output(run));
    w->seed->dim[0] = w->n;
    if (host->backward(run, &(ray_pass){ .seed = w->seed, .to = run->layer }))
        return -1;
    const ray_tensor *signal = host->signal(run, run->layer);
    if (!signal)
        return -1;
    w->signal = signal->data;
    host->parallel(run, w->areas * count_blocks(w), collect_block, w);
    return 0;
}

/* The area term and its gradient, and the mask that is handed out should this be the last. */
static void measure_mask(void *context, int64_t area)
{
    const work *w = context;
    int64_t n = w->mask.full[0] * w->mask.full[1];
    float *history = history_of(w, area), *to = w->masks->data + area * w->height * w->width;
    double term = ray_mask_area(w->full + area * n, n, w->params->areas.v[area], w->strength,
                                w->full_signal + area * n);
    history[0] = 0;
    history[1] = (float)(-w->strength * term);
    for (int64_t row = 0; row < w->height; row++)
        memcpy(to + row * w->width, w->full + row_offset(w, area, row),
               (size_t)w->width * sizeof *to);
}

static int ascend(ray_run *run, const work *w)
{
    int64_t n = w->areas * w->mask.grid[0] * w->mask.grid[1];
    for (int64_t i = 0; i < n; i++) {
        double g = (double)w->gradient[i];
        if (!isfinite(g))
            return run->host->fail(run, "NaN or infinity came back from \"%s\" in iteration %lld",
                                   run->output, (long long)w->t + 1);
        double pace = w->t == 0 ? g : kept_momentum * (double)w->momentum[i] + new_momentum * g;
        double next = (double)w->parameters[i] - rate * pace;
        w->momentum[i] = (float)pace;
        w->parameters[i] = (float)(next < 0 ? 0 : next > 1 ? 1 : next);
    }
    return 0;
}

static int iterate(ray_run *run, work *w)
{
    w->strength = 300 * pow(1.0035, (double)w->t);
    w->mirror = w->params->jitter && w->t % 2 == 0;
    ray_smooth_mask_forward(run, &w->mask, w->parameters, w->full);
    run->host->parallel(run, w->areas, measure_mask, w);
    for (w->first = 0; w->first < w->images; w->first += w->n) {
        int64_t left = w->images - w->first;
        w->n = left < run->batch_max ? left : run->batch_max;
        if (try_batch(run, w))
            return -1;
    }
    ray_smooth_mask_backward(run, &w->mask, w->parameters, w->full_signal, w->gradient);
    return ascend(run, w);
}

/* How many iterations were made: fewer than all when the user stopped it; -1 after fail(). */
static int64_t iterate_all(ray_run *run, work *w)
{
    size_t n = (size_t)(w->areas * w->mask.grid[0] * w->mask.grid[1]) * sizeof(float);
    const ray_block blocks[] = {
        { w->parameters, n },
        { w->momentum, n },
        { w->masks->data, (size_t)ray_count(w->masks) * sizeof(float) },
        { w->history->data, (size_t)ray_count(w->history) * sizeof(float) },
    };
    int64_t total = w->params->max_iter, done = run->host->resume(run, blocks, 4);
    if (done > total)
        return run->host->fail(run, "%lld iterations were made, of %lld", (long long)done,
                               (long long)total);
    for (bool stopped = false; !stopped && done >= 0 && done < total;) {
        w->t = done++;
        if (iterate(run, w))
            return -1;
        stopped = run->host->progress(run, done, total);
    }
    return done;
}

/* ---- Before and after ---- */

static int check_options(ray_run *run)
{
    const params *p = run->options;
    if (ray_check_picture(run))
        return -1;
    const int64_t height = run->image->dim[2], width = run->image->dim[3];
    for (int32_t i = 0; i < p->areas.n; i++)
        if (!(p->areas.v[i] > 0 && p->areas.v[i] < 1))
            return run->host->fail(run, "an area of %g is impossible: areas are more than 0 and "
                                   "less than 1", p->areas.v[i]);
    if (p->areas.n < 1)
        return run->host->fail(run, "areas: at least one is needed");
    if (p->step > height && p->step > width)
        return run->host->fail(run, "a step of %lld pixels is larger than the picture, %lld x %lld",
                               (long long)p->step, (long long)height, (long long)width);
    return p->reward_layer ? run->host->end_at(run, p->reward_layer) : 0;
}

static int choose_channel(ray_run *run, work *w, const ray_tensor *output)
{
    int64_t asked = w->params->reward_channel, channels = output->rank > 1 ? output->dim[1] : 0;
    w->channel = asked == CHANNEL_OF_TARGET ? run->target[0] : asked;
    if (w->channel >= channels)
        return run->host->fail(run, "%s %lld is out of range: \"%s\" has %lld channels%s",
                               asked == CHANNEL_OF_TARGET ? "target" : "reward_channel",
                               (long long)w->channel, run->output, (long long)channels,
                               asked == CHANNEL_OF_TARGET ? " (reward_channel chooses one)" : "");
    if (w->params->reward == CONTRASTIVE && channels < 2)
        return run->host->fail(run, "reward=contrastive compares channels, and \"%s\" has only one",
                               run->output);
    return 0;
}

static int take_arrays(ray_run *run, work *w)
{
    const ray_array masks = { .name = "masks", .use = RAY_ARRAY_MAPS, .rank = 4,
                              .dim = { w->areas, 1, w->height, w->width } };
    const ray_array history = { .name = "history", .use = RAY_ARRAY_CURVES, .rank = 3,
                                .dim = { w->areas, w->params->max_iter, 2 },
                                .curves = "reward|area term", .steps = "iterations" };
    w->masks = run->host->array(run, &masks);
    w->history = w->masks ? run->host->array(run, &history) : NULL;
    for (int64_t i = 0; w->history && i < ray_count(w->history); i++)
        w->history->data[i] = NAN;      /* not made so far */
    return w->history ? 0 : -1;
}

static int take_memory(ray_run *run, work *w, const ray_tensor *output)
{
    int64_t n = w->areas * w->mask.grid[0] * w->mask.grid[1];
    int64_t pixels = w->areas * w->mask.full[0] * w->mask.full[1];
    ray_tensor seed = *output;
    seed.dim[0] = w->images < run->batch_max ? w->images : run->batch_max;
    if (!(w->parameters = ray_floats_create(run, n)) || !(w->momentum = ray_floats_create(run, n))
        || !(w->gradient = ray_floats_create(run, n))
        || !(w->full = ray_floats_create(run, pixels))
        || !(w->full_signal = ray_floats_create(run, pixels))
        || !(w->seed = run->host->scratch(run, seed.rank, seed.dim)))
        return -1;
    for (int64_t i = 0; i < n; i++)
        w->parameters[i] = 1;
    return 0;
}

static int open_work(ray_run *run, work *w)
{
    const params *p = run->options;
    const int64_t *dim = run->image->dim;
    *w = (work){ .params = p, .areas = p->areas.n, .height = dim[2], .width = dim[3] };
    w->images = p->variant == DUAL ? 2 * w->areas : w->areas;
    if (run->host->forward(run))
        return -1;
    const ray_tensor *output = run->host->output(run);
    if (choose_channel(run, w, output) || take_arrays(run, w)
        || ray_pyramid_create(run, &w->pyramid, run->image, p->num_levels,
                              p->perturbation == BLUR ? p->max_blur : 0)
        || ray_smooth_mask_create(run, &w->mask, w->areas, w->height, w->width, p->step, p->sigma))
        return -1;
    return take_memory(run, w, output);
}

static void sum_masks(const work *w, ray_tensor *map)
{
    int64_t pixels = w->height * w->width;
    for (int64_t u = 0; u < pixels; u++) {
        double sum = 0;
        for (int64_t area = 0; area < w->areas; area++)
            sum += (double)w->masks->data[area * pixels + u];
        map->data[u] = (float)sum;
    }
}

static int report_numbers(ray_run *run, const work *w)
{
    double reward[RAY_MAX_LIST], area_term[RAY_MAX_LIST], mean[RAY_MAX_LIST];
    int64_t pixels = w->height * w->width;
    int32_t n = (int32_t)w->areas;
    for (int32_t area = 0; area < n; area++) {
        reward[area] = (double)history_of(w, area)[0];
        area_term[area] = (double)history_of(w, area)[1];
        mean[area] = 0;
        for (int64_t u = 0; u < pixels; u++)
            mean[area] += (double)w->masks->data[area * pixels + u] / (double)pixels;
    }
    return run->host->numbers(run, "reward", n, reward)
           || run->host->numbers(run, "area_term", n, area_term)
           || run->host->numbers(run, "mask_mean", n, mean);
}

static int explain(ray_run *run, ray_tensor *map)
{
    work w;
    if (open_work(run, &w))
        return -1;
    int64_t done = iterate_all(run, &w);
    if (done < 0)
        return -1;
    w.t = done - 1;
    sum_masks(&w, map);
    return report_numbers(run, &w);
}

RAY_PLUGIN({
    .name = "extremal_perturbation",
    .summary = "smooth masks of given areas that keep, or take away, most of the class's score",
    .reference = "Fong, Patrick and Vedaldi, \"Understanding deep networks via extremal "
                 "perturbations and smooth masks\", ICCV, 2019",
    .flags = RAY_EXPLAINS_INPUT | RAY_ONE_ITEM | RAY_MAP_IS_MASK,
    .params = options,
    .params_size = sizeof(params),
    .prepare = check_options,
    .explain = explain,
    .steps = "iterations",
});
