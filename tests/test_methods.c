/* SPDX-License-Identifier: MIT */
/* test_methods.c - what must hold of maps and signals whatever the network, and what is said when a
 * method meets what it is not meant for. */
#include <sys/stat.h>

#include "check_text.h"
#include "explaining.h"
#include "program.h"

static explaining open_graph(const char *graph, ray_weights_from weights, const char *input)
{
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path(graph), weights, input);
    return e;
}

static const ray_probe *find_probe(const ray_map *map, const char *layer)
{
    for (int i = 0; i < map->n_probes; i++)
        if (!strcmp(map->probes[i].layer, layer))
            return &map->probes[i];
    CHECK_CASE(false, "there is no probe of %s", layer);
    CU_FAIL_FATAL("no probe");
    return NULL;
}

/* ---- Excitation backprop shares out, and loses nothing ---- */

static void excitation_conserves_its_sum(void)
{
    /* Activations through which everything flows, and before which no output owes all it has to its
     * bias; a fully convolutional output is seeded once a position. */
    static const struct { const char *graph, *layers[16]; double sum; const char *said; } cases[] = {
        { "tests/fixtures/plain/graph.yaml", { "input", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2",
          "flatten", "fc1", "relu3", "fc2" }, 1 },
        { "tests/fixtures/branches/graph.yaml", { "join2", "head", "pool", "fc" }, 1 },
        { "tests/fixtures/residual/graph.yaml", { "input", "conv1", "relu", "layer1.0.add", "layer1.0.relu2",
          "layer2.0.add", "layer2.0.relu2", "avgpool", "fc" }, 1,
          "warning: ebp: shares out sums of numbers of both signs at these layers, where a share may be negative or "
          "more than the whole (skip=ignore gives all to the deepest input): add \"layer2.0.add\", add "
          "\"layer1.0.add\"" },
        { "tests/fixtures/fully_convolutional/graph.yaml", { "input", "relu1", "pool1", "conv2", "pool2", "relu3",
          "score" }, 3 * 2 },
        { "graphs/shapes.yaml", { "input", "relu1", "conv2_1", "pool2", "relu3_1", "conv4_2", "average",
          "classifier" }, 1 },
    };
    static const char *const probes[] = { "all" };
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = open_graph(cases[i].graph, RAY_WEIGHTS_FILE, NULL);
        e.request.probes = probes;
        e.request.n_probes = 1;
        e.request.layer = "input";
        explaining_map(&e, "ebp");
        check_text(cases[i].graph, e.heard.text, cases[i].said ? cases[i].said : "");
        for (const char *const *layer = cases[i].layers; *layer; layer++) {
            double sum = tensor_sum(&find_probe(&e.result->maps[0], *layer)->signal);
            CHECK_CASE(fabs(sum - cases[i].sum) < 1e-5 * cases[i].sum, "%s: the sum at %s is %.8f",
                       cases[i].graph, *layer, sum);
        }
        explaining_close(&e);
    }
}

/* What a sum of zero would get is lost, and is not NaN; the rest goes on: channel 2 is the pool's
 * first. */
static void a_zero_sum_gets_nothing(void)
{
    static const int64_t targets[] = { 0, 2 };
    explaining e = open_graph("tests/graphs/zero_sum.yaml", RAY_WEIGHTS_FILE, NULL);
    e.request.targets = targets;
    e.request.n_targets = 2;
    const ray_tensor *map = explaining_map(&e, "ebp");
    double sums[2] = { 0, 0 };
    for (int64_t i = 0; i < ray_tensor_size(map); i++) {
        CU_ASSERT(map->data[i] >= 0);
        sums[i / 16] += (double)map->data[i];
    }
    CU_ASSERT_EQUAL(sums[0], 0);
    CHECK_CASE(fabs(sums[1] - 1) < 1e-5, "the sum of the other is %.8f", sums[1]);
    explaining_close(&e);
}

/* ---- Signs ---- */

static void some_maps_are_never_negative(void)
{
    static const char *const methods[] = { "contrastive_ebp", "grad_cam", "gradient", "deconvnet",
                                           "guided_backprop" };
    static const char *const settings[] = { "contrastive_ebp.contrast_layer=relu2" };
    static const int64_t targets[] = { 0, 1, 2, 3, 4 };
    explaining e = open_graph("tests/fixtures/plain/graph.yaml", RAY_WEIGHTS_FILE,
                              source_path("tests/fixtures/plain/input.npy"));
    e.request.targets = targets;
    e.request.n_targets = COUNT(targets);
    e.request.layer = "relu1";
    for (int i = 0; i < COUNT(methods); i++) {
        e.request.settings = settings;
        e.request.n_settings = i == 0;
        const ray_tensor *map = explaining_map(&e, methods[i]);
        int64_t negative = 0, positive = 0;
        for (int64_t k = 0; k < ray_tensor_size(map); k++) {
            negative += map->data[k] < 0;
            positive += map->data[k] > 0;
        }
        CHECK_CASE(!negative && positive, "%s: %d negative, %d positive", methods[i], (int)negative,
                   (int)positive);
    }
    explaining_close(&e);
}

