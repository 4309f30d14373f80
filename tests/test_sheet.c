/* SPDX-License-Identifier: MIT */
/* test_sheet.c - maps of several methods side by side. */
#include "check_text.h"
#include "drawing.h"
#include "write/colour.h"
#include "write/sheet.h"

static const float rising[6] = { 0, 1, 2, 0, 1, 2 };

/* n equal maps. */
static const ray_sheet_map *equal_maps(int n)
{
    static ray_sheet_map maps[64];
    for (int i = 0; i < n; i++)
        maps[i] = (ray_sheet_map){ "ebp", "at pool2", rising, 2, 3 };
    return maps;
}

/* Any sizes and numbers give a sheet of the expected size. */
static void test_sizes(void)
{
    static const struct { int64_t width, height; int n_maps; int64_t wide, high; } rows[] = {
        { 80, 80, 1, 852, 560 },    { 80, 80, 2, 1200, 536 },   { 80, 80, 3, 1200, 437 },
        { 80, 80, 4, 1197, 377 },   { 80, 80, 5, 1200, 1022 },  { 80, 80, 7, 1200, 824 },
        { 80, 80, 9, 1197, 704 },   { 80, 80, 10, 1200, 1211 }, { 80, 80, 12, 1197, 1031 },
        { 1000, 50, 4, 1197, 171 }, { 30, 3000, 4, 1197, 431 }, { 0, 0, 1, 480, 453 },
        { 0, 0, 5, 1197, 331 },     { 1, 1, 2, 1200, 536 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_sheet_block block = { { NULL, 0, 0, 0 }, "star 0.5", equal_maps(rows[i].n_maps),
                                  rows[i].n_maps };
        if (rows[i].width > 0)
            block.picture = make_picture(rows[i].width, rows[i].height, i % 2 == 0 ? 3 : 1);
        CU_ASSERT(ray_sheet_write(scratch_path("a.png"), "shapes", &block, 1, NULL) == 0);
        ray_picture sheet = read_drawing("a.png");
        CHECK_CASE(sheet.width == rows[i].wide && sheet.height == rows[i].high, "row %d: %d x %d",
                   i, (int)sheet.width, (int)sheet.height);
        ray_picture_free(&sheet);
        ray_picture_free(&block.picture);
    }
}

static bool has_colour(const ray_picture *sheet, int64_t x, int64_t y, ray_colour colour)
{
    const unsigned char *pixel = sheet->pixels + 3 * (y * sheet->width + x);
    return memcmp(pixel, (unsigned char[]){ colour.red, colour.green, colour.blue }, 3) == 0;
}

/* The picture lies on the left, each map in a cell of its own, its scale below it from end to
 * end. */
static void test_content(void)
{
    enum { CELL = 277, STEP = CELL + 20, TOP = 16 + 2 * 24 + 2, SCALE = TOP + CELL + 6 + 5 };
    static const float signs[2] = { -1, 1 }, nothing[2] = { 0, 0 };
    ray_sheet_map maps[] = { { "a", "at x", rising, 2, 3 }, { "b", "at x", signs, 1, 2 },
                             { "c", "at x", nothing, 1, 2 } };
    ray_sheet_block block = { make_picture(CELL, CELL, 3), "star", maps, 3 };
    CU_ASSERT(ray_sheet_write(scratch_path("a.png"), NULL, &block, 1, NULL) == 0);
    ray_picture sheet = read_drawing("a.png");
    CU_ASSERT_FATAL(sheet.width == 1200 && sheet.height > SCALE);
    int64_t wrong = 0;
    for (int64_t y = 0; y < CELL; y++)
        wrong += memcmp(sheet.pixels + 3 * ((TOP + y) * sheet.width + 16),
                        block.picture.pixels + 3 * y * CELL, 3 * CELL) != 0;
    CHECK_CASE(wrong == 0, "%d lines differ from the picture's", (int)wrong);
    for (int i = 0; i < 3; i++) {
        int64_t left = 16 + (i + 1) * STEP, right = left + CELL - 1;
        CHECK_CASE(has_colour(&sheet, left, SCALE, ray_colour_at(0, i == 1)), "map %d: left", i);
        CHECK_CASE(has_colour(&sheet, right, SCALE, ray_colour_at(i == 2 ? 0 : 1, i == 1)),
                   "map %d: right", i);
        CHECK_CASE(has_colour(&sheet, right + 1, SCALE, (ray_colour){ 255, 255, 255 }),
                   "map %d: beyond", i);
    }
    ray_picture_free(&sheet);
    ray_picture_free(&block.picture);
}

/* More blocks than a sheet shows: a line in place of them. */
static void test_blocks(void)
{
    static ray_sheet_block blocks[40];
    int64_t height[3];
    for (int i = 0; i < COUNT(blocks); i++)
        blocks[i] = (ray_sheet_block){ { NULL, 0, 0, 0 }, "star", equal_maps(1), 1 };
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(ray_sheet_write(scratch_path("a.png"), NULL, blocks, 23 + i, NULL) == 0);
        ray_picture sheet = read_drawing("a.png");
        height[i] = sheet.height;
        ray_picture_free(&sheet);
    }
    CHECK_CASE(height[1] - height[0] > 200, "a block is %d high", (int)(height[1] - height[0]));
    CHECK_CASE(height[2] - height[1] == 30, "the line is %d high", (int)(height[2] - height[1]));
}

