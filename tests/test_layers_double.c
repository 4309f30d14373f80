/* SPDX-License-Identifier: MIT */
/* test_layers_double.c - every layer kind, in double: backward against central differences, batches
 * against single items, linearity where the kind claims it. */
#include "layer_cases.h"
#include "layer_subject.h"
#include "testing.h"

enum { CASES = sizeof layer_cases / sizeof layer_cases[0], MOST_SHOWN = 3 };

static const double step = 1e-5;            /* of the central differences */
static const double gradient_error = 1e-7;  /* of the largest number of the gradient */
static const double rounding = 1e-12;       /* of the largest number compared */

/* A case with random inputs, its output and a random signal. */
typedef struct trial {
    subject    s;
    ray_random random;
    ray_tensor in[MOST_INPUTS], out, dout, din[MOST_INPUTS];
} trial;

static void trial_close(trial *t)
{
    for (int32_t i = 0; i < MOST_INPUTS; i++) {
        free(t->in[i].data);
        free(t->din[i].data);
    }
    free(t->out.data);
    free(t->dout.data);
    subject_close(&t->s);
}

static bool trial_open(trial *t, const layer_case *c, int64_t batch)
{
    ray_error error = { "" };
    memset(t, 0, sizeof *t);
    ray_random_seed(&t->random, 7);
    if (subject_open(&t->s, c->kind, c->settings, c->inputs, &t->random, &error)) {
        printf("\n    %s %s [%s]: %s", c->kind, c->settings, c->inputs, error.text);
        CU_FAIL("infer refuses");
        trial_close(t);
        return false;
    }
    for (int32_t i = 0; i < t->s.n_in; i++) {
        t->in[i] = subject_tensor(&t->s.in[i], batch);
        t->din[i] = subject_tensor(&t->s.in[i], batch);
        subject_fill(&t->in[i], c->range != 0 ? c->range : 1, &t->random);
    }
    t->out = subject_tensor(&t->s.out, batch);
    t->dout = subject_tensor(&t->s.out, batch);
    subject_fill(&t->dout, 1, &t->random);
    return true;
}

