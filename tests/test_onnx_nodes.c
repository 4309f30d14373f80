/* SPDX-License-Identifier: MIT */
/* test_onnx_nodes.c - the standard's own tests of operators and light models, as the onnx package
 * ships them (RAY_ONNX_DATA: its folder backend/test/data; without it the suite is skipped).
 *
 * A test is claimed when all its operators are ones that we translate and it is not listed, with a
 * reason, in onnx_not_claimed.txt.  Whatever is claimed must pass.  The first input of real numbers is
 * the network's; the others become constants.  The first dimension is the batch, or where that cannot
 * be said the tensor is one item. */
#include <dirent.h>
#include <fnmatch.h>

#include "network/network.h"
#include "onnx/translate.h"
#include "onnx_pb.h"
#include "scratch.h"

typedef enum outcome { PASSED, UNCLAIMED, FAILED } outcome;

typedef struct counts { int passed, claimed, not_claimed, listed; } counts;

typedef struct subject {
    char           path[1300], message[2300];
    ray_onnx_model model;
    pb_tensor      input, expected;
    int32_t        port;                /* of the network's input */
    const char    *output;
} subject;

static const char *data_folder(void)
{
    const char *folder = getenv("RAY_ONNX_DATA");
    return folder && folder[0] ? folder : NULL;
}

/* ---- One network ---- */

static bool is_close(const ray_tensor *found, const pb_tensor *expected, char *message, size_t room)
{
    int64_t n = found->rank ? 1 : 0;
    for (int32_t i = 0; i < found->rank; i++)
        n *= found->dim[i];
    if (n != expected->n) {
        snprintf(message, room, "%lld numbers, %lld expected", (long long)n, (long long)expected->n);
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        const double a = (double)found->data[i], b = pb_number(expected, i);
        if (!(fabs(a - b) <= 1e-5 + 1e-3 * fabs(b))) {
            snprintf(message, room, "number %lld is %.9g, %.9g expected", (long long)i, a, b);
            return false;
        }
    }
    return true;
}

/* As a batch of items of the draft's shape. */
static ray_tensor batch_of(const pb_tensor *input, const ray_shape *item)
{
    ray_tensor x = { .rank = item->rank + 1, .data = calloc((size_t)input->n + 1, sizeof(float)) };
    int64_t size = ray_shape_size(item);
    if (!x.data)
        abort();
    for (int64_t i = 0; i < input->n; i++)
        x.data[i] = (float)pb_number(input, i);
    x.dim[0] = size > 0 ? input->n / size : 0;
    memcpy(x.dim + 1, item->dim, (size_t)item->rank * sizeof *item->dim);
    return x;
}

static ray_network *open_draft(const ray_draft *draft, ray_error *error)
{
    ray_network *network = NULL;
    const char *weights = scratch_path("node.safetensors");
    char *yaml = ray_draft_yaml(draft, "node.safetensors");
    if (!yaml)
        abort();
    const char *path = scratch_write("node.yaml", yaml, strlen(yaml));
    free(yaml);
    remove(weights);
    if (!ray_draft_save_weights(draft, weights, error))
        ray_network_open(&network, path, NULL, error);
    return network;
}

/* Translates, opens, evaluates and compares. */
static outcome run_draft(subject *s, const ray_draft *draft)
{
    ray_error error = { "" };
    ray_tensor y = { 0 }, x = batch_of(&s->input, &draft->shape);
    ray_network *network = open_draft(draft, &error);
    outcome result = FAILED;
    if (network && !ray_forward(network, &x, 1, &y, &error))
        result = is_close(&y, &s->expected, s->message, sizeof s->message) ? PASSED : FAILED;
    else
        snprintf(s->message, sizeof s->message, "%s", error.text);
    ray_network_close(network);
    ray_tensor_free(&y);
    free(x.data);
    return result;
}

static outcome translate_and_run(subject *s, bool whole)
{
    ray_error error = { "" };
    ray_draft draft;
    ray_draft_wishes wishes = { .whole = whole, .output_name = s->output };
    ray_shape shape = { .rank = 0 };
    const int32_t first = whole ? 0 : 1;
    for (int32_t i = first; i < s->input.rank; i++)
        shape.dim[shape.rank++] = s->input.dim[i];
    wishes.input_shape = shape.rank ? &shape : NULL;
    if (ray_onnx_translate(&s->model, &wishes, &draft, &error)) {
        snprintf(s->message, sizeof s->message, "%s", error.text);
        return strstr(error.text, "not supported: ") || strstr(error.text, "does not depend on")
                   ? UNCLAIMED : FAILED;
    }
    outcome result = run_draft(s, &draft);
    ray_draft_free(&draft);
    return result;
}

