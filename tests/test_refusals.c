/* SPDX-License-Identifier: MIT */
/* test_refusals.c - graphs that make no network, and weights that are not theirs.  Files that are
 * no graphs at all: test_description.c; attributes of single layers: test_layer_refusals.c. */
#include <sys/stat.h>

#include "check_text.h"
#include "explaining.h"
#include "program.h"

static void check_refused(const char *path, const ray_open_options *options, const char *of,
                          const char *expected)
{
    ray_network *network;
    ray_error error = { "" };
    CHECK_CASE(ray_network_open(&network, path, options, &error) == -1, "%s was opened", of);
    CU_ASSERT_PTR_NULL(network);
    plain_text(error.text);
    CHECK_CASE(text_matches(error.text, expected), "%s\n      found:    %s\n      expected: %s", of,
               error.text, expected);
}

/* ---- Graphs ---- */

#define ON(place, text) "TMP/bad.yaml:" place ": " text

/* layers: from line 4 on, after an input of 3 x 8 x 8 */
static const struct { const char *layers, *error; } graphs[] = {
    /* types */
    { "  - {name: a, type: conv2, out_channels: 2, kernel_size: 1}\n",
      ON("4:21", "layer \"a\": there is no layer type \"conv2\"; did you mean \"conv2d\"?; `rayinterp layers` lists "
         "them") },
    { "  - {name: a, type: transformer}\n",
      ON("4:21", "layer \"a\": there is no layer type \"transformer\"; `rayinterp layers` lists them") },
    { "  - {name: a, type: ReLU6}\n", ON("4:21", "layer \"a\": there is no layer type \"ReLU6\"; did you mean "
                                         "\"relu6\"?; *") },
    /* attributes */
    { "  - {name: a, type: conv2d, out_chanels: 2, kernel_size: 1}\n",
      ON("4:29", "unknown attribute \"out_chanels\"; did you mean \"out_channels\"?") },
    { "  - {name: a, type: relu, slope: 2}\n", ON("4:27", "unknown attribute \"slope\"; valid: inplace") },
    { "  - {name: a, type: relu, form: input}\n", ON("4:27", "unknown attribute \"form\"; did you mean \"from\"?") },
    { "  - {name: a, type: conv2d, kernel_size: 1}\n",
      ON("4:5", "\"out_channels\" is missing: channels of the output") },
    { "  - {name: a, type: conv2d, out_channels: two, kernel_size: 1}\n",
      ON("4:43", "out_channels: \"two\" is not an integer; an integer >= 1") },
    { "  - {name: a, type: conv2d, out_channels: 2, kernel_size: 0}\n",
      ON("4:59", "kernel_size: 0 is out of range; an integer >= 1, or a list of up to 3") },
    { "  - {name: a, type: conv2d, out_channels: 2, out_channels: 3, kernel_size: 1}\n",
      ON("4:46", "duplicate key \"out_channels\"; it is given at line 4, column 29 already") },
    /* names and connections */
    { "  - {name: a, type: relu}\n  - {name: a, type: relu}\n",
      ON("5:12", "the name \"a\" is taken by the layer at line 4, column 12") },
    { "  - {name: input, type: relu}\n", ON("4:12", "the name \"input\" is that of the network's input") },
    { "  - {name: conv1, type: relu}\n  - {name: b, type: relu, from: conv2}\n",
      ON("5:33", "from: there is no layer \"conv2\"; did you mean \"conv1\"?") },
    { "  - {name: a, type: relu, from: nowhere}\n", ON("4:33", "from: there is no layer \"nowhere\"") },
    { "  - {name: a, type: relu, from: a}\n",
      ON("4:12", "relu \"a\": it reads its own output through the layers before it (a cycle)") },
    { "  - {name: a, type: relu, from: c}\n  - {name: b, type: relu}\n  - {name: c, type: relu}\n",
      ON("4:12", "relu \"a\": it reads its own output through the layers before it (a cycle)") },
    { "  - {name: a, type: relu}\n  - {name: b, type: add, from: [a, d]}\n  - {name: c, type: relu}\n"
      "  - {name: d, type: relu}\n", ON("5:12", "add \"b\": it reads its own output through the layers before it (a "
                                       "cycle)") },
    { "  - {name: a, type: relu}\n  - {name: b, type: relu, from: input}\n",
      ON("4:12", "relu \"a\": the output \"b\" does not depend on it; read it with `from:` or leave it out") },
    { "  - {name: a, type: relu}\n  - {name: b, type: relu}\noutput: a\n",
      ON("5:12", "relu \"b\": the output \"a\" does not depend on it; read it with `from:` or leave it out") },
    { "  - {name: a, type: relu}\noutput: b\n", ON("5:9", "output: there is no layer \"b\"") },
    { "  - {name: a, type: relu}\noutput: input\n", ON("5:9", "output: \"input\" is the input; name a layer") },
    { "  - {name: a, type: relu, from: [input, input]}\n", ON("4:12", "relu \"a\": it reads 2 activations; 1 are "
                                                                      "right") },
    { "  - {name: a, type: matmul}\n", ON("4:12", "matmul \"a\": it reads 1 activation; 2 are needed: name them with "
                                              "`from: [a, b]`") },
    { "  - {name: p, type: parameter, shape: [3, 8, 8], from: input}\n",
      ON("4:12", "parameter \"p\": it reads no activation; leave out `from:`") },
    { "  - {name: p, type: parameter, shape: [3, 8, 8]}\n  - {name: a, type: relu}\n",
      ON("5:12", "relu \"a\": the output does not depend on the input \"input\"") },
    { "  - {name: p, type: parameter, shape: [3, 8, 8]}\n  - {name: a, type: relu, from: input}\n",
      ON("4:12", "parameter \"p\": the output \"a\" does not depend on it; *") },
    { "  - {name: p, type: parameter}\n  - {name: a, type: add, from: [p, input]}\n",
      ON("4:5", "\"shape\" is missing: of the tensor") },
    /* shapes */
    { "  - {name: a, type: conv2d, in_channels: 4, out_channels: 2, kernel_size: 1}\n",
      ON("4:12", "conv2d \"a\": in_channels: *4*3*") },
    { "  - {name: f, type: flatten}\n  - {name: a, type: linear, in_features: 100, out_features: 2}\n",
      ON("5:12", "linear \"a\": in_features: *100*192*") },
    { "  - {name: a, type: batch_norm2d, num_features: 6}\n", ON("4:12", "batch_norm2d \"a\": num_features: *6*3*") },
    { "  - {name: a, type: conv2d, out_channels: 2, kernel_size: 9}\n",
      ON("4:12", "conv2d \"a\": kernel_size: a kernel of 9 does not fit in the padded height of 8") },
    { "  - {name: a, type: conv2d, out_channels: 2, kernel_size: [8, 5], dilation: 2}\n",
      ON("4:12", "conv2d \"a\": kernel_size: a kernel of 15 does not fit in the padded height of 8") },
    { "  - {name: a, type: max_pool2d, kernel_size: 9}\n", ON("4:12", "max_pool2d \"a\": *9*8*") },
    { "  - {name: a, type: conv2d, out_channels: 4, kernel_size: 1, groups: 2}\n",
      ON("4:12", "conv2d \"a\": groups: 2 does not divide the 3 input channels") },
    { "  - {name: f, type: flatten}\n  - {name: a, type: conv2d, out_channels: 4, kernel_size: 1}\n",
      ON("5:12", "conv2d \"a\": expects an input C x H x W, gets 192") },
    { "  - {name: p, type: max_pool2d, kernel_size: 2}\n  - {name: a, type: concat, from: [input, p]}\n",
      ON("5:12", "concat \"a\": input 2 is 3x4x4 beside 3x8x8; all but dimension 1 must be equal") },
    { "  - {name: p, type: max_pool2d, kernel_size: 2}\n  - {name: a, type: add, from: [input, p]}\n",
      ON("5:12", "add \"a\": input 2 is 3x4x4 beside 3x8x8; *") },
    { "  - {name: a, type: reshape, shape: [5, 5]}\n", ON("4:12", "reshape \"a\": *192*") },
    /* sizes that no memory holds */
    { "  - {name: a, type: conv2d, out_channels: 2147483647, kernel_size: 8, padding: 1000000}\n",
      ON("4:12", "conv2d \"a\": *too large*") },
    { "  - {name: a, type: conv2d, out_channels: 99999999999999999999, kernel_size: 1}\n",
      ON("4:43", "out_channels: *99999999999999999999* is not an integer; an integer >= 1") },
    { "  - {name: a, type: upsample, size: [2147483647, 2147483647]}\n", ON("4:12", "upsample \"a\": *too large*") },
    { "  - {name: a, type: pad, padding: [2147483647, 2147483647, 2147483647, 2147483647]}\n",
      ON("4:12", "pad \"a\": *too large*") },
    { "  - {name: f, type: flatten}\n  - {name: a, type: linear, out_features: 2147483647}\n"
      "  - {name: b, type: linear, out_features: 2147483647}\n", ON("6:12", "linear \"b\": *too large*") },
    { "  - {name: a, type: conv_transpose2d, out_channels: 2, kernel_size: 2147483647, stride: 2147483647}\n",
      ON("4:12", "conv_transpose2d \"a\": *too large*") },
    /* renamed and shared parameters */
    { "  - {name: a, type: conv2d, out_channels: 2, kernel_size: 1, params: {wieght: x}}\n",
      ON("4:71", "conv2d \"a\": it has no parameter \"wieght\"; did you mean \"weight\"?") },
    { "  - {name: a, type: conv2d, out_channels: 2, kernel_size: 1, bias: false, params: {bias: x}}\n",
      ON("4:84", "conv2d \"a\": it has no parameter \"bias\"*") },
    { "  - {name: a, type: conv2d, out_channels: 3, kernel_size: 1}\n"
      "  - {name: b, type: conv2d, out_channels: 3, kernel_size: 3, params: {weight: a.weight}}\n",
      ON("5:12", "conv2d \"b\": parameter \"a.weight\" would have shape 3x3x3x3 here and 3x3x1x1 elsewhere") },
};

