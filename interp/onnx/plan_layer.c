/* SPDX-License-Identifier: MIT */
/* plan_layer.c - layers as they are planned: attributes as text, read and inferred as the compiler
 * of graphs does. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/description.h"
#include "translate.h"

/* ---- Attributes ---- */

__attribute__((format(printf, 2, 3)))
static void put(ray_attributes *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(a->text + a->n, sizeof a->text - a->n, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= sizeof a->text - a->n)
        a->full = true;
    else
        a->n += (size_t)n;
}

static void put_name(ray_attributes *a, const char *name)
{
    put(a, "%s%s: ", a->n ? ", " : "", name);
}

void ray_attribute_int(ray_attributes *a, const char *name, int64_t value)
{
    put_name(a, name);
    put(a, "%" PRId64, value);
}

void ray_attribute_ints(ray_attributes *a, const char *name, const int64_t *v, int32_t n)
{
    put_name(a, name);
    put(a, "[");
    for (int32_t i = 0; i < n; i++)
        put(a, "%s%" PRId64, i ? ", " : "", v[i]);
    put(a, "]");
}

void ray_attribute_axes(ray_attributes *a, const char *name, const int64_t *v, int32_t n)
{
    bool equal = true;
    for (int32_t i = 1; i < n; i++)
        equal = equal && v[i] == v[0];
    if (equal)
        ray_attribute_int(a, name, v[0]);
    else
        ray_attribute_ints(a, name, v, n);
}

/* The shortest decimal that is the same float. */
void ray_attribute_number(ray_attributes *a, const char *name, double value)
{
    char text[64];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value)
            break;
    }
    put_name(a, name);
    put(a, "%s", text);
}

void ray_attribute_word(ray_attributes *a, const char *name, const char *word)
{
    put_name(a, name);
    put(a, "%s", word);
}

void ray_attribute_text(ray_attributes *a, const char *text)
{
    put(a, "%s%s", a->n ? ", " : "", text);
}

/* ---- Layers ---- */

static int read_options(ray_translation *t, const ray_kind *kind, const char *attributes,
                        void *options, ray_yaml *yaml)
{
    static const ray_option none[] = { { 0 } };
    char text[sizeof((ray_attributes *)0)->text + 4];
    int n = snprintf(text, sizeof text, "{%s}", attributes);
    if (ray_yaml_parse(yaml, kind->name, text, (size_t)n, t->error))
        return -1;
    return ray_options_read(kind->options ? kind->options : none, options, yaml->root, NULL,
                            kind->name, t->error);
}

static int infer_with(ray_translation *t, const ray_kind *kind, const char *attributes,
                      ray_infer *infer)
{
    ray_yaml yaml = { 0 };
    infer->options = calloc(1, kind->options_size + 1);
    infer->error = t->error;
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        infer->weight[w].rank = RAY_ABSENT;
    if (!infer->options)
        return ray_fail_memory(t->error);
    int failed = read_options(t, kind, attributes, infer->options, &yaml);
    if (!failed && kind->infer(infer))
        failed = ray_fail_prefix(t->error, "%s: ", kind->name);
    if (!failed && ray_shape_size(&infer->out) < 0)
        failed = ray_fail(t->error, "%s: its output is too large", kind->name);
    ray_yaml_free(&yaml);
    free(infer->options);
    return failed;
}

static int32_t weight_index(const ray_kind *kind, const char *param)
{
    for (int32_t w = 0; kind->weights[w]; w++)
        if (!strcmp(kind->weights[w], param))
            return w;
    return -1;
}

static bool same_dims(const ray_onnx_tensor *tensor, bool transposed, const ray_shape *shape)
{
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->dim[transposed ? tensor->rank - 1 - i : i] != shape->dim[i])
            return false;
    return true;
}

/* A tensor of the same rank must have the very shape; one of another as many numbers. */
static int check_weight(ray_translation *t, const ray_kind *kind, const ray_infer *infer,
                        ray_planned_weight *weight)
{
    const ray_onnx_tensor *tensor = weight->tensor;
    int32_t w = weight_index(kind, weight->param);
    char text[128];
    if (w < 0 || infer->weight[w].rank == RAY_ABSENT)
        return ray_fail(t->error, "%s: it has no parameter %s here", kind->name, weight->param);
    weight->shape = infer->weight[w];
    if (!ray_constant_is_real(tensor))
        return ray_fail(t->error, "tensor \"%s\" holds integers; numbers are needed",
                        tensor->name ? tensor->name : "");
    if (tensor->n == ray_shape_size(&weight->shape)
        && (tensor->rank != weight->shape.rank
            || same_dims(tensor, weight->transposed, &weight->shape)))
        return 0;
    return ray_fail(t->error, "tensor \"%s\" does not have the shape %s of parameter %s",
                    tensor->name ? tensor->name : "", ray_shape_text(&weight->shape, text),
                    weight->param);
}

