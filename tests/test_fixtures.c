/* SPDX-License-Identifier: MIT */
/* test_fixtures.c - networks, layers and methods against the numbers in tests/fixtures, which come from
 * torch and the reference implementation (see tests/fixtures/README.md). */
#include <dirent.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "read/yaml.h"
#include "run/exec.h"
#include "testing.h"

typedef struct fixture {
    const char  *folder;
    ray_network *network;
    ray_tensor   input;
    ray_methods *methods;
} fixture;

static const char *in_folder(const fixture *f, const char *name)
{
    enum { SIZE = 16384 };
    static char path[4][SIZE];
    static unsigned next;
    char *buffer = path[next++ % 4];
    snprintf(buffer, SIZE, "%s/%s", f->folder, name);
    return buffer;
}

static const char *text_of(const ray_node *test, const char *key)
{
    const ray_node *node = ray_node_find(test, key);
    return node && node->type == RAY_SCALAR ? node->text : NULL;
}

static bool same_shape(const ray_tensor *a, const ray_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/* The largest difference, as it is or as a fraction of the largest expected magnitude. */
static double difference(const ray_tensor *found, const ray_tensor *expected, bool absolute)
{
    double worst = 0, largest = 0;
    for (int64_t i = 0; i < ray_tensor_size(expected); i++) {
        double d = fabs((double)found->data[i] - (double)expected->data[i]);
        double size = fabs((double)expected->data[i]);
        worst = d > worst || isnan(d) ? d : worst;
        largest = size > largest ? size : largest;
    }
    return worst == 0 || absolute ? worst : worst / largest;
}

/* How many pixels are above 1/2 in both, over how many are in one of them. */
static double overlap(const ray_tensor *found, const ray_tensor *expected)
{
    int64_t in_both = 0, in_any = 0;
    for (int64_t i = 0; i < ray_tensor_size(expected); i++) {
        bool in_found = found->data[i] > 0.5f, in_expected = expected->data[i] > 0.5f;
        in_both += in_found && in_expected;
        in_any += in_found || in_expected;
    }
    return in_any ? (double)in_both / (double)in_any : 1;
}

static void compare_numbers(const fixture *f, const ray_node *test, const ray_tensor *found,
                            const ray_tensor *expected)
{
    const char *file = text_of(test, "file"), *iou = text_of(test, "iou");
    if (iou) {
        double least = atof(iou), share = overlap(found, expected);
        CHECK_CASE(share >= least, "%s/%s: overlaps by %g (%g is wanted)", f->folder, file, share,
                   least);
        return;
    }
    bool absolute = text_of(test, "absolute");
    double tolerance = atof(text_of(test, "tolerance"));
    double worst = difference(found, expected, absolute);
    CHECK_CASE(worst <= tolerance, "%s/%s: differs by %g%s (%g is allowed)", f->folder, file, worst,
               absolute ? "" : " of the largest value", tolerance);
}

static void compare(const fixture *f, const ray_node *test, const ray_tensor *found)
{
    ray_tensor expected = { 0 };
    ray_error error = { "" };
    const char *file = text_of(test, "file");
    int failed = ray_npy_read(in_folder(f, file), &expected, &error);
    bool comparable = !failed && same_shape(found, &expected);
    CHECK_CASE(comparable, "%s/%s: %s", f->folder, file, failed ? error.text : "another shape");
    if (comparable)
        compare_numbers(f, test, found, &expected);
    ray_tensor_free(&expected);
}

/* ---- The output ---- */

static void run_forward(const fixture *f, const ray_node *test)
{
    ray_tensor out;
    ray_error error = { "" };
    int failed = ray_forward(f->network, &f->input, 0, &out, &error);
    CHECK_CASE(!failed, "%s: %s", f->folder, error.text);
    if (!failed)
        compare(f, test, &out);
    ray_tensor_free(&out);
}

/* ---- The plain gradient of a given seed at an activation ---- */

static int send_back(ray_exec *exec, const fixture *f, const bool *wanted, const char *seed_file,
                     ray_error *error)
{
    ray_tensor seed = { 0 };
    const ray_tensor *dout = &exec->signal[f->network->graph.output];
    memcpy(exec->value[0].data, f->input.data,
           (size_t)ray_tensor_size(&f->input) * sizeof *f->input.data);
    if (ray_exec_forward(exec, error) || ray_npy_read(in_folder(f, seed_file), &seed, error))
        return -1;
    int failed = ray_tensor_size(&seed) == ray_tensor_size(dout) ? 0 : -1;
    if (!failed)
        memcpy(dout->data, seed.data, (size_t)ray_tensor_size(&seed) * sizeof *seed.data);
    ray_tensor_free(&seed);
    ray_backward how = { .from = f->network->graph.output, .wanted = wanted };
    return failed || ray_exec_backward(exec, &how, error);
}

static void run_gradient(const fixture *f, const ray_node *test)
{
    const ray_graph *graph = &f->network->graph;
    ray_error error = { "" };
    bool *none = calloc((size_t)graph->first_weight, sizeof *none);
    bool *wanted = calloc((size_t)graph->first_weight, sizeof *wanted);
    uint8_t *reads = calloc((size_t)graph->first_weight, sizeof *reads);
    int32_t at = ray_graph_find(graph, text_of(test, "at"), &error);
    wanted[at] = true;
    for (int32_t i = 0; i < graph->n_layers; i++)
        reads[i] = (uint8_t)graph->layers[i].kind->reads;
    ray_demand demand = { .batch = f->input.dim[0], .keep_value = none, .want_signal = wanted,
                          .reads = reads };
    ray_exec exec;
    int failed = ray_exec_create(&exec, f->network, &demand, &error);
    if (!failed) {
        failed = send_back(&exec, f, wanted, text_of(test, "vjp"), &error);
        if (!failed)
            compare(f, test, &exec.signal[at]);
        ray_exec_destroy(&exec);
    }
    CHECK_CASE(!failed, "%s: %s: %s", f->folder, text_of(test, "file"), error.text);
    free(none);
    free(wanted);
    free(reads);
}

/* ---- A method's map ---- */

static void read_targets(const ray_node *test, int64_t *targets, ray_request *request)
{
    const ray_node *node = ray_node_find(test, "target");
    int n = !node ? 0 : node->type == RAY_SCALAR ? 1 : node->n;
    for (int i = 0; i < n && i < 16; i++)
        targets[i] = atoll(node->type == RAY_SCALAR ? node->text : node->values[i]->text);
    request->targets = targets;
    request->n_targets = n;
}

static void read_map_options(const ray_node *test, ray_request *request)
{
    const ray_node *resize = ray_node_find(test, "resize");
    const char *mode = text_of(test, "resize_mode"), *smooth = text_of(test, "smooth");
    request->resize = resize;
    if (resize && resize->type == RAY_SEQUENCE) {
        request->resize_width = atoll(resize->values[0]->text);
        request->resize_height = atoll(resize->values[1]->text);
    }
    request->resize_mode = mode && !strcmp(mode, "nearest") ? RAY_RESIZE_NEAREST : RAY_RESIZE_BILINEAR;
    request->smooth = smooth ? atof(smooth) : 0;
    request->layer = text_of(test, "layer");
}

enum { SETTINGS = 16, SETTING_SIZE = 20000 };
typedef struct settings {
    char        text[SETTINGS][SETTING_SIZE];
    const char *words[SETTINGS];
} settings;

/* "key=value"; a list is joined by commas, a .npy is one of the folder. */
static void write_setting(const fixture *f, const char *key, const ray_node *value, char *text)
{
    if (value->type == RAY_SCALAR) {
        const char *word = value->text;
        word = ray_ends_with(word, ".npy") ? in_folder(f, word) : word;
        snprintf(text, SETTING_SIZE, "%s=%s", key, word);
        return;
    }
    size_t used = (size_t)snprintf(text, SETTING_SIZE, "%s=", key);
    for (int32_t i = 0; i < value->n && used < SETTING_SIZE; i++)
        used += (size_t)snprintf(text + used, SETTING_SIZE - used, "%s%s", i ? "," : "",
                                 value->values[i]->text);
}

static void read_settings(const fixture *f, const ray_node *test, settings *s, ray_request *request)
{
    const ray_node *set = ray_node_find(test, "set");
    for (int32_t i = 0; set && i < set->n && i < SETTINGS; i++) {
        write_setting(f, set->keys[i]->text, set->values[i], s->text[i]);
        s->words[i] = s->text[i];
        request->n_settings = i + 1;
    }
    request->settings = s->words;
}

/* The map of a result, or an array beside it; NULL when there is none of that name. */
static const ray_tensor *find_array(const ray_map *map, const char *name)
{
    for (int i = 0; name && i < map->n_extras; i++)
        if (!strcmp(map->extras[i].name, name))
            return &map->extras[i].tensor;
    return name ? NULL : &map->map;
}

static void explain(const fixture *f, const ray_node *test, const ray_request *request)
{
    ray_result *result = NULL;
    ray_error error = { "" };
    const char *file = text_of(test, "file"), *name = text_of(test, "array");
    int failed = ray_explain(f->network, f->methods, request, &result, &error);
    CHECK_CASE(!failed, "%s/%s: %s", f->folder, file, error.text);
    const ray_tensor *found = failed ? NULL : find_array(&result->maps[0], name);
    CHECK_CASE(failed || found, "%s/%s: no array %s", f->folder, file, name);
    if (found)
        compare(f, test, found);
    ray_result_free(result);
}

static void run_method(const fixture *f, const ray_node *test)
{
    static settings words;
    const char *rule = text_of(test, "rule"), *signal = text_of(test, "signal");
    const char *number = text_of(test, "seed"), *batch = text_of(test, "batch");
    int64_t targets[16];
    ray_error error = { "" };
    ray_tensor seed = { 0 };
    ray_request request = { .methods = &rule, .n_methods = 1, .input = f->input };
    read_settings(f, test, &words, &request);
    read_targets(test, targets, &request);
    read_map_options(test, &request);
    request.pointing = signal && !strcmp(signal, "pointing");
    request.random_seed = number ? strtoull(number, NULL, 10) : 0;
    request.batch = batch ? atoll(batch) : 0;
    bool is_file = signal && ray_ends_with(signal, ".npy");
    int failed = is_file && ray_npy_read(in_folder(f, signal), &seed, &error);
    CHECK_CASE(!failed, "%s/%s: %s", f->folder, text_of(test, "file"), error.text);
    request.seed = is_file ? &seed : NULL;
    if (!failed)
        explain(f, test, &request);
    ray_tensor_free(&seed);
}

/* ---- Folders ---- */

static ray_methods *methods;
static int cases_run;

static void run_case(fixture *f, const ray_node *test)
{
    ray_error error = { "" };
    const char *input = text_of(test, "input");
    int failed = ray_input_read(f->network, in_folder(f, input ? input : "input.npy"), &f->input,
                                &error);
    cases_run++;
    CHECK_CASE(!failed, "%s/%s: %s", f->folder, text_of(test, "file"), error.text);
    if (failed)
        return;
    if (text_of(test, "forward"))
        run_forward(f, test);
    else if (text_of(test, "vjp"))
        run_gradient(f, test);
    else
        run_method(f, test);
    ray_tensor_free(&f->input);
}

static void run_folder(const char *folder)
{
    fixture f = { .folder = folder, .methods = methods };
    ray_yaml yaml = { 0 };
    ray_error error = { "" };
    int failed = ray_yaml_read(&yaml, in_folder(&f, "expect.yaml"), &error);
    const char *graph = failed ? NULL : text_of(yaml.root, "graph");
    graph = in_folder(&f, graph ? graph : "graph.yaml");
    failed = failed || ray_network_open(&f.network, graph, NULL, &error);
    CHECK_CASE(!failed, "%s: %s", folder, error.text);
    const ray_node *cases = failed ? NULL : ray_node_find(yaml.root, "cases");
    for (int32_t i = 0; cases && i < cases->n; i++)
        run_case(&f, cases->values[i]);
    ray_network_close(f.network);
    ray_yaml_free(&yaml);
}

static bool has_graph(const char *folder)
{
    struct stat status;
    fixture f = { .folder = folder };
    return !stat(in_folder(&f, "graph.yaml"), &status);
}

/* Every folder of `root` that holds a graph; returns how many cases they had. */
static int run_folders(const char *root)
{
    struct dirent **entries;
    int n = scandir(root, &entries, NULL, alphasort);
    cases_run = 0;
    for (int i = 0; i < n; i++) {
        char folder[8192];
        snprintf(folder, sizeof folder, "%s/%s", root, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && has_graph(folder))
            run_folder(folder);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return cases_run;
}

static void layers_agree_with_torch(void)
{
    CU_ASSERT(run_folders(source_path("tests/fixtures/layers")) > 200);
}

static void networks_and_methods_agree_with_reference(void)
{
    CU_ASSERT(run_folders(source_path("tests/fixtures")) > 200);
}

/* What the best kernels of this machine pass, all others pass, too. */
static void all_kernels_agree_with_reference(void)
{
    static const char *const names[] = { "plain", "baseline" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_EQUAL(ray_kernels_use(names[i], NULL), 0);
        CU_ASSERT_STRING_EQUAL(ray_kernels_name(), names[i]);
        layers_agree_with_torch();
        networks_and_methods_agree_with_reference();
    }
    CU_ASSERT_EQUAL(ray_kernels_use(NULL, NULL), 0);
}

static void masks_overlap_after_many_iterations(void)
{
    cases_run = 0;
    run_folder(source_path("tests/fixtures/demonstration"));
    CU_ASSERT(cases_run > 0);
}

int main(void)
{
    static const named_test tests[] = {
        { "layers agree with torch", layers_agree_with_torch },
        { "networks and methods agree with the reference", networks_and_methods_agree_with_reference },
        { "all kernels agree with the reference", all_kernels_agree_with_reference },
        { "extremal masks overlap the reference's after many iterations",
          masks_overlap_after_many_iterations },
        { 0 }
    };
    ray_error error = { "" };
    if (ray_methods_create(&methods, &error)
        || ray_methods_load_folder(methods, getenv("RAY_BUILD_PLUGINS"), NULL, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    int status = run_tests("fixtures", tests);
    ray_methods_destroy(methods);
    return status;
}
