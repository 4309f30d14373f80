/* SPDX-License-Identifier: MIT */
/* test_figure.c - what is written: PNG, .npy, and the figure with its colours, numbers and text. */
#include "base/memory.h"
#include "check_text.h"
#include "drawing.h"
#include "write/canvas.h"
#include "write/figure.h"
#include "write/font.h"
#include "write/png.h"
#include "write/scale.h"

/* ---- Arrays ---- */

/* Files that numpy.save made, read and written again, are the same bytes. */
static void test_npy_bytes(void)
{
    static const char *const files[] = {
        "tests/fixtures/maps/small.npy", "tests/fixtures/maps/wide_nearest_9x26.npy",
        "tests/fixtures/pictures/rgb_png.npy", "tests/fixtures/vector/input.npy",
    };
    for (int i = 0; i < COUNT(files); i++) {
        ray_error  error = { "" };
        ray_tensor tensor = { 0 };
        int failed = ray_npy_read(source_path(files[i]), &tensor, &error);
        failed = failed || ray_npy_write(scratch_path("again.npy"), &tensor, &error);
        CHECK_CASE(!failed, "%s: %s", files[i], error.text);
        CHECK_CASE(!failed && same_files(source_path(files[i]), scratch_path("again.npy")),
                   "%s: written again it is another file", files[i]);
        ray_tensor_free(&tensor);
    }
}

/* NumPy leaves room for a longer first dimension, then fills up to the next multiple of 64 bytes:
 * the last row would be at one without. */
static void test_npy_header(void)
{
    static const struct {
        ray_tensor shape;
        size_t size;
        const char *text;
    } rows[] = {
        { { NULL, { 0 }, 0 }, 128, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }" },
        { { NULL, { 3 }, 1 }, 128, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }" },
        { { NULL, { 2, 1 }, 2 }, 128,
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }" },
        { { NULL, { 1, 10, 1, 1, 1, 1, 10, 10 }, 8 }, 128,
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 10, 1, 1, 1, 1, 10, 10), }" },
        { { NULL, { 0, 10, 1000, 1000, 1000, 1000, 1000, 1000 }, 8 }, 128,
          "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 10, 1000, 1000, 1000, 1000, 1000, "
          "1000), }" },
        { { NULL, { 0, 100, 1000, 1000, 1000, 1000, 1000, 1000 }, 8 }, 192,
          "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 100, 1000, 1000, 1000, 1000, "
          "1000, 1000), }" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_tensor tensor = rows[i].shape;
        size_t     n = 1, size;
        for (int32_t d = 0; d < tensor.rank; d++)
            n *= (size_t)tensor.dim[d];
        tensor.data = ray_alloc(n, sizeof(RAY_REAL));
        CU_ASSERT(ray_npy_write(scratch_path("header.npy"), &tensor, NULL) == 0);
        unsigned char *bytes = file_content(scratch_path("header.npy"), &size);
        CHECK_CASE(size == rows[i].size + 4 * n, "row %d: %zu bytes", i, size);
        CHECK_CASE(memcmp(bytes, "\x93NUMPY\1\0", 8) == 0 &&
                       bytes[8] + 256u * bytes[9] + 10 == rows[i].size &&
                       memcmp(bytes + 10, rows[i].text, strlen(rows[i].text)) == 0 &&
                       bytes[rows[i].size - 1] == '\n', "row %d: %.80s", i, bytes + 10);
        free(bytes);
        ray_tensor_free(&tensor);
    }
}

/* ---- Pictures ---- */

