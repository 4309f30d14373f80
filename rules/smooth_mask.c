/* SPDX-License-Identifier: MIT */
#include "smooth_mask.h"

#include <math.h>
#include <string.h>

/* Made twice where the compiler can: for every x86-64, and for those with vectors of 8 floats, where
 * a product and a sum are one operation (this file's build allows that). */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))     /* into the clones, too */

enum { LANES = 8, LEAST_SIDE = 4 };
typedef float   floats __attribute__((vector_size(32)));
typedef int32_t words __attribute__((vector_size(32)));
typedef float   floats_anywhere __attribute__((vector_size(32), aligned(4), may_alias));

#define LOAD(address) (*(const floats_anywhere *)(address))
#define STORE(address, vector) (*(floats_anywhere *)(address) = (vector))

static const float ln2 = 0x1.62e43p-1f;
static const double coldness = 20 / 0.69314718055994530942;     /* of the softmax, to base 2 */

/* e = 2^y within 2e-7 of itself for 0 <= y < 120: 2^(y - n) by a polynomial, n the nearest integer,
 * which the sum with 1.5 * 2^23 leaves in its last bits. */
INLINE void exp2_of(const floats *y, floats *e)
{
    const floats sum = *y + 0x1.8p23f, f = *y - (sum - 0x1.8p23f);
    floats p = f * 1.3264727e-3f + 9.6715130e-3f;
    p = p * f + 5.5507336e-2f;
    p = p * f + 2.4022242e-1f;
    p = p * f + 6.9314700e-1f;
    p = p * f + 1.0f;
    *e = (floats)((words)p + ((words)sum << 23));
}

