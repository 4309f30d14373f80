/* SPDX-License-Identifier: MIT */
/* test_pictures.c - decoding, resizing, cropping and normalising, against PIL and torchvision
 * (tests/fixtures/pictures).  Broken pictures: test_broken_pictures.c. */
#include "check_text.h"
#include "read/preprocess.h"
#include "read/yaml.h"
#include "scratch.h"
#include "write/png.h"

static const char *text_of(const ray_node *test, const char *key)
{
    const ray_node *node = ray_node_find(test, key);
    return node == NULL || node->type != RAY_SCALAR ? "" : node->text;
}

static const char *fixture_path(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fixtures/pictures/%s", name);
    return source_path(path);
}

static ray_numbers numbers_of(const ray_node *test, const char *key)
{
    const ray_node *node = ray_node_find(test, key);
    ray_numbers     list = { .n = node == NULL ? 0 : node->n };
    for (int32_t i = 0; i < list.n; i++)
        list.v[i] = atof(node->values[i]->text);
    return list;
}

/* The case's keys as a graph's input; where there is a crop it is to the shape. */
static ray_input_description describe(const ray_node *test)
{
    const ray_node *shape = ray_node_find(test, "shape");
    ray_input_description input = { .resize = atoi(text_of(test, "resize")),
                                    .crop.n = ray_node_find(test, "crop") != NULL,
                                    .mean = numbers_of(test, "mean"),
                                    .std = numbers_of(test, "std") };
    input.shape.n = shape->n;
    for (int32_t i = 0; i < shape->n; i++)
        input.shape.v[i] = atoi(shape->values[i]->text);
    return input;
}

/* The picture as it is after decoding, resizing and cropping. */
static int read_shown(const ray_node *test, const ray_input_description *input,
                      ray_picture *picture, ray_error *error)
{
    bool crop = ray_node_find(test, "crop") != NULL;
    if (ray_picture_read(picture, fixture_path(text_of(test, "picture")),
                         (int32_t)input->shape.v[0], error) != 0 ||
        (input->resize > 0 && ray_picture_resize(picture, input->resize, error) != 0))
        return -1;
    return crop ? ray_picture_crop(picture, input->shape.v[1], input->shape.v[2], error) : 0;
}

static void check_values(const char *name, const ray_tensor *found, const ray_tensor *expected,
                         double tolerance)
{
    double  worst = 0;
    int64_t n = found->dim[1] * found->dim[2] * found->dim[3];
    if (expected->rank != 3 || memcmp(expected->dim, found->dim + 1, 3 * sizeof(int64_t)) != 0) {
        CHECK_CASE(false, "%s: another shape", name);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)found->data[i] - (double)expected->data[i]));
    CHECK_CASE(worst <= tolerance, "%s: differs by %g (%g is allowed)", name, worst, tolerance);
}

/* Preprocessing undone is the picture that was shown to the network, to the last bit. */
static void check_undo(const char *name, const ray_input_description *input,
                       const ray_tensor *tensor, const ray_picture *shown)
{
    ray_picture back;
    CU_ASSERT(ray_preprocess_undo(input, tensor, 0, &back, NULL) == 0);
    CHECK_CASE(back.width == shown->width && back.height == shown->height &&
                   memcmp(back.pixels, shown->pixels,
                          (size_t)(back.width * back.height * back.channels)) == 0,
               "%s: undone, it is another picture", name);
    ray_picture_free(&back);
}

static void check_expected(const ray_node *test)
{
    const char *file = text_of(test, "file");
    ray_input_description input = describe(test);
    ray_error   error = { "" };
    ray_tensor  found = { 0 }, expected = { 0 };
    ray_picture shown = { NULL, 0, 0, 0 };
    const char *path = fixture_path(text_of(test, "picture"));
    int failed = read_shown(test, &input, &shown, &error);
    if (failed == 0)
        failed = ray_preprocess(&input, path, &found, &error);
    if (failed == 0)
        failed = ray_npy_read(fixture_path(file), &expected, &error);
    CHECK_CASE(failed == 0, "%s: %s", file, error.text);
    if (failed == 0) {
        check_values(file, &found, &expected, atof(text_of(test, "tolerance")));
        check_undo(file, &input, &found, &shown);
    }
    ray_picture_free(&shown);
    ray_tensor_free(&found);
    ray_tensor_free(&expected);
}