static void test_png_round_trip(void)
{
    static const struct { int64_t width, height; int32_t channels; } rows[] = {
        { 1, 1, 1 }, { 1, 1, 3 }, { 17, 5, 3 }, { 5, 17, 1 }, { 300, 2, 3 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_picture out = make_picture(rows[i].width, rows[i].height, rows[i].channels), in;
        CU_ASSERT(ray_png_write(scratch_path("p.png"), &out, NULL) == 0);
        CU_ASSERT(ray_png_write(scratch_path("q.png"), &out, NULL) == 0);
        CU_ASSERT(same_files(scratch_path("p.png"), scratch_path("q.png")));
        CU_ASSERT_FATAL(ray_picture_read(&in, scratch_path("p.png"), out.channels, NULL) == 0);
        CHECK_CASE(in.width == out.width && in.height == out.height &&
                       memcmp(in.pixels, out.pixels,
                              (size_t)(out.width * out.height * out.channels)) == 0,
                   "row %d: read again it is another picture", i);
        ray_picture_free(&in);
        ray_picture_free(&out);
    }
}

/* Only what a picture needs: no times, no names of programs. */
static void test_png_chunks(void)
{
    ray_picture picture = make_picture(20, 20, 3);
    size_t      n, found = 0;
    CU_ASSERT(ray_png_write(scratch_path("p.png"), &picture, NULL) == 0);
    unsigned char *bytes = file_content(scratch_path("p.png"), &n);
    for (size_t at = 8; at + 12 <= n; found++) {
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        const char *type = (const char *)bytes + at + 4;
        CHECK_CASE(memcmp(type, "IHDR", 4) == 0 || memcmp(type, "IDAT", 4) == 0 ||
                       memcmp(type, "IEND", 4) == 0, "a chunk of type %.4s", type);
        at += length + 12;
    }
    CU_ASSERT(found >= 3);
    free(bytes);
    ray_picture_free(&picture);
}

static void test_unwritable(void)
{
    ray_picture picture = make_picture(2, 2, 3);
    float       value = 0;
    ray_tensor  tensor = { &value, { 1 }, 1 };
    ray_error   error[3] = { { "" }, { "" }, { "" } };
    ray_figure_row row = { picture, &value, 1, 1, NULL };
    CU_ASSERT(ray_png_write("/nonexistent/a.png", &picture, &error[0]) != 0);
    CU_ASSERT(ray_npy_write("/nonexistent/a.npy", &tensor, &error[1]) != 0);
    CU_ASSERT(ray_figure_write("/nonexistent/f.png", "title", &row, 1, &error[2]) != 0);
    check_text("png", error[0].text, "cannot write /nonexistent/a.png: No such file or directory");
    check_text("npy", error[1].text, "cannot write /nonexistent/a.npy: No such file or directory");
    check_text("figure", error[2].text,
               "cannot write /nonexistent/f.png: No such file or directory");
    ray_picture_free(&picture);
}

/* /dev/full stands for a full disk: not a regular file, so it is refused before anything is
 * written. */
static void test_device(void)
{
    ray_picture picture = make_picture(2, 2, 3);
    ray_error   error = { "" };
    CU_ASSERT(ray_png_write("/dev/full", &picture, &error) != 0);
    check_text("device", error.text, "cannot write /dev/full: it is not a regular file");
    ray_picture_free(&picture);
}

/* ---- Colours and numbers ---- */

static double lightness(ray_colour c)
{
    return 0.2126 * pow(c.red / 255.0, 2.2) + 0.7152 * pow(c.green / 255.0, 2.2) +
           0.0722 * pow(c.blue / 255.0, 2.2);
}

/* Dark to bright all the way; with a sign, brightest in the middle and falling to both sides. */
static void test_colours(void)
{
    for (int i = 0; i < 256; i++) {
        double a = i / 256.0, b = (i + 1) / 256.0;
        CU_ASSERT(lightness(ray_colour_at(b, false)) > lightness(ray_colour_at(a, false)) - 2e-3);
        double slope = lightness(ray_colour_at(b, true)) - lightness(ray_colour_at(a, true));
        CU_ASSERT(i < 128 ? slope > -2e-3 : slope < 2e-3);
    }
    CU_ASSERT(lightness(ray_colour_at(1, false)) > 0.7 &&
              lightness(ray_colour_at(0, false)) < 0.01);
    ray_colour cold = ray_colour_at(0, true), warm = ray_colour_at(1, true);
    CU_ASSERT(cold.blue > cold.red + 80 && warm.red > warm.blue + 80);
    ray_colour below = ray_colour_at(-3, false), none = ray_colour_at(NAN, false);
    CU_ASSERT(memcmp(&below, &none, sizeof none) == 0);
}

static void test_numbers(void)
{
    static const struct { double value; const char *text; } rows[] = {
        { 0, "0" }, { 1, "1" }, { -1, "-1" }, { 0.25, "0.25" }, { 0.1 + 0.2, "0.3" }, { 10, "10" },
        { 100, "100" }, { 99.96, "100" }, { 12.345, "12.3" }, { 1234, "1234" }, { 25000, "25000" },
        { 99999, "1e5" }, { 250000, "2.5e5" }, { 0.001, "0.001" }, { -0.00123, "-0.00123" },
        { 0.000999, "9.99e-4" }, { 0.0009999, "0.001" }, { 2.5e-7, "2.5e-7" },
        { -1e-38, "-1e-38" }, { 3.4e38, "3.4e38" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char text[RAY_NUMBER_SIZE];
        check_text("number", ray_number_text(rows[i].value, text), rows[i].text);
    }
}

static void test_ticks(void)
{
    static const struct { double most; bool is_signed; const char *ticks; double start; } rows[] = {
        { 1, false, "0 0.25 0.5 0.75 1" },     { 0.93, false, "0 0.2 0.4 0.6 0.8" },
        { 0.0115, false, "0 0.0025 0.005 0.0075 0.01" }, { 3e-7, false, "0 1e-7 2e-7 3e-7" },
        { 7, false, "0 2 4 6" },               { 0, false, "0" },
        { 1, true, "-1 -0.5 0 0.5 1" },        { 0.47, true, "-0.4 -0.2 0 0.2 0.4" },
        { 0.9, true, "-0.5 0 0.5" },           { 1e-40, false, "0 2.5e-41 5e-41 7.5e-41 1e-40" },
        { 0.351, false, "0.25 0.3 0.35", 0.213 },
        { 1, false, "0.98 0.985 0.99 0.995 1", 0.977 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_scale scale = { .start = rows[i].start, .most = rows[i].most,
                            .is_signed = rows[i].is_signed };
        double    tick[RAY_MOST_TICKS];
        char      found[128] = "", text[RAY_NUMBER_SIZE];
        int       n = ray_scale_ticks(&scale, tick);
        for (int k = 0; k < n; k++) {
            strcat(found, k == 0 ? "" : " ");
            strcat(found, ray_number_text(tick[k], text));
        }
        check_text("ticks", found, rows[i].ticks);
    }
}

static void test_scales(void)
{
    static const struct { float map[3]; double start, most; bool is_signed; } rows[] = {
        { { 0, 1, 2 }, 0, 2, false },           { { 0, 0, 0 }, 0, 0, false },
        { { -1, 0, 2 }, 0, 2, true },           { { -3, 0, 2 }, 0, 3, true },
        { { -3, -2, -1 }, 0, 3, true },         { { -0.001f, 0, 2 }, 0, 2, false },
        { { 1, INFINITY, 2 }, 1, 2, false },    { { NAN, NAN, NAN }, 0, 0, false },
        { { NAN, -1, -INFINITY }, 0, 1, true }, { { 1, 2, 4 }, 0, 4, false },
        { { 1.25f, 2, 4 }, 1.25, 4, false },    { { 3, 3, 3 }, 0, 3, false },
        { { 39, 40, 40 }, 39, 40, false },      { { 39.5f, 40, 40 }, 0, 40, false },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_scale scale = ray_scale_of(rows[i].map, 3);
        CHECK_CASE(scale.start == rows[i].start && scale.most == rows[i].most &&
                       scale.is_signed == rows[i].is_signed, "row %d: from %g to %g, %s", i,
                   scale.start, scale.most, scale.is_signed ? "signed" : "unsigned");
    }
}

/* Values and where they lie on a scale, how much they count there. */
static void test_scale_places(void)
{
    static const struct { ray_scale scale; double value, position, strength; } rows[] = {
        { { .most = 4 }, 0, 0, 0 },                { { .most = 4 }, 1, 0.25, 0.25 },
        { { .most = 4 }, 8, 2, 1 },                { { .most = 4 }, -1, -0.25, 0 },
        { { .start = 2, .most = 4 }, 2, 0, 0 },    { { .start = 2, .most = 4 }, 3, 0.5, 0.5 },
        { { .start = 2, .most = 4 }, 4, 1, 1 },    { { .most = 0 }, 0, 0, 0 },
        { { .most = 4, .is_signed = true }, 0, 0.5, 0 },
        { { .most = 4, .is_signed = true }, -4, 0, 1 },
        { { .most = 4, .is_signed = true }, 2, 0.75, 0.5 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        double position = ray_scale_position(&rows[i].scale, rows[i].value);
        double strength = ray_scale_strength(&rows[i].scale, rows[i].value);
        CHECK_CASE(position == rows[i].position && strength == rows[i].strength,
                   "row %d: at %g, counts %g", i, position, strength);
    }
}

/* ---- Text ---- */

static void test_breaks(void)
{
    static const struct {
        const char *text;
        int columns;
        const char *lines;
    } rows[] = {
        { "one two three", 20, "one two three" },
        { "one two three", 8, "one two|three" },
        { "one two three", 7, "one two|three" },
        { "one two three", 6, "one|two|three" },
        { "abcdefgh", 3, "abc|def|gh" },
        { "a  b", 2, "a |b" },
        { "extremal_perturbation", 18, "extremal_|perturbation" },
        { "at features.18.conv.0", 18, "at features.18.|conv.0" },
        { "grad_cam of it", 10, "grad_cam|of it" },
        { "a grad_cam", 6, "a|grad_|cam" },
        { "", 5, "" },
        { "\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6|\xc3\xbc" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char found[64] = "";
        for (const char *at = rows[i].text; *at != '\0';) {
            const char *rest;
            size_t      n = ray_text_break(at, rows[i].columns, &rest);
            CU_ASSERT_FATAL(rest > at);
            strcat(found, found[0] == '\0' ? "" : "|");
            strncat(found, at, n);
            at = rest;
        }
        check_text(rows[i].text, found, rows[i].lines);
    }
}

/* Every printable character has a shape of its own. */
static void test_font(void)
{
    for (unsigned char a = ' '; a <= '~'; a++)
        for (unsigned char b = (unsigned char)(a + 1); b <= '~'; b++)
            CHECK_CASE(memcmp(ray_font_glyph(a), ray_font_glyph(b), RAY_GLYPH_HEIGHT) != 0,
                       "%c looks like %c", a, b);
    CU_ASSERT(ray_font_glyph(0xe4) == ray_font_glyph('?') &&
              ray_font_glyph('\n') == ray_font_glyph('?'));
}

/* ---- The figure ---- */

/* Any sizes give a figure, twice the same bytes, of the expected size. */
static void test_figure_sizes(void)
{
    static const struct { int64_t width, height, map_width, map_height, wide, high; } rows[] = {
        { 224, 224, 7, 7, 1074, 540 },   { 96, 96, 96, 96, 946, 476 },  { 64, 32, 5, 9, 1458, 412 },
        { 1000, 500, 10, 5, 1618, 452 }, { 3, 500, 1, 1, 480, 592 },    { 1, 1, 300, 2, 1074, 540 },
        { 0, 0, 7, 7, 612, 540 },        { 0, 0, 64, 1, 804, 220 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        size_t     n = (size_t)(rows[i].map_width * rows[i].map_height);
        ray_tensor map = { ray_alloc(n, sizeof(RAY_REAL)), { (int64_t)n }, 1 };
        ray_picture picture = { NULL, 0, 0, 0 };
        if (rows[i].width > 0)
            picture = make_picture(rows[i].width, rows[i].height, i % 2 == 0 ? 3 : 1);
        map.data[0] = 1;
        ray_figure_row row = { picture, map.data, rows[i].map_height, rows[i].map_width,
                               "star 0.998" };
        CU_ASSERT(ray_figure_write(scratch_path("f.png"), "ebp", &row, 1, NULL) == 0);
        CU_ASSERT(ray_figure_write(scratch_path("g.png"), "ebp", &row, 1, NULL) == 0);
        CU_ASSERT(same_files(scratch_path("f.png"), scratch_path("g.png")));
        ray_picture figure = read_drawing("f.png");
        CHECK_CASE(figure.width == rows[i].wide && figure.height == rows[i].high, "row %d: %d x %d",
                   i, (int)figure.width, (int)figure.height);
        ray_picture_free(&figure);
        ray_picture_free(&picture);
        ray_tensor_free(&map);
    }
}

/* The picture lies unchanged on the left, the map over it on the right, bright where large. */
static void test_figure_content(void)
{
    enum { SIDE = 64, FACTOR = 7, LEFT = 16, RIGHT = LEFT + SIDE * FACTOR + 14, TOP = 76 };
    ray_picture picture = make_picture(SIDE, SIDE, 3);
    static const float map[2] = { 0, 1 };
    ray_figure_row row = { picture, map, 1, 2, "a caption" };
    CU_ASSERT(ray_figure_write(scratch_path("f.png"), "a title", &row, 1, NULL) == 0);
    ray_picture figure = read_drawing("f.png");
    double sum[2] = { 0, 0 };
    for (int64_t y = 0; y < SIDE; y++)
        for (int64_t x = 0; x < SIDE; x++) {
            int64_t at = (TOP + y * FACTOR + 3) * figure.width + x * FACTOR + 3;
            CU_ASSERT(memcmp(figure.pixels + 3 * (at + LEFT), picture.pixels + 3 * (y * SIDE + x),
                             3) == 0);
            sum[x >= SIDE / 2] += figure.pixels[3 * (at + RIGHT)];
        }
    CHECK_CASE(sum[1] > 2 * sum[0], "bright %g, dark %g", sum[1], sum[0]);
    ray_picture_free(&figure);
    ray_picture_free(&picture);
}

/* More rows than a figure shows. */
static void test_figure_rows(void)
{
    static ray_figure_row rows[130];
    static const float line[64] = { 1 };
    for (int i = 0; i < COUNT(rows); i++)
        rows[i] = (ray_figure_row){ { NULL, 0, 0, 0 }, line, 1, 64, NULL };
    CU_ASSERT(ray_figure_write(scratch_path("f.png"), NULL, rows, COUNT(rows), NULL) == 0);
    ray_picture figure = read_drawing("f.png");
    CU_ASSERT(figure.height == 16 + 100 * (24 + 2 + 128 + 16) + 30);
    ray_picture_free(&figure);
}

/* ---- The figure of a result ---- */

/* A result saved as "saved.png" is the same file as the figure of these rows. */
static void check_figure(drawn *d, const char *row, const char *title, const ray_figure_row *rows,
                         int n_rows)
{
    ray_error error = { "" };
    int failed = ray_figure_save(d->network, &d->request, &d->result, 0, scratch_path("saved.png"),
                                 &error);
    CHECK_CASE(failed == 0, "%s: %s", row, error.text);
    CU_ASSERT(ray_figure_write(scratch_path("expected.png"), title, rows, n_rows, NULL) == 0);
    CHECK_CASE(same_files(scratch_path("saved.png"), scratch_path("expected.png")),
               "%s: another figure than \"%s\"", row, title);
}

static void test_figure_result(void)
{
    drawn d;
    ray_picture item[2] = { drawn_item(0), drawn_item(1) };
    drawn_open(&d, 2, 2);
    drawn_add(&d, "grad_cam", "relu4_1");
    const float *v = d.values;
    check_figure(&d, "items", "grad_cam at relu4_1 of shapes", (ray_figure_row[]){
        { item[0], v, 2, 3, "star 0.5" }, { item[1], v + 6, 2, 3, "circle 1.25" } }, 2);
    d.request.input.dim[0] = d.result.output.dim[0] = 1;
    check_figure(&d, "targets", "grad_cam at relu4_1 of shapes", (ray_figure_row[]){
        { item[0], v, 2, 3, "star 0.5" }, { item[0], v + 6, 2, 3, "circle 1.5" } }, 2);
    d.request.seed = &d.result.output;
    check_figure(&d, "seed", "grad_cam at relu4_1 of shapes", (ray_figure_row[]){
        { item[0], v, 2, 3, "signal from a file" }, { item[0], v + 6, 2, 3,
          "signal from a file" } }, 2);
    d.request.input.dim[1] = 2;
    check_figure(&d, "no picture", "grad_cam at relu4_1 of shapes", (ray_figure_row[]){
        { { NULL, 0, 0, 0 }, v, 2, 3, "signal from a file" },
        { { NULL, 0, 0, 0 }, v + 6, 2, 3, "signal from a file" } }, 2);
    drawn_close(&d);
    ray_picture_free(&item[0]);
    ray_picture_free(&item[1]);
}

static void test_figure_partial(void)
{
    drawn d;
    ray_picture item = drawn_item(0);
    drawn_open(&d, 1, 1);
    ray_map *map = drawn_add(&d, "rise", "");
    ray_figure_row row = { item, d.values, 2, 3, "star 0.5" };
    map->done = 320;
    map->total = 8000;
    map->steps = "masks";
    check_figure(&d, "whole", "rise at the input of shapes", &row, 1);
    map->partial = true;
    check_figure(&d, "partial", "rise at the input of shapes, partial: 320 of 8000 masks", &row, 1);
    map->steps = NULL;
    check_figure(&d, "steps", "rise at the input of shapes, partial: 320 of 8000 steps", &row, 1);
    drawn_close(&d);
    ray_picture_free(&item);
}

/* Planes of a map follow it; what is no plane, or the only one, does not. */
static void test_figure_planes(void)
{
    drawn d;
    ray_picture item = drawn_item(0);
    drawn_open(&d, 2, 1);
    ray_map *map = drawn_add(&d, "extremal_perturbation", "");
    const char *title = "extremal_perturbation at the input of shapes";
    float *v = d.values;
    ray_extra extras[] = {
        { "history", RAY_ARRAY_CURVES, { v, { 4, 1, 2, 3 }, 4 }, "a|b|c", "steps" },
        { "masks", RAY_ARRAY_MAPS, { v + 12, { 4, 1, 2, 3 }, 4 }, NULL, NULL },
        { "single", RAY_ARRAY_MAPS, { v, { 2, 1, 2, 3 }, 4 }, NULL, NULL },
        { "odd", RAY_ARRAY_MAPS, { v, { 5, 1, 2, 3 }, 4 }, NULL, NULL },
        { "vectors", RAY_ARRAY_MAPS, { v, { 4, 1, 6 }, 3 }, NULL, NULL },
        { "plain", RAY_ARRAY_PLAIN, { v, { 4, 1, 2, 3 }, 4 }, NULL, NULL },
        { "fine", RAY_ARRAY_MAPS, { v + 60, { 6, 1, 3, 2 }, 4 }, NULL, NULL },
    };
    map->extras = extras;
    map->n_extras = COUNT(extras);
    check_figure(&d, "planes", title, (ray_figure_row[]){
        { item, v, 2, 3, "star 0.5" },
        { item, v + 12, 2, 3, "star 0.5, masks 1 of 2" },
        { item, v + 18, 2, 3, "star 0.5, masks 2 of 2" },
        { item, v + 60, 3, 2, "star 0.5, fine 1 of 3" },
        { item, v + 66, 3, 2, "star 0.5, fine 2 of 3" },
        { item, v + 72, 3, 2, "star 0.5, fine 3 of 3" },
        { item, v + 6, 2, 3, "circle 1.5" },
        { item, v + 24, 2, 3, "circle 1.5, masks 1 of 2" },
        { item, v + 30, 2, 3, "circle 1.5, masks 2 of 2" },
        { item, v + 78, 3, 2, "circle 1.5, fine 1 of 3" },
        { item, v + 84, 3, 2, "circle 1.5, fine 2 of 3" },
        { item, v + 90, 3, 2, "circle 1.5, fine 3 of 3" } }, 12);
    drawn_close(&d);
    ray_picture_free(&item);
}

static void test_figure_refused(void)
{
    drawn     d;
    ray_error error[2] = { { "" }, { "" } };
    drawn_open(&d, 1, 1);
    drawn_add(&d, "ebp", "fc")->map.rank = 3;
    CU_ASSERT(ray_figure_save(d.network, &d.request, &d.result, 0, scratch_path("no.png"),
                              &error[0]) != 0);
    check_text("vector", error[0].text, "ebp: its map at \"fc\" is not a picture and cannot be "
               "drawn; leave png out of --format");
    d.maps[0].map.rank = 4;
    CU_ASSERT(ray_figure_save(d.network, &d.request, &d.result, 0, "/nonexistent/f.png",
                              &error[1]) != 0);
    check_text("folder", error[1].text,
               "cannot write /nonexistent/f.png: No such file or directory");
    drawn_close(&d);
}

int main(void)
{
    static const named_test tests[] = {
        { "npy bytes", test_npy_bytes },           { "npy header", test_npy_header },
        { "png round trip", test_png_round_trip }, { "png chunks", test_png_chunks },
        { "unwritable", test_unwritable },         { "device", test_device },
        { "colours", test_colours },               { "numbers", test_numbers },
        { "ticks", test_ticks },                   { "scales", test_scales },
        { "scale places", test_scale_places },
        { "breaks", test_breaks },                 { "font", test_font },
        { "figure sizes", test_figure_sizes },     { "figure content", test_figure_content },
        { "figure rows", test_figure_rows },       { "figure result", test_figure_result },
        { "figure partial", test_figure_partial }, { "figure planes", test_figure_planes },
        { "figure refused", test_figure_refused }, { NULL, NULL },
    };
    return run_tests("figure", tests);
}
