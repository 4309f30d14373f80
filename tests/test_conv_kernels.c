/* SPDX-License-Identifier: MIT */
/* test_conv_kernels.c - convolutions large enough for every method, block and edge of the kernels,
 * on every kind of processor that this one can stand for, against the definition in double
 * precision; and the same bits whatever the number of threads and items. */
#include <omp.h>
#include "base/memory.h"
#include "base/random.h"
#include "kernels/conv.h"
#include "testing.h"

#define TEXT "%s %s: %lld is %.9g, expected %.9g"

typedef struct shape {
    const char *what;
    int64_t items, groups, in_channels, out_channels;
    int64_t in[3], kernel[3], stride[3], dilation[3], before[3], after[3];
} shape;

#define ONES { 1, 1, 1 }

/* items, groups, channels in and out; input, kernel, stride, dilation, padding before and after */
static const shape shapes[] = {
    { "1x1, several panels", 2, 1, 40, 70, { 1, 20, 31 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "1x1, several blocks", 1, 1, 50, 260, { 1, 7, 7 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "1x1 of many small items", 9, 1, 37, 45, { 1, 5, 3 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "1x1, several chunks", 2, 1, 700, 51, { 1, 7, 7 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "1x1, one channel to three", 1, 1, 1, 3, { 1, 23, 19 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "1x1 stride 2, deep", 1, 1, 330, 20, { 1, 9, 8 }, ONES, { 1, 2, 2 }, ONES, { 0 }, { 0 } },
    { "1x1 stride 2", 1, 1, 30, 36, { 1, 15, 14 }, ONES, { 1, 2, 2 }, ONES, { 0 }, { 0 } },
    { "1x1 in groups", 2, 2, 40, 36, { 1, 9, 9 }, ONES, ONES, ONES, { 0 }, { 0 } },
    { "3x3, panels of many rows", 1, 1, 3, 20,
      { 1, 70, 69 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, chunks of channels", 1, 1, 70, 20,
      { 1, 40, 44 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, shared by all threads", 2, 1, 40, 150,
      { 1, 14, 14 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, shared, several chunks", 1, 1, 130, 140,
      { 1, 30, 31 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3 narrowing", 1, 1, 200, 8,
      { 1, 12, 12 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, blocks of tiles", 2, 1, 17, 18,
      { 1, 61, 83 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, large tiles", 2, 1, 17, 18,
      { 1, 66, 83 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, large tiles, many channels", 1, 1, 128, 40,
      { 1, 65, 64 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, chunks of unequal size", 1, 1, 300, 20,
      { 1, 9, 10 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, odd padding", 1, 1, 16, 33,
      { 1, 9, 10 }, { 1, 3, 3 }, ONES, ONES, { 0, 0, 2 }, { 0, 2, 1 } },
    { "3x3 of a 1x1 map", 9, 1, 17, 16,
      { 1, 1, 1 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3 of a 5x7 map, many items", 9, 1, 20, 17,
      { 1, 5, 7 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, more padding than kernel", 1, 1, 9, 9,
      { 1, 6, 5 }, { 1, 3, 3 }, ONES, ONES, { 0, 6, 5 }, { 0, 4, 7 } },
    { "3x3, cropped", 1, 1, 12, 12,
      { 1, 16, 15 }, { 1, 3, 3 }, ONES, ONES, { 0, -2, 1 }, { 0, 1, -3 } },
    { "3x3, large groups", 2, 2, 34, 38,
      { 1, 10, 13 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "3x3, 512 channels", 1, 1, 512, 16,
      { 1, 14, 14 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "7x7 stride 2", 1, 1, 3, 24,
      { 1, 60, 61 }, { 1, 7, 7 }, { 1, 2, 2 }, ONES, { 0, 3, 3 }, { 0, 3, 3 } },
    { "3x3 stride 2, gradient in chunks", 1, 1, 33, 20,
      { 1, 150, 99 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 0, 1 }, { 0, 1, 0 } },
    { "3x3 stride 2, deep", 2, 1, 130, 90,
      { 1, 15, 17 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "5x5, several chunks", 1, 1, 40, 65,
      { 1, 27, 26 }, { 1, 5, 5 }, ONES, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "2x2 stride 3, gaps", 1, 1, 5, 13,
      { 1, 20, 22 }, { 1, 2, 2 }, { 1, 3, 3 }, ONES, { 0, 1, 0 }, { 0, 0, 1 } },
    { "11x11 stride 4", 1, 1, 2, 9,
      { 1, 63, 55 }, { 1, 11, 11 }, { 1, 4, 4 }, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "padding beyond the kernel", 1, 1, 4, 6,
      { 1, 5, 6 }, { 1, 3, 3 }, ONES, ONES, { 0, 5, 4 }, { 0, 3, 6 } },
    { "dilated", 1, 1, 9, 17,
      { 1, 30, 28 }, { 1, 3, 3 }, ONES, { 1, 4, 6 }, { 0, 4, 6 }, { 0, 4, 6 } },
    { "the whole input", 2, 1, 12, 50, { 1, 7, 6 }, { 1, 7, 6 }, ONES, ONES, { 0 }, { 0 } },
    { "the whole input, many items", 9, 1, 12, 150,
      { 1, 3, 3 }, { 1, 3, 3 }, ONES, ONES, { 0 }, { 0 } },
    { "the whole input in parts, one item", 1, 1, 40, 70,
      { 1, 8, 9 }, { 1, 8, 9 }, ONES, ONES, { 0 }, { 0 } },
    { "the whole input in parts, a batch", 6, 1, 40, 70,
      { 1, 8, 9 }, { 1, 8, 9 }, ONES, ONES, { 0 }, { 0 } },
    { "the whole input, more items than a batch", 50, 1, 5, 131,
      { 1, 3, 4 }, { 1, 3, 4 }, ONES, ONES, { 0 }, { 0 } },
    { "groups", 2, 3, 48, 36,
      { 1, 11, 13 }, { 1, 3, 3 }, { 1, 2, 1 }, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "small groups", 1, 5, 20, 30,
      { 1, 17, 33 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "small groups, stride 2", 1, 5, 20, 10,
      { 1, 17, 33 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "depthwise", 2, 40, 40, 40, { 1, 7, 7 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "depthwise in bands", 1, 3, 3, 3,
      { 1, 150, 160 }, { 1, 5, 5 }, ONES, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "depthwise stride 2 in bands", 1, 3, 3, 6,
      { 1, 250, 161 }, { 1, 5, 5 }, { 1, 2, 2 }, ONES, { 0, 1, 2 }, { 0, 2, 1 } },
    { "depthwise, vectors that overlap", 1, 3, 3, 3,
      { 1, 14, 13 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "depthwise, wide", 2, 5, 5, 5,
      { 1, 90, 101 }, { 1, 3, 3 }, ONES, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "depthwise 5x5, small", 2, 9, 9, 9,
      { 1, 7, 7 }, { 1, 5, 5 }, ONES, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "depthwise 3x3 stride 2", 2, 6, 6, 6,
      { 1, 15, 14 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 1, 1 }, { 0, 1, 1 } },
    { "depthwise 3x3 stride 2, uneven padding", 1, 4, 4, 4,
      { 1, 30, 33 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 0, 1 }, { 0, 1, 0 } },
    { "depthwise 3x3 stride 2, several bands", 1, 2, 2, 2,
      { 1, 200, 190 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, 1, 0 }, { 0, 1, 1 } },
    { "depthwise 5x5 stride 2", 1, 5, 5, 5,
      { 1, 28, 29 }, { 1, 5, 5 }, { 1, 2, 2 }, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "depthwise 5x5 stride 2, uneven padding", 1, 5, 5, 5,
      { 1, 9, 40 }, { 1, 5, 5 }, { 1, 2, 2 }, ONES, { 0, 1, 3 }, { 0, 2, 0 } },
    { "depthwise 5x5 stride 2 of a 1x1 map", 3, 7, 7, 7,
      { 1, 1, 1 }, { 1, 5, 5 }, { 1, 2, 2 }, ONES, { 0, 2, 2 }, { 0, 2, 2 } },
    { "depthwise stride 2, cropped", 1, 3, 3, 3,
      { 1, 17, 20 }, { 1, 3, 3 }, { 1, 2, 2 }, ONES, { 0, -3, 1 }, { 0, 1, -4 } },
    { "depthwise stride 3 dilation 2", 1, 7, 7, 7,
      { 1, 29, 30 }, { 1, 3, 4 }, { 1, 3, 3 }, { 1, 2, 2 }, { 0, 1, 4 }, { 0, 0, 4 } },
    { "depthwise, padding beyond the kernel", 1, 4, 4, 4,
      { 1, 9, 8 }, { 1, 3, 3 }, { 1, 1, 2 }, ONES, { 0, 4, 5 }, { 0, 3, 3 } },
    { "depthwise stride beyond the kernel", 1, 4, 4, 4,
      { 1, 19, 18 }, { 1, 2, 1 }, { 1, 5, 3 }, ONES, { 0, 1, 0 }, { 0, 0, 0 } },
    { "depthwise over depth", 1, 6, 6, 6,
      { 9, 8, 10 }, { 3, 3, 3 }, { 2, 1, 2 }, ONES, ONES, ONES },
    { "three axes", 1, 1, 8, 12,
      { 7, 12, 11 }, { 3, 3, 2 }, { 1, 2, 1 }, { 1, 1, 2 }, { 1, 1, 0 }, { 1, 0, 1 } },
    { "three axes stride 1", 1, 1, 10, 12, { 6, 12, 10 }, { 3, 3, 3 }, ONES, ONES, ONES, ONES },
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

typedef struct trial {
    const shape      *shape;
    ray_conv_geometry g;
    int64_t           in_size, out_size, weight_size;
    RAY_REAL         *x, *y, *dx, *dy, *weight, *bias;
} trial;

static int64_t volume(const int64_t *v)
{
    return v[0] * v[1] * v[2];
}

static RAY_REAL *random_numbers(int64_t n, ray_random *random)
{
    RAY_REAL *data = ray_alloc((size_t)n, sizeof *data);
    for (int64_t i = 0; random && i < n; i++)
        data[i] = (RAY_REAL)(2 * ray_random_uniform(random) - 1);
    for (int64_t i = 0; !random && i < n; i++)
        data[i] = (RAY_REAL)NAN;
    return data;
}

static void trial_open(trial *t, const shape *s)
{
    ray_random random;
    ray_random_seed(&random, 3);
    *t = (trial){ .shape = s };
    t->g = (ray_conv_geometry){ .items = s->items, .groups = s->groups,
                                .in_channels = s->in_channels, .out_channels = s->out_channels };
    for (int a = 0; a < 3; a++) {
        t->g.in[a] = s->in[a];
        t->g.kernel[a] = s->kernel[a];
        t->g.stride[a] = s->stride[a];
        t->g.dilation[a] = s->dilation[a];
        t->g.before[a] = s->before[a];
        int64_t reach = (s->kernel[a] - 1) * s->dilation[a] + 1;
        t->g.out[a] = (s->in[a] + s->before[a] + s->after[a] - reach) / s->stride[a] + 1;
    }
    t->in_size = s->items * s->in_channels * volume(t->g.in);
    t->out_size = s->items * s->out_channels * volume(t->g.out);
    t->weight_size = s->out_channels * (s->in_channels / s->groups) * volume(t->g.kernel);
    t->x = random_numbers(t->in_size, &random);
    t->dy = random_numbers(t->out_size, &random);
    t->weight = random_numbers(t->weight_size, &random);
    t->bias = random_numbers(s->out_channels, &random);
    t->y = random_numbers(t->out_size, NULL);
    t->dx = random_numbers(t->in_size, NULL);
}

static void trial_close(trial *t)
{
    free(t->x);
    free(t->y);
    free(t->dx);
    free(t->dy);
    free(t->weight);
    free(t->bias);
}

static void fill_nan(RAY_REAL *data, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        data[i] = (RAY_REAL)NAN;
}

/* One direction, working memory full of NaN before it, and the result too, or `before`. */
static void compute_into(trial *t, ray_conv_call call, const RAY_REAL *before)
{
    int64_t n = call.gradient ? t->in_size : t->out_size;
    int64_t size = ray_conv_call_workspace(&t->g, &call);
    RAY_REAL *work = size > 0 ? ray_alloc_aligned((size_t)size * sizeof *work) : NULL;
    call.from = call.gradient ? t->dy : t->x;
    call.to = call.gradient ? t->dx : t->y;
    call.bias = t->bias;
    call.work = work;
    fill_nan(work, size);
    fill_nan(call.to, n);
    if (before)
        memcpy(call.to, before, (size_t)n * sizeof *before);
    ray_conv_compute(&t->g, &call);
    ray_free_aligned(work);
}

static void compute_call(trial *t, ray_conv_call call)
{
    compute_into(t, call, NULL);
}

static void compute(trial *t)
{
    compute_call(t, (ray_conv_call){ .weight = t->weight });
    compute_call(t, (ray_conv_call){ .weight = t->weight, .gradient = true });
}

/* ---- The definition ---- */

static void split(int64_t index, const int64_t *sizes, int64_t *v)
{
    for (int a = 2; a >= 0; a--) {
        v[a] = index % sizes[a];
        index /= sizes[a];
    }
}

/* One output channel of one group's input channel: y += w x, and dx += w dy. */
static void define_pair(const trial *t, const RAY_REAL *x, const RAY_REAL *dy, const RAY_REAL *w,
                        double *y, double *dx)
{
    const ray_conv_geometry *g = &t->g;
    for (int64_t i = 0; i < volume(g->out) * volume(g->kernel); i++) {
        int64_t o[3], k[3], in[3], position = i / volume(g->kernel), tap = i % volume(g->kernel);
        bool inside = true;
        split(position, g->out, o);
        split(tap, g->kernel, k);
        for (int a = 0; a < 3; a++) {
            in[a] = o[a] * g->stride[a] - g->before[a] + k[a] * g->dilation[a];
            inside = inside && in[a] >= 0 && in[a] < g->in[a];
        }
        if (!inside)
            continue;
        int64_t source = (in[0] * g->in[1] + in[1]) * g->in[2] + in[2];
        y[position] += (double)w[tap] * (double)x[source];
        dx[source] += (double)w[tap] * (double)dy[position];
    }
}

static void define(const trial *t, double *y, double *dx)
{
    const ray_conv_geometry *g = &t->g;
    int64_t in = g->in_channels / g->groups, out = g->out_channels / g->groups;
    for (int64_t i = 0; i < t->out_size; i++)
        y[i] = (double)t->bias[i / volume(g->out) % g->out_channels];
    for (int64_t pair = 0; pair < g->items * g->out_channels * in; pair++) {
        int64_t o = pair / in, group = o % g->out_channels / out;
        int64_t i = (o / g->out_channels * g->groups + group) * in + pair % in;
        const RAY_REAL *w = t->weight + pair % (g->out_channels * in) * volume(g->kernel);
        define_pair(t, t->x + i * volume(g->in), t->dy + o * volume(g->out), w,
                    y + o * volume(g->out), dx + i * volume(g->in));
    }
}

/* Largest error in parts of the largest number: a sum of products, or transforms around it. */
static double allowed(const trial *t, bool gradient)
{
    const char *reason;
    bool tiles = !strcmp(ray_conv_method_name(&t->g, gradient, &reason), "winograd");
    if (sizeof(RAY_REAL) == 8)
        return tiles ? 1e-13 : 1e-14;
    return tiles ? 2e-5 : 2e-6;
}

static void check(const trial *t, bool gradient, const double *expected)
{
    const RAY_REAL *got = gradient ? t->dx : t->y;
    const char *what = gradient ? "gradient" : "output";
    int64_t n = gradient ? t->in_size : t->out_size, wrong = 0;
    double most = 0, bound = allowed(t, gradient);
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(expected[i]));
    for (int64_t i = 0; i < n; i++) {
        if (fabs((double)got[i] - expected[i]) <= bound * most)
            continue;
        if (wrong++ == 0)
            printf("\n    " TEXT, t->shape->what, what, (long long)i, (double)got[i], expected[i]);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* ---- Kinds of processor ---- */

/* Chooses the next that works here, "plain" last; false after that. */
static bool next_machine(int *index)
{
    const ray_machine *machine = NULL;
    if (*index < 0)
        return false;
    while ((machine = ray_machine_at(*index)) && !machine->works())
        (*index)++;
    CU_ASSERT_EQUAL(ray_machine_use(machine ? machine->name : "plain"), 0);
    *index = machine ? *index + 1 : -1;
    return true;
}

static void test_definition(void)
{
    for (int i = 0; i < SHAPES; i++) {
        trial t;
        trial_open(&t, &shapes[i]);
        double *y = ray_alloc((size_t)t.out_size, sizeof *y);
        double *dx = ray_alloc((size_t)t.in_size, sizeof *dx);
        define(&t, y, dx);
        for (int machine = 0; next_machine(&machine);) {
            compute(&t);
            check(&t, false, y);
            check(&t, true, dx);
        }
        free(y);
        free(dx);
        trial_close(&t);
    }
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

static void test_threads(void)
{
    int threads = omp_get_max_threads();
    for (int i = 0; i < SHAPES; i++) {
        trial one, many;
        trial_open(&one, &shapes[i]);
        trial_open(&many, &shapes[i]);
        for (int machine = 0; next_machine(&machine);) {
            omp_set_num_threads(1);
            compute(&one);
            omp_set_num_threads(5);
            compute(&many);
            CU_ASSERT(memcmp(one.y, many.y, (size_t)one.out_size * sizeof *one.y) == 0);
            CU_ASSERT(memcmp(one.dx, many.dx, (size_t)one.in_size * sizeof *one.dx) == 0);
        }
        trial_close(&one);
        trial_close(&many);
    }
    omp_set_num_threads(threads);
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

/* ---- What a call can ask for ---- */

/* Whether the last result of one trial is, bit for bit, that of another. */
static bool same(const trial *a, const trial *b, bool gradient)
{
    size_t n = (size_t)(gradient ? a->in_size : a->out_size) * sizeof(RAY_REAL);
    return memcmp(gradient ? a->dx : a->y, gradient ? b->dx : b->y, n) == 0;
}

static void clamp_weights(trial *t, ray_clamp clamp)
{
    for (int64_t i = 0; i < t->weight_size; i++) {
        RAY_REAL w = clamp == RAY_CLAMP_NEGATIVE ? -t->weight[i] : t->weight[i];
        t->weight[i] = w > 0 || clamp == RAY_CLAMP_NONE ? w : 0;
    }
}

/* Clamped on the way and prepared beforehand: the same as from weights that are so already. */
static void check_clamp(const shape *s, bool gradient, ray_clamp clamp)
{
    trial asked, ready;
    trial_open(&asked, s);
    trial_open(&ready, s);
    clamp_weights(&ready, clamp);
    compute_call(&ready, (ray_conv_call){ .weight = ready.weight, .gradient = gradient });
    ray_conv_call call = { .weight = asked.weight, .gradient = gradient, .clamp = clamp };
    compute_call(&asked, call);
    CU_ASSERT(same(&asked, &ready, gradient));
    int64_t size = ray_conv_prepared(&asked.g, gradient);
    if (size > 0) {
        RAY_REAL *prepared = ray_alloc_aligned((size_t)size * sizeof *prepared);
        fill_nan(prepared, size);
        ray_conv_prepare(&asked.g, gradient, clamp, asked.weight, prepared);
        call.prepared = prepared;
        compute_call(&asked, call);
        CU_ASSERT(same(&asked, &ready, gradient));
        ray_free_aligned(prepared);
    }
    trial_close(&asked);
    trial_close(&ready);
}

static void test_weights(void)
{
    for (int i = 0; i < SHAPES * 6; i++)
        check_clamp(&shapes[i / 6], i % 2, (ray_clamp)(i / 2 % 3));
}

/* ---- Finished results ---- */

/* A way to finish; every combination that there is. */
typedef struct ending {
    bool scale, shift, add, itself;     /* itself: what is added is the result */
    bool limit, gate;
} ending;

static ending ending_at(int index)
{
    ending e = { index & 1, index & 2, (index & 4) || (index & 8), index & 8 };
    e.limit = index / 16 == 1;
    e.gate = index / 16 == 2;
    return e;
}

enum { ENDINGS = 48 };

/* What an ending needs: numbers by channel, and two arrays as long as the result. */
typedef struct operands {
    RAY_REAL *scale, *shift, *add, *gate;
    int64_t   n, channels, size;
} operands;

static void operands_open(operands *o, const trial *t, bool gradient)
{
    ray_random random;
    ray_random_seed(&random, 8);
    o->n = gradient ? t->in_size : t->out_size;
    o->channels = gradient ? t->g.in_channels : t->g.out_channels;
    o->size = volume(gradient ? t->g.in : t->g.out);
    o->scale = random_numbers(o->channels, &random);
    o->shift = random_numbers(o->channels, &random);
    o->add = random_numbers(o->n, &random);
    o->gate = random_numbers(o->n, &random);
}

static void operands_close(operands *o)
{
    free(o->scale);
    free(o->shift);
    free(o->add);
    free(o->gate);
}

static ray_finish finish_of(const ending *e, const operands *o, const RAY_REAL *result)
{
    return (ray_finish){ .scale = e->scale ? o->scale : NULL,
                         .shift = e->shift ? o->shift : NULL,
                         .add = e->itself ? result : e->add ? o->add : NULL,
                         .gate = e->gate ? o->gate : NULL,
                         .limit = e->limit,
                         .low = e->limit || e->gate ? (RAY_REAL)-0.4 : -INFINITY,
                         .high = e->limit || e->gate ? (RAY_REAL)0.6 : INFINITY };
}

static double finished(const ending *e, const operands *o, double sum, int64_t i)
{
    int64_t channel = i / o->size % o->channels;
    double r = sum * (e->scale ? (double)o->scale[channel] : 1);
    r += (e->shift ? (double)o->shift[channel] : 0) + (e->add ? (double)o->add[i] : 0);
    if (e->limit)
        r = fmin(fmax(r, (double)(RAY_REAL)-0.4), (double)(RAY_REAL)0.6);
    if (e->gate && !(o->gate[i] > (RAY_REAL)-0.4 && o->gate[i] < (RAY_REAL)0.6))
        r = 0;
    return r;
}

/* Errors in parts of the largest sum, or of the numbers beside it, which are below 1. */
static void check_ending(trial *t, bool gradient, const ending *e, const operands *o,
                         const double *sums)
{
    RAY_REAL *result = gradient ? t->dx : t->y;
    ray_finish finish = finish_of(e, o, result);
    double most = 1, bound = allowed(t, gradient);
    int64_t wrong = 0;
    compute_into(t, (ray_conv_call){ .weight = t->weight, .gradient = gradient, .finish = &finish },
                 e->itself ? o->add : NULL);
    for (int64_t i = 0; i < o->n; i++)
        most = fmax(most, fabs(sums[i]));
    for (int64_t i = 0; i < o->n; i++) {
        double expected = finished(e, o, sums[i], i);
        if (fabs((double)result[i] - expected) <= bound * most)
            continue;
        if (wrong++ == 0)
            printf("\n    " TEXT, t->shape->what, gradient ? "finished gradient" : "finished output",
                   (long long)i, (double)result[i], expected);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void check_endings(const shape *s, int index)
{
    trial t;
    trial_open(&t, s);
    double *sums[2] = { ray_alloc((size_t)t.out_size, sizeof(double)),
                        ray_alloc((size_t)t.in_size, sizeof(double)) };
    define(&t, sums[0], sums[1]);
    for (int gradient = 0; gradient < 2; gradient++) {
        operands o;
        operands_open(&o, &t, gradient);
        for (int machine = 0, n = index; next_machine(&machine); n += 7) {
            for (int k = 0; k < 3; k++) {
                ending e = ending_at((n + 17 * k) % ENDINGS);
                check_ending(&t, gradient, &e, &o, sums[gradient]);
            }
        }
        operands_close(&o);
    }
    free(sums[0]);
    free(sums[1]);
    trial_close(&t);
}

/* Every shape with some endings, and some shapes with all of them. */
static void test_finish(void)
{
    for (int i = 0; i < SHAPES; i++)
        check_endings(&shapes[i], i * 5);
    for (int i = 0; i < ENDINGS; i++)
        check_endings(&shapes[i % 4], i);
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

/* NaN stays NaN where results are limited. */
static void check_nan(const shape *s, bool gradient)
{
    trial t;
    trial_open(&t, s);
    operands o;
    operands_open(&o, &t, gradient);
    o.shift[o.channels / 2] = (RAY_REAL)NAN;
    ray_finish finish = { .shift = o.shift, .limit = true, .low = 0, .high = 6 };
    compute_call(&t, (ray_conv_call){ .weight = t.weight, .gradient = gradient,
                                      .finish = &finish });
    const RAY_REAL *result = gradient ? t.dx : t.y;
    int64_t wrong = 0;
    for (int64_t i = 0; i < o.n; i++)
        wrong += (i / o.size % o.channels == o.channels / 2) != (bool)isnan(result[i]);
    CU_ASSERT_EQUAL(wrong, 0);
    operands_close(&o);
    trial_close(&t);
}

static void test_nan(void)
{
    for (int i = 0; i < SHAPES * 2; i++) {
        for (int machine = 0; next_machine(&machine);)
            check_nan(&shapes[i / 2], i % 2);
    }
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

/* Convolutions of pictures: an item of nine has the bits that it has alone. */
static void test_items(void)
{
    for (int i = 0; i < SHAPES; i++) {
        shape nine = shapes[i];
        trial many, one;
        nine.items = 9;
        trial_open(&many, &nine);
        const char *reason, *name = ray_conv_method_name(&many.g, false, &reason);
        if (!strcmp(name, "dense")) {
            trial_close(&many);
            continue;
        }
        compute(&many);
        nine.items = 1;
        trial_open(&one, &nine);
        memcpy(one.x, many.x + 7 * one.in_size, (size_t)one.in_size * sizeof *one.x);
        memcpy(one.dy, many.dy + 7 * one.out_size, (size_t)one.out_size * sizeof *one.dy);
        memcpy(one.weight, many.weight, (size_t)one.weight_size * sizeof *one.weight);
        memcpy(one.bias, many.bias, (size_t)nine.out_channels * sizeof *one.bias);
        compute(&one);
        CU_ASSERT(memcmp(one.y, many.y + 7 * one.out_size, (size_t)one.out_size * sizeof *one.y)
                  == 0);
        CU_ASSERT(memcmp(one.dx, many.dx + 7 * one.in_size, (size_t)one.in_size * sizeof *one.dx)
                  == 0);
        trial_close(&one);
        trial_close(&many);
    }
}

static void test_names(void)
{
    CU_ASSERT_EQUAL(ray_machine_use("no such machine"), -1);
    CU_ASSERT_PTR_NOT_NULL(ray_machine_get());
    CU_ASSERT_EQUAL(ray_machine_use("plain"), 0);
    CU_ASSERT_PTR_NULL(ray_machine_get());
    CU_ASSERT_EQUAL(ray_machine_use("baseline"), 0);
    CU_ASSERT_STRING_EQUAL(ray_machine_get()->name, "baseline");
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

int main(void)
{
    static const named_test tests[] = {
        { "every method against the definition", test_definition },
        { "the same bits on any number of threads", test_threads },
        { "an item has the same bits in any batch", test_items },
        { "weights clamped and prepared", test_weights },
        { "results finished in every way", test_finish },
        { "NaN among limited results", test_nan },
        { "machines by name", test_names },
        { NULL, NULL },
    };
    return run_tests("convolution kernels", tests);
}
