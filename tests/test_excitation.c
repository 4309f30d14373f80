/* SPDX-License-Identifier: MIT */
/* test_excitation.c - what the options of excitation backprop do, in numbers; and what it says and
 * does where it is not defined. */
#include <sys/stat.h>

#include "check_text.h"
#include "explaining.h"

/* ---- Small networks ---- */

typedef struct array { const char *name; int32_t rank; int64_t dim[4]; float data[8]; } array;

static void write_array(const char *path, const array *a)
{
    float data[8];
    ray_tensor tensor = { .data = data, .rank = a->rank };
    ray_error error = { "" };
    memcpy(data, a->data, sizeof data);
    memcpy(tensor.dim, a->dim, sizeof a->dim);
    if (ray_npy_write(path, &tensor, &error))
        abort();
}

/* A network whose weights (up to one without a name) are written beside it; x is its input. */
static explaining open_small(const char *layers, const char *shape, const array *weights, const array *x)
{
    static int count;
    char folder[64], file[128], text[4096];
    explaining e = { 0 };
    snprintf(folder, sizeof folder, "w%d", ++count);
    mkdir(scratch_path(folder), 0700);
    bool weighted = weights->name;
    for (; weights->name; weights++) {
        snprintf(file, sizeof file, "%s/%s.npy", folder, weights->name);
        write_array(scratch_path(file), weights);
    }
    write_array(scratch_path("x.npy"), x);
    int n = snprintf(text, sizeof text, "rayinterp: 1\n%s%s\ninput: {name: x, shape: %s}\nlayers:\n%s",
                     weighted ? "weights: " : "# ", folder, shape, layers);
    snprintf(file, sizeof file, "%s.yaml", folder);
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, scratch_write(file, text, (size_t)n), RAY_WEIGHTS_FILE, scratch_path("x.npy"));
    return e;
}

/* Runs ebp (or its contrastive kind) for a target with one setting or NULL, and compares the signal at
 * an activation. */
static void check_signal(explaining *e, const char *row, int64_t target, const char *setting,
                         const char *layer, const float *expected, int n)
{
    e->request.targets = &target;
    e->request.n_targets = 1;
    e->request.settings = &setting;
    e->request.n_settings = setting != NULL;
    e->request.probes = &layer;
    e->request.n_probes = 1;
    explaining_map(e, "ebp");
    const ray_tensor *signal = &e->result->maps[0].probes[0].signal;
    CHECK_CASE(ray_tensor_size(signal) == n, "%s: %d numbers", row, (int)ray_tensor_size(signal));
    for (int i = 0; i < n && i < ray_tensor_size(signal); i++)
        CHECK_CASE(fabsf(signal->data[i] - expected[i]) < 1e-6f, "%s: number %d is %.7g, not %.7g", row, i,
                   (double)signal->data[i], (double)expected[i]);
}

typedef struct share { const char *row; int64_t target; const char *setting, *layer; float signal[4]; int n; } share;

static void check_shares(explaining *e, const share *shares, int n)
{
    for (int i = 0; i < n; i++)
        check_signal(e, shares[i].row, shares[i].target, shares[i].setting, shares[i].layer, shares[i].signal,
                     shares[i].n);
}

/* ---- bias ---- */

/* A class excited by 1 and 2 and a bias of 1; one by 3 alone, its bias negative. */
static void a_bias_takes_its_share(void)
{
    static const array weights[] = {
        { "fc.weight", 2, { 2, 2 }, { 1, 2, 3, -1 } }, { "fc.bias", 1, { 2 }, { 1, -2 } }, { 0 }
    };
    static const array x = { "x", 2, { 1, 2 }, { 1, 1 } };
    static const share shares[] = {
        { "drop", 0, NULL, "x", { 1 / 3.f, 2 / 3.f }, 2 },
        { "keep: the sum is 3/4", 0, "bias=keep", "x", { 1 / 4.f, 2 / 4.f }, 2 },
        { "keep: a negative bias has no share", 1, "bias=keep", "x", { 1, 0 }, 2 },
    };
    explaining e = open_small("  - {name: fc, type: linear, out_features: 2}\n", "[2]", weights, &x);
    check_shares(&e, shares, COUNT(shares));
    check_text("bias", e.heard.text, "");
    explaining_close(&e);
}

