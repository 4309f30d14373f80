/* SPDX-License-Identifier: MIT */
/* test_dense_kernels.c - fully connected products of sizes that do not fill the blocks of the
 * kernels, on every kind of processor that this one can stand for, against the definition in double
 * precision, with clamped weights and finished results; and the same bits whatever the number of
 * threads and items. */
#include <math.h>
#include <omp.h>

#include "base/memory.h"
#include "base/random.h"
#include "kernels/dense.h"
#include "testing.h"

/* together: items that are always beside each other. */
static const struct shape { ray_dense_sizes sizes; int64_t together; } shapes[] = {
    { { 1, 1, 1 }, 1 },       { { 1, 7, 3 }, 1 },       { { 2, 17, 50 }, 1 },
    { { 3, 2100, 5 }, 1 },    { { 5, 530, 131 }, 1 },   { { 9, 1031, 49 }, 1 },
    { { 1, 4133, 98 }, 1 },   { { 17, 66, 67 }, 1 },    { { 33, 129, 20 }, 1 },
    { { 8, 512, 96 }, 1 },    { { 12, 40, 30 }, 4 },    { { 64, 17, 300 }, 32 },
    { { 99, 300, 7 }, 33 },   { { 274, 65, 257 }, 137 },
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* One product with everything that it may need. */
typedef struct trial {
    ray_dense_sizes sizes;
    int64_t         together;
    bool            gradient;
    int64_t         n, results, from_size;          /* results: of one item; n: of all */
    RAY_REAL       *from, *weight, *bias, *to, *scale, *shift, *add, *gate;
} trial;

static RAY_REAL *random_numbers(int64_t n, ray_random *random)
{
    RAY_REAL *data = ray_alloc((size_t)n, sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (RAY_REAL)(2 * ray_random_uniform(random) - 1);
    return data;
}

static void trial_open(trial *t, ray_dense_sizes sizes, int64_t together, bool gradient)
{
    ray_random random;
    ray_random_seed(&random, 5);
    *t = (trial){ .sizes = sizes, .together = together, .gradient = gradient };
    t->results = gradient ? sizes.inputs : sizes.outputs;
    t->n = sizes.items * t->results;
    t->from_size = gradient ? sizes.outputs : sizes.inputs;
    t->weight = random_numbers(sizes.inputs * sizes.outputs, &random);
    t->bias = random_numbers(sizes.outputs, &random);
    t->scale = random_numbers(t->results, &random);
    t->shift = random_numbers(t->results, &random);
    t->from = random_numbers(sizes.items * t->from_size, &random);
    t->add = random_numbers(t->n, &random);
    t->gate = random_numbers(t->n, &random);
    t->to = random_numbers(t->n, &random);
}

static void trial_close(trial *t)
{
    RAY_REAL *all[] = { t->from, t->weight, t->bias, t->to, t->scale, t->shift, t->add, t->gate };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* What is asked of a product beside the product. */
typedef struct wish {
    const char *what;
    ray_clamp   clamp;
    bool        scale, add, itself, limit, gate;
    int64_t     channel;
} wish;

static const wish wishes[] = {
    { "alone", RAY_CLAMP_NONE, false, false, false, false, false, 1 },
    { "positive weights", RAY_CLAMP_POSITIVE, false, false, false, false, false, 1 },
    { "negative weights", RAY_CLAMP_NEGATIVE, false, false, false, false, false, 1 },
    { "scale and limit", RAY_CLAMP_NONE, true, false, false, true, false, 1 },
    { "sum and gate", RAY_CLAMP_POSITIVE, false, true, false, false, true, 1 },
    { "added in place", RAY_CLAMP_NONE, false, true, true, false, false, 3 },
    { "everything, by channels", RAY_CLAMP_NEGATIVE, true, true, true, false, true, 4 },
};

enum { WISHES = sizeof wishes / sizeof wishes[0] };

static ray_finish finish_of(const trial *t, const wish *w)
{
    bool ends = w->limit || w->gate;
    return (ray_finish){ .scale = w->scale ? t->scale : NULL,
                         .shift = w->scale ? t->shift : NULL,
                         .add = w->itself ? t->to : w->add ? t->add : NULL,
                         .gate = w->gate ? t->gate : NULL,
                         .limit = w->limit,
                         .low = ends ? (RAY_REAL)-0.25 : -INFINITY,
                         .high = ends ? (RAY_REAL)0.5 : INFINITY };
}

/* The result holds `add` before, or NaN. */
static void compute(trial *t, const wish *w)
{
    ray_finish finish = finish_of(t, w);
    bool none = !finish.scale && !finish.add && !finish.gate && !finish.limit;
    for (int64_t i = 0; i < t->n; i++)
        t->to[i] = w->itself ? t->add[i] : (RAY_REAL)NAN;
    ray_dense_compute(&(ray_dense_call){ .sizes = t->sizes, .together = t->together,
                                         .gradient = t->gradient,
                                         .from = t->from, .weight = t->weight,
                                         .bias = t->gradient ? NULL : t->bias, .clamp = w->clamp,
                                         .finish = none ? NULL : &finish, .channel = w->channel,
                                         .to = t->to });
}

/* ---- The definition ---- */

static double weight_of(const trial *t, const wish *w, int64_t row, int64_t column)
{
    double v = (double)t->weight[row * t->sizes.inputs + column];
    if (w->clamp == RAY_CLAMP_NONE)
        return v;
    return fmax(w->clamp == RAY_CLAMP_POSITIVE ? v : -v, 0);
}

static double sum_of(const trial *t, const wish *w, int64_t item, int64_t result)
{
    double sum = t->gradient ? 0 : (double)t->bias[result];
    for (int64_t k = 0; k < t->from_size; k++) {
        double by = t->gradient ? weight_of(t, w, k, result) : weight_of(t, w, result, k);
        sum += by * (double)t->from[item * t->from_size + k];
    }
    return sum;
}

static double finished(const trial *t, const wish *w, double r, int64_t i)
{
    int64_t channel = i % t->results / w->channel;
    double low = (double)(RAY_REAL)-0.25, high = 0.5, gate = (double)t->gate[i];
    if (w->scale)
        r = r * (double)t->scale[channel] + (double)t->shift[channel];
    if (w->add)
        r += (double)t->add[i];
    if (w->limit)
        r = fmin(fmax(r, low), high);
    return w->gate && !(gate > low && gate < high) ? 0 : r;
}

/* Errors in parts of the largest sum, or of the numbers beside it, which are below 1.  The roundings
 * of n additions one after another, as the plain way makes them, are a walk of n steps. */
static void check(const trial *t, const wish *w, const double *sums)
{
    double most = 1, rounding = sizeof(RAY_REAL) == 8 ? 0x1p-53 : 0x1p-24;
    double bound = (8 + sqrt((double)t->from_size)) * rounding;
    int64_t wrong = 0;
    for (int64_t i = 0; i < t->n; i++)
        most = fmax(most, fabs(sums[i]));
    for (int64_t i = 0; i < t->n; i++) {
        double expected = finished(t, w, sums[i], i);
        if (fabs((double)t->to[i] - expected) <= bound * most)
            continue;
        if (wrong++ == 0)
            printf("\n    %lld x %lld, %s: %lld is %.9g, expected %.9g",
                   (long long)t->sizes.inputs, (long long)t->sizes.outputs, w->what, (long long)i,
                   (double)t->to[i], expected);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

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

static void check_everywhere(trial *t, const wish *w)
{
    double *sums = ray_alloc((size_t)t->n, sizeof *sums);
    for (int64_t i = 0; i < t->n; i++)
        sums[i] = sum_of(t, w, i / t->results, i % t->results);
    for (int machine = 0; next_machine(&machine);) {
        compute(t, w);
        check(t, w, sums);
    }
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
    free(sums);
}

static void test_definition(void)
{
    for (int i = 0; i < SHAPES * 2 * WISHES; i++) {
        trial t;
        const struct shape *shape = &shapes[i / WISHES / 2];
        trial_open(&t, shape->sizes, shape->together, i / WISHES % 2);
        check_everywhere(&t, &wishes[i % WISHES]);
        trial_close(&t);
    }
}

/* ---- The same bits ---- */

static void test_threads(void)
{
    int threads = omp_get_max_threads();
    for (int i = 0; i < SHAPES * 2; i++) {
        trial one, many;
        trial_open(&one, shapes[i / 2].sizes, shapes[i / 2].together, i % 2);
        trial_open(&many, shapes[i / 2].sizes, shapes[i / 2].together, i % 2);
        for (int machine = 0; next_machine(&machine);) {
            omp_set_num_threads(1);
            compute(&one, &wishes[0]);
            omp_set_num_threads(5);
            compute(&many, &wishes[0]);
            CU_ASSERT(memcmp(one.to, many.to, (size_t)one.n * sizeof *one.to) == 0);
        }
        trial_close(&one);
        trial_close(&many);
    }
    omp_set_num_threads(threads);
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

/* Every item alone, or with those that it always comes with. */
static void test_items(void)
{
    for (int i = 0; i < SHAPES * 2; i++) {
        const struct shape *shape = &shapes[i / 2];
        const int64_t together = shape->together;
        trial all, one;
        trial_open(&all, shape->sizes, together, i % 2);
        trial_open(&one, (ray_dense_sizes){ together, shape->sizes.inputs, shape->sizes.outputs },
                   together, i % 2);
        for (int machine = 0; next_machine(&machine);) {
            compute(&all, &wishes[i / 2 % 2]);
            for (int64_t item = 0; item < all.sizes.items; item += together) {
                memcpy(one.from, all.from + item * all.from_size,
                       (size_t)(together * all.from_size) * sizeof *one.from);
                compute(&one, &wishes[i / 2 % 2]);
                CU_ASSERT(memcmp(one.to, all.to + item * all.results,
                                 (size_t)one.n * sizeof *one.to) == 0);
            }
        }
        trial_close(&all);
        trial_close(&one);
    }
    CU_ASSERT_EQUAL(ray_machine_use(NULL), 0);
}

int main(void)
{
    static const named_test tests[] = {
        { "products against the definition", test_definition },
        { "the same bits on any number of threads", test_threads },
        { "an item has the same bits in any batch", test_items },
        { NULL, NULL },
    };
    return run_tests("fully connected kernels", tests);
}
