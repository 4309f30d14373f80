/* SPDX-License-Identifier: MIT */
/* test_onnx_write.c - drafts as graph files and weights. */
#include "base/memory.h"
#include "check_text.h"
#include "onnx/draft_weights.h"
#include "onnx/reorder.h"
#include "read/description.h"
#include "scratch.h"

/* ---- Numbers in another order ---- */

static const struct order_row {
    int32_t rank, order[4];
    int64_t dim[4];
} orders[] = {
    { 0, { 0 }, { 0 } },
    { 1, { 0 }, { 5 } },
    { 2, { 0, 1 }, { 3, 4 } },
    { 2, { 1, 0 }, { 3, 4 } },
    { 2, { 1, 0 }, { 1, 4 } },
    { 2, { 1, 0 }, { 37, 53 } },
    { 2, { 1, 0 }, { 0, 4 } },
    { 3, { 2, 1, 0 }, { 3, 4, 5 } },
    { 3, { 1, 2, 0 }, { 3, 4, 5 } },
    { 3, { 0, 2, 1 }, { 3, 17, 33 } },
    { 3, { 1, 0, 2 }, { 3, 4, 5 } },
    { 4, { 3, 2, 0, 1 }, { 3, 2, 5, 7 } },
    { 4, { 0, 3, 1, 2 }, { 2, 3, 4, 5 } },
    { 4, { 2, 0, 3, 1 }, { 1, 6, 1, 4 } },
    { 4, { 1, 3, 0, 2 }, { 2, 3, 4, 5 } },
    { 2, { 1, 0 }, { 3000, 3001 } },       /* more than one slab */
    { 1, { 0 }, { 600000 } },              /* more than one piece */
};

typedef struct collected { float *v; size_t n, most; } collected;

static int collect(void *context, const float *numbers, size_t n)
{
    collected *all = context;
    CU_ASSERT_FATAL(all->n + n <= all->most);
    memcpy(all->v + all->n, numbers, n * sizeof *numbers);
    all->n += n;
    return 0;
}

/* Where number i of what is written lies in the source. */
static int64_t source_index(const struct order_row *row, int64_t i)
{
    int64_t at[4], index = 0;
    for (int32_t k = row->rank - 1; k >= 0; k--) {
        int64_t size = row->dim[row->order[k]];
        at[row->order[k]] = i % size;
        i /= size;
    }
    for (int32_t k = 0; k < row->rank; k++)
        index = index * row->dim[k] + at[k];
    return index;
}

static ray_onnx_tensor row_tensor(const struct order_row *row, int32_t type)
{
    ray_onnx_tensor t = { .name = "t", .type = type, .rank = row->rank, .n = 1 };
    for (int32_t k = 0; k < row->rank; k++) {
        t.dim[k] = row->dim[k];
        t.n *= row->dim[k];
    }
    return t;
}

/* bytes: t.n numbers, of which number i is i modulo 256, at an odd address. */
static void fill_numbers(unsigned char *bytes, const ray_onnx_tensor *t)
{
    for (int64_t i = 0; i < t->n; i++) {
        float single = (float)(i % 256);
        double wide = (double)(i % 256);
        unsigned char small = (unsigned char)(i % 256);
        if (t->type == RAY_ONNX_FLOAT)
            memcpy(bytes + i * 4, &single, 4);
        else if (t->type == RAY_ONNX_DOUBLE)
            memcpy(bytes + i * 8, &wide, 8);
        else
            bytes[i] = small;
    }
}

static void check_order(int index, int32_t type)
{
    const struct order_row *row = &orders[index];
    ray_onnx_tensor t = row_tensor(row, type);
    ray_draft_tensor tensor = { .name = "t", .from = &t };
    unsigned char *bytes = malloc((size_t)t.n * 8 + 1);
    collected all = { malloc((size_t)t.n * sizeof(float) + 1), 0, (size_t)t.n };
    CU_ASSERT_FATAL(bytes != NULL && all.v != NULL);
    memcpy(tensor.order, row->order, sizeof row->order);
    t.data = bytes + 1;
    fill_numbers(bytes + 1, &t);
    ray_reorder r = ray_reorder_make(&tensor, NULL);
    CU_ASSERT_EQUAL(ray_reorder_each(&r, collect, &all, NULL), 0);
    CHECK_CASE(all.n == all.most, "order %d: %d numbers", index, (int)all.n);
    int64_t wrong = 0;
    for (int64_t i = 0; i < t.n; i++)
        wrong += all.v[i] != (float)(source_index(row, i) % 256);
    CHECK_CASE(wrong == 0, "order %d, type %d: %d numbers are wrong", index, type, (int)wrong);
    free(bytes);
    free(all.v);
}