/* ---- One by one, or all together ---- */

static const char *const all_methods[] = {
    "gradient", "deconvnet", "guided_backprop", "grad_cam", "linear_approx", "ebp", "contrastive_ebp"
};
static const char *const all_settings[] = { "contrastive_ebp.contrast_layer=relu2" };

static explaining open_plain(void)
{
    explaining e = open_graph("tests/fixtures/plain/graph.yaml", RAY_WEIGHTS_FILE,
                              source_path("tests/fixtures/plain/input.npy"));
    e.request.layer = "pool1";
    return e;
}

static void set_contrast(explaining *e, const char *method)
{
    e->request.settings = all_settings;
    e->request.n_settings = !strcmp(method, "contrastive_ebp");
}

static void several_targets_are_those_one_by_one(void)
{
    static const int64_t targets[] = { 4, 0, 4, 2 };
    explaining e = open_plain();
    for (int i = 0; i < COUNT(all_methods); i++) {
        set_contrast(&e, all_methods[i]);
        e.request.targets = targets;
        e.request.n_targets = COUNT(targets);
        ray_tensor together = tensor_copy(explaining_map(&e, all_methods[i]));
        for (int t = 0; t < COUNT(targets); t++) {
            e.request.targets = &targets[t];
            e.request.n_targets = 1;
            ray_tensor part = together;
            part.dim[0] = 1;
            part.data += t * ray_tensor_item_size(&part);
            CHECK_CASE(tensor_same(explaining_map(&e, all_methods[i]), &part),
                       "%s: target %d differs", all_methods[i], (int)targets[t]);
        }
        ray_tensor_free(&together);
    }
    explaining_close(&e);
}

static void items_of_a_batch_are_those_one_by_one(void)
{
    static const int64_t targets[] = { 6, 1, 3 };
    explaining e = open_graph("tests/fixtures/batch3/graph.yaml", RAY_WEIGHTS_FILE,
                              source_path("tests/fixtures/batch3/input.npy"));
    ray_tensor batch = e.request.input;
    e.request.layer = "pool1";
    for (int i = 0; i < COUNT(all_methods); i++) {
        set_contrast(&e, all_methods[i]);
        e.request.input = batch;
        e.request.targets = targets;
        e.request.n_targets = 3;
        ray_tensor together = tensor_copy(explaining_map(&e, all_methods[i]));
        for (int n = 0; n < 3; n++) {
            ray_tensor part = together;
            e.request.targets = &targets[n];
            e.request.n_targets = 1;
            e.request.input.dim[0] = part.dim[0] = 1;
            e.request.input.data = batch.data + n * ray_tensor_item_size(&batch);
            part.data += n * ray_tensor_item_size(&part);
            double off = tensor_difference(explaining_map(&e, all_methods[i]), &part, 1);
            CHECK_CASE(off < 1e-5, "%s: item %d differs by %g", all_methods[i], n, off);
        }
        ray_tensor_free(&together);
    }
    e.request.input = batch;
    explaining_close(&e);
}

static void methods_together_are_those_one_by_one(void)
{
    explaining e = open_plain();
    e.request.methods = all_methods;
    e.request.n_methods = COUNT(all_methods);
    e.request.settings = all_settings;
    e.request.n_settings = 1;
    ray_result *together;
    int failed = ray_explain(e.network, e.methods, &e.request, &together, &e.error);
    CHECK_CASE(!failed, "%s", e.error.text);
    CU_ASSERT_FATAL(!failed);
    for (int i = 0; i < COUNT(all_methods); i++) {
        set_contrast(&e, all_methods[i]);
        check_text("method", together->maps[i].method, all_methods[i]);
        CHECK_CASE(tensor_same(&together->maps[i].map, explaining_map(&e, all_methods[i])),
                   "%s is not the same among others", all_methods[i]);
    }
    ray_result_free(together);
    explaining_close(&e);
}

/* ---- Where the map is taken, and what is looked at ---- */

