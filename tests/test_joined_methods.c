/* SPDX-License-Identifier: MIT */
/* test_joined_methods.c - maps of every method while layers join each other: looking at a layer
 * changes no map, numbers that are lost are still found where they were lost, and the simplest
 * kernels, for which nothing is joined, agree. */
#include "built_plugins.h"
#include "joining.h"

/* Groups of all kinds, and a sum whose other summand is read twice. */
static const char network_lines[] =
    "defaults: {grad_cam: {layer: r1}, linear_approx: {layer: r1}, ebp: {layer: r1},\n"
    "           contrastive_ebp: {layer: r1}}\n"
    "layers:\n"
    CONV("c1", "x") NORM("n1", "c1") RELU("r1", "n1")
    CONV("c2", "r1") NORM("n2", "c2") SUM("s2", "n2, r1") RELU("r2", "s2")
    OTHER("p2", "max_pool2d, kernel_size: 2", "r2")
    POINT("c3", "p2") NORM("n3", "c3") RELU6("r3", "n3")
    DEPTH("c4", "r3") NORM("n4", "c4") RELU6("r4", "n4")
    POINT("c5", "r4") NORM("n5", "c5") SUM("s5", "p2, n5")
    OTHER("p5", "adaptive_avg_pool2d, output_size: 1", "s5") OTHER("f", "flatten", "p5")
    OTHER("fc", "linear, out_features: 5", "f");

/* So many steps are enough to go wrong. */
static const struct { const char *method, *settings; } few_steps[] = {
    { "rise", "num_masks=6 num_cells=3" },      { "occlusion", "size=9 stride=6" },
    { "integrated_gradients", "steps=3" },      { "smooth_grad", "samples=3" },
    { "extremal_perturbation", "max_iter=3 areas=0.3" },
};

static void set_words(explaining *e, const char *settings)
{
    static char text[256];
    static const char *words[8];
    snprintf(text, sizeof text, "%s", settings);
    e->request.settings = words;
    e->request.n_settings = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        words[e->request.n_settings++] = word;
}

/* contrast: the layer where contrastive_ebp subtracts; NULL: as the graph says. */
static void set_steps(explaining *e, const char *method, const char *contrast)
{
    char setting[64];
    e->request.n_settings = 0;
    for (int i = 0; i < COUNT(few_steps); i++)
        if (!strcmp(method, few_steps[i].method))
            set_words(e, few_steps[i].settings);
    snprintf(setting, sizeof setting, "contrast_layer=%s", contrast ? contrast : "");
    if (contrast && !strcmp(method, "contrastive_ebp"))
        set_words(e, setting);
}

static explaining open_joining(const char *lines, int channels, int side)
{
    explaining e = { 0 };
    char path[256];
    ray_network *network = open_lines(lines, channels, side);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    snprintf(path, sizeof path, "%s", network->graph.path);
    ray_network_close(network);
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, path, RAY_WEIGHTS_RANDOM, NULL);
    negate_scales(e.network);
    return e;
}

static ray_method_info method_at(const explaining *e, int i)
{
    ray_method_info info = { 0 };
    ray_methods_info(e->methods, i, &info);
    return info;
}

/* ---- What is looked at ---- */

/* With a probe at every layer nothing can be joined. */
static void check_probes(explaining *e, const char *method, const char *layer)
{
    static const char *const probes[] = { "all" };
    set_steps(e, method, "r1");
    e->request.layer = layer;
    e->request.n_probes = 0;
    ray_tensor joined = tensor_copy(explaining_map(e, method));
    e->request.probes = probes;
    e->request.n_probes = 1;
    double off = tensor_difference(&joined, explaining_map(e, method), 1);
    CHECK_CASE(off < 1e-5, "%s at %s: differs by %g when probed", method,
               layer ? layer : "its layer", off);
    ray_tensor_free(&joined);
}

static void looking_at_layers_changes_no_map(void)
{
    static const char *const layers[] = { "x",  "c1", "n1", "r1", "c2", "n2", "s2", "r2", "p2",
                                          "c3", "n3", "r3", "c4", "c5", "n5", "s5", "f",  "fc" };
    explaining e = open_joining(network_lines, 3, 16);
    for (int i = 0; i < ray_methods_count(e.methods); i++) {
        ray_method_info info = method_at(&e, i);
        bool anywhere = !strcmp(info.name, "gradient") || !strcmp(info.name, "guided_backprop")
                        || !strcmp(info.name, "deconvnet") || !strcmp(info.name, "ebp")
                        || !strcmp(info.name, "linear_approx");
        for (int k = 0; anywhere && k < COUNT(layers); k++)
            check_probes(&e, info.name, layers[k]);
        if (!anywhere)
            check_probes(&e, info.name, NULL);
    }
    explaining_close(&e);
}

