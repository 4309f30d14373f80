/* SPDX-License-Identifier: MIT */
/* test_onnx_read.c - ONNX files: what is read of them, and how broken and hostile ones are refused. */
#include <sys/stat.h>

#include "check_text.h"
#include "onnx/model.h"
#include "onnx_bytes.h"
#include "scratch.h"

/* ---- Helpers ---- */

/* The message, with the scratch folder called TMP; "" when the model is read. */
static const char *read_message(const char *path)
{
    static ray_error error;
    ray_onnx_model model;
    error.text[0] = '\0';
    int failed = ray_onnx_model_read(&model, path, &error);
    CHECK_CASE((failed != 0) == (error.text[0] != '\0'), "%s: %s", path, error.text);
    CHECK_CASE(!strchr(error.text, '\n'), "%s", error.text);
    if (!failed)
        ray_onnx_model_free(&model);
    for (char *at; (at = strstr(error.text, scratch_folder)) != NULL;) {
        memcpy(at, "TMP", 3);
        memmove(at + 3, at + strlen(scratch_folder), strlen(at + strlen(scratch_folder)) + 1);
    }
    return error.text;
}

static const char *read_model(const message *model)
{
    return read_message(scratch_write("m.onnx", model->data, model->n));
}

static const char *read_graph(const message *graph)
{
    message model = model_message(graph);
    return read_model(&model);
}

static ray_onnx_model open_fixture(const char *name)
{
    ray_onnx_model model;
    ray_error error = { "" };
    int failed = ray_onnx_model_read(&model, source_path(name), &error);
    check_text(name, error.text, "");
    CU_ASSERT_FATAL(!failed);
    return model;
}

static const ray_onnx_value *find_value(const ray_onnx_model *model, const char *name)
{
    for (int32_t i = 0; i < model->n_values; i++)
        if (!strcmp(model->values[i].name, name))
            return &model->values[i];
    CHECK_CASE(false, "no value \"%s\"", name);
    CU_FAIL_FATAL("no such value");
    return NULL;
}

/* ---- What is read ---- */

static void a_model_is_read(void)
{
    ray_onnx_model m = open_fixture("tests/fixtures/onnx/small.onnx");
    check_text("name", m.name, "small");
    check_text("producer", m.producer, "onnx_files 1");
    CU_ASSERT_EQUAL(m.opset, 13);
    CU_ASSERT_EQUAL(m.n_nodes, 4);
    CU_ASSERT_EQUAL_FATAL(m.n_inputs, 1);
    CU_ASSERT_EQUAL_FATAL(m.n_outputs, 1);
    check_text("input", m.values[m.inputs[0].value].name, "x");
    CU_ASSERT_EQUAL(m.inputs[0].rank, 4);
    CU_ASSERT_EQUAL(m.inputs[0].dim[0], RAY_ONNX_ABSENT);
    check_text("dimension", m.inputs[0].dim_name[0], "batch");
    CU_ASSERT_EQUAL(m.inputs[0].dim[1], 2);
    const ray_onnx_node *conv = &m.nodes[0];
    check_text("operator", conv->op, "Conv");
    check_text("domain", conv->domain, "");
    CU_ASSERT_EQUAL(conv->n_in, 3);
    const ray_onnx_attribute *pads = ray_onnx_attribute_find(conv, "pads");
    CU_ASSERT_PTR_NOT_NULL_FATAL(pads);
    CU_ASSERT(pads->type == RAY_ONNX_INTS && pads->n == 4 && pads->ints[3] == 1);
    const ray_onnx_tensor *weight = m.values[conv->in[1]].constant;
    CU_ASSERT_PTR_NOT_NULL_FATAL(weight);
    CU_ASSERT(weight->rank == 4 && weight->dim[0] == 4 && weight->n == 72);
    CU_ASSERT_EQUAL(ray_onnx_number(weight, 0), -1);
    CU_ASSERT_EQUAL(ray_onnx_number(weight, 71), 1);
    CU_ASSERT_EQUAL(m.values[conv->out[0]].producer, 0);
    CU_ASSERT_EQUAL(m.values[m.outputs[0].value].producer, 3);
    ray_onnx_model_free(&m);
}

