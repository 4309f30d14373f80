/* SPDX-License-Identifier: MIT */
/* onnx_text.h - small ONNX models as text, and what becomes of them.
 *
 * A model is nodes "Op:inputs>outputs" between blanks, each with "@name" where it has one, and then
 * with "%module", or with "/0231", the attribute perm.  x is the input, z another one; a number is a
 * constant; W4x3 and the like are constants of that shape, I4x3 and O4x3 ones and zeros, L4x3 and
 * J4x3 the integers 4 and 3, of 64 and 32 bits.  The last result is the output. */
#ifndef ONNX_TEXT_H
#define ONNX_TEXT_H

#include <ctype.h>

#include "onnx/draft.h"
#include "testing.h"

enum { MOST_NODES = 32, MOST_VALUES = 96 };

typedef struct small_model {
    ray_onnx_model  model;
    ray_onnx_node   nodes[MOST_NODES];
    ray_onnx_value  values[MOST_VALUES];
    ray_onnx_tensor tensors[MOST_VALUES];
    float           numbers[MOST_VALUES][64];
    ray_onnx_port   inputs[2], output;
} small_model;

/* ---- Models of text ---- */

/* "W4x3": 4 and 3. */
static int32_t read_list(const char *name, int64_t *list)
{
    int32_t n = 0;
    for (const char *at = name + 1; isdigit((unsigned char)*at); at += *at == 'x') {
        char *end;
        list[n++] = strtol(at, &end, 10);
        at = end;
    }
    return n;
}

static void fill_integers(ray_onnx_tensor *tensor, float *numbers, const char *name)
{
    int64_t list[RAY_ONNX_MAX_RANK];
    const bool wide = name[0] == 'L';
    tensor->type = wide ? RAY_ONNX_INT64 : RAY_ONNX_INT32;
    tensor->rank = 1;
    tensor->dim[0] = tensor->n = read_list(name, list);
    for (int64_t i = 0; i < tensor->n; i++) {
        const int32_t narrow = (int32_t)list[i];
        memcpy(numbers + i * (wide ? 2 : 1), wide ? (const void *)&list[i] : &narrow, wide ? 8 : 4);
    }
}

static void fill_constant(ray_onnx_tensor *tensor, float *numbers, const char *name)
{
    *tensor = (ray_onnx_tensor){ .name = name, .type = RAY_ONNX_FLOAT, .n = 1, .data = numbers };
    if (strchr("LJ", name[0])) {
        fill_integers(tensor, numbers, name);
        return;
    }
    numbers[0] = strtof(name, NULL);
    if (!strchr("WIO", name[0]))
        return;
    tensor->rank = read_list(name, tensor->dim);
    for (int32_t i = 0; i < tensor->rank; i++)
        tensor->n *= tensor->dim[i];
    for (int64_t i = 0; i < tensor->n; i++)
        numbers[i] = name[0] == 'I' ? 1 : name[0] == 'O' ? 0 : (float)i / 8 + 1;
}

static int32_t value_of(small_model *m, const char *name)
{
    ray_onnx_model *model = &m->model;
    for (int32_t v = 0; v < model->n_values; v++)
        if (!strcmp(m->values[v].name, name))
            return v;
    CU_ASSERT_FATAL(model->n_values < MOST_VALUES);
    const int32_t v = model->n_values++;
    m->values[v] = (ray_onnx_value){ .name = ray_arena_copy(&model->arena, name),
                                     .producer = RAY_ONNX_ABSENT };
    if (strchr("WIOLJ0123456789", name[0])) {
        fill_constant(&m->tensors[v], m->numbers[v], m->values[v].name);
        m->values[v].constant = &m->tensors[v];
    }
    return v;
}

/* Cuts a word off *text. */
static char *cut(small_model *m, const char **text, const char *separators)
{
    size_t n = strcspn(*text, separators);
    char *word = ray_arena_format(&m->model.arena, "%.*s", (int)n, *text);
    *text += n;
    return word;
}

static int32_t *cut_values(small_model *m, const char **text, int32_t *n)
{
    int32_t *list = ray_arena_alloc(&m->model.arena, 8, sizeof *list);
    for (*n = 0; **text == ':' || **text == '>' || **text == ',';) {
        ++*text;
        list[(*n)++] = value_of(m, cut(m, text, ",> "));
        if (**text == '>')
            break;
    }
    return list;
}