/* ---- The same bytes, or nearly ---- */

/* The settings of all methods at once. */
static void set_all_steps(explaining *e)
{
    static char text[COUNT(few_steps) * 2 + 1][96];
    static const char *words[COUNT(text)];
    e->request.settings = words;
    e->request.n_settings = 0;
    for (int i = 0; i < COUNT(few_steps); i++) {
        char settings[96];
        snprintf(settings, sizeof settings, "%s", few_steps[i].settings);
        for (char *word = strtok(settings, " "); word; word = strtok(NULL, " ")) {
            char *to = text[e->request.n_settings];
            snprintf(to, sizeof text[0], "%s.%s", few_steps[i].method, word);
            words[e->request.n_settings++] = to;
        }
    }
    words[e->request.n_settings++] = "contrastive_ebp.contrast_layer=r1";
}

/* What one method wants to see may keep layers apart that join for another alone: its bytes may be
 * others among others, its map the same but for rounding. */
static void methods_together_are_nearly_the_same(void)
{
    const char *names[32];
    ray_result *together;
    explaining e = open_joining(network_lines, 3, 16);
    int n = ray_methods_count(e.methods);
    CU_ASSERT_FATAL(n <= COUNT(names));
    for (int i = 0; i < n; i++)
        names[i] = method_at(&e, i).name;
    e.request.methods = names;
    e.request.n_methods = n;
    set_all_steps(&e);
    int failed = ray_explain(e.network, e.methods, &e.request, &together, &e.error);
    CHECK_CASE(!failed, "%s", e.error.text);
    CU_ASSERT_FATAL(!failed);
    for (int i = 0; i < n; i++) {
        set_steps(&e, names[i], "r1");
        double off = tensor_difference(explaining_map(&e, names[i]), &together->maps[i].map, 1);
        CHECK_CASE(off < 1e-6, "%s differs by %g among others", names[i], off);
    }
    ray_result_free(together);
    explaining_close(&e);
}

/* With the same wishes the same layers join, whatever the number of threads and of items. */
static void threads_and_items_change_no_bit(void)
{
    static const int64_t targets[] = { 1, 4 };
    explaining e = open_joining(network_lines, 3, 16), two = open_joining(network_lines, 3, 16);
    int64_t size = ray_tensor_size(&two.request.input);
    two.request.input.dim[0] = 2;
    two.request.input.data = realloc(two.request.input.data, 2 * (size_t)size * sizeof(float));
    for (int64_t i = 0; i < size; i++)
        two.request.input.data[size + i] = number_at(7, 0, i);
    two.request.targets = targets;
    two.request.n_targets = 2;
    e.request.n_targets = 1;
    for (int i = 0; i < ray_methods_count(e.methods); i++) {
        ray_method_info info = method_at(&e, i);
        set_steps(&two, info.name, "r1");
        ray_tensor both = tensor_copy(explaining_map(&two, info.name));
        for (int k = 0; k < 6; k++) {
            ray_tensor part = both;
            part.dim[0] = 1;
            part.data += k % 2 * ray_tensor_size(&part);
            memcpy(e.request.input.data, two.request.input.data + k % 2 * size,
                   (size_t)size * sizeof(float));
            e.request.targets = &targets[k % 2];
            e.request.threads = 1 + k / 2;
            set_steps(&e, info.name, "r1");
            CHECK_CASE(tensor_same(explaining_map(&e, info.name), &part),
                       "%s: item %d is another with %d threads", info.name, k % 2, 1 + k / 2);
        }
        ray_tensor_free(&both);
    }
    explaining_close(&two);
    explaining_close(&e);
}

static void targets_together_are_those_one_by_one(void)
{
    static const int64_t targets[] = { 1, 4, 0 };
    explaining e = open_joining(network_lines, 3, 16);
    for (int i = 0; i < ray_methods_count(e.methods); i++) {
        const char *name = method_at(&e, i).name;
        set_steps(&e, name, "r1");
        e.request.targets = targets;
        e.request.n_targets = COUNT(targets);
        ray_tensor together = tensor_copy(explaining_map(&e, name));
        e.request.n_targets = 1;
        for (int k = 0; k < COUNT(targets); k++) {
            ray_tensor part = together;
            part.dim[0] = 1;
            part.data += k * ray_tensor_size(&part);
            e.request.targets = &targets[k];
            CHECK_CASE(tensor_same(explaining_map(&e, name), &part), "%s: target %d is another",
                       name, (int)targets[k]);
        }
        ray_tensor_free(&together);
    }
    explaining_close(&e);
}

/* ---- Kernels ---- */

enum { MOST_LAYERS = 64 };

/* By layer: it ran forward; then: it ran backward. */
static void hear_layer(void *context, const ray_layer_run *run)
{
    bool *ran = context;
    ran[run->backward * MOST_LAYERS + run->layer] = true;
}

