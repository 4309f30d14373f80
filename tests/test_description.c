/* SPDX-License-Identifier: MIT */
/* What a graph file becomes, and how tests/broken/graphs are refused. */
#include <dirent.h>
#include <stddef.h>
#include <unistd.h>

#include "base/file.h"
#include "base/option.h"
#include "base/text.h"
#include "check_text.h"
#include "read/description.h"

/* ---- Files that are refused ---- */

/* "PATH:5:20: shape: ..." from the first line of a file, "# error: 5:20: shape: ..."; a message
 * without a place follows the path after a colon and a blank. */
static void expected_message(const char *path, char *message, size_t size)
{
    static const char start[] = "# error: ";
    char line[1000] = "";
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(line, sizeof line, file));
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    CHECK_CASE(strncmp(line, start, strlen(start)) == 0, "%s does not say its error", path);
    const char *text = line + strlen(start);
    bool placed = text[0] >= '0' && text[0] <= '9';
    snprintf(message, size, "%s:%s%s", path, placed ? "" : " ", text);
}

static void check_broken(const char *path)
{
    char message[2048];
    ray_error error = { "" };
    ray_description d;
    expected_message(path, message, sizeof message);
    CU_ASSERT_EQUAL(ray_description_read(&d, path, &error), -1);
    check_text(path, error.text, message);
    CU_ASSERT_PTR_NULL(d.folder);
    ray_description_free(&d);
}

static void test_broken(void)
{
    const char *folder = source_path("tests/broken/graphs");
    DIR *files = opendir(folder);
    int n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(files);
    for (struct dirent *file; (file = readdir(files)) != NULL;) {
        char *path = ray_path_join(folder, file->d_name);
        if (ray_ends_with(path, ".yaml")) {
            check_broken(path);
            n++;
        }
        free(path);
    }
    closedir(files);
    CU_ASSERT(n >= 85);
}

/* ---- Files that are read ---- */

/* Reads a description from text, by way of a file. */
static int read_text(ray_description *d, const char *text, ray_error *error)
{
    char path[] = "/tmp/rayinterp-graph-XXXXXX";
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    int failed = ray_description_read(d, path, error);
    unlink(path);
    return failed;
}

static const char full[] =
    "rayinterp: 1\n"
    "name: vgg16\n"
    "weights: vgg16.safetensors\n"
    "ignore_weights: ['*.num_batches_tracked', fc.*]\n"
    "input:\n"
    "  name: picture\n"
    "  shape: [3, 224, 224]\n"
    "  resize: 256\n"
    "  crop: 224\n"
    "  mean: [0.485, 0.456, 0.406]\n"
    "  std: 0.25\n"
    "labels: imagenet.txt\n"
    "example: {input: dog.png, target: 245}\n"
    "defaults: {ebp: {layer: '', clamp_input: true}, grad_cam: {layer: a.0}}\n"
    "layers:\n"
    "  - {name: a.0, type: conv2d, out_channels: 64, params: {weight: x.w}}\n"
    "  - {name: yes, type: relu}\n"
    "  - {name: 1, type: add, from: [a.0, yes]}\n"
    "  - {name: layer with space/\xc3\xa9, type: identity, from: 1}\n"
    "output: 1\n";

static void check_word(const char *what, ray_word word, const char *text, int line, int column)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(word.text);
    check_text(what, word.text, text);
    CHECK_CASE(word.mark.line == line && word.mark.column == column, "%s at %d:%d", what,
               word.mark.line, word.mark.column);
}

static void check_full_header(const ray_description *d)
{
    check_word("name", d->name, "vgg16", 2, 7);
    check_word("weights", d->weights, "vgg16.safetensors", 3, 10);
    CU_ASSERT_EQUAL_FATAL(d->n_ignored_weights, 2);
    check_word("ignored", d->ignored_weights[1], "fc.*", 4, 43);
    check_word("labels", d->labels, "imagenet.txt", 12, 9);
    check_word("example", d->example_input, "dog.png", 13, 18);
    check_word("target", d->example_target, "245", 13, 35);
    check_word("output", d->output, "1", 20, 9);
    CU_ASSERT_STRING_EQUAL(d->folder, "/tmp");
    CU_ASSERT_EQUAL_FATAL(d->n_defaults, 2);
    check_word("method", d->defaults[0].method, "ebp", 14, 12);
    CU_ASSERT_STRING_EQUAL(ray_node_find(d->defaults[0].values, "layer")->text, "");
    CU_ASSERT_STRING_EQUAL(ray_node_find(d->defaults[1].values, "layer")->text, "a.0");
}

static void check_full_input(const ray_input_description *input)
{
    check_word("input", input->name, "picture", 6, 9);
    CU_ASSERT(input->shape.n == 3 && input->shape.v[0] == 3 && input->shape.v[2] == 224);
    CU_ASSERT(input->shape_mark.line == 7 && input->shape_mark.column == 10);
    CU_ASSERT(input->resize == 256 && input->crop.n == 1 && input->crop.v[0] == 224);
    CU_ASSERT(input->mean.n == 3 && input->mean.v[1] == .456);
    CU_ASSERT(input->std.n == 1 && input->std.v[0] == .25);
}

