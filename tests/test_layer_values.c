/* SPDX-License-Identifier: MIT */
/* test_layer_values.c - layer kinds on given numbers, forward and backward.  Built for float and
 * for double. */
#include "check_text.h"
#include "layer_subject.h"
#include "layer_values.h"

/* Of the largest number compared; the table has 12 digits. */
static const double most_off = sizeof(RAY_REAL) == sizeof(float) ? 1e-6 : 1e-11;

/* Numbers of a text into a tensor; returns where the next one begins. */
static const char *read_numbers(ray_tensor *tensor, const char *text)
{
    for (int64_t i = 0; i < ray_tensor_size(tensor); i++) {
        char *end;
        tensor->data[i] = (RAY_REAL)strtod(text, &end);
        CU_ASSERT_FATAL(end != text);
        text = end;
    }
    return text;
}

static void check_numbers(const layer_value *v, const char *what, const ray_tensor *found,
                          const ray_tensor *expected)
{
    double largest = 0;
    for (int64_t i = 0; i < ray_tensor_size(expected); i++)
        largest = fmax(largest, fabs((double)expected->data[i]));
    for (int64_t i = 0; i < ray_tensor_size(expected); i++)
        CHECK_CASE(fabs((double)found->data[i] - (double)expected->data[i]) <= most_off * largest,
                   "%s %s [%s]: %s %d is %.12g, expected %.12g", v->kind, v->settings, v->inputs, what,
                   (int)i, (double)found->data[i], (double)expected->data[i]);
}

/* text: the numbers that are right; returns what follows them. */
static const char *check_tensor(const layer_value *v, const char *what, const ray_tensor *found,
                                const char *text)
{
    ray_tensor expected = *found;
    expected.data = malloc((size_t)ray_tensor_size(found) * sizeof *expected.data);
    text = read_numbers(&expected, text);
    check_numbers(v, what, found, &expected);
    free(expected.data);
    return text;
}

static void check_subject(const layer_value *v, const subject *s)
{
    ray_tensor in[MOST_INPUTS], din[MOST_INPUTS];
    ray_tensor out = subject_tensor(&s->out, 1), dout = subject_tensor(&s->out, 1);
    const char *inputs = v->inputs, *gradients = v->gradients;
    for (int32_t k = 0; k < s->n_in; k++) {
        in[k] = subject_tensor(&s->in[k], 1);
        din[k] = subject_tensor(&s->in[k], 1);
        inputs = read_numbers(&in[k], inputs);
    }
    for (int64_t i = 0; i < ray_tensor_size(&dout); i++)
        dout.data[i] = (RAY_REAL)(i + 1);
    subject_forward(s, in, &out);
    subject_backward(s, in, &out, &dout, din);
    check_text(v->kind, check_tensor(v, "output", &out, v->output), "");
    for (int32_t k = 0; k < s->n_in; k++) {
        gradients = check_tensor(v, "gradient", &din[k], gradients);
        free(in[k].data);
        free(din[k].data);
    }
    check_text(v->kind, inputs, "");
    check_text(v->kind, gradients, "");
    free(out.data);
    free(dout.data);
}

static void test_values(void)
{
    ray_random random;
    ray_random_seed(&random, 1);
    for (int i = 0; i < COUNT(layer_values); i++) {
        const layer_value *v = &layer_values[i];
        ray_error error = { "" };
        subject s;
        int failed = subject_open(&s, v->kind, v->settings, v->shapes, &random, &error);
        CHECK_CASE(!failed, "%s %s: %s", v->kind, v->settings, error.text);
        if (!failed)
            check_subject(v, &s);
        subject_close(&s);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "outputs and gradients", test_values },
        { NULL, NULL },
    };
    return run_tests("layer values", tests);
}
