/* SPDX-License-Identifier: MIT */
/* test_onnx_torch.c - small networks that torch exported: output and gradient are torch's.
 * tests/zoo/make_onnx_torch.py made them. */
#include "explaining.h"

#define FOLDER "tests/fixtures/onnx_torch/"

/* A file of a network's folder. */
static const char *path_of(const char *name, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s/%s", name, file);
    return source_path(path);
}

static void check_same(const char *name, const char *file, const ray_tensor *found, double tolerance)
{
    ray_tensor expected;
    ray_error error = { "" };
    int failed = ray_npy_read(path_of(name, file), &expected, &error);
    CHECK_CASE(!failed, "%s", error.text);
    if (failed)
        return;
    double difference = tensor_difference(found, &expected, 1);
    CHECK_CASE(difference <= tolerance, "%s: %s is %.3g away from torch's", name, file, difference);
    ray_tensor_free(&expected);
}

static void check_output(explaining *e, const char *name)
{
    ray_tensor output = { 0 };
    int failed = ray_forward(e->network, &e->request.input, 1, &output, &e->error);
    CHECK_CASE(!failed, "%s: %s", name, e->error.text);
    if (!failed)
        check_same(name, "output.npy", &output, 1e-5);
    ray_tensor_free(&output);
}

static void check_gradient(explaining *e, const char *name)
{
    static const char *const probes[] = { "input" };
    static const int64_t class_index = 1;
    e->request.probes = probes;
    e->request.n_probes = 1;
    e->request.targets = &class_index;
    e->request.n_targets = 1;
    int failed = explaining_run(e, "gradient");
    CHECK_CASE(!failed, "%s: %s", name, e->error.text);
    if (!failed)
        check_same(name, "gradient.npy", &e->result->maps[0].probes[0].signal, 1e-4);
}

static void check_network(const char *name)
{
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, path_of(name, "model.onnx"), RAY_WEIGHTS_FILE, path_of(name, "input.npy"));
    check_output(&e, name);
    check_gradient(&e, name);
    explaining_close(&e);
}

#define NETWORKS(_) \
    _(residual) _(inverted_residual) _(vit_block) _(swin_block) _(convnext_block) _(inception_block) _(fcn_head)
#define TEST(name) static void name(void) { check_network(#name); }
#define ROW(name) { #name, name },

NETWORKS(TEST)

int main(void)
{
    static const named_test tests[] = { NETWORKS(ROW) { NULL, NULL } };
    return run_tests("onnx_torch", tests);
}
