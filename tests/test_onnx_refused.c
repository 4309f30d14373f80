/* SPDX-License-Identifier: MIT */
/* test_onnx_refused.c - ONNX files that are whole and wrong, or hostile. */
#include <sys/stat.h>

#include "onnx_reading.h"

static const char *read_model(const message *model)
{
    return read_message(scratch_write("m.onnx", model->data, model->n));
}

static const char *read_graph(const message *graph)
{
    message model = model_message(graph);
    return read_model(&model);
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
        { "parts that are not read are told", parts_that_are_not_read_are_told },
        { "opsets are checked", opsets_are_checked },
        { "names are checked", names_are_checked },
        { "sizes are checked", sizes_are_checked },
        { "typed numbers are counted", typed_numbers_are_counted },
        { "attributes are checked", attributes_are_checked },
        { "subgraphs are not entered", subgraphs_are_not_entered },
        { "bombs are refused", bombs_are_refused },
        { "external data stays below the folder", external_data_stays_below_the_folder },
        { NULL, NULL }
    };
    return run_tests("onnx refused", tests);
}