static double largest(const double *a, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

/* a equals b within `error` of the largest of both; the first differences are shown. */
static void check_equal(const layer_case *c, const char *what, const double *a, const double *b,
                        int64_t n, double error)
{
    double scale = fmax(largest(a, n), largest(b, n));
    int wrong = 0;
    for (int64_t i = 0; i < n; i++) {
        if (fabs(a[i] - b[i]) <= error * scale)
            continue;
        if (wrong++ < MOST_SHOWN)
            printf("\n    %s %s [%s]: %s %lld: %.12g, expected %.12g", c->kind, c->settings,
                   c->inputs, what, (long long)i, a[i], b[i]);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* ---- Gradients ---- */

static double seeded_output(trial *t)
{
    double sum = 0;
    subject_forward(&t->s, t->in, &t->out);
    for (int64_t i = 0; i < ray_tensor_size(&t->out); i++)
        sum += t->out.data[i] * t->dout.data[i];
    return sum;
}

static void check_input_gradient(const layer_case *c, trial *t, int32_t input)
{
    int64_t n = ray_tensor_size(&t->in[input]);
    double *expected = calloc((size_t)n, sizeof *expected);
    for (int64_t i = 0; i < n; i++) {
        double *x = &t->in[input].data[i], held = *x;
        *x = held + step;
        double above = seeded_output(t);
        *x = held - step;
        expected[i] = (above - seeded_output(t)) / (2 * step);
        *x = held;
    }
    check_equal(c, "gradient", t->din[input].data, expected, n, gradient_error);
    free(expected);
}

static void check_gradient(const layer_case *c)
{
    trial t;
    if (!trial_open(&t, c, 1))
        return;
    subject_forward(&t.s, t.in, &t.out);
    subject_backward(&t.s, t.in, &t.out, &t.dout, t.din);
    for (int32_t i = 0; i < t.s.n_in; i++)
        check_input_gradient(c, &t, i);
    trial_close(&t);
}

static bool is_computed(const layer_case *c)
{
    const ray_kind *kind = ray_kind_find(c->kind);
    return kind && !kind->view;
}

static void test_gradients(void)
{
    for (int i = 0; i < CASES; i++) {
        if (is_computed(&layer_cases[i]))
            check_gradient(&layer_cases[i]);
    }
}

/* Asked for the signal of one input only, a kind of several writes that one, and the same. */
static void check_single_signals(const layer_case *c)
{
    trial t;
    if (!trial_open(&t, c, 2))
        return;
    subject_forward(&t.s, t.in, &t.out);
    subject_backward(&t.s, t.in, &t.out, &t.dout, t.din);
    for (int32_t i = 0; t.s.n_in > 1 && i < t.s.n_in; i++) {
        ray_tensor asked[MOST_INPUTS];
        for (int32_t k = 0; k < t.s.n_in; k++) {
            asked[k] = t.din[k];
            asked[k].data = NULL;
        }
        asked[i] = subject_tensor(&t.s.in[i], 2);
        subject_backward(&t.s, t.in, &t.out, &t.dout, asked);
        check_equal(c, "single signal", asked[i].data, t.din[i].data, ray_tensor_size(&asked[i]),
                    0);
        free(asked[i].data);
    }
    trial_close(&t);
}

static void test_single_signals(void)
{
    for (int i = 0; i < CASES; i++) {
        if (is_computed(&layer_cases[i]))
            check_single_signals(&layer_cases[i]);
    }
}

/* ---- Batches ---- */

static ray_tensor item_of(const ray_tensor *batch, int64_t item)
{
    ray_tensor one = *batch;
    one.dim[0] = 1;
    one.data = batch->data + item * ray_tensor_item_size(batch);
    return one;
}

static void check_item(const layer_case *c, const trial *t, int64_t item)
{
    ray_tensor in[MOST_INPUTS], din[MOST_INPUTS];
    ray_tensor out = subject_tensor(&t->s.out, 1), expected = item_of(&t->out, item);
    ray_tensor dout = item_of(&t->dout, item);
    for (int32_t i = 0; i < t->s.n_in; i++) {
        in[i] = item_of(&t->in[i], item);
        din[i] = subject_tensor(&t->s.in[i], 1);
    }
    subject_forward(&t->s, in, &out);
    check_equal(c, "output of one item", out.data, expected.data, ray_tensor_size(&out), rounding);
    subject_backward(&t->s, in, &out, &dout, din);
    for (int32_t i = 0; i < t->s.n_in; i++) {
        ray_tensor signal = item_of(&t->din[i], item);
        check_equal(c, "signal of one item", din[i].data, signal.data, ray_tensor_size(&signal),
                    rounding);
        free(din[i].data);
    }
    free(out.data);
}

static void test_batches(void)
{
    enum { ITEMS = 5 };
    for (int i = 0; i < CASES; i++) {
        trial t;
        if (!is_computed(&layer_cases[i]) || !trial_open(&t, &layer_cases[i], ITEMS))
            continue;
        subject_forward(&t.s, t.in, &t.out);
        subject_backward(&t.s, t.in, &t.out, &t.dout, t.din);
        for (int64_t item = 0; item < ITEMS; item++)
            check_item(&layer_cases[i], &t, item);
        trial_close(&t);
    }
}

/* ---- Traits ---- */

/* Without its bias a linear kind maps a x + b z to a f(x) + b f(z). */
static void check_linear(const layer_case *c)
{
    const double a = 0.7, b = -1.3;
    trial x, z;
    if (!trial_open(&x, c, 1))
        return;
    if (!trial_open(&z, c, 1)) {
        trial_close(&x);
        return;
    }
    for (int i = 0; x.s.kind->weights[i]; i++) {
        if (strcmp(x.s.kind->weights[i], "bias") == 0) {
            free(x.s.weights[i].data);
            x.s.weights[i].data = NULL;
        }
    }
    subject_fill(&z.in[0], 1, &z.random);
    int64_t n = ray_tensor_size(&x.in[0]), n_out = ray_tensor_size(&x.out);
    subject_forward(&x.s, x.in, &x.out);
    subject_forward(&x.s, z.in, &z.out);
    for (int64_t i = 0; i < n_out; i++)
        z.dout.data[i] = a * x.out.data[i] + b * z.out.data[i];
    for (int64_t i = 0; i < n; i++)
        x.in[0].data[i] = a * x.in[0].data[i] + b * z.in[0].data[i];
    subject_forward(&x.s, x.in, &x.out);
    check_equal(c, "linear combination", x.out.data, z.dout.data, n_out, rounding);
    trial_close(&x);
    trial_close(&z);
}

static void test_linearity(void)
{
    for (int i = 0; i < CASES; i++) {
        const ray_kind *kind = ray_kind_find(layer_cases[i].kind);
        if (kind && (kind->traits & RAY_LINEAR))
            check_linear(&layer_cases[i]);
    }
}

/* A view keeps all numbers and their order: its output is as large as its input. */
static void test_views(void)
{
    for (int i = 0; i < CASES; i++) {
        trial t;
        if (is_computed(&layer_cases[i]) || !trial_open(&t, &layer_cases[i], 2))
            continue;
        CU_ASSERT_EQUAL(ray_tensor_size(&t.in[0]), ray_tensor_size(&t.out));
        if (t.s.kind->forward) {
            subject_forward(&t.s, t.in, &t.out);
            check_equal(&layer_cases[i], "view", t.out.data, t.in[0].data, ray_tensor_size(&t.out),
                        0);
        }
        trial_close(&t);
    }
}

static void test_all_kinds_are_tried(void)
{
    const ray_kind *kind;
    for (int index = 0; (kind = ray_kind_at(index)) != NULL; index++) {
        bool tried = false;
        for (int i = 0; i < CASES; i++)
            tried = tried || strcmp(layer_cases[i].kind, kind->name) == 0;
        if (!tried)
            printf("\n    %s has no row in layer_cases.h", kind->name);
        CU_ASSERT(tried);
        CU_ASSERT_PTR_EQUAL(ray_kind_find(kind->name), kind);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "every kind is tried", test_all_kinds_are_tried },
        { "gradients against central differences", test_gradients },
        { "one signal of several", test_single_signals },
        { "items of a batch are independent", test_batches },
        { "linear kinds are linear", test_linearity },
        { "views keep their numbers", test_views },
        { NULL, NULL },
    };
    return run_tests("layers in double", tests);
}