/* forms.onnx: every constant is the numbers 1 0 3 2; a bool has only 1 0 1 1. */
static void constants_have_many_forms(void)
{
    static const char *const names[] = {
        "float.list", "float.raw", "double.list", "double.raw", "int64.list", "int64.raw",
        "int32.list", "int32.raw", "int8.list", "int8.raw", "uint8.list", "uint8.raw", "half.list",
        "half.raw", "bool.list", "bool.raw",
    };
    ray_onnx_model m = open_fixture("tests/fixtures/onnx/forms.onnx");
    for (int i = 0; i < COUNT(names); i++) {
        static const int64_t numbers[4] = { 1, 0, 3, 2 };
        const ray_onnx_tensor *t = find_value(&m, names[i])->constant;
        CHECK_CASE(t && t->rank == 2 && t->n == 4, "%s", names[i]);
        for (int64_t k = 0; t && k < 4; k++) {
            int64_t expected = t->type == RAY_ONNX_BOOL ? numbers[k] != 0 : numbers[k];
            CHECK_CASE(ray_onnx_integer(t, k) == expected && ray_onnx_number(t, k) == (double)expected,
                       "%s: number %d is %g", names[i], (int)k, ray_onnx_number(t, k));
        }
    }
    const ray_onnx_tensor *scalar = find_value(&m, "scalar")->constant;
    CU_ASSERT(scalar->rank == 0 && scalar->n == 1 && ray_onnx_number(scalar, 0) == 2.5);
    CU_ASSERT_EQUAL(ray_onnx_integer(scalar, 0), 2);
    CU_ASSERT(find_value(&m, "empty")->constant->n == 0);
    CU_ASSERT_PTR_NULL(find_value(&m, "empty")->constant->data);
    CU_ASSERT_EQUAL(ray_onnx_number(find_value(&m, "many")->constant, 1999), 1);
    /* constants that are listed as inputs are none; nodes come in an order that can be evaluated */
    CU_ASSERT_EQUAL(m.n_inputs, 1);
    check_text("first", m.nodes[0].name, "first");
    check_text("last", m.nodes[1].name, "last");
    CU_ASSERT_EQUAL(find_value(&m, "h")->producer, 0);
    CU_ASSERT_EQUAL(find_value(&m, "y")->producer, 1);
    ray_onnx_model_free(&m);
}

static void attributes_have_many_types(void)
{
    ray_onnx_model m = open_fixture("tests/fixtures/onnx/forms.onnx");
    const ray_onnx_node *node = &m.nodes[0];
    CU_ASSERT_EQUAL_FATAL(node->n_attributes, 6);
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, "axis");
    CU_ASSERT(a && a->type == RAY_ONNX_INT && a->i == 1);
    a = ray_onnx_attribute_find(node, "values");
    CU_ASSERT(a && a->type == RAY_ONNX_NUMBERS && a->n == 2 && a->numbers[1] == 2.5f);
    a = ray_onnx_attribute_find(node, "size");
    CU_ASSERT(a && a->type == RAY_ONNX_INTS && a->n == 2 && a->ints[0] == 3);
    a = ray_onnx_attribute_find(node, "mode");
    CU_ASSERT(a && a->type == RAY_ONNX_STRING && !strcmp(a->text, "text"));
    a = ray_onnx_attribute_find(node, "alpha");
    CU_ASSERT(a && a->type == RAY_ONNX_NUMBER && a->number == 0.5);
    a = ray_onnx_attribute_find(node, "tensor");
    CU_ASSERT(a && a->type == RAY_ONNX_TENSOR && ray_onnx_number(a->tensor, 0) == 7);
    CU_ASSERT_PTR_NULL(ray_onnx_attribute_find(node, "other"));
    ray_onnx_model_free(&m);
}

/* ---- Metadata ---- */