/* The class has w = (1, -2) and b = -1.  What speaks for it: (1, 0).  Negated it is excited by 2, and by
 * the bias with 1: q is (0, 1), or with its share kept (0, 2/3). */
static void a_negated_bias_takes_its_share(void)
{
    static const array weights[] = { { "fc.weight", 2, { 1, 2 }, { 1, -2 } }, { "fc.bias", 1, { 1 }, { -1 } }, { 0 } };
    static const array x = { "x", 2, { 1, 2 }, { 1, 1 } };
    static const struct { const char *setting; double sum; } cases[] = { { "bias=drop", 0 }, { "bias=keep", 1 / 3. } };
    explaining e = open_small("  - {name: relu, type: relu}\n  - {name: fc, type: linear, out_features: 1}\n", "[2]",
                              weights, &x);
    for (int i = 0; i < COUNT(cases); i++) {
        const char *settings[] = { "contrast_layer=relu", cases[i].setting };
        e.request.layer = "relu";
        e.request.settings = settings;
        e.request.n_settings = 2;
        double sum = tensor_sum(explaining_map(&e, "contrastive_ebp"));
        CHECK_CASE(fabs(sum - cases[i].sum) < 1e-6, "%s: %.7g", cases[i].setting, sum);
    }
    explaining_close(&e);
}

/* ---- skip ---- */

/* x = (1, 2); deep = (3, 2) from weights; the sum is (4, 4). */
static const array skip_weights[] = {
    { "deep.weight", 2, { 2, 2 }, { 1, 1, 2, 0 } }, { "fc.weight", 2, { 1, 2 }, { 1, 3 } }, { 0 }
};
static const array skip_x = { "x", 2, { 1, 2 }, { 1, 2 } };
#define SKIP_LAYERS(from) \
    "  - {name: deep, type: linear, out_features: 2, bias: false}\n" \
    "  - {name: sum, type: add, from: " from "}\n" \
    "  - {name: fc, type: linear, out_features: 1, bias: false}\n"

static void a_sum_splits_or_ignores_what_skips(void)
{
    static const char *const orders[] = { SKIP_LAYERS("[deep, x]"), SKIP_LAYERS("[x, deep]") };
    static const share shares[] = {
        { "at the sum", 0, NULL, "sum", { 1 / 4.f, 3 / 4.f }, 2 },
        { "split: the deep branch", 0, NULL, "deep", { 3 / 16.f, 6 / 16.f }, 2 },
        { "split: the input", 0, NULL, "x", { 1 / 16.f + 1 / 16.f + 6 / 16.f, 6 / 16.f + 2 / 16.f }, 2 },
        { "ignore: the deep branch", 0, "skip=ignore", "deep", { 1 / 4.f, 3 / 4.f }, 2 },
        { "ignore: the input", 0, "skip=ignore", "x", { 1 / 12.f + 9 / 12.f, 2 / 12.f }, 2 },
    };
    for (int i = 0; i < COUNT(orders); i++) {
        explaining e = open_small(orders[i], "[2]", skip_weights, &skip_x);
        check_shares(&e, shares, COUNT(shares));
        check_text("skip", e.heard.text, "");
        explaining_close(&e);
    }
}

/* Two branches of the same depth: none of them skips anything. */
static void branches_of_one_depth_share(void)
{
    static const array weights[] = {
        { "a.weight", 2, { 1, 2 }, { 1, 0 } }, { "b.weight", 2, { 1, 2 }, { 0, 3 } }, { 0 }
    };
    static const array x = { "x", 2, { 1, 2 }, { 1, 1 } };
    static const share shares[] = { { "tie", 0, "skip=ignore", "x", { 1 / 4.f, 3 / 4.f }, 2 } };
    explaining e = open_small("  - {name: a, type: linear, out_features: 1, bias: false}\n"
                              "  - {name: b, type: linear, from: x, out_features: 1, bias: false}\n"
                              "  - {name: sum, type: add, from: [a, b]}\n", "[2]", weights, &x);
    check_shares(&e, shares, COUNT(shares));
    explaining_close(&e);
}