static void numbers_are_put_in_order(void)
{
    static const int32_t types[] = { RAY_ONNX_FLOAT, RAY_ONNX_DOUBLE, RAY_ONNX_UINT8 };
    for (int i = 0; i < COUNT(orders); i++)
        for (int k = 0; k < COUNT(types); k++)
            check_order(i, types[k]);
}

/* ---- A draft made by hand ---- */

static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };
static const ray_onnx_tensor matrix = { "m", RAY_ONNX_FLOAT, 2, { 2, 3 }, 6, numbers };
static const char *from_input[] = { "input" }, *from_two[] = { "layer1.0.conv", "input" };
static const char *from_odd[] = { "layer1.0.add" };
static ray_draft_param renamed[] = { { "weight", "shared weight" }, { "bias", "b" } };

static ray_draft_tensor tensors[] = {
    { "plain", &matrix, { 0, 1 }, { 2, { 2, 3 } } },
    { "turned \"over\"", &matrix, { 1, 0 }, { 3, { 3, 1, 2 } } },
    { "flat", &matrix, { 0, 1 }, { 1, { 6 } } },
};

static ray_draft_layer layers[] = {
    { "conv1", "conv2d", from_input, 1, "out_channels: 8, kernel_size: 3", NULL, 0, { 0 } },
    { "relu", "relu", (const char *[]){ "conv1" }, 1, "", NULL, 0, { 0 } },
    { "layer1.0.conv", "conv2d", from_input, 1, "", renamed, 2, { 0 } },
    { "layer1.0.add", "add", from_two, 2, NULL, NULL, 0, { 0 } },
    { "layer1.1.conv", "identity", from_odd, 1, "", NULL, 0, { 0 } },
    { "features.0", "identity", from_odd, 1, "", NULL, 0, { 0 } },
    { "features.10", "identity", (const char *[]){ "features.0" }, 1, "", NULL, 0, { 0 } },
    { "12", "identity", (const char *[]){ "features.10" }, 1, "", NULL, 0, { 0 } },
    { "a: b", "identity", (const char *[]){ "12" }, 1, "", NULL, 0, { 0 } },
    { "true", "identity", (const char *[]){ "a: b" }, 1, "", NULL, 0, { 0 } },
    { "q\"\\é", "identity", (const char *[]){ "true" }, 1, "", NULL, 0, { 0 } },
};

static ray_draft hand_made(void)
{
    return (ray_draft){ .name = "hand made", .input = "input", .output = "q\"\\é",
        .shape = { 3, { 3, 8, 8 } }, .layers = layers, .n_layers = COUNT(layers),
        .tensors = tensors, .n_tensors = COUNT(tensors), .notes = (char *)"one\ntwo\tthree" };
}

static const char expected_yaml[] =
    "# one\n"
    "# two?three\n"
    "# A model does not say how pictures become its input: resize, crop, mean and std of `input` are for you "
    "to add.\n"
    "rayinterp: 1\n"
    "name: \"hand made\"\n"
    "weights: w.safetensors\n"
    "input:\n"
    "  name: input\n"
    "  shape: [3, 8, 8]\n"
    "layers:\n"
    "  - {name: conv1, type: conv2d, out_channels: 8, kernel_size: 3}\n"
    "  - {name: relu, type: relu}\n"
    "\n"
    "  - {name: layer1.0.conv, type: conv2d, from: input, params: {weight: \"shared weight\", bias: b}}\n"
    "  - {name: layer1.0.add, type: add, from: [layer1.0.conv, input]}\n"
    "\n"
    "  - {name: layer1.1.conv, type: identity}\n"
    "\n"
    "  - {name: features.0, type: identity, from: layer1.0.add}\n"
    "  - {name: features.10, type: identity}\n"
    "\n"
    "  - {name: \"12\", type: identity}\n"
    "  - {name: \"a: b\", type: identity}\n"
    "  - {name: \"true\", type: identity}\n"
    "  - {name: \"q\\\"\\\\é\", type: identity}\n"
    "output: \"q\\\"\\\\é\"\n";