static void test_expected(void)
{
    ray_yaml  yaml;
    ray_error error = { "" };
    if (ray_yaml_read(&yaml, fixture_path("expect.yaml"), &error) != 0) {
        CHECK_CASE(false, "%s", error.text);
        return;
    }
    const ray_node *cases = ray_node_find(yaml.root, "cases");
    CU_ASSERT(cases->n >= 60);
    for (int32_t i = 0; i < cases->n; i++)
        check_expected(cases->values[i]);
    ray_yaml_free(&yaml);
}

/* A picture whose pixel (x, y) is 16 y + x in every channel. */
static ray_picture make_picture(int64_t width, int64_t height, int32_t channels)
{
    ray_picture picture;
    CU_ASSERT_FATAL(ray_picture_alloc(&picture, width, height, channels, NULL) == 0);
    for (int64_t i = 0; i < width * height * channels; i++) {
        int64_t at = i / channels;
        picture.pixels[i] = (unsigned char)(16 * (at / width) + at % width);
    }
    return picture;
}

/* Shorter side first; the longer one is cut down to a whole number. */
static void test_sides(void)
{
    static const struct { int64_t width, height, side, to_width, to_height; } rows[] = {
        { 10, 10, 7, 7, 7 }, { 10, 13, 7, 7, 9 },  { 13, 10, 7, 9, 7 },   { 3, 14, 8, 8, 37 },
        { 1, 9, 3, 3, 27 },  { 9, 7, 7, 9, 7 },    { 16, 15, 1, 1, 1 },   { 5, 15, 2, 2, 6 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_picture picture = make_picture(rows[i].width, rows[i].height, 3);
        CU_ASSERT(ray_picture_resize(&picture, rows[i].side, NULL) == 0);
        CHECK_CASE(picture.width == rows[i].to_width && picture.height == rows[i].to_height,
                   "row %d: %d x %d", i, (int)picture.width, (int)picture.height);
        ray_picture_free(&picture);
    }
}

/* Where one line of n pixels is cut or filled up to `to`: the first pixel kept and where it lands.
 * Half a pixel is rounded to the even side. */
static void test_crops(void)
{
    static const struct { int64_t n, to, source, target; } rows[] = {
        { 9, 9, 0, 0 }, { 9, 8, 0, 0 }, { 9, 6, 2, 0 }, { 9, 4, 2, 0 }, { 9, 2, 4, 0 },
        { 9, 7, 1, 0 }, { 9, 1, 4, 0 }, { 2, 3, 0, 0 }, { 2, 4, 0, 1 }, { 2, 7, 0, 2 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_picture picture = make_picture(rows[i].n, 1, 1);
        for (int64_t x = 0; x < rows[i].n; x++)
            picture.pixels[x]++;
        CU_ASSERT(ray_picture_crop(&picture, 1, rows[i].to, NULL) == 0);
        for (int64_t x = 0; x < rows[i].to; x++) {
            int64_t source = x - rows[i].target + rows[i].source;
            int     wanted = x >= rows[i].target && source < rows[i].n ? (int)source + 1 : 0;
            CHECK_CASE(picture.pixels[x] == wanted, "row %d, pixel %d: %d in place of %d", i,
                       (int)x, picture.pixels[x], wanted);
        }
        ray_picture_free(&picture);
    }
}

static void test_refused_sizes(void)
{
    static const struct { int64_t side, crop; const char *message; } rows[] = {
        { 0, 0, "the shorter side cannot become 0 pixels long" },
        { INT64_MAX, 0, "the shorter side cannot become 9223372036854775807 pixels long" },
        { 100000, 0, "133333 x 100000 pixels are too many; at most 268435456" },
        { 0, 100000, "100000 x 100000 pixels are too many; at most 268435456" },
        { 0, -1, "-1 x -1 is no size for a picture" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_picture picture = make_picture(4, 3, 1);
        ray_error   error = { "" };
        int failed = rows[i].crop != 0
                         ? ray_picture_crop(&picture, rows[i].crop, rows[i].crop, &error)
                         : ray_picture_resize(&picture, rows[i].side, &error);
        CU_ASSERT(failed != 0);
        check_text("size", error.text, rows[i].message);
        ray_picture_free(&picture);
    }
}

static ray_input_description make_input(int32_t rank, int64_t channels, int64_t height,
                                        int64_t width, int64_t resize)
{
    return (ray_input_description){ .shape = { rank, { channels, height, width } },
                                    .resize = resize };
}

/* rgb.png is 37 x 29. */
static void test_unfitting(void)
{
    const struct {
        ray_input_description input;
        const char *message;
    } rows[] = {
        { make_input(3, 3, 24, 24, 0),
          "37 x 29 pixels; the network takes 24 x 24: `resize: 24` and `crop: 24` under input "
          "would fit" },
        { make_input(3, 1, 24, 24, 26), "33 x 26 pixels after resize; the network takes 24 x 24: "
                                        "`resize: 26` and `crop: 24` under input would fit" },
        { make_input(3, 3, 20, 24, 0),
          "37 x 29 pixels; the network takes 24 x 20: `resize: 20` and `crop: [20, 24]` under input "
          "would fit" },
        { make_input(3, 4, 29, 37, 0),
          "a picture is 1 or 3 x height x width; this network's input is not: give a .npy" },
        { make_input(1, 3, 0, 0, 0),
          "a picture is 1 or 3 x height x width; this network's input is not: give a .npy" },
        { make_input(3, 3, 24, 24, 20000), "25517 x 20000 pixels are too many; at most 268435456" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_error  error = { "" };
        ray_tensor out;
        char       expected[4096];
        snprintf(expected, sizeof expected, "%s: %s", fixture_path("rgb.png"), rows[i].message);
        CU_ASSERT(ray_preprocess(&rows[i].input, fixture_path("rgb.png"), &out, &error) != 0);
        check_text("unfitting", error.text, expected);
        CU_ASSERT(out.data == NULL);
    }
}

/* What a network was given can be anything: it is clamped to what a pixel can be. */
static void test_undo_clamps(void)
{
    static const struct { float value; int pixel; } rows[] = {
        { 0, 128 }, { 1, 255 }, { -1, 0 }, { 1e30f, 255 }, { -INFINITY, 0 }, { INFINITY, 255 },
        { NAN, 0 }, { 0.25f, 191 },
    };
    ray_input_description input = make_input(3, 1, 1, 1, 0);
    input.mean = (ray_numbers){ 1, { 0.5 } };
    input.std = (ray_numbers){ 1, { 1.0 } };
    for (int i = 0; i < COUNT(rows); i++) {
        RAY_REAL    value = rows[i].value;
        ray_tensor  batch = { &value, { 1, 1, 1, 1 }, 4 };
        ray_picture picture;
        CU_ASSERT(ray_preprocess_undo(&input, &batch, 0, &picture, NULL) == 0);
        CHECK_CASE(picture.pixels[0] == rows[i].pixel, "row %d: %d", i, picture.pixels[0]);
        ray_picture_free(&picture);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "expected", test_expected },   { "sides", test_sides },
        { "crops", test_crops },         { "refused sizes", test_refused_sizes },
        { "unfitting", test_unfitting }, { "undo clamps", test_undo_clamps },
        { NULL, NULL },
    };
    return run_tests("pictures", tests);
}
