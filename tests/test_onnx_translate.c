/* SPDX-License-Identifier: MIT */
/* test_onnx_translate.c - what becomes of nodes: layers of several nodes, names, batches, refusals.
 * A model is a text: nodes "Op:inputs>outputs" between blanks, each with "@name" where it has one, and
 * then with "%module", or with "/0231", the attribute perm.
 * x is the input; a number is a constant; W4x3 and the like are constants of that shape, I4x3 and
 * O4x3 ones and zeros, L4x3 and J4x3 the integers 4 and 3, of 64 and 32 bits. */
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

static const char *producer = "";
static bool picture;

/* The last result is the output.  x: batch x 3 x 4, or batch x 5 x 4 x 3 for a picture. */
static small_model *make_model(const char *text, int64_t batch)
{
    static small_model m;
    m = (small_model){ .model = { .path = "m.onnx", .name = "m", .opset = 13,
                                  .producer = producer } };
    m.model.nodes = m.nodes;
    m.model.values = m.values;
    m.model.inputs = &m.input;
    m.model.outputs = &m.output;
    m.model.n_inputs = m.model.n_outputs = 1;
    m.input = (ray_onnx_port){ .value = value_of(&m, "x"), .type = RAY_ONNX_FLOAT, .rank = 3,
                               .dim = { batch, 3, 4 } };
    if (picture)
        m.input = (ray_onnx_port){ .value = m.input.value, .type = RAY_ONNX_FLOAT, .rank = 4,
                                   .dim = { batch, 5, 4, 3 } };
    while (*text)
        add_node(&m, &text);
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
        { "Min:x,1>a Max:a,0>y", 1, "y:clamp" },
        { "Add:x,3>a Clip:a,0,6>b Mul:b,0.16666667>y", 1, "y:hardsigmoid" },
        { "Add:x,3>a Clip:a,0,6>b Div:b,6>y", 1, "y:hardsigmoid" },
        { "Swish:x>y", 1, "y:silu" },
        { "PRelu:x,W1x3x1>y", 1, "y:prelu" },
        /* an inner value is read by another node */
        { "Sigmoid:x>s Mul:s,x>p Add:p,s>y", 1, "s:sigmoid p:mul y:add" },
        /* another number */
        { "Div:x,1.5>a Erf:a>b Add:b,1>c Mul:x,c>d Mul:d,0.5>y", 1,
          "a:div b:erf c:add d:mul y:mul" },
        { NULL, 0, NULL }
    };
    check(rows);
}

#define NORM(mean, variance) \
    "ReduceMean:x," mean ">m Sub:x,m>c Mul:c,c>s ReduceMean:s," variance ">v Add:v,0.001>a " \
    "Sqrt:a>d Div:c,d>n "
#define FUSED(n) \
    "Unsqueeze:x,3>r ReduceMean:r,L0x2x3>m Sub:r,m>c ReduceSumSquare:c,L0x2x3>q " \
    "Squeeze:m,L0x2x3>n Div:q," n ">v BatchNormalization:r,I3,O3,n,v>b Reshape:b,L1x3x4>e "

#define CENTRED(axes) \
    "ReduceMean:r," axes ">m Sub:r,m>c Mul:c,c>s ReduceMean:s," axes ">v Add:v,0.001>a Sqrt:a>d " \
    "Reciprocal:d>q Neg:m>n "

