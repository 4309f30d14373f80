/* SPDX-License-Identifier: MIT */
/* test_onnx_torch.c - small networks that torch exported: output and gradient are torch's.
 * tests/zoo/make_onnx_torch.py made them. */
#include "check_text.h"
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

/* "name:type name:type" of a network's layers. */
static const char *list_layers(const ray_network *network)
{
    static char list[4096];
    ray_layer_info info;
    list[0] = '\0';
    for (int i = 0; !ray_network_layer(network, i, &info); i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s:%s", i ? " " : "", info.name,
                 info.kind);
    return list;
}

static void modules_give_their_names(void)
{
    explaining e = { 0 };
    explaining_open(&e, path_of("grouped_block", "model.onnx"), RAY_WEIGHTS_FILE, NULL);
    check_text("layers", list_layers(e.network),
               "0:conv2d 1:group_norm 2:prelu 3.conv1:conv2d 3.act:silu 3.conv2:conv2d 3.norm2:group_norm 3.add:add "
               "3.act_2:silu 4:instance_norm2d 5:gelu 6:mean 7:flatten 8:linear");
    explaining_close(&e);
}

#define NETWORKS(_) \
    _(residual) _(inverted_residual) _(vit_block) _(swin_block) _(convnext_block) _(inception_block) _(fcn_head) \
    _(grouped_block) _(tokens)
#define TEST(name) static void name(void) { check_network(#name); }
#define ROW(name) { #name, name },

NETWORKS(TEST)

int main(void)
{
    static const named_test tests[] = {
        NETWORKS(ROW)
        { "modules give their names", modules_give_their_names },
        { NULL, NULL }
    };
    return run_tests("onnx_torch", tests);
}