static const struct { const char *key, *value, *module; } scopes[] = {
    { "pkg.torch.onnx.name_scopes", "['', 'layer1', 'layer1.0', 'layer1.0.conv', 'conv2d_1']",
      "layer1.0.conv" },
    { "pkg.torch.onnx.name_scopes", "['', 'add']", "" },
    { "pkg.torch.onnx.name_scopes", "['add']", "" },
    { "pkg.torch.onnx.name_scopes", "['', 'a', 'b", "a" },
    { "pkg.torch.onnx.name_scopes", "'", "" },
    { "pkg.torch.onnx.name_scopes", "", "" },
    { "pkg.torch.onnx.stack_trace", "['', 'a', 'b']", "" },
    { "pkg.torch.onnx.name_scopes.", "['', 'a', 'b']", "" },
    { NULL, "['', 'a', 'b']", "" },
    { "pkg.torch.onnx.name_scopes", NULL, "" },
};

static message scopes_model(const char *key, const char *value)
{
    message node = node_message("Relu:x>y"), other = { .n = 0 }, entry = { .n = 0 };
    message graph = graph_message("x", "", "", "y");
    put_text(&other, ENTRY_KEY, "namespace");
    put_text(&other, ENTRY_VALUE, "['', 'c', 'd']");
    if (key)
        put_text(&entry, ENTRY_KEY, key);
    if (value)
        put_text(&entry, ENTRY_VALUE, value);
    put_message(&node, NODE_METADATA, &entry);
    put_message(&node, NODE_METADATA, &other);
    put_message(&graph, GRAPH_NODE, &node);
    return model_message(&graph);
}

static void modules_are_read_of_metadata(void)
{
    for (int i = 0; i < COUNT(scopes); i++) {
        message bytes = scopes_model(scopes[i].key, scopes[i].value);
        ray_onnx_model model;
        ray_error error = { "" };
        int failed = ray_onnx_model_read(&model, scratch_write("m.onnx", bytes.data, bytes.n), &error);
        check_text("metadata", error.text, "");
        CU_ASSERT_FATAL(!failed);
        check_text(scopes[i].value ? scopes[i].value : "no value", model.nodes[0].module,
                   scopes[i].module);
        ray_onnx_model_free(&model);
    }
}

static void external_numbers_are_read(void)
{
    ray_onnx_model m = open_fixture("tests/fixtures/onnx/external.onnx");
    const ray_onnx_tensor *weight = find_value(&m, "fc.weight")->constant;
    const ray_onnx_tensor *bias = find_value(&m, "fc.bias")->constant;
    CU_ASSERT(ray_onnx_number(weight, 0) == -1 && ray_onnx_number(weight, 5) == 1);
    CU_ASSERT(ray_onnx_number(bias, 0) == -1 && ray_onnx_number(bias, 1) == 0);
    ray_onnx_model_free(&m);
}

/* ---- Damaged files ---- */

static void every_cut_is_noticed(void)
{
    size_t n;
    unsigned char *whole = file_content(source_path("tests/fixtures/onnx/small.onnx"), &n);
    for (size_t cut = 0; cut < n; cut++) {
        unsigned char *exact = malloc(cut + 1);     /* so that a sanitizer sees what lies beyond */
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, whole, cut);
        const char *said = read_message(scratch_write("cut.onnx", exact, cut));
        CHECK_CASE(!strncmp(said, "TMP/cut.onnx: ", 14), "%d bytes: %s", (int)cut, said);
        free(exact);
    }
    free(whole);
}

/* Whatever comes of it: no crash, and either a model or one line. */
static void changed_bytes_do_no_harm(void)
{
    static const unsigned char changes[] = { 0x01, 0x80, 0xff, 0x07 };
    size_t n;
    unsigned char *bytes = file_content(source_path("tests/fixtures/onnx/transposed.onnx"), &n);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < COUNT(changes); k++) {
            bytes[i] ^= changes[k];
            read_message(scratch_write("changed.onnx", bytes, n));
            bytes[i] ^= changes[k];
        }
    free(bytes);
}