static int fill_from(ray_translation *t, const ray_step *step, ray_planned *layer, ray_infer *infer)
{
    ray_shape *in = ray_arena_alloc(&t->draft->arena, (size_t)step->n_in + 1, sizeof *in);
    layer->from = ray_arena_alloc(&t->draft->arena, (size_t)step->n_in + 1, sizeof *layer->from);
    if (!in || !layer->from)
        return ray_fail_memory(t->error);
    layer->n_from = infer->n_in = step->n_in;
    infer->in = in;
    for (int32_t k = 0; k < step->n_in; k++) {
        in[k] = step->in[k].item;
        layer->from[k] = step->in[k].layer;
    }
    return 0;
}

static int add_layer(ray_translation *t, const ray_planned *layer)
{
    if (t->n_layers == t->room) {
        int32_t room = t->room ? 2 * t->room : 64;
        ray_planned *more = ray_grow(t->layers, (size_t)room, sizeof *more);
        if (!more)
            return ray_fail_memory(t->error);
        t->layers = more;
        t->room = room;
    }
    t->layers[t->n_layers++] = *layer;
    return 0;
}

/* The tensor of a layer's item. */
static int set_result(ray_translation *t, const ray_step *step, const ray_shape *item,
                      ray_known *out)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank = 0, batch = step->batch;
    for (int32_t i = 0; i < item->rank; i++) {
        if (i == batch)
            dim[rank++] = t->batch;
        dim[rank++] = item->dim[i];
    }
    if (batch == item->rank)
        dim[rank++] = t->batch;
    *out = (ray_known){ .layer = t->n_layers };
    return ray_known_set(t, out, rank, dim, batch);
}

/* "conv" and 2: conv2d.  NULL: told. */
static const ray_kind *find_kind(ray_translation *t, const ray_step *step)
{
    char name[64];
    if (step->axes)
        snprintf(name, sizeof name, "%s%dd", step->type, (int)step->axes);
    else
        snprintf(name, sizeof name, "%s", step->type);
    const ray_kind *kind = ray_kind_find(name);
    if (!kind)
        ray_kind_unknown(name, t->error);
    return kind;
}

int ray_plan_layer(ray_translation *t, const ray_step *step, ray_known *out)
{
    const ray_kind *kind = find_kind(t, step);
    ray_infer infer = { .n_in = 0 };
    ray_planned layer = { .suffix = step->suffix ? step->suffix : "",
                          .node = (int32_t)(step->node - t->model->nodes),
                          .n_weights = step->n_weights };
    if (!kind)
        return -1;
    if (step->attributes.full)
        return ray_fail(t->error, "%s: its attributes are too long", kind->name);
    layer.type = kind->name;
    layer.attributes = ray_arena_copy(&t->draft->arena, step->attributes.text);
    if (!layer.attributes)
        return ray_fail_memory(t->error);
    if (fill_from(t, step, &layer, &infer)
        || infer_with(t, kind, layer.attributes, &infer))
        return -1;
    for (int32_t w = 0; w < step->n_weights; w++) {
        layer.weight[w] = step->weight[w];
        if (check_weight(t, kind, &infer, &layer.weight[w]))
            return -1;
    }
    layer.out = infer.out;
    return set_result(t, step, &infer.out, out) || add_layer(t, &layer) ? -1 : 0;
}

int ray_plan_result(ray_translation *t, const ray_step *step)
{
    ray_known out;
    return ray_plan_layer(t, step, &out) ? -1 : ray_node_done(t, step->node, &out);
}

void ray_step_weight(ray_step *step, const char *param, const ray_onnx_tensor *tensor)
{
    step->weight[step->n_weights++] = (ray_planned_weight){ .param = param, .tensor = tensor };
}

/* The result has the dims of x: where x is a single number, its item has none of them. */
int ray_plan_same(ray_translation *t, ray_step *step, ray_known *x)
{
    ray_known in = *x, out;
    step->in = &in;
    step->n_in = 1;
    step->batch = RAY_ONNX_ABSENT;
    if (ray_plan_layer(t, step, &out))
        return -1;
    x->layer = out.layer;
    return 0;
}

int ray_plan_each_same(ray_translation *t, ray_step *step, ray_known *x)
{
    ray_known in = *x, out;
    if (ray_plan_each(t, step, &in, 1, &out))
        return -1;
    x->layer = out.layer;
    return 0;
}

int ray_plan_unary(ray_translation *t, const ray_onnx_node *node, const char *type,
                   const char *suffix, ray_known *x)
{
    ray_step step = { .node = node, .type = type, .suffix = suffix };
    return ray_plan_each_same(t, &step, x);
}

int ray_plan_scalar(ray_translation *t, const ray_onnx_node *node, const char *type,
                    const char *suffix, double scalar, ray_known *x)
{
    ray_step step = { .node = node, .type = type, .suffix = suffix };
    ray_attribute_number(&step.attributes, "scalar", scalar);
    return ray_plan_each_same(t, &step, x);
}