static void the_output_can_be_the_saliency_layer(void)
{
    static const int64_t target = 3;
    explaining e = open_plain();
    e.request.layer = "fc2";
    e.request.targets = &target;
    e.request.n_targets = 1;
    ray_tensor output;
    CU_ASSERT_EQUAL_FATAL(ray_forward(e.network, &e.request.input, 1, &output, &e.error), 0);
    CU_ASSERT_EQUAL(explaining_map(&e, "gradient")->data[0], 1);
    CU_ASSERT_EQUAL(explaining_map(&e, "ebp")->data[0], 1);
    CU_ASSERT_EQUAL(explaining_map(&e, "linear_approx")->data[0], output.data[target]);
    CU_ASSERT_EQUAL(ray_tensor_size(&e.result->maps[0].map), 1);
    ray_tensor_free(&output);
    explaining_close(&e);
}

/* Looking before the saliency layer prolongs the pass and changes nothing of the map. */
static void probes_lie_on_either_side(void)
{
    static const char *const probes[] = { "conv1", "input", "fc1" };
    explaining e = open_plain();
    e.request.layer = "conv1";
    ray_tensor at_conv1 = tensor_copy(explaining_map(&e, "gradient"));
    e.request.layer = "relu2";
    ray_tensor map = tensor_copy(explaining_map(&e, "gradient"));
    e.request.probes = probes;
    e.request.n_probes = COUNT(probes);
    CU_ASSERT(tensor_same(explaining_map(&e, "gradient"), &map));
    const ray_map *found = &e.result->maps[0];
    CU_ASSERT_EQUAL(found->n_probes, 3);
    const ray_tensor *signal = &find_probe(found, "conv1")->signal;
    /* the map is the largest magnitude over channels of the signal */
    for (int64_t u = 0; u < 256; u++) {
        float largest = 0;
        for (int64_t c = 0; c < signal->dim[1]; c++)
            largest = fmaxf(largest, fabsf(signal->data[c * 256 + u]));
        CU_ASSERT_EQUAL(largest, at_conv1.data[u]);
    }
    CU_ASSERT(tensor_same(&find_probe(found, "input")->value, &e.request.input));
    CU_ASSERT_EQUAL(find_probe(found, "fc1")->value.dim[1], 16);
    ray_tensor_free(&at_conv1);
    ray_tensor_free(&map);
    explaining_close(&e);
}

/* With several targets a probe's value is that of the item, its signal one for each target. */
static void probes_have_a_signal_for_each_target(void)
{
    static const char *const probes[] = { "relu2" };
    static const int64_t targets[] = { 1, 2, 0 };
    explaining e = open_plain();
    e.request.probes = probes;
    e.request.n_probes = 1;
    e.request.targets = targets;
    e.request.n_targets = 3;
    explaining_map(&e, "ebp");
    ray_tensor signals = tensor_copy(&e.result->maps[0].probes[0].signal);
    CU_ASSERT_EQUAL(signals.dim[0], 3);
    CU_ASSERT_EQUAL(e.result->maps[0].probes[0].value.dim[0], 1);
    for (int t = 0; t < 3; t++) {
        ray_tensor part = signals;
        part.dim[0] = 1;
        part.data += t * ray_tensor_item_size(&part);
        e.request.targets = &targets[t];
        e.request.n_targets = 1;
        explaining_map(&e, "ebp");
        CU_ASSERT(tensor_same(&e.result->maps[0].probes[0].signal, &part));
    }
    ray_tensor_free(&signals);
    explaining_close(&e);
}

/* ---- Cautions ---- */

#define GATED "is defined for ReLU only; these activations keep their ordinary gradient: "
#define EXCITED "is defined for ReLU networks; these activations keep their ordinary gradient: "
#define UNKNOWN "knows nothing about this type of layer; the ordinary gradient is used: "
#define NEGATIVE "meets negative inputs at these layers, where it is no longer a probability " \
                 "(clamp_input=true takes max(x, 0)): "