static void check_full_layers(const ray_description *d)
{
    CU_ASSERT_EQUAL_FATAL(d->n_layers, 4);
    const ray_layer_description *l = d->layers;
    check_word("layer 0", l[0].name, "a.0", 16, 12);
    check_word("type 0", l[0].type, "conv2d", 16, 23);
    CU_ASSERT(l[0].n_from == -1 && l[0].from == NULL);
    CU_ASSERT_STRING_EQUAL(ray_node_find(l[0].params, "weight")->text, "x.w");
    CU_ASSERT_STRING_EQUAL(ray_node_find(l[0].node, "out_channels")->text, "64");
    check_word("layer 1", l[1].name, "yes", 17, 12);
    CU_ASSERT_PTR_NULL(l[1].params);
    check_word("layer 2", l[2].name, "1", 18, 12);
    CU_ASSERT_EQUAL_FATAL(l[2].n_from, 2);
    check_word("from", l[2].from[1], "yes", 18, 38);
    check_word("layer 3", l[3].name, "layer with space/\xc3\xa9", 19, 12);
    CU_ASSERT_EQUAL_FATAL(l[3].n_from, 1);
    check_word("from", l[3].from[0], "1", 19, 54);
}

static void test_full(void)
{
    ray_description d;
    ray_error error = { "" };
    int failed = read_text(&d, full, &error);
    check_text("full", error.text, "");
    CU_ASSERT_EQUAL_FATAL(failed, 0);
    check_full_header(&d);
    check_full_input(&d.input);
    check_full_layers(&d);
    ray_description_free(&d);
    ray_description_free(&d);
}

static void test_smallest(void)
{
    ray_description d;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(read_text(&d, "rayinterp: 1\ninput: {shape: 5}\nlayers: [{name: a, type: "
                                    "relu}]\n", &error), 0);
    CU_ASSERT_PTR_NULL(d.name.text);
    CU_ASSERT_PTR_NULL(d.weights.text);
    CU_ASSERT_PTR_NULL(d.labels.text);
    CU_ASSERT_PTR_NULL(d.example_input.text);
    CU_ASSERT_PTR_NULL(d.example_target.text);
    CU_ASSERT_STRING_EQUAL(d.input.name.text, "input");
    CU_ASSERT_EQUAL(d.input.name.mark.line, 0);
    CU_ASSERT(d.input.shape.n == 1 && d.input.shape.v[0] == 5);
    CU_ASSERT(d.input.resize == 0 && d.input.crop.n == 0 && d.input.mean.n == 0);
    CU_ASSERT(d.n_defaults == 0 && d.n_ignored_weights == 0);
    CU_ASSERT_STRING_EQUAL(d.output.text, "a");
    ray_description_free(&d);
}

/* A block that is written once and used with changes. */
static void test_merged(void)
{
    ray_description d;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(read_text(&d, "rayinterp: 1\n"
                                    "input: {shape: [4, 5, 6, 7]}\n"
                                    "layers:\n"
                                    "  - &c {name: a, type: conv2d, kernel_size: 3}\n"
                                    "  - {<<: *c, name: b}\n", &error), 0);
    CU_ASSERT_STRING_EQUAL(d.layers[1].name.text, "b");
    CU_ASSERT_STRING_EQUAL(d.layers[1].type.text, "conv2d");
    CU_ASSERT_STRING_EQUAL(ray_node_find(d.layers[1].node, "kernel_size")->text, "3");
    ray_description_free(&d);
}

static void test_no_file(void)
{
    ray_description d;
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_description_read(&d, "/nonexistent/g.yaml", &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "cannot read /nonexistent/g.yaml: No such file or "
      "directory");
    ray_description_free(&d);
}

/* ---- Attributes ---- */

typedef struct conv {
    int64_t     out_channels;
    ray_ints    padding;
    bool        bias;
    const char *label;
    int         mode;
} conv;

#define FIELD(f) .offset = offsetof(conv, f)
static const ray_option table[] = {
    { .name = "out_channels", .help = "channels of the output", .type = RAY_INT,
      .flags = RAY_REQUIRED, FIELD(out_channels), .min = 1, .max = INFINITY },
    { .name = "padding", .type = RAY_INTS, FIELD(padding), .words = "same|null", .count = 4 },
    { .name = "bias", .type = RAY_BOOL, FIELD(bias), .def = 1 },
    { .name = "label", .type = RAY_STRING, FIELD(label) },
    { .name = "mode", .type = RAY_ENUM, FIELD(mode), .words = "zeros|reflect" },
    { 0 }
};