/* ---- The sheet of a result ---- */

static int save(drawn *d, ray_error *error)
{
    return ray_sheet_save(d->network, &d->request, &d->result, scratch_path("saved.png"), error);
}

/* The same file as the sheet of these blocks. */
static void check_sheet(drawn *d, const char *row, const ray_sheet_block *blocks, int n_blocks)
{
    ray_error error = { "" };
    int failed = save(d, &error);
    CHECK_CASE(failed == 0, "%s: %s", row, error.text);
    CU_ASSERT(ray_sheet_write(scratch_path("expected.png"), "shapes", blocks, n_blocks, NULL) == 0);
    CHECK_CASE(same_files(scratch_path("saved.png"), scratch_path("expected.png")),
               "%s: another sheet", row);
}

static void test_result(void)
{
    drawn d;
    ray_picture item[2] = { drawn_item(0), drawn_item(1) };
    drawn_open(&d, 2, 2);
    const float *v = d.values;
    drawn_add(&d, "grad_cam", "relu4_1");
    ray_map *map = drawn_add(&d, "rise", "");
    map->map = (ray_tensor){ d.values + 12, { 2, 1, 3, 2 }, 4 };
    map->partial = true;
    map->done = 320;
    map->total = 8000;
    map->steps = "masks";
    const char *note = "at the input, partial: 320 of 8000 masks";
    ray_sheet_map maps[][2] = {
        { { "grad_cam", "at relu4_1", v, 2, 3 }, { "rise", note, v + 12, 3, 2 } },
        { { "grad_cam", "at relu4_1", v + 6, 2, 3 }, { "rise", note, v + 18, 3, 2 } },
    };
    check_sheet(&d, "items", (ray_sheet_block[]){ { item[0], "star 0.5", maps[0], 2 },
                                                  { item[1], "circle 1.25", maps[1], 2 } }, 2);
    d.request.input.dim[0] = d.result.output.dim[0] = 1;
    check_sheet(&d, "targets", (ray_sheet_block[]){ { item[0], "star 0.5", maps[0], 2 },
                                                    { item[0], "circle 1.5", maps[1], 2 } }, 2);
    drawn_close(&d);
    ray_picture_free(&item[0]);
    ray_picture_free(&item[1]);
}

static void test_refused(void)
{
    drawn     d;
    ray_error error[3] = { { "" }, { "" }, { "" } };
    drawn_open(&d, 1, 1);
    CU_ASSERT(ray_sheet_save(d.network, &d.request, &d.result, "none.png", &error[0]) != 0);
    check_text("no maps", error[0].text, "cannot write none.png: there are no maps");
    drawn_add(&d, "gradient", "");
    drawn_add(&d, "ebp", "fc")->map.rank = 3;
    CU_ASSERT(save(&d, &error[1]) != 0);
    check_text("vector", error[1].text, "ebp: its map at \"fc\" is not a picture and cannot be "
               "drawn; leave png out of --format");
    d.result.n_maps = 1;
    CU_ASSERT(ray_sheet_save(d.network, &d.request, &d.result, "/nonexistent/s.png",
                             &error[2]) != 0);
    check_text("folder", error[2].text,
               "cannot write /nonexistent/s.png: No such file or directory");
    drawn_close(&d);
}

int main(void)
{
    static const named_test tests[] = {
        { "sizes", test_sizes },   { "content", test_content }, { "blocks", test_blocks },
        { "result", test_result }, { "refused", test_refused }, { NULL, NULL },
    };
    return run_tests("sheet", tests);
}