/* Where every sum has a way through its layers, all of the signal arrives. */
static void ignoring_conserves_the_sum(void)
{
    static const char *const settings[] = { "skip=ignore" }, *const probes[] = { "all" };
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path("tests/fixtures/residual/graph.yaml"), RAY_WEIGHTS_FILE, NULL);
    e.request.settings = settings;
    e.request.n_settings = 1;
    e.request.probes = probes;
    e.request.n_probes = 1;
    explaining_map(&e, "ebp");
    for (int i = 0; i < e.result->maps[0].n_probes; i++) {
        const ray_probe *probe = &e.result->maps[0].probes[i];
        bool whole = !strcmp(probe->layer, "layer2.0.add") || !strcmp(probe->layer, "layer1.0.add")
                     || !strcmp(probe->layer, "layer2.0.bn2") || !strcmp(probe->layer, "layer1.0.bn2");
        double sum = probe->signal.data ? tensor_sum(&probe->signal) : 0;
        CHECK_CASE(!whole || fabs(sum - 1) < 1e-5, "the sum at %s is %.8f", probe->layer, sum);
    }
    explaining_close(&e);
}

/* ---- norm ---- */

/* Channel 0 is negated by its norm (scale -1, shift 0), channel 1 is not (scale 2, shift 3). */
#define NORM_ARRAYS(rank, ...) \
    { "conv.weight", rank, __VA_ARGS__ }, { "conv.bias", 1, { 2 }, { -1, 1 } }, \
    { "bn.weight", 1, { 2 }, { -1, 2 } }, { "bn.bias", 1, { 2 }, { 0, 3 } }, \
    { "bn.running_mean", 1, { 2 }, { 0, 0 } }, { "bn.running_var", 1, { 2 }, { 1, 1 } }
#define NORM_TAIL "  - {name: bn, type: batch_norm1d, eps: 0}\n  - {name: relu, type: relu}\n" \
                  "  - {name: flat, type: flatten}\n"

/* y0 = x0 - 2 x1 - 1, y1 = -x0 + x1 + 1.  Alone y0 is excited by x0, folded by x1. */
static const share norm_shares[] = {
    { "pass", 0, NULL, "x", { 1, 0 }, 2 },
    { "fold", 0, "norm=fold", "x", { 0, 1 }, 2 },
    { "fold: the other class", 1, "norm=fold", "x", { 0, 1 }, 2 },
};

static void check_fold(const char *layers, const array *weights)
{
    static const array x = { "x", 3, { 1, 2, 1 }, { 1, 1 } };
    explaining e = open_small(layers, "[2, 1]", weights, &x);
    check_shares(&e, norm_shares, COUNT(norm_shares));
    CHECK_CASE(strstr(e.heard.text, "note: ebp: norm=fold: 1 times"), "found: %s", e.heard.text);
    double change = explaining_finding(&e, "fold_change")->v[0];
    CHECK_CASE(change >= 0 && change < 1e-6, "the outputs change by %g", change);
    explaining_close(&e);
}

static void a_norm_is_folded_into_what_is_before_it(void)
{
    static const array plain[] = { NORM_ARRAYS(3, { 2, 2, 1 }, { 1, -2, -1, 1 }), { 0 } };
    static const array transposed[] = { NORM_ARRAYS(3, { 2, 2, 1 }, { 1, -1, -2, 1 }), { 0 } };
    check_fold("  - {name: conv, type: conv1d, out_channels: 2, kernel_size: 1}\n" NORM_TAIL, plain);
    check_fold("  - {name: conv, type: conv_transpose1d, out_channels: 2, kernel_size: 1}\n" NORM_TAIL, transposed);
}