static void graphs_that_make_no_network_are_refused(void)
{
    static const char head[] = "rayinterp: 1\ninput: {shape: [3, 8, 8]}\nlayers:\n";
    ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    for (int i = 0; i < COUNT(graphs); i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s", head, graphs[i].layers);
        check_refused(scratch_write("bad.yaml", text, strlen(text)), &options, graphs[i].layers,
                      graphs[i].error);
    }
}

/* A file of 50,000 layers in the worst order is refused, or opened, in no time to speak of. */
static void a_long_file_in_reverse_is_opened(void)
{
    enum { LAYERS = 50000, LINE = 64 };
    char *text = malloc((size_t)LAYERS * LINE + 256);
    int used = sprintf(text, "rayinterp: 1\ninput: {shape: [1]}\noutput: l%d\nlayers:\n",
                       LAYERS - 1);
    for (int i = LAYERS - 1; i > 0; i--)
        used += sprintf(text + used, "  - {name: l%d, type: relu, from: l%d}\n", i, i - 1);
    used += sprintf(text + used, "  - {name: l0, type: relu, from: input}\n");
    ray_network *network;
    ray_error error = { "" };
    const char *path = scratch_write("long.yaml", text, (size_t)used);
    int failed = ray_network_open(&network, path, NULL, &error);
    CHECK_CASE(!failed, "%s", error.text);
    if (!failed)
        check_text("the first", network->graph.layers[0].info.name, "l0");
    ray_network_close(network);
    free(text);
}

