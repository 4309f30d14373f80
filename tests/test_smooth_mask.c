/* SPDX-License-Identifier: MIT */
/* test_smooth_mask.c - smooth masks, their area, what they do to pictures, and rewards: against
 * plain formulas in double precision, and signals against central differences of those. */
#include "check_text.h"
#include "map/map.h"
#include "mask_area.h"
#include "perturb.h"
#include "reward.h"
#include "smooth_mask.h"

/* ---- A host of few services ---- */

enum { MOST_TENSORS = 16 };
static struct { ray_tensor tensor[MOST_TENSORS]; int used; } scratch_memory;

static ray_tensor *take(ray_run *run, int32_t rank, const int64_t *dim)
{
    (void)run;
    CU_ASSERT_FATAL(scratch_memory.used < MOST_TENSORS);
    ray_tensor *tensor = &scratch_memory.tensor[scratch_memory.used++];
    int64_t n = 1;
    tensor->rank = rank;
    for (int32_t i = 0; i < rank; i++)
        n *= tensor->dim[i] = dim[i];
    tensor->data = malloc((size_t)n * sizeof *tensor->data);
    for (int64_t i = 0; i < n; i++)
        tensor->data[i] = NAN;      /* contents are undefined */
    return tensor;
}

static void release(void)
{
    while (scratch_memory.used > 0)
        free(scratch_memory.tensor[--scratch_memory.used].data);
}

/* Backwards: the order must not matter. */
static void work_backwards(ray_run *run, int64_t n, void (*work)(void *context, int64_t i),
                           void *context)
{
    (void)run;
    while (n-- > 0)
        work(context, n);
}

static int blur(ray_run *run, ray_tensor *planes, double sigma, ray_border border)
{
    ray_error error = { "" };
    (void)run;
    return ray_map_blur(planes, sigma, border, &error);
}

static const ray_host host = { .scratch = take, .parallel = work_backwards, .blur = blur };
static ray_run run = { .host = &host };

/* ---- Numbers ---- */

static uint32_t seed = 1;

static double draw(void)        /* in 0 ... 1 */
{
    seed = seed * 1664525u + 1013904223u;
    return (double)(seed >> 8) / 16777216.0;
}

static double *draw_doubles(int64_t n, double low, double high)
{
    double *a = malloc((size_t)n * sizeof *a);
    for (int64_t i = 0; i < n; i++)
        a[i] = (double)(float)(low + (high - low) * draw());
    return a;
}

static float *floats_of(const double *a, int64_t n)
{
    float *copy = malloc((size_t)n * sizeof *copy);
    for (int64_t i = 0; i < n; i++)
        copy[i] = (float)a[i];
    return copy;
}

/* The largest |a - b|. */
static double difference(const float *a, const double *b, int64_t n)
{
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        double off = fabs((double)a[i] - b[i]);
        worst = off > worst || isnan(off) ? off : worst;
    }
    return worst;
}