/* Names of the layers that ran in one direction, not as a share of another. */
static const char *layers_run(explaining *e, bool backward)
{
    static const char *const method = "gradient";
    static char text[512];
    bool ran[2 * MOST_LAYERS] = { false };
    ray_layer_info info;
    ray_result *result;
    e->request.methods = &method;
    e->request.n_methods = 1;
    e->request.listener = (ray_listener){ .context = ran, .layer = hear_layer };
    CU_ASSERT_EQUAL_FATAL(ray_explain(e->network, e->methods, &e->request, &result, &e->error), 0);
    ray_result_free(result);
    text[0] = '\0';
    for (int i = 0; ray_network_layer(e->network, i, &info) == 0; i++)
        if (ran[backward * MOST_LAYERS + i])
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? " " : "",
                     info.name);
    return text;
}

static void plain_kernels_run_every_layer(void)
{
    static const char all[] = "c1 n1 r1 c2 n2 s2 r2 p2 c3 n3 r3 c4 n4 r4 c5 n5 s5 p5 f fc";
    explaining e = open_joining(network_lines, 3, 16), plain = open_joining(network_lines, 3, 16);
    check_text("best", layers_run(&e, false), "c1 c2 p2 c3 c4 c5 p5 f fc");
    /* backward a convolution does what lies before it: r4 and n4, say, but not n1, for r1 has a
     * second reader, nor what lies before a sum */
    check_text("best", layers_run(&e, true), "c1 n1 c2 n2 s2 r2 p2 c3 c4 c5 n5 s5 p5 f fc");
    CU_ASSERT_EQUAL(ray_kernels_use("plain", NULL), 0);
    check_text("plain", layers_run(&plain, false), all);
    check_text("plain", layers_run(&plain, true), all);
    CU_ASSERT_EQUAL(ray_kernels_use(NULL, NULL), 0);
    explaining_close(&plain);
    explaining_close(&e);
}

static explaining open_demonstration(void)
{
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path("graphs/shapes.yaml"), RAY_WEIGHTS_FILE, NULL);
    ray_tensor_free(&e.request.input);
    CU_ASSERT_EQUAL_FATAL(ray_input_read(e.network, source_path("graphs/shapes/star_circle.png"),
                                         &e.request.input, &e.error), 0);
    return e;
}

static void kernels_agree_on_every_method(void)
{
    explaining best = open_demonstration(), plain = open_demonstration();
    for (int i = 0; i < ray_methods_count(best.methods); i++) {
        const char *name = method_at(&best, i).name;
        set_steps(&best, name, NULL);
        explaining_map(&best, name);
        CU_ASSERT_EQUAL(ray_kernels_use("plain", NULL), 0);
        set_steps(&plain, name, NULL);
        explaining_map(&plain, name);
        CU_ASSERT_EQUAL(ray_kernels_use(NULL, NULL), 0);
        double off = tensor_difference(&best.result->maps[0].map, &plain.result->maps[0].map, 1);
        CHECK_CASE(off < 1e-4, "%s: differs by %g", name, off);
    }
    explaining_close(&plain);
    explaining_close(&best);
}

/* ---- Numbers that are none ---- */

static ray_tensor *weight_of(explaining *e, const char *layer, int w)
{
    const ray_graph *graph = &e->network->graph;
    int32_t a = ray_graph_find(graph, layer, NULL);
    int32_t id = graph->layers[graph->activations[a].producer].weight[w];
    return &e->network->weights[id - graph->first_weight];
}

static void check_found(explaining *e, const char *what, const char *found, const char *layer,
                        const char *where)
{
    char expected[512];
    const ray_graph *graph = &e->network->graph;
    int32_t a = ray_graph_find(graph, layer, NULL);
    const ray_graph_layer *of = &graph->layers[graph->activations[a].producer];
    snprintf(expected, sizeof expected,
             "%s:%d:%d: %s \"%s\": NaN or infinity first arose in its %s", graph->path,
             of->mark.line, of->mark.column, of->info.kind, layer, where);
    check_text(what, found, expected);
}

static void check_lost(explaining *e, const char *layer)
{
    static const char *const methods[] = { "gradient", "grad_cam", "ebp", "rise" };
    ray_tensor out;
    CU_ASSERT_EQUAL(ray_forward(e->network, &e->request.input, 1, &out, &e->error), -1);
    CU_ASSERT_PTR_NULL(out.data);
    check_found(e, "forward", e->error.text, layer, "output");
    for (int i = 0; i < COUNT(methods); i++) {
        set_steps(e, methods[i], NULL);
        CU_ASSERT_EQUAL(explaining_run(e, methods[i]), -1);
        check_found(e, methods[i], e->error.text, layer, "output");
    }
}