/* In two groups each class sees one channel: y0 = -x0, y1 = x1; folded y0 is x0. */
static void a_norm_is_folded_into_groups(void)
{
    static const char *const types[] = { "conv1d", "conv_transpose1d" };
    static const array weights[] = { NORM_ARRAYS(3, { 2, 1, 1 }, { -1, 1 }), { 0 } };
    static const array x = { "x", 3, { 1, 2, 1 }, { 1, 1 } };
    static const share shares[] = {
        { "pass", 0, NULL, "x", { 0, 0 }, 2 },
        { "fold", 0, "norm=fold", "x", { 1, 0 }, 2 },
        { "fold: the other group", 1, "norm=fold", "x", { 0, 1 }, 2 },
    };
    for (int i = 0; i < COUNT(types); i++) {
        char layers[512];
        snprintf(layers, sizeof layers, "  - {name: conv, type: %s, out_channels: 2, kernel_size: 1, groups: 2}\n"
                 NORM_TAIL, types[i]);
        explaining e = open_small(layers, "[2, 1]", weights, &x);
        check_shares(&e, shares, COUNT(shares));
        explaining_close(&e);
    }
}

/* Class 1: w = 2 (-1, 1), b = 2 * 1 + 3 = 5: of 2 + 5 the bias has 5.  Class 0: w = (-1, 2), b = 1. */
static void a_folded_bias_takes_its_share(void)
{
    static const char *const settings[] = { "norm=fold", "bias=keep" };
    static const float shares[][2] = { { 0, 2 / 3.f }, { 0, 2 / 7.f } };
    static const array weights[] = { NORM_ARRAYS(3, { 2, 2, 1 }, { 1, -2, -1, 1 }), { 0 } };
    static const array x = { "x", 3, { 1, 2, 1 }, { 1, 1 } };
    explaining e = open_small("  - {name: conv, type: conv1d, out_channels: 2, kernel_size: 1}\n" NORM_TAIL, "[2, 1]",
                              weights, &x);
    e.request.settings = settings;
    e.request.n_settings = 2;
    for (int64_t target = 0; target < 2; target++) {
        e.request.targets = &target;
        e.request.n_targets = 1;
        double sum = tensor_sum(explaining_map(&e, "ebp"));
        CHECK_CASE(fabs(sum - (double)shares[target][1]) < 1e-6, "class %d: %.7g", (int)target, sum);
    }
    explaining_close(&e);
}

/* A norm behind no linear layer, one whose layer others read as well. */
static void what_cannot_be_folded_is_said(void)
{
    static const char *const settings[] = { "norm=fold" };
    static const char layers[] =
        "  - {name: first, type: batch_norm2d}\n"
        "  - {name: conv, type: conv2d, out_channels: 2, kernel_size: 1}\n"
        "  - {name: second, type: batch_norm2d}\n"
        "  - {name: sum, type: add, from: [second, conv]}\n"
        "  - {name: relu, type: relu}\n"
        "  - {name: pool, type: adaptive_avg_pool2d, output_size: 1}\n"
        "  - {name: flat, type: flatten}\n";
    char text[1024];
    explaining e = { 0 };
    int n = snprintf(text, sizeof text, "rayinterp: 1\ninput: {shape: [2, 4, 4]}\nlayers:\n%s", layers);
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, scratch_write("unfolded.yaml", text, (size_t)n), RAY_WEIGHTS_RANDOM, NULL);
    e.request.settings = settings;
    e.request.n_settings = 1;
    explaining_map(&e, "ebp");
    CHECK_CASE(strstr(e.heard.text, "ebp: norm=fold finds no convolution or fully connected layer before these that "
                      "it could fold them into; the signal passes: batch_norm2d \"second\", batch_norm2d \"first\""),
               "found: %s", e.heard.text);
    explaining_close(&e);
}

/* ---- Numbers that all but cancel ---- */

/* p / y is beyond float32 where y is 2e-40. */
static void what_overflows_is_left_out_and_said(void)
{
    static const array weights[] = { { 0 } };
    static const array x = { "x", 2, { 1, 2 }, { 1e-40f, 1 } };
    static const share shares[] = {
        { "overflow", 0, NULL, "x", { 0, 0 }, 2 }, { "beside it", 1, NULL, "x", { 0, 1 }, 2 },
    };
    explaining e = open_small("  - {name: sum, type: add, from: [x, x]}\n", "[2]", weights, &x);
    check_signal(&e, "overflow", 0, NULL, "x", shares[0].signal, 2);
    check_text("overflow", e.heard.text, "warning: ebp: overflows at these layers, where numbers of both signs all but "
               "cancel; what is beyond 1e30 is left out: add \"sum\"");
    check_signal(&e, "beside it", 1, NULL, "x", shares[1].signal, 2);
    explaining_close(&e);
}

