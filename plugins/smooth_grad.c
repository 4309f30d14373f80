/* SPDX-License-Identifier: MIT */
/* smooth_grad.c - the gradient, averaged over pictures to which noise was added:
 *     map_u = max over c of |mean over samples of p_cu|
 *
 * Noise is Gaussian, of sigma times the picture's range.  Each pair of values, in the order of the
 * picture's memory, takes two random numbers a and b: with r = sqrt(-2 ln((a + 1/2) / 2^32)) it
 * gets r cos(2 pi b / 2^32) and r sin(2 pi b / 2^32). */
#include <math.h>

#include "picture.h"
#include "ray_rules.h"

typedef struct params { int64_t samples; double sigma; } params;

static const ray_option options[] = {
    { .name = "samples", .help = "how many noisy pictures", .type = RAY_INT,
      .offset = offsetof(params, samples), .def = 50, .min = 1, .max = 2147483647 },
    { .name = "sigma", .help = "standard deviation of the noise, as a fraction of the picture's "
                               "range",
      .type = RAY_NUMBER, .offset = offsetof(params, sigma), .def = 0.15, .min = 0, .max = 1 },
    { 0 }
};

static double range_of(const ray_tensor *image)
{
    float low = image->data[0], high = low;
    for (int64_t i = 1; i < ray_count(image); i++) {
        low = image->data[i] < low ? image->data[i] : low;
        high = image->data[i] > high ? image->data[i] : high;
    }
    return (double)high - (double)low;
}

typedef struct noise { ray_run *run; double sigma; } noise;

static void add_noise(void *context, int64_t sample, float *picture)
{
    const noise *of = context;
    const ray_tensor *image = of->run->image;
    const double turn = 2 * acos(-1) * 0x1p-32;
    int64_t n = ray_count(image);
    (void)sample;
    for (int64_t i = 0; i < n; i += 2) {
        double a = of->run->host->random(of->run), b = of->run->host->random(of->run);
        double r = of->sigma * sqrt(-2 * log((a + 0.5) * 0x1p-32));
        picture[i] = (float)((double)image->data[i] + r * cos(b * turn));
        if (i + 1 < n)
            picture[i + 1] = (float)((double)image->data[i + 1] + r * sin(b * turn));
    }
}

static int average_gradients(ray_run *run, ray_tensor *map)
{
    const params *p = run->options;
    noise of = { run, p->sigma * range_of(run->image) };
    const ray_tensor *x = run->host->forward(run) ? NULL : run->host->value(run, run->layer);
    ray_tensor *mean = x ? run->host->scratch(run, x->rank, x->dim) : NULL;
    int64_t n = mean ? ray_count(mean) : 0;
    double *sums = mean ? ray_sums_create(run, n) : NULL;
    int64_t done = sums ? ray_sum_signals(run, p->samples, add_noise, &of, sums, n) : -1;
    if (done < 0)
        return -1;
    for (int64_t i = 0; i < n; i++)
        mean->data[i] = (float)(sums[i] / (double)done);
    return ray_saliency_max_abs(run, NULL, mean, map);
}

RAY_PLUGIN({
    .name = "smooth_grad",
    .summary = "gradient averaged over noisy copies of the picture",
    .reference = "Smilkov, Thorat, Kim, Viegas and Wattenberg, \"SmoothGrad: removing noise by "
                 "adding noise\", arXiv 1706.03825, 2017",
    .flags = RAY_ONE_ITEM,
    .params = options,
    .params_size = sizeof(params),
    .explain = average_gradients,
    .steps = "samples",
});