/* ---- Files beside the graph ---- */

static void files_that_the_graph_names_must_be_there(void)
{
    static const struct { const char *line, *error; } cases[] = {
        { "weights: missing.safetensors\n", "cannot read TMP/missing.safetensors: No such file or directory" },
        { "weights: bad.yaml\n", "TMP/bad.yaml: not a format of weights that is known; .safetensors, .npz or a folder "
                                 "of .npy files" },
        { "", "TMP/bad.yaml: it names no weights; add `weights:` or give --weights FILE" },
        { "labels: missing.txt\n", "cannot read TMP/missing.txt: No such file or directory" },
        { "labels: empty.txt\n", "TMP/empty.txt: no labels; one class a line is expected" },
        { "labels: latin.txt\n", "TMP/latin.txt:2: a label must be UTF-8 without control characters" },
        { "labels: escape.txt\n", "TMP/escape.txt:1: a label must be UTF-8 without control characters" },
        { "labels: three.txt\n", "TMP/bad.yaml:2:9: labels: three.txt has 3 lines; the output has 2 classes, one "
                                  "a line is expected" },
        { "name: \"a\\tb\"\n", "TMP/bad.yaml:2:7: name: \"a?b\" has control characters" },
    };
    static const char graph[] = "rayinterp: 1\n%sinput: {shape: [3, 8, 8]}\nlayers:\n"
        "  - {name: a, type: conv2d, out_channels: 2, kernel_size: 1}\n";
    scratch_write("empty.txt", "", 0);
    scratch_write("latin.txt", "cat\ncaf\xe9\n", 9);
    scratch_write("escape.txt", "\033[31mcat\ndog\n", 13);
    scratch_write("three.txt", "a\nb\nc\n", 6);
    for (int i = 0; i < COUNT(cases); i++) {
        char text[512];
        snprintf(text, sizeof text, graph, cases[i].line);
        check_refused(scratch_write("bad.yaml", text, strlen(text)), NULL, cases[i].line,
                      cases[i].error);
    }
}