static void what_a_method_is_not_meant_for_is_said(void)
{
    static const struct { const char *graph, *method, *layer, *setting, *heard; } cases[] = {
        { "activations", "gradient", NULL, NULL, "" },
        { "activations", "grad_cam", "act2", NULL, "" },
        { "activations", "deconvnet", NULL, NULL, "warning: deconvnet: " GATED "silu \"act1\", gelu \"act3\", silu "
          "\"act5\", softmax \"probability\"" },
        { "activations", "guided_backprop", "act3", NULL, "warning: guided_backprop: " GATED "silu \"act5\", softmax "
          "\"probability\"" },
        { "activations", "guided_backprop", "fc", NULL, "warning: guided_backprop: " GATED "softmax "
          "\"probability\"" },
        { "activations", "ebp", "act5", "clamp_input=true", "warning: ebp: " EXCITED "softmax \"probability\"" },
        { "activations", "ebp", "act3", NULL, "warning: ebp: " EXCITED "silu \"act5\", softmax \"probability\"\n"
          "warning: ebp: " NEGATIVE "conv2d \"conv6\", conv2d \"conv5\", conv2d \"conv4\"" },
        { "unknown_to_ebp", "ebp", NULL, NULL, "warning: ebp: " UNKNOWN "mul \"scale\", sub \"shift\", matmul "
          "\"product\"" },
        { "unknown_to_ebp", "deconvnet", NULL, NULL, "" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char path[64], expected[1024];
        snprintf(path, sizeof path, "tests/graphs/%s.yaml", cases[i].graph);
        explaining e = open_graph(path, RAY_WEIGHTS_RANDOM, NULL);
        e.request.layer = cases[i].layer;
        e.request.settings = &cases[i].setting;
        e.request.n_settings = cases[i].setting != NULL;
        explaining_map(&e, cases[i].method);
        check_text(cases[i].method, e.heard.text, cases[i].heard);
        e.request.strict = true;
        snprintf(expected, sizeof expected, "%s", cases[i].heard);
        if (*expected) {        /* the first is the error, and nothing else is said */
            snprintf(expected, sizeof expected, "%.*s (an error because of --strict)",
                     (int)strcspn(cases[i].heard, "\n") - 9, cases[i].heard + 9);
            CU_ASSERT_EQUAL(explaining_run(&e, cases[i].method), -1);
            check_text("strict", e.error.text, expected);
            check_text("strict", e.heard.text, "");
        } else {
            CU_ASSERT_EQUAL(explaining_run(&e, cases[i].method), 0);
        }
        explaining_close(&e);
    }
}

static void a_long_list_of_layers_is_cut_short(void)
{
    char text[4096] = "rayinterp: 1\ninput: {shape: [8]}\nlayers:\n";
    for (int i = 1; i <= 11; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - {name: a%d, type: tanh}\n",
                 i);
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, scratch_write("many.yaml", text, strlen(text)), RAY_WEIGHTS_FILE, NULL);
    explaining_map(&e, "deconvnet");
    check_text("deconvnet", e.heard.text,
               "warning: deconvnet: " GATED "tanh \"a1\", tanh \"a2\", tanh \"a3\", tanh "
               "\"a4\", tanh \"a5\", tanh \"a6\", tanh \"a7\", tanh \"a8\" and 3 more");
    explaining_close(&e);
}

/* ---- Numbers that are none ---- */

/* Weights of all layers of overflow.yaml: one number in all their elements. */
static const char *write_weights(float c1, float c2, float c3)
{
    const struct { const char *name; ray_tensor shape; float value; } all[] = {
        { "weights/c1.weight.npy", { .dim = { 2, 2, 1, 1 }, .rank = 4 }, c1 },
        { "weights/c2.weight.npy", { .dim = { 2, 2, 1, 1 }, .rank = 4 }, c2 },
        { "weights/c3.weight.npy", { .dim = { 3, 2, 4, 4 }, .rank = 4 }, c3 },
    };
    float numbers[96];
    ray_error error;
    mkdir(scratch_path("weights"), 0755);
    for (int i = 0; i < COUNT(all); i++) {
        ray_tensor tensor = all[i].shape;
        tensor.data = numbers;
        for (int k = 0; k < 96; k++)
            numbers[k] = all[i].value;
        CU_ASSERT_EQUAL_FATAL(ray_npy_write(scratch_path(all[i].name), &tensor, &error), 0);
    }
    return scratch_path("weights");
}

static explaining open_overflow(float c1, float c2, float c3, float input)
{
    explaining e = { 0 };
    ray_open_options options = { .weights = write_weights(c1, c2, c3) };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    const char *graph = source_path("tests/graphs/overflow.yaml");
    int failed = ray_network_open(&e.network, graph, &options, &e.error);
    CHECK_CASE(!failed, "%s", e.error.text);
    CU_ASSERT_FATAL(!failed);
    ray_network_input(e.network, &e.request.input);
    e.request.input.data = malloc(32 * sizeof *e.request.input.data);
    for (int i = 0; i < 32; i++)
        e.request.input.data[i] = input;
    return e;
}

#define OVERFLOW "SRC/tests/graphs/overflow.yaml:"