/* ---- A test's files ---- */

static bool read_numbered(const subject *s, const char *what, int i, pb_tensor *tensor)
{
    char path[1400];
    snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", s->path, what, i);
    return pb_read(tensor, path);
}

static ray_onnx_tensor *constant_of(ray_onnx_model *model, const pb_tensor *from)
{
    ray_onnx_tensor *made = ray_arena_alloc(&model->arena, 1, sizeof *made);
    void *data = ray_arena_alloc(&model->arena, from->size + 1, 1);
    if (!made || !data)
        abort();
    if (from->size)
        memcpy(data, from->data, from->size);
    *made = (ray_onnx_tensor){ .type = from->type, .rank = from->rank, .n = from->n,
                               .data = from->n ? data : NULL };
    memcpy(made->dim, from->dim, sizeof made->dim);
    return made;
}

static bool is_real(const pb_tensor *tensor)
{
    return tensor->type == RAY_ONNX_FLOAT && tensor->n > 0
        && tensor->size == (size_t)tensor->n * sizeof(float);
}

/* The first of real numbers is kept as the input; the others become constants. */
static bool take_inputs(subject *s)
{
    bool found = false, readable = true;
    for (int32_t k = 0; k < s->model.n_inputs; k++) {
        pb_tensor tensor;
        const int32_t value = s->model.inputs[k].value;
        if (!read_numbered(s, "input", k, &tensor))
            break;
        if (!found && is_real(&tensor)) {
            s->input = tensor;
            s->port = k;
            found = true;
            continue;
        }
        s->model.values[value].constant = constant_of(&s->model, &tensor);
        readable = readable && ray_constant_width(tensor.type) > 0;
        pb_free(&tensor);
    }
    return found && readable;
}

/* Statistics beside the result are not claimed. */
static bool is_beside(const subject *s, int32_t output)
{
    return output > 0 && strstr(s->message, "only its first output") != NULL;
}

/* Every output of real numbers. */
static outcome run_outputs(subject *s)
{
    outcome result = UNCLAIMED;
    snprintf(s->message, sizeof s->message, "no output of real numbers");
    for (int32_t k = 0; k < s->model.n_outputs; k++) {
        if (!read_numbered(s, "output", k, &s->expected))
            return UNCLAIMED;
        s->output = s->model.values[s->model.outputs[k].value].name;
        if (is_real(&s->expected)) {
            const bool single = s->input.rank < 2;
            result = translate_and_run(s, single);
            if (result == FAILED && !single && translate_and_run(s, true) == PASSED)
                result = PASSED;
        }
        pb_free(&s->expected);
        if (result == FAILED && is_beside(s, k))
            result = PASSED;
        if (result == FAILED || result == UNCLAIMED)
            return result;
    }
    return result;
}

/* Sets an opset before 7, the first that is read, to 7: what these tests use did not change. */
static void raise_opset(unsigned char *model, size_t size)
{
    enum { OPSET_IMPORT = 8, VERSION = 2, FIRST = 7 };
    ray_wire_field field, inner;
    ray_wire wire = { model, model + size };
    while (ray_wire_next(&wire, &field) == 1) {
        ray_wire import = { field.data, field.data + field.size };
        while (field.number == OPSET_IMPORT && ray_wire_next(&import, &inner) == 1)
            if (inner.number == VERSION && inner.size == 1 && inner.data[0] < FIRST)
                model[inner.data - model] = FIRST;
    }
}

static outcome run_test(subject *s)
{
    char path[1400];
    size_t size;
    ray_error error = { "" };
    outcome result = UNCLAIMED;
    snprintf(path, sizeof path, "%s/model.onnx", s->path);
    unsigned char *bytes = file_content(path, &size);
    raise_opset(bytes, size);
    const char *copy = scratch_write("model.onnx", bytes, size);
    free(bytes);
    if (ray_onnx_model_read(&s->model, copy, &error)) {
        snprintf(s->message, sizeof s->message, "%s", error.text);
        return UNCLAIMED;
    }
    snprintf(s->message, sizeof s->message, "no input of real numbers, or others that are not read");
    if (take_inputs(s))
        result = run_outputs(s);
    pb_free(&s->input);
    ray_onnx_model_free(&s->model);
    return result;
}

/* ---- What is listed ---- */

/* Lines "PATTERN  reason"; # begins a comment. */
static bool is_listed(const char *name)
{
    static char *text;
    char line[512];
    size_t n;
    if (!text) {
        text = (char *)file_content(source_path("tests/onnx_not_claimed.txt"), &n);
        text[n] = '\0';
    }
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, " \n"), at);
        if (line[0] && line[0] != '#' && !fnmatch(line, name, 0))
            return true;
    }
    return false;
}

