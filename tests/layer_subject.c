/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/option.h"
#include "layer_subject.h"

/* ---- Reading settings and shapes ---- */

static int set_option(const subject *s, char *word, ray_error *error)
{
    const char *items[RAY_MAX_LIST];
    char *value = strchr(word, '='), *rest = NULL;
    int n = 0;
    *value++ = '\0';
    bool is_list = *value == '[' || strchr(value, ',') != NULL;
    for (char *item = strtok_r(value, "[],", &rest); item; item = strtok_r(NULL, "[],", &rest))
        items[n++] = item;
    const ray_option *option = ray_option_find(s->kind->options, word);
    if (!option)
        return ray_option_unknown(s->kind->options, "attribute", word, error);
    return ray_option_set(option, s->options, items, n, is_list, error);
}

static int read_settings(subject *s, const char *settings, ray_error *error)
{
    char *rest = NULL;
    s->settings = ray_string_copy(settings);
    s->options = ray_alloc(1, s->kind->options_size + 1);
    if (!s->settings || !s->options)
        return ray_fail_memory(error);
    ray_options_init(s->kind->options, s->options);
    for (char *word = strtok_r(s->settings, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (set_option(s, word, error))
            return -1;
    }
    return 0;
}

static void read_shapes(subject *s, const char *inputs)
{
    for (s->n_in = 0; *inputs; s->n_in++) {
        ray_shape *shape = &s->in[s->n_in];
        for (shape->rank = 0; *inputs && *inputs != ' '; shape->rank++) {
            char *end;
            shape->dim[shape->rank] = strtoll(inputs, &end, 10);
            inputs = *end == 'x' ? end + 1 : end;
        }
        inputs += *inputs == ' ';
    }
}

static int infer(subject *s, ray_error *error)
{
    ray_infer c = { .options = s->options, .in = s->in, .n_in = s->n_in, .error = error };
    for (int i = 0; i < RAY_MAX_WEIGHTS; i++)
        c.weight[i].rank = RAY_ABSENT;
    if (s->kind->infer(&c))
        return -1;
    s->out = c.out;
    memcpy(s->weight, c.weight, sizeof s->weight);
    return 0;
}

static int fill_weights(subject *s, ray_random *random, ray_error *error)
{
    for (int i = 0; i < RAY_MAX_WEIGHTS; i++) {
        if (s->weight[i].rank == RAY_ABSENT)
            continue;
        ray_tensor *w = &s->weights[i];
        bool positive = strcmp(s->kind->weights[i], "running_var") == 0;
        w->rank = s->weight[i].rank;
        memcpy(w->dim, s->weight[i].dim, sizeof s->weight[i].dim);
        w->data = ray_alloc((size_t)ray_tensor_size(w), sizeof *w->data);
        if (!w->data)
            return ray_fail_memory(error);
        for (int64_t k = 0; k < ray_tensor_size(w); k++)
            w->data[k] = (RAY_REAL)(positive ? 0.5 + ray_random_uniform(random)
                                             : 2 * ray_random_uniform(random) - 1);
    }
    return 0;
}

int subject_open(subject *s, const char *kind, const char *settings, const char *inputs,
                 ray_random *random, ray_error *error)
{
    *s = (subject){ .kind = ray_kind_find(kind) };
    if (!s->kind)
        return ray_fail(error, "no kind %s", kind);
    read_shapes(s, inputs);
    if (s->n_in < ray_kind_min_in(s->kind) || s->n_in > ray_kind_max_in(s->kind))
        return ray_fail(error, "%d inputs", (int)s->n_in);
    if (read_settings(s, settings, error) || infer(s, error))
        return -1;
    return fill_weights(s, random, error);
}

void subject_close(subject *s)
{
    for (int i = 0; i < RAY_MAX_WEIGHTS; i++)
        free(s->weights[i].data);
    free(s->options);
    free(s->settings);
}

/* ---- Tensors ---- */

ray_tensor subject_tensor(const ray_shape *shape, int64_t batch)
{
    ray_tensor t = { .rank = shape->rank + 1, .dim = { batch } };
    memcpy(t.dim + 1, shape->dim, sizeof shape->dim);
    int64_t size = ray_tensor_size(&t);
    t.data = ray_alloc((size_t)size, sizeof *t.data);
    for (int64_t i = 0; t.data && i < size; i++)
        t.data[i] = (RAY_REAL)NAN;
    return t;
}

static double clear_of_kinks(double value)
{
    static const double kinks[] = { 0, 3, -3, 6, 20 };
    for (size_t i = 0; i < sizeof kinks / sizeof kinks[0]; i++) {
        if (fabs(value - kinks[i]) < 1e-3)
            return kinks[i] + 2e-3;
    }
    return value;
}

static void shuffle(RAY_REAL *data, int64_t n, ray_random *random)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t other = ray_random_next(random) % (i + 1);
        RAY_REAL held = data[i];
        data[i] = data[other];
        data[other] = held;
    }
}

void subject_fill(ray_tensor *tensor, double range, ray_random *random)
{
    int64_t size = ray_tensor_item_size(tensor);
    for (int64_t item = 0; item < tensor->dim[0]; item++) {
        RAY_REAL *data = tensor->data + item * size;
        for (int64_t i = 0; i < size; i++) {
            double at = 4 * ((double)i + 0.47) / (double)size;
            data[i] = (RAY_REAL)clear_of_kinks(range < 0 ? -range * (1 + at) : range * (at - 2));
        }
        shuffle(data, size, random);
    }
}

/* ---- Computing ---- */

/* Exactly what the kind asked for, NaN everywhere. */
static RAY_REAL *make_workspace(const ray_op *op, const ray_kind *kind)
{
    int64_t size = kind->workspace ? kind->workspace(op) : 0;
    if (size == 0)
        return NULL;
    RAY_REAL *work = ray_alloc_aligned((size_t)size * sizeof *work);
    for (int64_t i = 0; work && i < size; i++)
        work[i] = (RAY_REAL)NAN;
    return work;
}

static ray_tensor without_data(const ray_tensor *t)
{
    ray_tensor shape = *t;
    shape.data = NULL;
    return shape;
}

void subject_forward(const subject *s, const ray_tensor *in, ray_tensor *out)
{
    ray_tensor shapes[MOST_INPUTS], shape = without_data(out);
    for (int32_t i = 0; i < s->n_in; i++)
        shapes[i] = without_data(&in[i]);
    ray_op op = { .options = s->options, .in = shapes, .n_in = s->n_in, .weight = s->weights,
                  .out = &shape };
    op.work = make_workspace(&op, s->kind);
    op.in = in;
    op.out = out;
    s->kind->forward(&op);
    ray_free_aligned(op.work);
}

void subject_backward(const subject *s, const ray_tensor *in, const ray_tensor *out,
                      const ray_tensor *dout, ray_tensor *din)
{
    ray_tensor shapes[MOST_INPUTS], shape = without_data(out);
    for (int32_t i = 0; i < s->n_in; i++)
        shapes[i] = without_data(&in[i]);
    ray_op op = { .options = s->options, .in = shapes, .n_in = s->n_in, .weight = s->weights,
                  .out = &shape };
    op.work = make_workspace(&op, s->kind);
    if (s->kind->reads & RAY_READS_IN)
        op.in = in;
    if (s->kind->reads & RAY_READS_OUT)
        op.out = out;
    op.dout = dout;
    op.din = din;
    s->kind->backward(&op);
    ray_free_aligned(op.work);
}