static void formulas_that_normalise(void)
{
    static const translation rows[] = {
        { NORM("2", "2") "Mul:n,W4>p Add:p,W4>y", 1, "y:layer_norm" },
        { NORM("L1x2", "L2x1") "Mul:n,W3x4>p Add:p,W3x4>y", 1, "y:layer_norm" },
        { NORM("1", "1") "Mul:n,W3x1>p Add:p,W3x1>y", 1,
          "y.axis_last:permute y:layer_norm y.axis_back:permute" },
        /* TensorFlow's: the mean over positions, a shape that changes nothing */
        { "GlobalAveragePool:x>m Reshape:m,L1x3x1>k Sub:x,k>c Mul:c,c>s GlobalAveragePool:s>v "
          "Add:v,0.001>a Sqrt:a>d Reciprocal:d>r Mul:r,W4>f Mul:m,f>g Sub:W4,g>h Mul:x,f>i "
          "Add:i,h>y", 1, "y:layer_norm" },
        { "Relu:x>r " CENTRED("2") "Mul:q,W4>f Mul:r,f>g Mul:n,f>h Add:h,W4>i Add:g,i>y", 1,
          "r:relu y:layer_norm" },
        { "Relu:x>r " CENTRED("2") "Mul:r,q>g Mul:n,q>h Add:g,h>y", 1, "r:relu y:layer_norm" },
        { FUSED("4") "Mul:e,W4>f Add:f,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Mul:e,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Add:e,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Exp:e>y", 1, "b:layer_norm y:exp" },
        { "Mul:x,W3x1>m Add:m,W3x1>y", 1, "y:batch_norm1d" },
        /* the axes differ; another count; numbers for another axis, or for more */
        { NORM("2", "1") "Exp:n>y", 1,
          "m:mean c:sub s:mul v:mean a:add d:sqrt n:div y:exp" },
        { FUSED("5") "Exp:e>y", 1, "m.onnx: BatchNormalization (node \"b\"): its input 4 is computed "
          "or missing; a constant is needed" },
        { "Mul:x,W4>m Add:m,W4>y", 1, "W4:parameter m:mul W4_2:parameter y:add" },
        { "Mul:x,W1x1x3x1>m Add:m,W3x1>y", 1,
          "W1x1x3x1:parameter m:mul W3x1:parameter y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void operators_become_several_layers(void)
{
    static const translation rows[] = {
        { "Unsqueeze:x,1>a Attention:a,a,a>y", 1,
          "a:reshape y.scores:matmul y.scaled:mul y.weights:softmax y:matmul" },
        { "Unsqueeze:x,1>a Attention:a,a,a,W1x3x3>y", 1,
          "a:reshape y.scores:matmul y.scaled:mul y.constant:parameter y.masked:add "
          "y.weights:softmax y:matmul" },
        { "RMSNormalization:x,W4>y", 1, "y.square:mul y.mean:mean y.shifted:add y.rms:sqrt "
          "y.normalised:div W4:parameter y:mul" },
        /* rows of one item where a batch would be: a convolution that does not look across them */
        { "Transpose@T:x>a Conv@C:a,W2x3x1>y", 1,
          "T:permute C.view:reshape C.stacked:permute C:conv2d C.unstacked:permute" },
        { "Transpose@T:x>a BatchNormalization@N:a,W3,W3,W3,W3>y", 1,
          "T:permute N.view:reshape N.stacked:permute N:batch_norm2d N.unstacked:permute" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void products_of_rows_are_linear(void)
{
    static const translation rows[] = {
        { "Reshape:x,L3x4>r MatMul:r,W4x2>m Reshape:m,L1x3x2>n Add:n,W2>y", 1, "y:linear" },
        { "Reshape:x,L3x4>r MatMul:r,W4x2>m Reshape:m,L1x3x2>y", 1, "m:linear" },
        { "Reshape:x,L3x4>r Gemm:r,W4x6>g Reshape:g,L1x3x3x2x1>n Squeeze:n,4>s Add:s,W3x2>y", 1,
          "y:linear y.view:reshape" },
        /* the product is read by another node; not one number for each output */
        { "MatMul:x,W4x2>m Add:m,W2>a Add:m,a>y", 1,
          "m:linear W2:parameter a:add y:add" },
        { "MatMul:x,W4x3>m Add:m,W3x1>y", 1, "m:linear W3x1:parameter y:add" },
        { "MatMul:x,W4x2>m Add:m,W1x1x1x2>y", 1,
          "m:linear W1x1x1x2:parameter y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void transpositions_meet(void)
{
    static const translation rows[] = {
        { "Transpose:x>t Transpose:t>u Relu:u>y", 1, "y:relu" },
        { "Transpose:x>t Relu:t>r Transpose:r>y", 1, "r:relu" },
        { "Transpose:x>t Relu:t>r Exp:r>y", 1, "r:relu y:exp y.permute:permute" },
        { "Transpose:x>t Exp:x>e Transpose:e>u Add:t,u>a Transpose:a>y", 1, "e:exp a:add" },
        { "Sigmoid:x>s Transpose:s>t Transpose:x>u Mul:u,t>v Transpose:v>y", 1, "v:silu" },
        { "Transpose:x>t Add:t,W4x1x1>y", 1, "y.constant:parameter y:add y.permute:permute" },
        { "Transpose:x>t Pad:t,L1x0x0x0x2x0>p Transpose:p>y", 1, "p:pad" },
        { "Transpose:x>t Pad:t,L1x0x0x0x2x0>y", 1, "y:pad y.permute:permute" },
        /* x in two orders */
        { "MatMul:x,W4x3>m Sigmoid:m>s Transpose:s>t Mul:m,t>y", 1,
          "m:linear s:sigmoid t:permute y.view:reshape y.view_2:reshape y:mul" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void pictures_have_their_channels_first(void)
{
    static const translation rows[] = {
        { "Transpose/0312:x>t Relu:t>y", 1, "3x5x4 y:relu" },
        { "Mul:x,2>m Add:m,W3>a Transpose/0312:a>t Relu:t>y", 1,
          "3x5x4 m:mul a.constant:parameter a:add y:relu" },
        { "Transpose/0312:x>t Relu:t>r Transpose/0231:r>y", 1, "3x5x4 r:relu y:permute" },
        { "Flatten:x>f Reshape:f,L1x5x4x3>r Transpose/0312:r>t Relu:t>y", 1, "3x5x4 y:relu" },
        /* stays as it is: read in both orders, and this one before layers; without channels */
        { "Transpose/0312:x>t Flatten:t>f Flatten:x>g Add:f,g>y", 1,
          "5x4x3 t:permute f:flatten g:flatten y:add" },
        { "Transpose/0312:x>t Relu:t>a Flatten:a>f Flatten:x>g Add:f,g>y", 1,
          "5x4x3 t:permute a:relu f:flatten g:flatten y:add" },
        { "Relu:x>y", 1, "5x4x3 y:relu" },
        { "Reshape:x,L1x5x4x3x1>r " CENTRED("L1x2x4") "Mul:q,W3x1>f Mul:r,f>g Mul:n,f>h "
          "Add:h,W3x1>i Add:g,i>j Reshape:j,L1x5x4x3>k Transpose/0312:k>l Relu:l>y", 1,
          "3x5x4 j:group_norm y:relu" },
        { NULL, 0, NULL }
    };
    picture = true;
    check(rows);
    picture = false;
}

static void constants_keep_their_type(void)
{
    static const translation rows[] = {
        { "Add:J2,J1>a Unsqueeze:a,0>b Unsqueeze:J4,0>c Concat:b,c>d Squeeze:d,0>e Reshape:x,e>f "
          "Relu:f>y", 1, "y:relu" },
        { "ReduceProd:J3x1>a Unsqueeze:J4,0>c Concat:a,c>d Relu:x>y", 1, "y:relu" },
        { "Tile:x,L1x1x2>y", 1, "y:concat" },
        { "Unsqueeze:x,2>u Tile:u,L1x1x5x1>y", 1, "u:reshape y:expand" },
        { "Tile:x,L1x2>y", 1, "m.onnx: Tile (node \"y\"): repeats: 2 numbers for 3 dimensions" },
        { "Tile:x,L1x1x0>y", 1, "m.onnx: Tile (node \"y\"): repeats: 0 is not possible" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_tf2onnx_adds_is_called_by_its_type(void)
{
    static const translation rows[] = {
        { "Relu@model/conv/Relu:x>p Exp@model/conv/Relu__12:p>q Sin@transpose__7:q>y", 1,
          "conv:relu conv.exp:exp sin:sin" },
        { "Relu@model/Relu:x>p Exp@model/a/Exp:p>q Sin@model/Exp__7:q>y", 1,
          "relu:relu a:exp sin:sin" },
        { "Sigmoid@model/a/sigmoid:x>s Mul@model/a/mul_1:x,s>p Exp@model/b/Exp:p>y", 1,
          "a:silu b:exp" },
        { NULL, 0, NULL }
    };
    producer = "tf2onnx 1.16.1";
    check(rows);
    producer = "";
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
        { "Relu@node_relu%b.0.act:x>relu Exp@node_exp_1%b.0:relu>exp_1 Relu@node_add%b:exp_1>add", 1,
          "b.0.act:relu b.0.exp:exp b.relu:relu" },
        { "Relu@node_relu%b.act:x>p Exp@node_exp%b:p>q Relu@node_relu_1%b.act:q>r", 1,
          "b.act:relu b.exp:exp b.act_2:relu" },
        { "Relu@node_relu%act:x>p Exp@node_exp%act:p>q Relu@node_relu_1%act:q>r", 1,
          "act.relu:relu act.exp:exp act.relu_2:relu" },
        { "Relu@node_cat:x>cat Exp@node_Split_1:cat>s", 1, "cat:relu Split_1:exp" },
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
        { "Clip:7,0,2>a Mul:x,a>b Clip:2,2>c Sub:b,c>y", 1, "b:mul y:sub" },
        { "Tile:W4,1>a Add:x,a>y", 1, "W4:parameter y:add" },
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
        /* results that no node makes */
        { "Sqrt:W4>p,q Add:x,q>y", 1, "m.onnx: Add (node \"y\"): it reads \"q\", which is neither a "
          "constant nor made of the input \"x\"" },
        { "Sqrt:W4>p,q Relu:q>h Add:x,h>y", 1, "m.onnx: Relu (node \"h\"): it reads \"q\", which is "
          "neither a constant nor made of the input \"x\"" },
        /* constants that are too large, or none */
        { "Range:0,1e18,1>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): from 0 to 1e+18 in steps of 1 "
          "are too many numbers" },
        { "Range:0,4,0>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): from 0 to 4 in steps of 0 are too "
          "many numbers" },
        { "Range:0,4e8,1>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): the constants that it "
          "reads and makes are too large" },
        { "ConstantOfShape:3000000000>w Add:x,w>y", 1, "m.onnx: ConstantOfShape (node \"w\"): the "
          "constants that it reads and makes are too large" },
        { "Neg:1>n ConstantOfShape:n>w Add:x,w>y", 1, "m.onnx: ConstantOfShape (node \"w\"): a "
          "constant with a dimension of size -1" },
        { "Neg:1>n Expand:2,n>w Add:x,w>y", 1, "m.onnx: Expand (node \"w\"): a constant with a "
          "dimension of size -1" },
        { "ConstantOfShape:1e8>w Size:w>a Size:w>b Size:w>c Add:a,b>d Add:c,d>e Add:x,e>y", 1,
          "m.onnx: Size (node \"c\"): the constants that it reads and makes are too large" },
        { NULL, 0, NULL }
    };
    check(rows);
}

/* As many as have room, and how many have none. */
static void many_operators_are_counted(void)
{
    enum { NODES = 30 };
    char text[NODES * 100], *at = text;
    int named = 0, more = 0;
    for (int i = 0; i < NODES; i++)
        at += sprintf(at, "Foo@a_name_of_a_node_that_takes_some_of_the_room_of_a_line_%d:%c%d>v%d ", i,
                      i ? 'v' : 'W', i ? i - 1 : 4, i);
    strcpy(at, "Add:x,v29>y");
    const char *found = translated(text, 1);
    CHECK_CASE(!strncmp(found, "m.onnx: 30 operators are not supported: Foo (", 45), "%s", found);
    for (const char *next = found; (next = strstr(next, "Foo ")) != NULL; next++)
        named++;
    const char *end = strstr(found, ", and ");
    CHECK_CASE(end && sscanf(end, ", and %d more", &more) == 1, "%s", found);
    CU_ASSERT_EQUAL(named + more, NODES);
}

/* Names that are equal, and those that numbering makes of others. */
static void equal_names_are_numbered(void)
{
    static const translation rows[] = {
        { "Relu@a:x>p Relu@a_2:p>q Relu@a:q>r Relu@a:r>s Relu@a_2:s>y", 1,
          "a:relu a_2:relu a_3:relu a_4:relu a_2_2:relu" },
        { "Relu@a:x>p Relu@a:p>q Relu@a_2:q>r Relu@a:r>y", 1, "a:relu a_2:relu a_2_2:relu a_3:relu" },
        { "Attention:x,x,x>y", 1, "m.onnx: Attention (node \"y\"): q_num_heads: 0 does not divide its "
          "input" },
        { "Unsqueeze:x,1>a Attention:a,a,a,W5x3>y", 1, "m.onnx: Attention (node \"y\"): its mask does "
          "not fit the scores" },
        { NULL, 0, NULL }
    };
    check(rows);
}

int main(void)
{
    static const named_test tests[] = {
        { "formulas become layers", formulas_become_layers },
        { "formulas that normalise", formulas_that_normalise },
        { "products of rows are linear", products_of_rows_are_linear },
        { "transpositions meet", transpositions_meet },
        { "pictures have their channels first", pictures_have_their_channels_first },
        { "constants keep their type, repetition", constants_keep_their_type },
        { "what tf2onnx adds is called by its type", what_tf2onnx_adds_is_called_by_its_type },
        { "operators become several layers", operators_become_several_layers },
        { "layers are called as in the model", layers_are_called_as_in_the_model },
        { "what needs no layer has none", what_needs_no_layer_has_none },
        { "what cannot be said is refused", what_cannot_be_said_is_refused },
        { "many operators are counted", many_operators_are_counted },
        { "equal names are numbered", equal_names_are_numbered },
        { NULL, NULL }
    };
    return run_tests("onnx translate", tests);
}
