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

/* The largest difference as a fraction of the largest expected magnitude; infinite for other shapes. */
static double difference(const ray_tensor *found, const ray_tensor *expected)
{
    double worst = 0, largest = 0;
    int64_t n = ray_tensor_size(expected);
    if (found->rank != expected->rank
        || memcmp(found->dim, expected->dim, (size_t)found->rank * sizeof *found->dim))
        return INFINITY;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)found->data[i] - (double)expected->data[i]);
        double size = fabs((double)expected->data[i]);
        worst = d > worst || isnan(d) ? d : worst;
        largest = size > largest ? size : largest;
    }
    return worst == 0 ? 0 : worst / largest;
}

static void compare(const fixture *f, const ray_node *test, const ray_tensor *found)
{
    ray_tensor expected = { 0 };
    ray_error error = { "" };
    const char *file = text_of(test, "file");
    double tolerance = atof(text_of(test, "tolerance")), worst = INFINITY;
    if (!ray_npy_read(in_folder(f, file), &expected, &error))
        worst = difference(found, &expected);
    CHECK_CASE(worst <= tolerance, "%s/%s: differs by %g of the largest value (%g is allowed) %s",
               f->folder, file, worst, tolerance, error.text);
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
    ray_demand demand = { f->input.dim[0], none, wanted, reads };
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

static int read_settings(const ray_node *test, char settings[8][256], const char **words)
{
    const ray_node *set = ray_node_find(test, "set");
    for (int i = 0; set && i < set->n; i++) {
        snprintf(settings[i], sizeof settings[i], "%s=%s", set->keys[i]->text, set->values[i]->text);
        words[i] = settings[i];
    }
    return set ? set->n : 0;
}

static void run_method(const fixture *f, const ray_node *test)
{
    const char *rule = text_of(test, "rule"), *signal = text_of(test, "signal"), *words[8];
    char settings[8][256];
    int64_t targets[16];
    ray_error error = { "" };
    ray_result *result = NULL;
    ray_tensor seed = { 0 };
    ray_request request = { .methods = &rule, .n_methods = 1, .input = f->input, .settings = words };
    request.n_settings = read_settings(test, settings, words);
    read_targets(test, targets, &request);
    read_map_options(test, &request);
    request.pointing = signal && !strcmp(signal, "pointing");
    int failed = 0;
    if (signal && ray_ends_with(signal, ".npy")) {
        failed = ray_npy_read(in_folder(f, signal), &seed, &error);
        request.seed = &seed;
    }
    failed = failed || ray_explain(f->network, f->methods, &request, &result, &error);
    CHECK_CASE(!failed, "%s: %s: %s", f->folder, text_of(test, "file"), error.text);
    if (!failed)
        compare(f, test, &result->maps[0].map);
    ray_result_free(result);
    ray_tensor_free(&seed);
}

/* ---- Folders ---- */

static ray_methods *methods;
static int cases_run;

static void run_case(const fixture *f, const ray_node *test)
{
    cases_run++;
    if (text_of(test, "forward"))
        run_forward(f, test);
    else if (text_of(test, "vjp"))
        run_gradient(f, test);
    else
        run_method(f, test);
}

static void run_folder(const char *folder)
{
    fixture f = { .folder = folder, .methods = methods };
    ray_yaml yaml = { 0 };
    ray_error error = { "" };
    int failed = ray_yaml_read(&yaml, in_folder(&f, "expect.yaml"), &error)
                 || ray_network_open(&f.network, in_folder(&f, "graph.yaml"), NULL, &error)
                 || ray_input_read(f.network, in_folder(&f, "input.npy"), &f.input, &error);
    CHECK_CASE(!failed, "%s: %s", folder, error.text);
    const ray_node *cases = failed ? NULL : ray_node_find(yaml.root, "cases");
    for (int32_t i = 0; cases && i < cases->n; i++)
        run_case(&f, cases->values[i]);
    ray_tensor_free(&f.input);
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

int main(void)
{
    static const named_test tests[] = {
        { "layers agree with torch", layers_agree_with_torch },
        { "networks and methods agree with the reference", networks_and_methods_agree_with_reference },
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