static void other_files_are_no_models(void)
{
    static const struct { const char *bytes; size_t n; const char *message; } rows[] = {
        { "", 0, "TMP/m.onnx: the file is empty" },
        { "\x89PNG\r\n", 6, "TMP/m.onnx: byte 0 is no part of an ONNX model (in the model): the file is "
          "damaged, cut short or something else" },
        { "\x08\x07", 2, "TMP/m.onnx: it holds no graph; is it an ONNX model?" },
        { "\x3b\x3c", 2, "TMP/m.onnx: byte 0 is no part of an ONNX model (in the model): the file is "
          "damaged, cut short or something else" },
        /* a graph that is a number, one that is too long, a varint without end */
        { "\x38\x07", 2, "TMP/m.onnx: byte 0 is no part of an ONNX model (in the model): the file is "
          "damaged, cut short or something else" },
        { "\x3a\xff\xff\xff\xff\x0f", 6, "TMP/m.onnx: byte 0 is no part of an ONNX model (in the model): "
          "the file is damaged, cut short or something else" },
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "TMP/m.onnx: byte 0 is no part of an "
          "ONNX model (in the model): the file is damaged, cut short or something else" },
        { "\x3a\x02\x0a\x05", 4, "TMP/m.onnx: byte 2 is no part of an ONNX model (in the graph): the file "
          "is damaged, cut short or something else" },
        { "\x3a\x00\x3a\x00", 4, "TMP/m.onnx: byte 2: field 7 is given twice in the model" },
    };
    for (int i = 0; i < COUNT(rows); i++)
        check_text("other file", read_message(scratch_write("m.onnx", rows[i].bytes, rows[i].n)),
                   rows[i].message);
    check_text("folder", read_message(scratch_folder), "cannot read TMP: it is a folder");
    check_text("missing", read_message(scratch_path("none.onnx")),
               "cannot read TMP/none.onnx: No such file or directory");
}

/* ---- Models that are something else ---- */

static const struct { uint32_t field; const char *message; } parts[] = {
    { MODEL_FUNCTION, "TMP/m.onnx: it defines functions of its own, which are not read; have them "
      "inlined (onnx.inliner.inline_local_functions)" },
    { MODEL_TRAINING, "TMP/m.onnx: it is meant for training (training_info); export the network for "
      "inference" },
};

static void parts_that_are_not_read_are_told(void)
{
    message graph = graph_message("x", "", "Relu:x>y", "y"), none = { .n = 0 };
    for (int i = 0; i < COUNT(parts); i++) {
        message model = model_message(&graph);
        put_message(&model, parts[i].field, &none);
        check_text("part", read_model(&model), parts[i].message);
    }
    put_message(&graph, GRAPH_SPARSE, &none);
    check_text("sparse", read_graph(&graph), "TMP/m.onnx: its constants are sparse, which is not read");
}

static void opsets_are_checked(void)
{
    static const struct { int64_t version; const char *message; } rows[] = {
        { 6, "TMP/m.onnx: its operators are of opset 6; 7 and newer are read" },
        { -3, "TMP/m.onnx: its operators are of opset -3; 7 and newer are read" },
        { 7, "" }, { 99, "" },
    };
    message graph = graph_message("x", "", "Relu:x>y", "y");
    for (int i = 0; i < COUNT(rows); i++) {
        message model = { .n = 0 };
        put_message(&model, MODEL_GRAPH, &graph);
        put_opset(&model, rows[i].version);
        check_text("opset", read_model(&model), rows[i].message);
    }
    message model = { .n = 0 };
    put_message(&model, MODEL_GRAPH, &graph);
    check_text("no opset", read_model(&model), "TMP/m.onnx: it does not say which version of the operators "
               "it uses (opset_import)");
    message other = { .n = 0 };
    put_text(&other, OPSET_DOMAIN, "com.example");
    put_number(&other, OPSET_VERSION, 13);
    put_message(&model, MODEL_OPSET, &other);
    check_text("another's opset", read_model(&model), "TMP/m.onnx: it does not say which version of the "
               "operators it uses (opset_import)");
}

/* ---- Names ---- */

