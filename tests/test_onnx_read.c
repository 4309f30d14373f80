/* SPDX-License-Identifier: MIT */
/* test_onnx_read.c - ONNX files: what is read of them, and of damaged ones. */
#include "onnx_reading.h"

/* ---- Helpers ---- */

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
        { NULL, NULL }
    };
    return run_tests("onnx read", tests);
}