static const char *write_defaults(const char *defaults)
{
    char text[512];
    snprintf(text, sizeof text, "rayinterp: 1\ninput: {shape: [4]}\ndefaults: %s\nlayers:\n"
             "  - {name: a, type: relu}\n", defaults);
    return scratch_write("bad.yaml", text, strlen(text));
}

static void default_layers_must_be_there(void)
{
    static const struct { const char *defaults, *error; } cases[] = {
        { "{gradient: {layer: b}}", ON("3:30", "there is no layer \"b\"") },
        { "{gradient: {layer: [a]}}", ON("3:30", "layer: the name of a layer is expected") },
        { "{gradient: {layer: ~}}", ON("3:30", "layer: the name of a layer is expected") },
    };
    for (int i = 0; i < COUNT(cases); i++)
        check_refused(write_defaults(cases[i].defaults), NULL, cases[i].defaults, cases[i].error);
}

/* What `defaults:` says of a method's parameters is read when the method is asked for. */
static void default_parameters_must_fit(void)
{
    static const struct { const char *defaults, *method, *error; } cases[] = {
        { "{gradient: {smooth: 1}}", "gradient", ON("3:23", "method \"gradient\": unknown parameter \"smooth\"; "
                                                            "there are none") },
        { "{ebp: {clamp_inputs: true}}", "ebp", ON("3:18", "method \"ebp\": unknown parameter \"clamp_inputs\"; did "
                                                           "you mean \"clamp_input\"?") },
        { "{excitation_backprop: {clamp_input: 3}}", "ebp", ON("3:47", "clamp_input: 3 is neither true nor false; "
                                                                       "true or false") },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = { 0 };
        explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
        explaining_open(&e, write_defaults(cases[i].defaults), RAY_WEIGHTS_FILE, NULL);
        CHECK_CASE(explaining_run(&e, cases[i].method) == -1, "%s was taken", cases[i].defaults);
        plain_text(e.error.text);
        CHECK_CASE(text_matches(e.error.text, cases[i].error),
                   "%s\n      found:    %s\n      expected: %s", cases[i].defaults, e.error.text,
                   cases[i].error);
        explaining_close(&e);
    }
}

/* ---- Weights ---- */

/* The right weights of overflow.yaml in a folder, before something is done to them. */
static void write_right_weights(const char *folder)
{
    static const struct { const char *name; ray_tensor shape; } all[] = {
        { "c1.weight", { .dim = { 2, 2, 1, 1 }, .rank = 4 } }, { "c2.weight", { .dim = { 2, 2, 1, 1 }, .rank = 4 } },
        { "c3.weight", { .dim = { 3, 2, 4, 4 }, .rank = 4 } },
    };
    float numbers[96] = { 0 };
    ray_error error;
    char path[128];
    mkdir(scratch_path(folder), 0755);
    for (int i = 0; i < COUNT(all); i++) {
        ray_tensor tensor = all[i].shape;
        tensor.data = numbers;
        snprintf(path, sizeof path, "%s/%s.npy", folder, all[i].name);
        CU_ASSERT_EQUAL_FATAL(ray_npy_write(scratch_path(path), &tensor, &error), 0);
    }
}