/* ---- Layers without a rule ---- */

/* A block of attention: every method gives finite maps and names what its rule was not made for. */
static const char attention[] =
    "rayinterp: 1\n"
    "input: {shape: [4, 6]}\n"
    "layers:\n"
    "  - {name: norm, type: layer_norm, normalized_shape: 6}\n"
    "  - {name: query, type: linear, out_features: 6}\n"
    "  - {name: key, type: linear, from: norm, out_features: 6}\n"
    "  - {name: value, type: linear, from: norm, out_features: 6}\n"
    "  - {name: scores, type: matmul, from: [query, key], transpose_b: true}\n"
    "  - {name: weights, type: softmax, dim: -1}\n"
    "  - {name: mixed, type: matmul, from: [weights, value]}\n"
    "  - {name: sum, type: add, from: [mixed, input]}\n"
    "  - {name: wide, type: linear, out_features: 8}\n"
    "  - {name: gelu, type: gelu}\n"
    "  - {name: scaled, type: mul, scalar: 0.5}\n"
    "  - {name: mean, type: mean, dim: 1}\n"
    "  - {name: fc, type: linear, out_features: 3}\n";

static void attention_is_finite_and_named(void)
{
    static const struct { const char *method, *settings[4], *said[3]; } cases[] = {
        { "ebp", { NULL }, { "knows nothing about this type of layer", "matmul \"mixed\"", "gelu \"gelu\"" } },
        { "ebp", { "skip=ignore", "norm=fold", "bias=keep" }, { "norm=fold finds no", "layer_norm \"norm\"" } },
        { "contrastive_ebp", { "contrast_layer=wide" }, { "mul \"scaled\"", "softmax \"weights\"" } },
        { "guided_backprop", { NULL }, { "gelu \"gelu\"", "softmax \"weights\"" } },
        { "deconvnet", { NULL }, { "gelu \"gelu\"", "softmax \"weights\"" } },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = { 0 };
        explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
        explaining_open(&e, scratch_write("attention.yaml", attention, sizeof attention - 1), RAY_WEIGHTS_RANDOM, NULL);
        e.request.layer = "input";
        e.request.settings = cases[i].settings;
        for (e.request.n_settings = 0; cases[i].settings[e.request.n_settings];)
            e.request.n_settings++;
        const ray_tensor *map = explaining_map(&e, cases[i].method);
        for (int64_t k = 0; k < ray_tensor_size(map); k++)
            CHECK_CASE(isfinite(map->data[k]), "%s: number %d", cases[i].method, (int)k);
        for (int k = 0; k < 3 && cases[i].said[k]; k++)
            CHECK_CASE(strstr(e.heard.text, cases[i].said[k]), "%s: \"%s\" is not in: %s", cases[i].method,
                       cases[i].said[k], e.heard.text);
        explaining_close(&e);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "a bias takes its share", a_bias_takes_its_share },
        { "a negated bias takes its share", a_negated_bias_takes_its_share },
        { "a sum splits or ignores what skips", a_sum_splits_or_ignores_what_skips },
        { "branches of one depth share", branches_of_one_depth_share },
        { "ignoring conserves the sum", ignoring_conserves_the_sum },
        { "a norm is folded into what is before it", a_norm_is_folded_into_what_is_before_it },
        { "a norm is folded into groups", a_norm_is_folded_into_groups },
        { "a folded bias takes its share", a_folded_bias_takes_its_share },
        { "what cannot be folded is said", what_cannot_be_folded_is_said },
        { "what overflows is left out and said", what_overflows_is_left_out_and_said },
        { "attention is finite and named", attention_is_finite_and_named },
        { NULL, NULL },
    };
    return run_tests("excitation", tests);
}