/* Each weight of a network that was not used before, for kernels keep them as they need them. */
static void spoil_each_weight(void)
{
    explaining shape = open_joining(network_lines, 3, 16);
    const ray_graph *graph = &shape.network->graph;
    for (int32_t i = 0; i < graph->n_layers; i++)
        for (int w = 0; w < graph->layers[i].info.n_weights; w++) {
            explaining e = open_joining(network_lines, 3, 16);
            weight_of(&e, graph->layers[i].info.name, w)->data[0] = NAN;
            check_lost(&e, graph->layers[i].info.name);
            explaining_close(&e);
        }
    explaining_close(&shape);
}

/* Joined or not. */
static void what_is_lost_in_a_group_is_found(void)
{
    spoil_each_weight();
    CU_ASSERT_EQUAL(ray_kernels_use("plain", NULL), 0);
    spoil_each_weight();
    CU_ASSERT_EQUAL(ray_kernels_use(NULL, NULL), 0);
}

static void fill_weight(explaining *e, const char *layer, int w, float even, float odd)
{
    ray_tensor *weight = weight_of(e, layer, w);
    for (int64_t i = 0; i < ray_tensor_size(weight); i++)
        weight->data[i] = i % 2 ? odd : even;
}

/* A group of all kinds and a convolution behind it, that take numbers times `scale` and `last`. */
static explaining open_scaled(const char *first, float scale, float last, float input)
{
    char lines[1024];
    explaining e;
    snprintf(lines, sizeof lines, "%s%s", first, NORM("n", "c") RELU("r", "n") POINT("e", "r")
             OTHER("p", "adaptive_avg_pool2d, output_size: 1", "e") OTHER("f", "flatten", "p"));
    e = open_joining(lines, 3, 12);
    fill_weight(&e, "n", 0, scale, scale);
    fill_weight(&e, "n", 1, 0, 0);
    fill_weight(&e, "n", 2, 0, 0);
    fill_weight(&e, "n", 3, 1, 1);
    fill_weight(&e, "e", 0, last, last);
    fill_weight(&e, "e", 1, 0, 0);
    for (int64_t i = 0; i < ray_tensor_size(&e.request.input); i++)
        e.request.input.data[i] = input;
    return e;
}

/* Where the picture does not change from row to row nothing comes of it; where it is covered, too
 * much. */
static void what_is_lost_in_a_methods_batches_is_found(void)
{
    static const struct { float scale, last; const char *method, *layer; } cases[] = {
        { 1e25f, 1e25f, "rise", "e" },
        { 1e25f, 1e25f, "occlusion", "e" },
        { 1e25f, 1e25f, "extremal_perturbation", "e" },
        { 3e38f, 1, "occlusion", "n" },
    };
    static const char first[] =
        OTHER("c", "conv2d, out_channels: $, kernel_size: [2, 1], bias: false", "x");
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = open_scaled(first, cases[i].scale, cases[i].last, 1);
        fill_weight(&e, "c", 0, 1, -1);
        CU_ASSERT_EQUAL(explaining_run(&e, "gradient"), 0);
        set_steps(&e, cases[i].method, NULL);
        CU_ASSERT_EQUAL(explaining_run(&e, cases[i].method), -1);
        check_found(&e, cases[i].method, e.error.text, cases[i].layer, "output");
        explaining_close(&e);
    }
}

/* Numbers so small that only the gradient is too large. */
static void what_is_lost_on_the_way_back_is_found(void)
{
    static const char *const methods[] = { "gradient", "guided_backprop", "integrated_gradients",
                                           "smooth_grad" };
    static const char first[] =
        OTHER("c", "conv2d, out_channels: $, kernel_size: 1, bias: false", "x");
    explaining e = open_scaled(first, 1e22f, 1e22f, 1e-30f);
    fill_weight(&e, "c", 0, 1, 1);
    for (int i = 0; i < COUNT(methods); i++) {
        set_steps(&e, methods[i], NULL);
        CU_ASSERT_EQUAL(explaining_run(&e, methods[i]), -1);
        check_found(&e, methods[i], e.error.text, "n", "backward function");
    }
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "looking at layers changes no map", looking_at_layers_changes_no_map },
        { "methods together are nearly the same", methods_together_are_nearly_the_same },
        { "threads and items change no bit", threads_and_items_change_no_bit },
        { "targets together are those one by one", targets_together_are_those_one_by_one },
        { "plain kernels run every layer", plain_kernels_run_every_layer },
        { "kernels agree on every method", kernels_agree_on_every_method },
        { "what is lost in a group is found", what_is_lost_in_a_group_is_found },
        { "what is lost in a method's batches is found",
          what_is_lost_in_a_methods_batches_is_found },
        { "what is lost on the way back is found", what_is_lost_on_the_way_back_is_found },
        { 0 }
    };
    program_prepare();
    return run_tests("joined_methods", tests);
}