static void add_perm(small_model *m, ray_onnx_node *node, const char **text)
{
    ray_onnx_attribute *a = ray_arena_alloc(&m->model.arena, 1, sizeof *a);
    int64_t *perm = ray_arena_alloc(&m->model.arena, RAY_ONNX_MAX_RANK, sizeof *perm);
    *a = (ray_onnx_attribute){ .name = "perm", .type = RAY_ONNX_INTS, .ints = perm };
    for (++*text; isdigit((unsigned char)**text); ++*text)
        perm[a->n++] = **text - '0';
    node->attributes = a;
    node->n_attributes = 1;
}

static void add_node(small_model *m, const char **text)
{
    ray_onnx_node *node = &m->nodes[m->model.n_nodes];
    *node = (ray_onnx_node){ .domain = "", .op = cut(m, text, "@%/:"), .name = "",
                             .module = "" };
    if (**text == '/')
        add_perm(m, node, text);
    if (**text == '@') {
        ++*text;
        node->name = cut(m, text, "%:");
    }
    if (**text == '%') {
        ++*text;
        node->module = cut(m, text, ":");
    }
    node->in = cut_values(m, text, &node->n_in);
    node->out = cut_values(m, text, &node->n_out);
    for (int32_t k = 0; k < node->n_out; k++)
        m->values[node->out[k]].producer = m->model.n_nodes;
    m->model.n_nodes++;
    *text += strspn(*text, " ");
}

/* What a test sets: the producer of its models; whether their inputs are pictures. */
static const char *producer = "";
static bool picture;

/* batch x 3 x 4, or batch x 5 x 4 x 3 for a picture. */
static void add_input(small_model *m, int32_t value, int64_t batch)
{
    ray_onnx_port *port = &m->inputs[m->model.n_inputs++];
    *port = (ray_onnx_port){ .value = value, .type = RAY_ONNX_FLOAT, .rank = picture ? 4 : 3,
                             .dim = { batch, picture ? 5 : 3, 4, 3 } };
}

static small_model *make_model(const char *text, int64_t batch)
{
    static small_model m;
    m = (small_model){ .model = { .path = "m.onnx", .name = "m", .opset = 13,
                                  .producer = producer } };
    m.model.nodes = m.nodes;
    m.model.values = m.values;
    m.model.inputs = m.inputs;
    m.model.outputs = &m.output;
    m.model.n_outputs = 1;
    add_input(&m, value_of(&m, "x"), batch);
    while (*text)
        add_node(&m, &text);
    for (int32_t v = 0; v < m.model.n_values; v++)
        if (!strcmp(m.values[v].name, "z"))
            add_input(&m, v, batch);
    const ray_onnx_node *last = &m.nodes[m.model.n_nodes - 1];
    m.output = (ray_onnx_port){ .value = last->out[0], .rank = RAY_ONNX_ABSENT };
    return &m;
}

/* "name:type name:type" of the layers, a picture's shape before them; or the error. */
static const char *translated(const char *text, int64_t batch)
{
    static char found[4096];
    const ray_draft_wishes wishes = { .input_name = NULL };
    ray_error error = { "" };
    ray_draft draft;
    small_model *m = make_model(text, batch);
    found[0] = '\0';
    if (ray_onnx_translate(&m->model, &wishes, &draft, &error)) {
        snprintf(found, sizeof found, "%s", error.text);
    } else {
        char shape[128];
        if (picture)
            snprintf(found, sizeof found, "%s ", ray_shape_text(&draft.shape, shape));
        for (int32_t i = 0; i < draft.n_layers; i++)
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s:%s", i ? " " : "",
                     draft.layers[i].name, draft.layers[i].type);
        ray_draft_free(&draft);
    }
    ray_arena_free(&m->model.arena);
    return found;
}

/* ---- Tables ---- */

typedef struct translation { const char *nodes; int64_t batch; const char *expected; } translation;

static void check(const translation *rows)
{
    for (const translation *row = rows; row->nodes; row++) {
        const char *found = translated(row->nodes, row->batch);
        CHECK_CASE(!strcmp(found, row->expected), "%s:\n      %s\n      expected %s", row->nodes,
                   found, row->expected);
    }
}

/* What formulas that normalise r begin with: q is one over its deviation, n its mean, negated. */
#define CENTRED(axes) \
    "ReduceMean:r," axes ">m Sub:r,m>c Mul:c,c>s ReduceMean:s," axes ">v Add:v,0.001>a Sqrt:a>d " \
    "Reciprocal:d>q Neg:m>n "

#endif