static double largest(const double *a, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

/* ---- The mask generator ---- */

typedef struct shape { int64_t height, width, step; double sigma; int64_t full[2], margin; } shape;

/* The first rows are sizes of which TorchRay makes masks, whose shapes these are; the others are
 * those it has no crop for: the full mask ends with the crop where it would end sooner. */
static const shape shapes[] = {
    { 20, 34, 7, 21, { 57, 71 }, 21 },
    { 30, 22, 5, 20, { 66, 61 }, 20 },
    { 31, 24, 3, 4.5, { 37, 28 }, 4 },
    { 24, 24, 4, 7.5, { 37, 37 }, 8 },
    { 9, 30, 9, 40, { 73, 100 }, 40 },
    { 24, 24, 4, 6, { 30, 30 }, 6 },
    { 17, 23, 7, 1, { 18, 24 }, 1 },
    { 16, 19, 16, 3, { 19, 22 }, 3 },
    { 9, 14, 1, 3.5, { 15, 20 }, 4 },
    { 9, 14, 2, 5, { 17, 21 }, 5 },
};

/* The formula, pixel by pixel, not clamped. */
static double formula_at(const shape *s, const int64_t *grid, const double *parameters, int64_t v,
                         int64_t u)
{
    int64_t r = 1 + (int64_t)ceil(s->sigma / (double)s->step);
    int64_t d = 1 + (int64_t)ceil(2 * s->sigma / (double)s->step);
    double sum = 0, total = 0;
    for (int64_t k = 0; k <= 2 * r; k++)
        for (int64_t l = 0; l <= 2 * r; l++) {
            int64_t i = v / s->step + k - d, j = u / s->step + l - d;
            bool inside = i >= 0 && j >= 0 && i < grid[0] && j < grid[1];
            double dy = (double)v - (s->sigma + (double)(s->step * i));
            double dx = (double)u - (s->sigma + (double)(s->step * j));
            double z = fmax(sqrt(dy * dy + dx * dx) / s->sigma - 0.5, 0);
            double a = inside ? exp(-2 * z * z) * parameters[i * grid[1] + j] : 0, e = exp(20 * a);
            sum += a * e;
            total += e;
        }
    return sum / total;
}

enum { MASKS = 2 };

typedef struct subject {
    const shape    *shape;
    ray_smooth_mask mask;
    int64_t         parameters, pixels;     /* of one mask */
    double         *parameter, *signal;     /* of all, at the grid and at the full mask */
} subject;

static void open_subject(subject *s, const shape *of)
{
    *s = (subject){ .shape = of };
    int failed = ray_smooth_mask_create(&run, &s->mask, MASKS, of->height, of->width, of->step,
                                        of->sigma);
    CU_ASSERT_FATAL(!failed);
    s->parameters = s->mask.grid[0] * s->mask.grid[1];
    s->pixels = s->mask.full[0] * s->mask.full[1];
    s->parameter = draw_doubles(MASKS * s->parameters, 0, 1);
    for (int64_t i = 0; i < MASKS * s->parameters; i += 2 + i % 3)
        s->parameter[i] = i % 4 ? 0 : 1;
    s->signal = draw_doubles(MASKS * s->pixels, -1, 1);
}

static void close_subject(subject *s)
{
    free(s->parameter);
    free(s->signal);
    release();
}

/* The full masks of the formula; or, with weights, the sum of the masks' values so weighted. */
static double evaluate_formula(const subject *s, const double *parameter, double *full)
{
    double sum = 0;
    for (int64_t n = 0; n < MASKS; n++)
        for (int64_t i = 0; i < s->pixels; i++) {
            double value = formula_at(s->shape, s->mask.grid, parameter + n * s->parameters,
                                      i / s->mask.full[1], i % s->mask.full[1]);
            if (full)
                full[n * s->pixels + i] = fmin(fmax(value, 0), 1);
            sum += s->signal[n * s->pixels + i] * value;
        }
    return sum;
}

static void masks_have_their_shape(void)
{
    for (int i = 0; i < COUNT(shapes); i++) {
        subject s;
        open_subject(&s, &shapes[i]);
        CHECK_CASE(s.mask.full[0] == shapes[i].full[0] && s.mask.full[1] == shapes[i].full[1]
                       && s.mask.margin == shapes[i].margin,
                   "shape %d: %lld x %lld, margin %lld", i, (long long)s.mask.full[0],
                   (long long)s.mask.full[1], (long long)s.mask.margin);
        close_subject(&s);
    }
}

static void masks_are_those_of_the_formula(void)
{
    for (int i = 0; i < COUNT(shapes); i++) {
        subject s;
        open_subject(&s, &shapes[i]);
        double *expected = malloc((size_t)(MASKS * s.pixels) * sizeof *expected);
        float *full = malloc((size_t)(MASKS * s.pixels) * sizeof *full);
        float *parameter = floats_of(s.parameter, MASKS * s.parameters);
        evaluate_formula(&s, s.parameter, expected);
        ray_smooth_mask_forward(&run, &s.mask, parameter, full);
        double off = difference(full, expected, MASKS * s.pixels);
        CHECK_CASE(off < 2e-6, "shape %d: off by %g", i, off);
        free(expected);
        free(full);
        free(parameter);
        close_subject(&s);
    }
}

static double slope_of_formula(subject *s, int64_t parameter)
{
    static const double width = 1e-5;
    double middle = s->parameter[parameter];
    s->parameter[parameter] = middle + width;
    double above = evaluate_formula(s, s->parameter, NULL);
    s->parameter[parameter] = middle - width;
    double below = evaluate_formula(s, s->parameter, NULL);
    s->parameter[parameter] = middle;
    return (above - below) / (2 * width);
}

enum { CHECKED = 24 };

/* The largest error of some of the parameters' signals, as a fraction of the largest slope. */
static double check_slopes(subject *s, const float *found)
{
    int64_t n = MASKS * s->parameters;
    double worst = 0, most = 0;
    for (int64_t k = 0; k < n; k += n / CHECKED + 1) {
        double expected = slope_of_formula(s, k);
        worst = fmax(worst, fabs((double)found[k] - expected));
        most = fmax(most, fabs(expected));
    }
    return isnan(worst) ? worst : worst / most;
}

static void signals_are_slopes_of_the_formula(void)
{
    for (int i = 0; i < COUNT(shapes); i++) {
        subject s;
        open_subject(&s, &shapes[i]);
        int64_t n = MASKS * s.parameters, pixels = MASKS * s.pixels;
        float *full = malloc((size_t)pixels * sizeof *full);
        float *found = malloc((size_t)n * sizeof *found);
        float *parameter = floats_of(s.parameter, n), *signal = floats_of(s.signal, pixels);
        ray_smooth_mask_forward(&run, &s.mask, parameter, full);
        ray_smooth_mask_backward(&run, &s.mask, parameter, signal, found);
        double off = check_slopes(&s, found);
        CHECK_CASE(off < 1e-5, "shape %d: off by %g of the largest", i, off);
        free(full);
        free(found);
        free(parameter);
        free(signal);
        close_subject(&s);
    }
}

/* ---- Area ---- */

typedef struct ranked { double value; int64_t at; } ranked;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static double area_by_sorting(const float *mask, int64_t n, double area, double *signal)
{
    ranked *order = malloc((size_t)n * sizeof *order);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        order[i] = (ranked){ (double)mask[i], i };
    qsort(order, (size_t)n, sizeof *order, compare_ranked);
    for (int64_t rank = 0; rank < n; rank++) {
        double off = order[rank].value - (rank < (int64_t)((double)n * (1 - area)) ? 0 : 1);
        sum += off * off / (double)n;
        signal[order[rank].at] = 2 * off / (double)n;
    }
    free(order);
    return sum;
}

/* Values of many magnitudes or, rounded to `grades`, of which many are equal. */
static float draw_mask_value(int grades)
{
    double value = draw();
    return (float)(grades ? floor(value * grades + 0.5) / grades : value * value * value * value);
}

static void areas_are_those_of_sorted_masks(void)
{
    static const struct { int64_t n; double area; int grades; } cases[] = {
        { 1000, 0.1, 0 }, { 1000, 0.1, 3 }, { 777, 0.45, 1 }, { 778, 0.999, 10 }, { 5, 0.001, 0 },
        { 300, 0.07, 10 },      /* 300 (1 - 0.07) is less than 279 in double */
        { 1, 0.5, 0 }, { 100, 1e-17, 3 },   /* 1 - 1e-17 is 1: no pixel is wanted */
    };
    float mask[1000], signal[1000];
    double expected[1000];
    for (int i = 0; i < COUNT(cases); i++) {
        for (int64_t k = 0; k < cases[i].n; k++)
            mask[k] = draw_mask_value(cases[i].grades);
        double term = ray_mask_area(mask, cases[i].n, cases[i].area, 1, signal);
        double sorted = area_by_sorting(mask, cases[i].n, cases[i].area, expected);
        double off = difference(signal, expected, cases[i].n);
        CHECK_CASE(fabs(term - sorted) < 1e-12, "case %d: %.15g, sorted %.15g", i, term, sorted);
        CHECK_CASE(off < 1e-6 * largest(expected, cases[i].n), "case %d: signal off by %g", i, off);
    }
}

static void equal_values_are_ranked_by_place(void)
{
    static const float mask[] = { 0.5f, 1, 0.5f, 0, 0.5f, 0.5f };
    static const float expected[] = { 0.5f, 0, 0.5f, 0, -0.5f, -0.5f };
    float signal[6];
    double term = ray_mask_area(mask, 6, 0.5, 3, signal);
    CU_ASSERT_DOUBLE_EQUAL(term, 1.0 / 6, 1e-12);
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(signal[i], expected[i]);
}

/* ---- Perturbed pictures ---- */

enum { CHANNELS = 2, HEIGHT = 3, WIDTH = 11, PLANE = HEIGHT * WIDTH, IMAGE = CHANNELS * PLANE };

/* What the levels' definition says of one pixel; *slope: by the mask. */
static double perturbed(const ray_tensor *level, int64_t levels, double mask, int64_t i,
                        double *slope)
{
    double at = mask * (double)(levels - 1);
    int64_t low = (int64_t)floor(at), next = low < levels - 1 ? low + 1 : low;
    double from = (double)level[low].data[i], to = (double)level[next].data[i];
    *slope = (to - from) * (double)(levels - 1);
    return from + (at - (double)low) * (to - from);
}

static ray_tensor tensor_of(float *data)
{
    return (ray_tensor){ data, { 1, CHANNELS, HEIGHT, WIDTH }, 4 };
}

/* The levels by themselves: `data` has room for all. */
static void make_levels(ray_tensor *level, float *data, const float *picture, int64_t levels,
                        double blur_most)
{
    ray_error error = { "" };
    for (int64_t l = 0; l < levels; l++) {
        double there = (double)l / (double)(levels - 1);
        level[l] = tensor_of(data + l * IMAGE);
        for (int64_t i = 0; i < IMAGE; i++)
            level[l].data[i] = picture[i] * (blur_most > 0 ? 1 : (float)there);
        ray_map_blur(&level[l], blur_most * (1 - there), RAY_BORDER_ZERO, &error);
    }
}

typedef struct perturbation { int64_t levels; double blur_most; ray_perturbing how; } perturbation;

static void check_perturbation(const perturbation *p, const float *picture, const float *mask)
{
    float image[IMAGE], signal[IMAGE], found[PLANE] = { 0 }, all[9 * IMAGE];
    ray_tensor level[9], x = tensor_of((float *)(uintptr_t)picture);
    ray_pyramid pyramid;
    make_levels(level, all, picture, p->levels, p->blur_most);
    CU_ASSERT_EQUAL_FATAL(ray_pyramid_create(&run, &pyramid, &x, p->levels, p->blur_most), 0);
    for (int i = 0; i < IMAGE; i++)
        signal[i] = (float)draw();
    for (int64_t row = 0; row < HEIGHT; row++) {
        ray_perturb_row(&pyramid, p->how, row, mask + row * WIDTH, image);
        ray_perturb_row_backward(&pyramid, p->how, row, mask + row * WIDTH, signal,
                                 found + row * WIDTH);
    }
    for (int u = 0; u < PLANE; u++) {
        int to = p->how.mirror ? u / WIDTH * WIDTH + WIDTH - 1 - u % WIDTH : u;
        double m = (double)mask[u], sum = 0, slope;
        for (int c = 0; c < CHANNELS; c++) {
            double value = perturbed(level, p->levels, p->how.complement ? 1 - m : m, c * PLANE + u,
                                     &slope);
            sum += slope * (double)signal[c * PLANE + to] * (p->how.complement ? -1 : 1);
            CU_ASSERT_DOUBLE_EQUAL((double)image[c * PLANE + to], value, 1e-5);
        }
        CHECK_CASE(fabs((double)found[u] - sum) < 1e-5, "mask %g: signal %g, expected %g", m,
                   (double)found[u], sum);
    }
    release();
}

static void pictures_are_perturbed_as_the_mask_says(void)
{
    static const perturbation cases[] = {
        { 9, 0, { false, false } }, { 9, 2.5, { false, false } }, { 2, 3, { true, false } },
        { 5, 3, { false, true } },  { 5, 0, { true, true } },     { 3, 0.5, { true, true } },
    };
    float picture[IMAGE], mask[PLANE];
    for (int i = 0; i < IMAGE; i++)
        picture[i] = (float)(4 * draw() - 2);
    for (int i = 0; i < PLANE; i++)     /* 0, 1, levels themselves, and what lies between */
        mask[i] = i % 3 ? (float)draw() : (float)(i % 5) / 4;
    for (int i = 0; i < COUNT(cases); i++)
        check_perturbation(&cases[i], picture, mask);
}

/* ---- Rewards ---- */

/* 2 items of 3 channels at 4 positions; channel 1 is rewarded. */
static const float output_values[] = {
    1, 2, 3, 4,   5, 6, 7, 8,   9, 1, 1, 1,
    0, 0, 0, 1,   1, -1, 2, 0,  0, 3, -4, 2,
};

static void rewards_are_means_over_positions(void)
{
    static const struct { int64_t n; bool contrastive; double reward; float slope[12]; } cases[] = {
        { 0, false, 6.5, { 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0 } },
        { 1, false, 0.5, { 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0 } },
        { 0, true, 2, { 0, -1, -1, -1, 1, 1, 1, 1, -1, 0, 0, 0 } },
        { 1, true, -0.75, { -1, 0, -1, 0, 1, 1, 1, 1, 0, -1, 0, -1 } },
    };
    ray_tensor output = { (float *)(uintptr_t)output_values, { 2, 3, 2, 2 }, 4 };
    for (int i = 0; i < COUNT(cases); i++) {
        float signal[12];
        double reward = ray_reward(&output, cases[i].n, 1, cases[i].contrastive, -2, signal);
        CHECK_CASE(reward == cases[i].reward, "case %d: %g, expected %g", i, reward,
                   cases[i].reward);
        for (int k = 0; k < 12; k++)
            CU_ASSERT_EQUAL(signal[k], -2 * cases[i].slope[k] / 4);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "masks have their shape", masks_have_their_shape },
        { "masks are those of the formula", masks_are_those_of_the_formula },
        { "signals are slopes of the formula", signals_are_slopes_of_the_formula },
        { "areas are those of sorted masks", areas_are_those_of_sorted_masks },
        { "equal values are ranked by place", equal_values_are_ranked_by_place },
        { "pictures are perturbed as the mask says", pictures_are_perturbed_as_the_mask_says },
        { "rewards are means over positions", rewards_are_means_over_positions },
        { NULL, NULL },
    };
    return run_tests("smooth_mask", tests);
}
