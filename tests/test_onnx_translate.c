/* SPDX-License-Identifier: MIT */
/* test_onnx_translate.c - what becomes of nodes: layers of several nodes, names, batches, refusals.
 * A model is a text: nodes "Op:inputs>outputs" between blanks, each with "@name" where it has one.
 * x is the input; a number is a constant; W4x3 and the like are constants of that shape. */
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
    ray_onnx_port   input, output;
} small_model;

/* ---- Models of text ---- */

static void fill_constant(ray_onnx_tensor *tensor, float *numbers, const char *name)
{
    *tensor = (ray_onnx_tensor){ .name = name, .type = RAY_ONNX_FLOAT, .n = 1, .data = numbers };
    numbers[0] = strtof(name, NULL);
    for (const char *at = name + 1; name[0] == 'W' && isdigit((unsigned char)*at); at += *at == 'x') {
        char *end;
        tensor->dim[tensor->rank] = strtol(at, &end, 10);
        tensor->n *= tensor->dim[tensor->rank++];
        at = end;
    }
    for (int64_t i = 0; name[0] == 'W' && i < tensor->n; i++)
        numbers[i] = (float)i / 8 + 1;
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
    if (name[0] == 'W' || isdigit((unsigned char)name[0])) {
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

static void add_node(small_model *m, const char **text)
{
    ray_onnx_node *node = &m->nodes[m->model.n_nodes];
    *node = (ray_onnx_node){ .domain = "", .op = cut(m, text, "@:"), .name = "" };
    if (**text == '@') {
        ++*text;
        node->name = cut(m, text, ":");
    }
    node->in = cut_values(m, text, &node->n_in);
    node->out = cut_values(m, text, &node->n_out);
    for (int32_t k = 0; k < node->n_out; k++)
        m->values[node->out[k]].producer = m->model.n_nodes;
    m->model.n_nodes++;
    *text += strspn(*text, " ");
}

/* The last result is the output.  x: batch x 4. */
static small_model *make_model(const char *text, int64_t batch)
{
    static small_model m;
    m = (small_model){ .model = { .path = "m.onnx", .name = "m", .opset = 13 } };
    m.model.nodes = m.nodes;
    m.model.values = m.values;
    m.model.inputs = &m.input;
    m.model.outputs = &m.output;
    m.model.n_inputs = m.model.n_outputs = 1;
    m.input = (ray_onnx_port){ .value = value_of(&m, "x"), .type = RAY_ONNX_FLOAT, .rank = 3,
                               .dim = { batch, 3, 4 } };
    while (*text)
        add_node(&m, &text);
    const ray_onnx_node *last = &m.nodes[m.model.n_nodes - 1];
    m.output = (ray_onnx_port){ .value = last->out[0], .rank = RAY_ONNX_ABSENT };
    return &m;
}

/* "name:type name:type" of the layers, or the error. */
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

static void formulas_become_layers(void)
{
    static const translation rows[] = {
        { "Sigmoid:x>s Mul:s,x>y", 1, "y:silu" },
        { "Softplus:x>s Tanh:s>t Mul:x,t>y", 1, "y:mish" },
        { "Div:x,1.4142135>a Erf:a>b Add:b,1>c Mul:x,c>d Mul:d,0.5>y", 1, "y:gelu" },
        { "Mul:x,0.70710678>a Erf:a>b Add:1,b>c Mul:0.5,x>d Mul:d,c>y", 1, "y:gelu" },
        { "Add:x,3>a Clip:a,0,6>b Mul:x,b>c Div:c,6>y", 1, "y:hardswish" },
        { "MatMul:x,W4x2>a Add:a,W2>y", 1, "y:linear" },
        { "MatMul:x,W4x2>a Add:W2,a>y", 1, "y:linear" },
        { "MatMul:x,W4x2>y", 1, "y:linear" },
        /* an inner value is read by another node */
        { "Sigmoid:x>s Mul:s,x>p Add:p,s>y", 1, "s:sigmoid p:mul y:add" },
        /* another number */
        { "Div:x,1.5>a Erf:a>b Add:b,1>c Mul:x,c>d Mul:d,0.5>y", 1,
          "a:div b:erf c:add d:mul y:mul" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void layers_are_called_as_in_the_model(void)
{
    static const translation rows[] = {
        { "Relu@/a/a.0/relu/Relu:x>497 Add@/a/a.0/Add:497,x>y", 1, "a.0.relu:relu a.0.add:add" },
        { "Relu@M/net/one/Relu:x>p Exp@M/net/two/Exp:p>y", 1, "one:relu two:exp" },
        { "Relu@Relu_0:x>497 Relu@Relu_0:497>y", 1, "relu_0:relu relu_0_2:relu" },
        { "Relu:x>497 Exp:497>pool5_1", 1, "relu:relu pool5_1:exp" },
        { "Sigmoid@/a/S:x>1s Mul@/a/Mul:1s,x>2s Relu@/b/Relu:2s>y", 1, "a:silu b:relu" },
        { "Sigmoid@/a/S:x>1s Mul@/a/Mul_1:1s,x>2s Exp@/a/Exp:2s>y", 1, "a.silu:silu a.exp:exp" },
        { "Relu:x>497 Relu:497>498", 1, "relu:relu relu_2:relu" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_needs_no_layer_has_none(void)
{
    static const translation rows[] = {
        { "Identity:x>a Relu:a>y", 1, "y:relu" },
        { "Shape:x>a Reshape:x,a>b Relu:b>y", 1, "y:relu" },
        { "Identity:x>y", 1, "y:identity" },
        { "Relu:x>y Exp:x>z Relu:y>w", 1, "y:relu w:relu" },
        { "Clip:x,0,6>y", 1, "y:relu6" },
        { "Sub:1,x>y", 1, "y.negative:mul y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_cannot_be_said_is_refused(void)
{
    static const translation rows[] = {
        { "Relu:x>a Foo@one:a>b Bar:b>c Relu:c>y", 1,
          "m.onnx: 2 operators are not supported: Foo (node \"one\"), Bar (node \"c\")" },
        { "Range:x,x,x>y", 1, "m.onnx: 1 operator is not supported: Range (node \"y\")" },
        { "Relu:W4>y", 1, "m.onnx: the output does not depend on an input" },
        { "ReduceSum:x,0>y", 2, "m.onnx: ReduceSum (node \"y\"): it mixes the 2 items of the batch; "
          "export the model with a batch of one or a free one" },
        { "Add:x,W5>y", 1, "m.onnx: Add (node \"y\"): its operands do not broadcast" },
        { "Conv:x,W2x3x5>y", 1, "m.onnx: Conv (node \"y\"): conv1d: kernel_size: a kernel of 5 does "
          "not fit in the padded length of 4" },
        { "Conv:x,W2x3>y", 1, "m.onnx: Conv (node \"y\"): its weight has 2 dimensions, its input 3" },
        { "Reshape:x,7>y", 1, "m.onnx: Reshape (node \"y\"): shape: it does not hold 12 numbers" },
        { "Gather:x,9>y", 1, "m.onnx: Gather (node \"y\"): index 9 is out of range; the dimension is 1" },
        { "Pow:x>y", 1, "m.onnx: Pow (node \"y\"): input 2 is missing" },
        { NULL, 0, NULL }
    };
    check(rows);
}

int main(void)
{
    static const named_test tests[] = {
        { "formulas become layers", formulas_become_layers },
        { "layers are called as in the model", layers_are_called_as_in_the_model },
        { "what needs no layer has none", what_needs_no_layer_has_none },
        { "what cannot be said is refused", what_cannot_be_said_is_refused },
        { NULL, NULL }
    };
    return run_tests("onnx translate", tests);
}