static void put_weight(const char *folder, const char *name, ray_tensor shape, float value)
{
    float numbers[4] = { 0, value, 0, 0 };
    char path[128];
    ray_error error;
    shape.data = numbers;
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    CU_ASSERT_EQUAL_FATAL(ray_npy_write(scratch_path(path), &shape, &error), 0);
}

#define OVERFLOW "SRC/tests/graphs/overflow.yaml"

static void weights_that_do_not_fit_are_told(void)
{
#define MISSING OVERFLOW ":10:12: conv2d \"c2\": parameter \"c2.weight\" is missing from TMP/w"
#define SHAPED OVERFLOW ":10:12: conv2d \"c2\": parameter \"c2.weight\" has shape "
#define RIGHT { .dim = { 2, 2, 1, 1 }, .rank = 4 }
    static const struct {
        const char *remove, *add;
        ray_tensor  shape;
        float       value;
        const char *error;
    } cases[] = {
        { "c2.weight", NULL, { 0 }, 0, MISSING },
        { "c2.weight", "c2.wieght", RIGHT, 0, MISSING "; did you mean \"c2.wieght\"?" },
        { NULL, "c1.bias", { .dim = { 2 }, .rank = 1 }, 0, "TMP/w: tensor \"c1.bias\" is used by no layer of "
          OVERFLOW "*; list it in `ignore_weights:` if that is meant" },
        { NULL, "c2.weight", { .dim = { 2, 2 }, .rank = 2 }, 0, SHAPED "2x2 in TMP/w; 2x2x1x1 is needed" },
        { NULL, "c2.weight", { .dim = { 2, 1, 1, 1 }, .rank = 4 }, 0,
          SHAPED "2x1x1x1 in TMP/w; 2x2x1x1 is needed" },
        { NULL, "c2.weight", RIGHT, NAN, "*TMP/w*: tensor \"c2.weight\": element [0, 1, 0, 0] is NaN" },
        { NULL, "c2.weight", RIGHT, -INFINITY,
          "*TMP/w*: tensor \"c2.weight\": element [0, 1, 0, 0] is infinite" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char folder[128], path[128];
        ray_open_options options = { .weights = folder };
        snprintf(folder, sizeof folder, "%s", scratch_path("w"));
        write_right_weights("w");
        if (cases[i].remove) {
            snprintf(path, sizeof path, "w/%s.npy", cases[i].remove);
            CU_ASSERT_EQUAL(unlink(scratch_path(path)), 0);
        }
        if (cases[i].add)
            put_weight("w", cases[i].add, cases[i].shape, cases[i].value);
        check_refused(source_path("tests/graphs/overflow.yaml"), &options, cases[i].error,
                      cases[i].error);
        if (cases[i].add) {
            snprintf(path, sizeof path, "w/%s.npy", cases[i].add);
            unlink(scratch_path(path));
        }
    }
}

/* ---- Without weights ---- */

static void a_network_without_weights_is_not_run(void)
{
    ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    const char *graph = source_path("tests/graphs/labelled.yaml");
    explaining e = { 0 };
    ray_tensor out;
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, graph, RAY_WEIGHTS_FILE, NULL);
    ray_network_close(e.network);
    CU_ASSERT_EQUAL_FATAL(ray_network_open(&e.network, graph, &options, &e.error), 0);
    CU_ASSERT_EQUAL(explaining_run(&e, "gradient"), -1);
    check_text("explain", plain_text(e.error.text),
               "SRC/tests/graphs/labelled.yaml: opened without weights; it can be shown, not run");
    CU_ASSERT_EQUAL(ray_forward(e.network, &e.request.input, 1, &out, &e.error), -1);
    CU_ASSERT_PTR_NULL(out.data);
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "graphs that make no network are refused", graphs_that_make_no_network_are_refused },
        { "a long file in reverse is opened", a_long_file_in_reverse_is_opened },
        { "files that the graph names must be there", files_that_the_graph_names_must_be_there },
        { "default layers must be there", default_layers_must_be_there },
        { "default parameters must fit", default_parameters_must_fit },
        { "weights that do not fit are told", weights_that_do_not_fit_are_told },
        { "a network without weights is not run", a_network_without_weights_is_not_run },
        { 0 }
    };
    program_prepare();
    return run_tests("refusals", tests);
}