static int read_attributes(conv *c, const char *text, bool (*skip)(const char *), ray_error *error)
{
    ray_yaml yaml;
    if (ray_yaml_parse(&yaml, "g.yaml", text, strlen(text), error) != 0)
        return -1;
    int failed = ray_options_read(table, c, yaml.root, skip, "g.yaml", error);
    c->label = c->label == NULL ? NULL : "given";       /* the text goes with the document */
    ray_yaml_free(&yaml);
    return failed;
}

static const struct { const char *text, *message; } refused[] = {
    { "{}", "g.yaml:1:1: \"out_channels\" is missing: channels of the output" },
    { "{out_channels: 1, paddin: 1}", "g.yaml:1:19: unknown attribute \"paddin\"; did you mean "
      "\"padding\"?" },
    { "{out_channels: 1, form: a}", "g.yaml:1:19: unknown attribute \"form\"; did you mean "
      "\"from\"?" },
    { "{out_channels: 1, stride: 2}", "g.yaml:1:19: unknown attribute \"stride\"; valid: "
      "out_channels, padding, bias, label, mode" },
    { "{out_channels: 0}", "g.yaml:1:16: out_channels: 0 is out of range; an integer >= 1" },
    { "{out_channels: '4'}", "g.yaml:1:16: out_channels: in quotes this is text; an integer >= 1" },
    { "{out_channels: }", "g.yaml:1:16: out_channels: the value is missing; an integer >= 1" },
    { "{out_channels: [4]}", "g.yaml:1:16: out_channels: a list is given; an integer >= 1" },
    { "{out_channels: {a: 4}}", "g.yaml:1:16: out_channels: a mapping is given; an integer >= 1" },
    { "{out_channels: 1, bias: 'true'}", "g.yaml:1:25: bias: in quotes this is text; true or "
      "false" },
    { "{out_channels: 1, bias: no}", "g.yaml:1:25: bias: \"no\" is neither true nor false; true or "
      "false" },
    { "{out_channels: 1, label: ~}", "g.yaml:1:26: label: the value is missing; text" },
    { "{out_channels: 1, mode: }", "g.yaml:1:25: mode: the value is missing; one of zeros, "
      "reflect" },
    { "{out_channels: 1, padding: [1, [2]]}", "g.yaml:1:32: padding: a list inside a list; an "
      "integer, or same, null, or a list of up to 4" },
    { "{out_channels: 1, padding: [1, 2, x]}", "g.yaml:1:28: padding: \"x\" is not an integer; an "
      "integer, or same, null, or a list of up to 4" },
};

static void test_attributes_refused(void)
{
    for (int i = 0; i < COUNT(refused); i++) {
        conv c = { 0 };
        ray_error error = { "" };
        CU_ASSERT_EQUAL(read_attributes(&c, refused[i].text, ray_layer_key_is_common, &error), -1);
        check_text(refused[i].text, error.text, refused[i].message);
    }
}

/* A list far longer than any attribute takes. */
static void test_attributes_long_list(void)
{
    char text[1000] = "{padding: [";
    conv c = { 0 };
    ray_error error = { "" };
    for (int i = 0; i < 100; i++)
        strcat(text, "1, ");
    strcat(text, "]}");
    CU_ASSERT_EQUAL(read_attributes(&c, text, NULL, &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "g.yaml:1:11: padding: a list of 100 is too long; an "
      "integer, or same, null, or a list of up to 4");
}

static void test_attributes_accepted(void)
{
    conv c = { 0 };
    ray_error error = { "" };
    CU_ASSERT_EQUAL(read_attributes(&c, "{name: a, type: b, from: c, params: {}, out_channels: 8}",
                                    ray_layer_key_is_common, &error), 0);
    CU_ASSERT(c.out_channels == 8 && c.bias && c.padding.n == 1 && c.label == NULL);
    CU_ASSERT_EQUAL(read_attributes(&c, "{out_channels: 8, bias: False, label: 5, padding: same, "
                                    "mode: 'reflect'}", NULL, &error), 0);
    CU_ASSERT(!c.bias && c.label != NULL && c.padding.v[0] == -1 && c.mode == 1);
    CU_ASSERT_EQUAL(read_attributes(&c, "{out_channels: 8, padding: [null, 'same', 3]}", NULL,
                                    &error), 0);
    CU_ASSERT(c.padding.n == 3 && c.padding.v[0] == -2 && c.padding.v[1] == -1);
    CU_ASSERT(c.bias);      /* what is not given goes back to its default */
    check_text("accepted", error.text, "");
}

int main(void)
{
    static const named_test tests[] = {
        { "broken graphs are refused", test_broken },
        { "everything a graph can have", test_full },
        { "the smallest graph", test_smallest },
        { "merged layers", test_merged },
        { "no file", test_no_file },
        { "attributes that are refused", test_attributes_refused },
        { "a very long list", test_attributes_long_list },
        { "attributes that are read", test_attributes_accepted },
        { NULL, NULL }
    };
    return run_tests("description", tests);
}
