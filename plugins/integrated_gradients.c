/* SPDX-License-Identifier: MIT */
/* integrated_gradients.c - the gradient averaged along the straight line from a baseline x' to the
 * image x, times the way:
 *     map_u = sum over c of (x_cu - x'_cu) * mean over s of p_cu at x' + (s + 1/2) / steps (x - x')
 *
 * The map's sum is the score of x less that of x', but for the completeness error of the mean. */
#include <string.h>

#include "picture.h"
#include "ray_rules.h"

typedef struct params { int64_t steps; int baseline; const char *file; double blur; } params;
typedef struct state { const ray_tensor *baseline; } state;     /* of a file, or NULL */

enum { BASELINE_ZERO, BASELINE_BLUR, BASELINE_FILE };

static const ray_option options[] = {
    { .name = "steps", .help = "points between the baseline and the image", .type = RAY_INT,
      .offset = offsetof(params, steps), .def = 50, .min = 1, .max = 2147483647 },
    { .name = "baseline", .help = "what the image is compared with: zeros, the image blurred, or "
                                  "what a file holds",
      .type = RAY_ENUM, .offset = offsetof(params, baseline), .words = "zero|blur|file" },
    { .name = "file", .help = "baseline=file: a .npy of the input's shape, used as it is",
      .type = RAY_STRING, .flags = RAY_PATH, .offset = offsetof(params, file) },
    { .name = "blur", .help = "baseline=blur: the Gaussian's standard deviation in pixels",
      .type = RAY_NUMBER, .offset = offsetof(params, blur), .def = 20, .min = 0, .max = 1000 },
    { 0 }
};

/* Of the image's shape, with or without a first dimension of 1. */
static bool fits_image(const ray_tensor *array, const ray_tensor *image)
{
    int32_t rank = image->rank - 1, skip = array->rank - rank;
    return (skip == 0 || (skip == 1 && array->dim[0] == 1))
           && !memcmp(array->dim + skip, image->dim + 1, (size_t)rank * sizeof *image->dim);
}

static int read_baseline(ray_run *run)
{
    const params *p = run->options;
    state *s = run->state;
    if ((p->baseline == BASELINE_FILE) != (p->file != NULL))
        return run->host->fail(run, "baseline=file and file=FILE.npy go together");
    if (p->baseline == BASELINE_BLUR)
        return ray_check_picture(run);
    s->baseline = p->file ? ray_read_finite(run, p->file) : NULL;
    if (p->file && !s->baseline)
        return -1;
    if (s->baseline && !fits_image(s->baseline, run->image))
        return run->host->fail(run, "%s: a baseline must have the shape of the network's input",
                               p->file);
    return 0;
}

static int prepare(ray_run *run)
{
    return read_baseline(run) || run->host->keep(run, run->output);
}

static int make_baseline(ray_run *run, ray_tensor *baseline)
{
    const params *p = run->options;
    const state *s = run->state;
    size_t bytes = (size_t)ray_count(baseline) * sizeof *baseline->data;
    if (p->baseline == BASELINE_ZERO)
        memset(baseline->data, 0, bytes);
    else
        memcpy(baseline->data, s->baseline ? s->baseline->data : run->image->data, bytes);
    return p->baseline == BASELINE_BLUR
           ? run->host->blur(run, baseline, p->blur, RAY_BORDER_REPLICATE) : 0;
}

typedef struct way { const ray_tensor *from, *to; double steps; } way;

static void make_point(void *context, int64_t step, float *picture)
{
    const way *w = context;
    double part = ((double)step + 0.5) / w->steps;
    for (int64_t i = 0; i < ray_count(w->from); i++)
        picture[i] = (float)((double)w->from->data[i]
                             + part * ((double)w->to->data[i] - (double)w->from->data[i]));
}

/* The map's sum. */
static double write_map(const way *w, const double *sums, ray_tensor *map)
{
    int64_t channels = w->to->dim[1], positions = ray_count_positions(w->to);
    double total = 0;
    for (int64_t u = 0; u < positions; u++) {
        double sum = 0;
        for (int64_t i = u; i < channels * positions; i += positions)
            sum += ((double)w->to->data[i] - (double)w->from->data[i]) * sums[i] / w->steps;
        map->data[u] = (float)sum;
        total += sum;
    }
    return total;
}

/* What the signal sent back is the gradient of: the sum of the output times the signal (one-hot:
 * the class's score, summed over positions).  sent: the signal, in scratch memory. */
static int score(ray_run *run, const ray_tensor *image, ray_tensor **sent, double *sum)
{
    const ray_host *host = run->host;
    ray_tensor *batch = host->batch(run, 1);
    if (!batch)
        return -1;
    memcpy(batch->data, image->data, (size_t)ray_count(image) * sizeof *image->data);
    if (host->forward(run) || host->backward(run, &(ray_pass){ .to = run->output }))
        return -1;
    const ray_tensor *output = host->output(run), *signal = host->signal(run, run->output);
    *sent = signal ? host->scratch(run, signal->rank, signal->dim) : NULL;
    if (!*sent)
        return -1;
    *sum = 0;
    for (int64_t i = 0; i < ray_count(output); i++) {
        (*sent)->data[i] = signal->data[i];
        *sum += (double)signal->data[i] * (double)output->data[i];
    }
    return 0;
}

/* Scores add up only when the same signal is sent back everywhere: --signal pointing does not. */
static int report(ray_run *run, const way *w, double total)
{
    ray_tensor *at_image, *at_baseline;
    double of_image, of_baseline;
    if (score(run, w->to, &at_image, &of_image) || score(run, w->from, &at_baseline, &of_baseline))
        return -1;
    if (memcmp(at_image->data, at_baseline->data,
               (size_t)ray_count(at_image) * sizeof *at_image->data))
        return run->host->note(run, "the signal depends on the output, so the map's sum is no "
                               "difference of scores");
    double difference = of_image - of_baseline, error = total - difference;
    return run->host->numbers(run, "score_difference", 1, &difference)
           || run->host->numbers(run, "completeness_error", 1, &error);
}

/* Stopped half way there is nothing to hand out. */
static int integrate(ray_run *run, ray_tensor *map)
{
    int64_t steps = ((const params *)run->options)->steps, n = ray_count(run->image);
    ray_tensor *baseline = run->host->scratch(run, run->image->rank, run->image->dim);
    double *sums = baseline ? ray_sums_create(run, n) : NULL;
    if (!sums || make_baseline(run, baseline))
        return -1;
    way w = { baseline, run->image, (double)steps };
    if (ray_sum_signals(run, steps, make_point, &w, sums, n) < steps)
        return -1;
    return report(run, &w, write_map(&w, sums, map));
}

RAY_PLUGIN({
    .name = "integrated_gradients",
    .summary = "gradient averaged on the way from a baseline to the image, times that way (signed)",
    .reference = "Sundararajan, Taly and Yan, \"Axiomatic attribution for deep networks\", ICML, "
                 "2017",
    .flags = RAY_ONE_ITEM | RAY_EXPLAINS_INPUT,
    .params = options,
    .params_size = sizeof(params),
    .state_size = sizeof(state),
    .prepare = prepare,
    .explain = integrate,
});