static const struct { const char *inputs, *constants, *nodes, *outputs, *message; } graphs[] = {
    { "x", "", "Relu:x>y", "y", "" },
    { "x", "w", "Relu:h>y Add:x,w>h", "y", "" },
    { "x,w", "w", "Add:x,w>y", "y", "" },
    { "x", "", "Clip:x,,>y", "y", "" },
    { "x", "", "Split:x>y,,z", "y,z", "" },
    { "x", "", "Add:x,b>a Relu:a>b", "b", "TMP/m.onnx: node \"add\" (Add) reads what is made from its own "
      "result: the nodes form a cycle" },
    { "x", "", "Add:x,y>y", "y", "TMP/m.onnx: node \"add\" (Add) reads what is made from its own result: the "
      "nodes form a cycle" },
    { "x", "", "Conv:x,wieght>y", "y", "TMP/m.onnx: node \"conv\" (Conv) reads \"wieght\", which is no input, "
      "no constant and no node's result" },
    { "x", "weight", "Conv:x,wieght>y", "y", "TMP/m.onnx: node \"conv\" (Conv) reads \"wieght\", which is no "
      "input, no constant and no node's result; did you mean \"weight\"?" },
    { "x", "", "Relu:x>y Tanh:x>y", "y", "TMP/m.onnx: the name \"y\" is given twice: to the result of node "
      "\"relu\" (Relu) and to the result of node \"tanh\" (Tanh)" },
    { "x", "w,w", "Add:x,w>y", "y", "TMP/m.onnx: the name \"w\" is given twice: to a constant and to a "
      "constant" },
    { "x,x", "", "Relu:x>y", "y", "TMP/m.onnx: the name \"x\" is given twice: to an input and to an input" },
    { "x", "", "Relu:x>x", "x", "TMP/m.onnx: the name \"x\" is given twice: to an input and to the result of "
      "node \"relu\" (Relu)" },
    { "x", "w", "Relu:x>w", "w", "TMP/m.onnx: the name \"w\" is given twice: to a constant and to the result "
      "of node \"relu\" (Relu)" },
    { "x", "", "Relu:x>y", "z", "TMP/m.onnx: \"z\": it is an input or output of the graph, and no value has "
      "this name" },
};

static void names_are_checked(void)
{
    for (int i = 0; i < COUNT(graphs); i++) {
        message graph = graph_message(graphs[i].inputs, graphs[i].constants, graphs[i].nodes,
                                      graphs[i].outputs);
        check_text(graphs[i].nodes, read_graph(&graph), graphs[i].message);
    }
}

/* ---- Sizes ---- */