/* ---- Folders ---- */

static int is_test(const struct dirent *entry)
{
    return !strncmp(entry->d_name, "test_", 5);
}

static void count_one(const char *folder, const char *name, counts *c)
{
    subject s = { .port = 0 };
    const bool listed = is_listed(name);
    snprintf(s.path, sizeof s.path, "%s/%s", folder, name);
    outcome result = run_test(&s);
    if (getenv("RAY_ONNX_VERBOSE"))
        printf("%s %s%s: %s\n", result == PASSED ? "PASS" : result == FAILED ? "FAIL" : "LEFT", name,
               listed ? " (listed)" : "", result == PASSED ? "" : s.message);
    c->listed += listed;
    if (listed || result == UNCLAIMED) {
        c->not_claimed++;
        return;
    }
    c->claimed++;
    c->passed += result == PASSED;
    CHECK_CASE(result == PASSED, "%s: %s", name, s.message);
}

static void run_folder(const char *part)
{
    struct dirent **entries;
    char folder[1000];
    counts c = { 0 };
    snprintf(folder, sizeof folder, "%s/%s", data_folder(), part);
    int n = scandir(folder, &entries, is_test, alphasort);
    CHECK_CASE(n > 0, "%s: no tests", folder);
    for (int i = 0; i < n; i++) {
        count_one(folder, entries[i]->d_name, &c);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    printf("\n    %s: %d passed of %d claimed; %d not claimed, %d of them listed ", part, c.passed,
           c.claimed, c.not_claimed, c.listed);
    CU_ASSERT(c.claimed > 0);
}

static void operators_compute_what_the_standard_says(void)
{
    run_folder("node");
}

static void models_of_torch_compute_what_they_should(void)
{
    run_folder("pytorch-converted");
    run_folder("pytorch-operator");
}

/* ---- Light models ---- */

static const char *const light_models[] = {
    "bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet",
    "squeezenet", "vgg19", "zfnet512"
};

/* 0, 1/n, 2/n, ...: what the package feeds them. */
static void make_input(subject *s)
{
    const ray_onnx_port *port = &s->model.inputs[0];
    s->input = (pb_tensor){ .type = RAY_ONNX_FLOAT, .rank = port->rank, .n = 1 };
    for (int32_t i = 0; i < port->rank; i++) {
        s->input.dim[i] = port->dim[i] < 1 ? 1 : port->dim[i];
        s->input.n *= s->input.dim[i];
    }
    s->input.size = (size_t)s->input.n * sizeof(float);
    s->input.data = malloc(s->input.size);
    if (!s->input.data)
        abort();
    for (int64_t i = 0; i < s->input.n; i++) {
        float number = (float)((double)i / (double)s->input.n);
        memcpy(s->input.data + (size_t)i * sizeof number, &number, sizeof number);
    }
}

static void run_light(const char *name)
{
    subject s = { .port = 0 };
    char path[1400];
    ray_error error = { "" };
    snprintf(path, sizeof path, "%s/light/light_%s.onnx", data_folder(), name);
    snprintf(s.path, sizeof s.path, "%s/light/light_%s_output_0.pb", data_folder(), name);
    bool read = !ray_onnx_model_read(&s.model, path, &error);
    CHECK_CASE(read && s.model.n_inputs == 1, "%s: %s", name, error.text);
    if (!read)
        return;
    bool expected = pb_read(&s.expected, s.path);
    CHECK_CASE(expected, "%s: no output", s.path);
    make_input(&s);
    outcome result = expected ? translate_and_run(&s, false) : FAILED;
    CHECK_CASE(result == PASSED, "%s: %s", name, s.message);
    pb_free(&s.input);
    pb_free(&s.expected);
    ray_onnx_model_free(&s.model);
}

/* Debian's libonnx-testdata has none. */
static void light_models_compute_what_they_should(void)
{
    char folder[1200];
    snprintf(folder, sizeof folder, "%s/light", data_folder());
    if (access(folder, F_OK)) {
        printf("skipped: the light models are not in %s\n", data_folder());
        return;
    }
    for (size_t i = 0; i < sizeof light_models / sizeof *light_models; i++)
        run_light(light_models[i]);
}

int main(void)
{
    static const named_test tests[] = {
        { "operators compute what the standard says", operators_compute_what_the_standard_says },
        { "models of torch compute what they should", models_of_torch_compute_what_they_should },
        { "light models compute what they should", light_models_compute_what_they_should },
        { NULL, NULL }
    };
    if (!data_folder()) {
        printf("skipped: the onnx package's backend/test/data is not there; set RAY_ONNX_DATA\n");
        return 77;
    }
    return run_tests("onnx nodes", tests);
}