static void a_draft_becomes_readable_text(void)
{
    ray_draft draft = hand_made();
    char *text = ray_draft_yaml(&draft, "w.safetensors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    check_text("yaml", text, expected_yaml);
    free(text);
}

/* What is read back is what was drafted, names with odd characters included. */
static void the_text_is_read_back(void)
{
    ray_draft draft = hand_made();
    ray_description d;
    ray_error error = { "" };
    char *text = ray_draft_yaml(&draft, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    int failed = ray_description_parse(&d, "model.onnx", text, strlen(text), &error);
    check_text("parse", error.text, "");
    free(text);
    if (failed)
        return;
    check_text("name", d.name.text, draft.name);
    CU_ASSERT_PTR_NULL(d.weights.text);
    CU_ASSERT_EQUAL(d.n_layers, COUNT(layers));
    for (int32_t i = 0; i < d.n_layers; i++) {
        check_text("layer", d.layers[i].name.text, layers[i].name);
        check_text("type", d.layers[i].type.text, layers[i].type);
    }
    ray_description_free(&d);
}

/* ---- Weights ---- */

static void check_weights(ray_weights *weights)
{
    static const float turned[6] = { 1, 4, 2, 5, 3, 6 };
    CU_ASSERT_EQUAL(ray_weights_count(weights), COUNT(tensors));
    for (int i = 0; i < COUNT(tensors); i++) {
        ray_tensor t;
        ray_error error = { "" };
        int at = ray_weights_find(weights, tensors[i].name);
        CHECK_CASE(at >= 0, "%s is missing", tensors[i].name);
        CU_ASSERT_EQUAL_FATAL(ray_weights_take(weights, at, &t, &error), 0);
        CHECK_CASE(t.rank == tensors[i].shape.rank
                   && !memcmp(t.dim, tensors[i].shape.dim, (size_t)t.rank * sizeof *t.dim),
                   "%s: its shape", tensors[i].name);
        CHECK_CASE(!memcmp(t.data, i == 1 ? turned : numbers, sizeof numbers), "%s: its numbers",
                   tensors[i].name);
    }
}

static void weights_are_written(void)
{
    ray_draft draft = hand_made();
    ray_weights *weights = NULL;
    ray_error error = { "" };
    const char *path = scratch_path("w.safetensors");
    int failed = ray_draft_save_weights(&draft, path, &error)
                 || ray_weights_open(&weights, path, &error);
    check_text("weights", error.text, "");
    CU_ASSERT_FATAL(!failed);
    check_weights(weights);
    ray_weights_close(weights);
}

static void weights_are_used_without_a_file(void)
{
    ray_draft draft = hand_made();
    ray_weights *weights;
    ray_error error = { "" };
    int failed = ray_draft_open_weights(&weights, &draft, "model.onnx", &error);
    check_text("weights", error.text, "");
    CU_ASSERT_FATAL(!failed);
    check_weights(weights);
    check_text("path", ray_weights_path(weights), "model.onnx");
    ray_weights_close(weights);
}

static void bad_drafts_are_refused(void)
{
    static const struct { const char *name, *message; } rows[] = {
        { "plain", ": two tensors are named \"plain\"" },
        { "\xff", ": tensor \"?\": its name is not UTF-8, or memory is short" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_draft_tensor two[2] = { tensors[0], tensors[0] };
        ray_draft draft = hand_made();
        ray_error error = { "" };
        char expected[300];
        const char *path = scratch_path("bad.safetensors");
        two[1].name = rows[i].name;
        draft.tensors = two;
        draft.n_tensors = 2;
        snprintf(expected, sizeof expected, "%s%s", path, rows[i].message);
        CU_ASSERT_NOT_EQUAL(ray_draft_save_weights(&draft, path, &error), 0);
        check_text(rows[i].name, error.text, expected);
        CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "numbers are put in order", numbers_are_put_in_order },
        { "a draft becomes readable text", a_draft_becomes_readable_text },
        { "the text is read back", the_text_is_read_back },
        { "weights are written", weights_are_written },
        { "weights are used without a file", weights_are_used_without_a_file },
        { "bad drafts are refused", bad_drafts_are_refused },
        { 0 }
    };
    scratch_path("");
    return run_tests("onnx_write", tests);
}