static void the_layer_where_a_number_is_lost_is_named(void)
{
    static const float huge = 3e38f;
    static const struct { float c1, c2, c3, input; const char *method, *error; } cases[] = {
        { 1, 1e38f, 1, 10, "gradient", OVERFLOW "10:12: conv2d \"c2\": NaN or infinity first arose in its output" },
        { 1, 1, huge, 1, "ebp", OVERFLOW "12:12: conv2d \"c3\": NaN or infinity first arose in its output" },
        { huge, huge, 1, 1, "grad_cam", OVERFLOW "8:12: conv2d \"c1\": NaN or infinity first arose in its output" },
        { 1e25f, 1e25f, 1, 1e-30f, "gradient", OVERFLOW "8:12: conv2d \"c1\": NaN or infinity first arose in its "
          "backward function" },
        { 1, huge, 2, 1e-30f, "gradient", OVERFLOW "10:12: conv2d \"c2\": NaN or infinity first arose in its backward "
          "function" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = open_overflow(cases[i].c1, cases[i].c2, cases[i].c3, cases[i].input);
        e.request.layer = "input";
        CHECK_CASE(explaining_run(&e, cases[i].method) == -1, "case %d did not fail", i);
        CU_ASSERT_PTR_NULL(e.result);
        check_text("explain", plain_text(e.error.text), cases[i].error);
        explaining_close(&e);
    }
}

static void forward_names_the_layer_too(void)
{
    explaining e = open_overflow(1, 1e38f, 1, 10);
    ray_tensor out;
    CU_ASSERT_EQUAL(ray_forward(e.network, &e.request.input, 1, &out, &e.error), -1);
    CU_ASSERT_PTR_NULL(out.data);
    check_text("forward", plain_text(e.error.text),
               OVERFLOW "10:12: conv2d \"c2\": NaN or infinity first arose in its output");
    explaining_close(&e);
}

static void an_input_must_be_finite(void)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < COUNT(bad); i++) {
        explaining e = open_overflow(1, 1, 1, 1);
        ray_tensor out;
        e.request.input.data[17] = bad[i];
        CU_ASSERT_EQUAL(explaining_run(&e, "gradient"), -1);
        check_text("explain", e.error.text, "the input holds NaN or infinity");
        CU_ASSERT_EQUAL(ray_forward(e.network, &e.request.input, 1, &out, &e.error), -1);
        check_text("forward", e.error.text, "the input holds NaN or infinity");
        CU_ASSERT_EQUAL(ray_npy_write(scratch_path("bad.npy"), &e.request.input, &e.error), 0);
        CU_ASSERT_EQUAL(ray_input_read(e.network, scratch_path("bad.npy"), &out, &e.error), -1);
        check_text("read", plain_text(e.error.text),
                   "TMP/bad.npy: the input holds NaN or infinity");
        explaining_close(&e);
    }
}

static void a_signal_must_be_finite(void)
{
    explaining e = open_overflow(1, 1, 1, 1);
    float numbers[3] = { 1, NAN, 0 };
    ray_tensor seed = { .data = numbers, .dim = { 1, 3 }, .rank = 2 };
    e.request.seed = &seed;
    CU_ASSERT_EQUAL(explaining_run(&e, "gradient"), -1);
    check_text("signal", e.error.text, "signal: it holds NaN or infinity");
    seed.dim[1] = 2;
    CU_ASSERT_EQUAL(explaining_run(&e, "gradient"), -1);
    check_text("signal", e.error.text, "signal: its shape must be that of the output, 1x3");
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "excitation conserves its sum", excitation_conserves_its_sum },
        { "a zero sum gets nothing", a_zero_sum_gets_nothing },
        { "some maps are never negative", some_maps_are_never_negative },
        { "several targets are those one by one", several_targets_are_those_one_by_one },
        { "items of a batch are those one by one", items_of_a_batch_are_those_one_by_one },
        { "methods together are those one by one", methods_together_are_those_one_by_one },
        { "the output can be the saliency layer", the_output_can_be_the_saliency_layer },
        { "probes lie on either side", probes_lie_on_either_side },
        { "probes have a signal for each target", probes_have_a_signal_for_each_target },
        { "what a method is not meant for is said", what_a_method_is_not_meant_for_is_said },
        { "a long list of layers is cut short", a_long_list_of_layers_is_cut_short },
        { "the layer where a number is lost is named", the_layer_where_a_number_is_lost_is_named },
        { "forward names the layer too", forward_names_the_layer_too },
        { "an input must be finite", an_input_must_be_finite },
        { "a signal must be finite", a_signal_must_be_finite },
        { 0 }
    };
    program_prepare();
    return run_tests("methods", tests);
}