/* Of both. */
INLINE float sum_of(const floats *a)
{
    const floats v = a[0] + a[1];
    return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

/* ---- Geometry ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* As far as the parameters reach, and at least what the crop needs. */
static void measure_axis(ray_smooth_mask *m, int axis, int64_t pixels, int64_t radius)
{
    m->grid[axis] = (pixels + m->step - 1) / m->step;
    int64_t reached = m->grid[axis] + 2 * m->padding - 2 * radius;
    m->full[axis] = larger(m->step * (reached - 1) + 1, m->margin + pixels);
    m->cells[axis] = (m->full[axis] + m->side - 1) / m->side;
}

static void measure(ray_smooth_mask *m, int64_t height, int64_t width, double sigma)
{
    int64_t steps = (LEAST_SIDE + m->step - 1) / m->step;       /* in a cell */
    int64_t radius = 1 + (int64_t)ceil(sigma / (double)m->step);
    m->padding = 1 + (int64_t)ceil(2 * sigma / (double)m->step);
    m->window = 2 * radius + 1;
    m->margin = (int64_t)nearbyint(sigma);      /* halves to the even integer */
    m->side = steps * m->step;
    m->taps = m->window + steps - 1;
    m->room = (m->side * m->side + LANES - 1) / LANES * LANES;
    measure_axis(m, 0, height, radius);
    measure_axis(m, 1, width, radius);
}

/* How far row (column) i of a cell is from the parameter of tap k; false: too far to count. */
static bool distance_of(const ray_smooth_mask *m, int64_t i, int64_t k, double sigma, double *far)
{
    int64_t first = i / m->step;
    *far = (double)(i + m->step * (m->padding - k)) - sigma;
    return k >= first && k < first + m->window;
}

/* Of tap (k, l) at pixel i of a cell; 0 past the cell's end. */
static double weight_of(const ray_smooth_mask *m, int64_t k, int64_t l, int64_t i, double sigma)
{
    double dy, dx;
    if (i >= m->side * m->side || !distance_of(m, i / m->side, k, sigma, &dy)
        || !distance_of(m, i % m->side, l, sigma, &dx))
        return 0;
    double beyond = sqrt(dy * dy + dx * dx) / sigma - 0.5;
    return beyond > 0 ? exp(-2 * beyond * beyond) : 1;
}

static void fill_weights(const ray_smooth_mask *m, double sigma)
{
    for (int64_t t = 0; t < m->taps * m->taps; t++)
        for (int64_t i = 0; i < m->room; i++)
            m->weight[t * m->room + i] =
                (float)(coldness * weight_of(m, t / m->taps, t % m->taps, i, sigma));
}

int ray_smooth_mask_create(ray_run *run, ray_smooth_mask *m, int64_t n, int64_t height,
                           int64_t width, int64_t step, double sigma)
{
    *m = (ray_smooth_mask){ .n = n, .step = step };
    measure(m, height, width, sigma);
    const int64_t table[] = { m->taps, m->taps, m->room };
    const int64_t cells[] = { n, m->cells[0], m->cells[1], m->room };
    ray_tensor *weight = run->host->scratch(run, 3, table);
    ray_tensor *mean = weight ? run->host->scratch(run, 4, cells) : NULL;
    ray_tensor *inverse = mean ? run->host->scratch(run, 4, cells) : NULL;
    if (!inverse)
        return -1;
    m->weight = weight->data;
    m->mean = mean->data;
    m->inverse = inverse->data;
    fill_weights(m, sigma);
    return 0;
}

/* ---- Forward ---- */

typedef struct job {
    const ray_smooth_mask *mask;
    const float *parameters, *full_signal;
    float       *full, *signal;
} job;

/* What meets what along an axis: first ... end - 1, and what turns the one's number into the
 * other's. */
typedef struct reach { int64_t first, end, by; } reach;

/* Taps of a cell that are parameters of the grid: tap k is parameter k + by. */

static reach reach_of(const ray_smooth_mask *m, int axis, int64_t cell)
{
    int64_t by = cell * (m->side / m->step) - m->padding;
    return (reach){ larger(0, -by), smaller(m->taps, m->grid[axis] - by), by };
}

/* Taps of a cell whose parameters are not 0. */
enum { MOST_TAPS = 128 };
typedef struct taps { int64_t n; const float *weight[MOST_TAPS]; float parameter[MOST_TAPS]; } taps;

/* Adds them to the sums, of weighted values and of weights of the softmax. */
INLINE void add_taps(const taps *t, int64_t room, float *sum, float *total)
{
    for (int64_t i = 0; i < room; i += LANES) {
        floats s = LOAD(sum + i), all = LOAD(total + i);
        for (int64_t k = 0; k < t->n; k++) {
            floats e, y = LOAD(t->weight[k] + i) * t->parameter[k];
            exp2_of(&y, &e);
            all += e;
            s += y * e;
        }
        STORE(sum + i, s);
        STORE(total + i, all);
    }
}

/* A tap with parameter or weight 0 adds exp(0) to the softmax's denominator and nothing else: these
 * are made as many as the window has parameters. */
INLINE void finish_cell(const ray_smooth_mask *m, int64_t used, float *mean, float *inverse)
{
    const float ones = (float)(m->window * m->window - used);
    for (int64_t i = 0; i < m->room; i += LANES) {
        const floats one_over = 1 / (LOAD(inverse + i) + ones);
        STORE(mean + i, LOAD(mean + i) * one_over * (float)(1 / coldness));
        STORE(inverse + i, one_over);
    }
}

INLINE void pool_cell(const ray_smooth_mask *m, const float *parameters, reach rows, reach columns,
                      float *mean, float *inverse)
{
    int64_t used = 0;
    taps t = { .n = 0 };
    memset(mean, 0, (size_t)m->room * sizeof *mean);
    memset(inverse, 0, (size_t)m->room * sizeof *inverse);
    for (int64_t k = rows.first; k < rows.end; k++)
        for (int64_t l = columns.first; l < columns.end; l++) {
            t.weight[t.n] = m->weight + (k * m->taps + l) * m->room;
            t.parameter[t.n] = parameters[(k + rows.by) * m->grid[1] + l + columns.by];
            t.n += t.parameter[t.n] != 0;
            if (t.n < MOST_TAPS)
                continue;
            add_taps(&t, m->room, mean, inverse);
            used += t.n;
            t.n = 0;
        }
    add_taps(&t, m->room, mean, inverse);
    finish_cell(m, used + t.n, mean, inverse);
}

/* The pixels of a cell that the full mask has. */
static void place_cell(const ray_smooth_mask *m, int64_t y, int64_t x, const float *mean,
                       float *full)
{
    int64_t rows = smaller(m->side, m->full[0] - y * m->side);
    int64_t columns = smaller(m->side, m->full[1] - x * m->side);
    for (int64_t v = 0; v < rows; v++)
        for (int64_t u = 0; u < columns; u++) {
            float value = mean[v * m->side + u];
            full[(y * m->side + v) * m->full[1] + x * m->side + u] =
                value < 0 ? 0 : value > 1 ? 1 : value;
        }
}

CLONES
static void pool_row(const job *j, int64_t n, int64_t y)
{
    const ray_smooth_mask *m = j->mask;
    const float *parameters = j->parameters + n * m->grid[0] * m->grid[1];
    for (int64_t x = 0; x < m->cells[1]; x++) {
        int64_t at = ((n * m->cells[0] + y) * m->cells[1] + x) * m->room;
        pool_cell(m, parameters, reach_of(m, 0, y), reach_of(m, 1, x), m->mean + at,
                  m->inverse + at);
        place_cell(m, y, x, m->mean + at, j->full + n * m->full[0] * m->full[1]);
    }
}

static void pool(void *context, int64_t i)
{
    const job *j = context;
    pool_row(j, i / j->mask->cells[0], i % j->mask->cells[0]);
}

void ray_smooth_mask_forward(ray_run *run, const ray_smooth_mask *m, const float *parameters,
                             float *full)
{
    job j = { .mask = m, .parameters = parameters, .full = full };
    run->host->parallel(run, m->n * m->cells[0], pool, &j);
}

/* ---- Backward ----
 * With y = 20 / ln 2 * a and g the signal at a pixel, a parameter's signal is the sum over pixels
 * of weight * 2^y * (A + y B),  A = g (1 - 20 mean) / denominator,  B = g ln 2 / denominator.
 * A takes the place of mean, B that of inverse; the table's factor of 20 / ln 2 is divided out
 * there. */

static void weigh_cell(const ray_smooth_mask *m, int64_t y, int64_t x, const float *full_signal,
                       float *mean, float *inverse)
{
    for (int64_t i = 0; i < m->room; i++) {
        int64_t v = y * m->side + i / m->side, u = x * m->side + i % m->side;
        bool passes = i < m->side * m->side && v < m->full[0] && u < m->full[1]
                      && mean[i] >= 0 && mean[i] <= 1;
        float g = passes ? full_signal[v * m->full[1] + u] * inverse[i] : 0;
        mean[i] = g * (1 - 20 * mean[i]) * (float)(1 / coldness);
        inverse[i] = g * ln2 * (float)(1 / coldness);
    }
}

static void weigh(void *context, int64_t i)
{
    const job *j = context;
    const ray_smooth_mask *m = j->mask;
    int64_t n = i / m->cells[0], y = i % m->cells[0];
    for (int64_t x = 0; x < m->cells[1]; x++) {
        int64_t at = (i * m->cells[1] + x) * m->room;
        weigh_cell(m, y, x, j->full_signal + n * m->full[0] * m->full[1], m->mean + at,
                   m->inverse + at);
    }
}

/* What one cell adds to the signal of a parameter p: to two sums, so that they need not wait for
 * each other. */
INLINE void add_share(const ray_smooth_mask *m, float p, const float *weight, const float *a,
                      const float *b, floats *sum)
{
    int64_t i = 0;
    if (p != 0) {
        for (; i < m->room; i += LANES) {
            floats e, w = LOAD(weight + i), y = w * p;
            exp2_of(&y, &e);
            sum[0] += w * e * (LOAD(a + i) + y * LOAD(b + i));
        }
        return;
    }
    for (; i < m->room - LANES; i += 2 * LANES) {
        sum[0] += LOAD(weight + i) * LOAD(a + i);
        sum[1] += LOAD(weight + i + LANES) * LOAD(a + i + LANES);
    }
    if (i < m->room)
        sum[0] += LOAD(weight + i) * LOAD(a + i);
}

/* Cells along an axis where a parameter counts: in cell c it is tap by - c * (steps of a cell). */
static reach cells_of(const ray_smooth_mask *m, int axis, int64_t parameter)
{
    int64_t by = parameter + m->padding, steps = m->side / m->step;
    int64_t before = by - m->taps;      /* tap `taps`, one too many, would be here */
    return (reach){ before < 0 ? 0 : before / steps + 1,
                    smaller(m->cells[axis], by / steps + 1), by };
}

INLINE float signal_of(const ray_smooth_mask *m, int64_t n, reach rows, reach columns, float p)
{
    const int64_t steps = m->side / m->step;
    floats sum[2] = { { 0 }, { 0 } };
    for (int64_t y = rows.first; y < rows.end; y++)
        for (int64_t x = columns.first; x < columns.end; x++) {
            int64_t cell = ((n * m->cells[0] + y) * m->cells[1] + x) * m->room;
            int64_t tap = (rows.by - y * steps) * m->taps + columns.by - x * steps;
            add_share(m, p, m->weight + tap * m->room, m->mean + cell, m->inverse + cell, sum);
        }
    return sum_of(sum);
}

CLONES
static void collect_row(const job *j, int64_t n, int64_t row)
{
    const ray_smooth_mask *m = j->mask;
    int64_t at = (n * m->grid[0] + row) * m->grid[1];
    for (int64_t column = 0; column < m->grid[1]; column++)
        j->signal[at + column] = signal_of(m, n, cells_of(m, 0, row), cells_of(m, 1, column),
                                           j->parameters[at + column]);
}

static void collect(void *context, int64_t i)
{
    const job *j = context;
    collect_row(j, i / j->mask->grid[0], i % j->mask->grid[0]);
}

void ray_smooth_mask_backward(ray_run *run, const ray_smooth_mask *m, const float *parameters,
                              const float *full_signal, float *signal)
{
    job j = { .mask = m, .parameters = parameters, .full_signal = full_signal, .signal = signal };
    run->host->parallel(run, m->n * m->cells[0], weigh, &j);
    run->host->parallel(run, m->n * m->grid[0], collect, &j);
}