static const struct {
    int64_t dim[9];
    int     rank, type;
    size_t  raw;                /* bytes */
    const char *message;        /* behind the path and the tensor */
} tensors[] = {
    { { 4 }, 1, 1, 16, "" },
    { { 2, 0 }, 2, 1, 0, "" },
    { { 0 }, 0, 1, 4, "" },
    { { 4 }, 1, 1, 15, "its shape makes 16 bytes; there are 15" },
    { { 4 }, 1, 1, 17, "its shape makes 16 bytes; there are 17" },
    { { 4 }, 1, 7, 16, "its shape makes 32 bytes; there are 16" },
    { { 4 }, 1, 1, 0, "its shape makes 4 numbers; there are 0" },
    { { 0 }, 1, 1, 4, "its shape makes 0 bytes; there are 4" },
    { { 4, -1 }, 2, 1, 16, "dimension 1 is -1" },
    { { -4, -1 }, 2, 1, 16, "dimension 0 is -4" },
    { { INT64_MAX }, 1, 1, 16, "its shape has more numbers than any file" },
    { { INT64_C(1) << 32, INT64_C(1) << 32 }, 2, 1, 16, "its shape has more numbers than any file" },
    { { INT64_C(1) << 31, INT64_C(1) << 33, 0 }, 3, 1, 16, "its shape has more numbers than any file" },
    { { INT64_C(1) << 47 }, 1, 1, 16, "its shape makes 562949953421312 bytes; there are 16" },
    { { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 9, 1, 4, "9 dimensions; 8 at most are read" },
    { { 4 }, 1, 8, 16, "numbers of STRING are not read" },
    { { 4 }, 1, 0, 16, "numbers of UNDEFINED are not read" },
    { { 4 }, 1, 77, 16, "numbers of type 77 are not read" },
    { { 4 }, 1, -1, 16, "numbers of type -1 are not read" },
    { { 0, INT64_C(1) << 40, INT64_C(1) << 40 }, 3, 1, 0, "its shape has more numbers than any file" },
};

static message tensor_message(int row)
{
    static const unsigned char zeros[64];
    message m = { .n = 0 };
    for (int k = 0; k < tensors[row].rank; k++)
        put_number(&m, TENSOR_DIM, tensors[row].dim[k]);
    put_number(&m, TENSOR_TYPE, tensors[row].type);
    put_text(&m, TENSOR_NAME, "w");
    if (tensors[row].raw)
        put_bytes(&m, TENSOR_RAW, zeros, tensors[row].raw);
    return m;
}

static void sizes_are_checked(void)
{
    for (int i = 0; i < COUNT(tensors); i++) {
        char expected[256], row[32];
        message graph = graph_message("x", "", "Relu:x>y", "y"), tensor = tensor_message(i);
        put_message(&graph, GRAPH_CONSTANT, &tensor);
        snprintf(expected, sizeof expected, "%s%s", *tensors[i].message
                 ? "TMP/m.onnx: tensor \"w\": " : "", tensors[i].message);
        snprintf(row, sizeof row, "tensor %d", i);
        check_text(row, read_graph(&graph), expected);
    }
}

static void typed_numbers_are_counted(void)
{
    static const float numbers[3] = { 1, 2, 3 };
    message graph = graph_message("x", "", "Relu:x>y", "y"), tensor = { .n = 0 };
    put_number(&tensor, TENSOR_DIM, 4);
    put_number(&tensor, TENSOR_TYPE, 1);
    put_text(&tensor, TENSOR_NAME, "w");
    put_bytes(&tensor, TENSOR_FLOATS, numbers, sizeof numbers);
    put_message(&graph, GRAPH_CONSTANT, &tensor);
    check_text("floats", read_graph(&graph), "TMP/m.onnx: tensor \"w\": its shape makes 4 numbers; there are "
               "3");
}

/* ---- Attributes ---- */

static message attribute_message(const char *name, uint32_t field, const message *inner, int type)
{
    message m = { .n = 0 };
    put_text(&m, ATTRIBUTE_NAME, name);
    put_message(&m, field, inner);
    put_number(&m, ATTRIBUTE_TYPE, type);
    return m;
}

static message graph_with(const message *attribute, int times)
{
    message graph = graph_message("x", "", "", "y"), node = node_message("If:x>y");
    for (int i = 0; i < times; i++)
        put_message(&node, NODE_ATTRIBUTE, attribute);
    put_message(&graph, GRAPH_NODE, &node);
    return graph;
}

static void attributes_are_checked(void)
{
    message tensor = tensor_message(3), a = attribute_message("value", ATTRIBUTE_T, &tensor, 4);
    message graph = graph_with(&a, 1);
    check_text("short", read_graph(&graph), "TMP/m.onnx: node \"if\" (If): attribute \"value\": its shape "
               "makes 16 bytes; there are 15");
    tensor = tensor_message(0);
    a = attribute_message("value", ATTRIBUTE_T, &tensor, 4);
    graph = graph_with(&a, 2);
    check_text("twice", read_graph(&graph), "TMP/m.onnx: node \"if\" (If): attribute \"value\" is given "
               "twice");
    tensor = tensor_message(15);
    a = attribute_message("value", ATTRIBUTE_T, &tensor, 4);
    graph = graph_with(&a, 1);
    check_text("strings", read_graph(&graph), "");
    graph = graph_with(&(message){ .n = 0 }, 300);
    check_text("many", read_graph(&graph), "TMP/m.onnx: node \"if\" (If) has 300 attributes; no operator has "
               "more than 256");
}

/* Subgraphs within subgraphs are not entered, however deep. */
static void subgraphs_are_not_entered(void)
{
    message graph = graph_message("x", "", "Relu:x>y", "y");
    for (int depth = 0; depth < 60; depth++) {
        message a = attribute_message("then_branch", ATTRIBUTE_G, &graph, 5);
        graph = graph_with(&a, 1);
    }
    check_text("deep", read_graph(&graph), "");
}

/* Few bytes that would become much memory. */
static void bombs_are_refused(void)
{
    enum { NODES = 3000000 };
    unsigned char *bytes = malloc(2 * NODES + 6);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    message head = { .n = 0 };
    put_varint(&head, MODEL_GRAPH << 3 | 2);
    put_varint(&head, 2 * NODES);
    memcpy(bytes, head.data, head.n);
    for (int i = 0; i < NODES; i++) {
        bytes[head.n + 2 * (size_t)i] = GRAPH_NODE << 3 | 2;
        bytes[head.n + 2 * (size_t)i + 1] = 0;
    }
    check_text("bomb", read_message(scratch_write("m.onnx", bytes, head.n + 2 * NODES)),
               "TMP/m.onnx: the model has more than 2000000 parts");
    free(bytes);
}

/* ---- Data in other files ---- */

static const struct { const char *location, *offset, *length, *message; } externals[] = {
    { "in.bin", NULL, NULL, "" },
    { "in.bin", "16", "16", "" },
    { "./sub/../in.bin", NULL, NULL, "its external data lies in \"./sub/../in.bin\"; only what is below the "
      "model's folder is read" },
    { "sub/deep.bin", NULL, "16", "" },
    { "sub//deep.bin", NULL, NULL, "" },
    { "inside.bin", NULL, NULL, "" },
    { "../outside.bin", NULL, NULL, "its external data lies in \"../outside.bin\"; only what is below the "
      "model's folder is read" },
    { "sub/../../outside.bin", NULL, NULL, "its external data lies in \"sub/../../outside.bin\"; only what is "
      "below the model's folder is read" },
    { "..", NULL, NULL, "its external data lies in \"..\"; only what is below the model's folder is read" },
    { "/etc/passwd", NULL, NULL, "its external data lies in \"/etc/passwd\"; only a path relative to the "
      "model's folder is followed" },
    { "link.bin", NULL, NULL, "its external data in \"link.bin\" is a link to TMP/outside.bin; only what is "
      "below the model's folder is read" },
    { "away/outside.bin", NULL, NULL, "its external data in \"away/outside.bin\" is a link to "
      "TMP/outside.bin; only what is below the model's folder is read" },
    { "beside/in.bin", NULL, NULL, "its external data in \"beside/in.bin\" is a link to TMP/onnx2/in.bin; only "
      "what is below the model's folder is read" },
    { "loop", NULL, NULL, "its external data cannot be read: TMP/onnx/loop: Too many levels of symbolic "
      "links" },
    { "none.bin", NULL, NULL, "its external data cannot be read: TMP/onnx/none.bin: No such file or "
      "directory" },
    { "sub", NULL, NULL, "cannot read TMP/onnx/sub: it is a folder" },
    { "pipe", NULL, NULL, "cannot read TMP/onnx/pipe: it is not a regular file" },
    { "", NULL, NULL, "its external data names no file" },
    { NULL, NULL, NULL, "its external data names no file" },
    { "in.bin", "17", NULL, "its external data, 16 bytes at 17, does not lie in the 32 bytes of "
      "TMP/onnx/in.bin" },
    { "in.bin", "33", NULL, "its external data, 16 bytes at 33, does not lie in the 32 bytes of "
      "TMP/onnx/in.bin" },
    { "in.bin", "9223372036854775807", NULL, "its external data, 16 bytes at 9223372036854775807, does not "
      "lie in the 32 bytes of TMP/onnx/in.bin" },
    { "in.bin", "-1", NULL, "its external data has the offset \"-1\"; a number of bytes is expected" },
    { "in.bin", "0x10", NULL, "its external data has the offset \"0x10\"; a number of bytes is expected" },
    { "in.bin", NULL, "99999999999999999999", "its external data has the length \"99999999999999999999\"; a "
      "number of bytes is expected" },
    { "in.bin", NULL, "8", "its external data has 8 bytes; its shape makes 16" },
    { "empty.bin", NULL, NULL, "its external data, 16 bytes at 0, does not lie in the 0 bytes of "
      "TMP/onnx/empty.bin" },
};

static void put_entry(message *tensor, const char *key, const char *text)
{
    message entry = { .n = 0 };
    if (!text)
        return;
    put_text(&entry, ENTRY_KEY, key);
    put_text(&entry, ENTRY_VALUE, text);
    put_message(tensor, TENSOR_EXTERNAL, &entry);
}

static message external_model(int row)
{
    message graph = graph_message("x", "", "Relu:x>y", "y"), tensor = { .n = 0 };
    put_number(&tensor, TENSOR_DIM, 4);
    put_number(&tensor, TENSOR_TYPE, 1);
    put_text(&tensor, TENSOR_NAME, "w");
    put_entry(&tensor, "location", externals[row].location);
    put_entry(&tensor, "offset", externals[row].offset);
    put_entry(&tensor, "length", externals[row].length);
    put_number(&tensor, TENSOR_LOCATION, 1);
    put_message(&graph, GRAPH_CONSTANT, &tensor);
    return model_message(&graph);
}

static void make_folders(void)
{
    static const unsigned char zeros[32];
    static const char *const folders[] = { "onnx", "onnx/sub", "onnx2" };
    static const char *const files[] = { "outside.bin", "onnx/in.bin", "onnx/sub/deep.bin", "onnx2/in.bin" };
    static const char *const links[][2] = {
        { "in.bin", "onnx/inside.bin" }, { "../outside.bin", "onnx/link.bin" }, { "..", "onnx/away" },
        { "../onnx2", "onnx/beside" }, { "loop", "onnx/loop" },
    };
    for (int i = 0; i < COUNT(folders); i++)
        CU_ASSERT_EQUAL(mkdir(scratch_path(folders[i]), 0777), 0);
    for (int i = 0; i < COUNT(files); i++)
        scratch_write(files[i], zeros, sizeof zeros);
    for (int i = 0; i < COUNT(links); i++)
        CU_ASSERT_EQUAL(symlink(links[i][0], scratch_path(links[i][1])), 0);
    scratch_write("onnx/empty.bin", zeros, 0);
    CU_ASSERT_EQUAL(mkfifo(scratch_path("onnx/pipe"), 0666), 0);
}

static void external_data_stays_below_the_folder(void)
{
    make_folders();
    for (int i = 0; i < COUNT(externals); i++) {
        char expected[400];
        message model = external_model(i);
        snprintf(expected, sizeof expected, "%s%s", *externals[i].message
                 ? "TMP/onnx/m.onnx: tensor \"w\": " : "", externals[i].message);
        check_text(externals[i].location ? externals[i].location : "none",
                   read_message(scratch_write("onnx/m.onnx", model.data, model.n)), expected);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "a model is read", a_model_is_read },
        { "constants have many forms", constants_have_many_forms },
        { "attributes have many types", attributes_have_many_types },
        { "modules are read of metadata", modules_are_read_of_metadata },
        { "external numbers are read", external_numbers_are_read },
        { "every cut is noticed", every_cut_is_noticed },
        { "changed bytes do no harm", changed_bytes_do_no_harm },
        { "other files are no models", other_files_are_no_models },
        { "parts that are not read are told", parts_that_are_not_read_are_told },
        { "opsets are checked", opsets_are_checked },
        { "names are checked", names_are_checked },
        { "sizes are checked", sizes_are_checked },
        { "typed numbers are counted", typed_numbers_are_counted },
        { "attributes are checked", attributes_are_checked },
        { "subgraphs are not entered", subgraphs_are_not_entered },
        { "bombs are refused", bombs_are_refused },
        { "external data stays below the folder", external_data_stays_below_the_folder },
        { 0 }
    };
    scratch_path("");
    return run_tests("onnx_read", tests);
}
