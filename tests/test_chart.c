/* SPDX-License-Identifier: MIT */
/* test_chart.c - axes, lines, and curves over steps. */
#include "base/memory.h"
#include "check_text.h"
#include "drawing.h"
#include "write/axis.h"
#include "write/chart.h"
#include "write/stroke.h"

/* ---- Axes ---- */

static const char *axis_text(const ray_axis *axis, char text[256])
{
    char number[RAY_NUMBER_SIZE];
    text[0] = '\0';
    for (int64_t i = axis->first; i <= axis->last; i++) {
        strcat(text, i == axis->first ? "" : " ");
        strcat(text, ray_axis_text(axis, i, number));
    }
    return text;
}

static void test_axis_around(void)
{
    static const struct { double low, high; const char *ticks; } rows[] = {
        { 0, 1, "0 0.25 0.5 0.75 1" },          { 3.1, 9.8, "2 4 6 8 10" },
        { -0.35, -0.05, "-0.4 -0.3 -0.2 -0.1 0" }, { -270, -2, "-300 -200 -100 0" },
        { -1, 1, "-1 -0.5 0 0.5 1" },           { -3, 9, "-5 0 5 10" },
        { 10.2377, 10.2623, "10.23 10.24 10.25 10.26 10.27" },
        { 1000.1, 1000.9, "1000 1000.25 1000.5 1000.75 1001" },
        { 5, 5, "4.6 4.8 5 5.2 5.4" },           { 0, 0, "-1 -0.5 0 0.5 1" },
        { -7.000001, -7, "-7.4 -7.2 -7 -6.8 -6.6" },
        { 1e-4, 9e-4, "0 0.00025 0.0005 0.00075 0.001" },
        { 1e-4, 5e-4, "1e-4 2e-4 3e-4 4e-4 5e-4" },
        { 0.0004, 0.0014, "0 0.0005 0.001 0.0015" },
        { 30000, 120000, "25000 50000 75000 100000 125000" }, { 0, 3e8, "0 1e8 2e8 3e8" },
        { -3e38, 3e38, "-4e38 -2e38 0 2e38 4e38" }, { 0, 1e-45, "0 2.5e-46 5e-46 7.5e-46 1e-45" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_axis axis = ray_axis_around(rows[i].low, rows[i].high, 4);
        char text[256];
        CHECK_CASE(axis.low <= rows[i].low && rows[i].high <= axis.high &&
                       axis.last - axis.first <= 4, "row %d: %g ... %g in %d steps", i, axis.low,
                   axis.high, (int)(axis.last - axis.first));
        check_text("around", axis_text(&axis, text), rows[i].ticks);
    }
}

static void test_axis_count(void)
{
    static const struct { int64_t n; double high; const char *ticks; } rows[] = {
        { 0, 1, "0 1" },       { 1, 1, "0 1" },          { 7, 7, "0 1 2 3 4 5 6 7" },
        { 15, 15, "0 2 4 6 8 10 12 14" },                { 20, 20, "0 5 10 15 20" },
        { 37, 37, "0 5 10 15 20 25 30 35" },             { 300, 300, "0 50 100 150 200 250 300" },
        { 800, 800, "0 100 200 300 400 500 600 700 800" },
        { 1000000, 1e6, "0 200000 400000 600000 800000 1000000" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_axis axis = ray_axis_count(rows[i].n, 8);
        char text[256];
        CU_ASSERT(axis.low == 0 && axis.high == rows[i].high);
        check_text("count", axis_text(&axis, text), rows[i].ticks);
    }
}

static void test_positions(void)
{
    ray_axis axis = ray_axis_around(-3, 9, 4);      /* -5 ... 10 */
    CU_ASSERT(ray_axis_position(&axis, -5) == 0 && ray_axis_position(&axis, 10) == 1);
    CU_ASSERT(fabs(ray_axis_position(&axis, 2.5) - 0.5) < 1e-12);
}

/* ---- Lines ---- */

static const ray_colour black = { 0, 0, 0 };

static ray_picture white_canvas(int64_t width, int64_t height)
{
    ray_picture canvas = make_picture(width, height, 3);
    memset(canvas.pixels, 255, (size_t)(3 * width * height));
    return canvas;
}

/* How much black is in a column or a row, in pixels. */
static double ink_in(const ray_picture *canvas, ray_box box)
{
    double ink = 0;
    for (int64_t y = box.y; y < box.y + box.height; y++)
        for (int64_t x = box.x; x < box.x + box.width; x++)
            ink += 1 - canvas->pixels[3 * (y * canvas->width + x)] / 255.0;
    return ink;
}

/* Two pixels wide whatever its direction and position. */
static void test_line_width(void)
{
    static const struct { ray_point a, b; } rows[] = {
        { { 5, 20 }, { 35, 20 } },       { { 5, 20.5 }, { 35, 20.5 } },
        { { 5, 20.3 }, { 35, 20.3 } },   { { 35, 20 }, { 5, 20 } },
        { { 20, 5 }, { 20, 35 } },       { { 20.5, 35 }, { 20.5, 5 } },
        { { 5, 5 }, { 35, 35 } },        { { 5, 12 }, { 35, 28.5 } },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_picture canvas = white_canvas(40, 40);
        ray_point   line[] = { rows[i].a, rows[i].b };
        double dx = fabs(line[1].x - line[0].x), dy = fabs(line[1].y - line[0].y);
        bool upright = dy > dx;
        CU_ASSERT(ray_stroke_draw(&canvas, (ray_box){ 0, 0, 40, 40 }, line, 2, black, NULL) == 0);
        double ink = ink_in(&canvas, upright ? (ray_box){ 0, 12, 40, 16 }
                                             : (ray_box){ 12, 0, 16, 40 }) / 16;
        double width = ink * (upright ? dy : dx) / hypot(dx, dy);
        CHECK_CASE(fabs(width - 2) < 0.15, "row %d: %g pixels wide", i, width);
        ray_picture_free(&canvas);
    }
}

/* A line drawn in two pieces, or to and fro, is the line drawn in one. */
static void test_line_joints(void)
{
    ray_box     box = { 0, 0, 40, 40 };
    ray_picture one = white_canvas(40, 40), other = white_canvas(40, 40);
    ray_point   whole[] = { { 4, 7 }, { 36, 23 } };
    ray_point   pieces[] = { { 4, 7 }, { 20, 15 }, { 20, 15 }, { 4, 7 }, { 36, 23 } };
    CU_ASSERT(ray_stroke_draw(&one, box, whole, 2, black, NULL) == 0);
    CU_ASSERT(ray_stroke_draw(&other, box, pieces, COUNT(pieces), black, NULL) == 0);
    CU_ASSERT(memcmp(one.pixels, other.pixels, 3 * 40 * 40) == 0);
    ray_picture_free(&one);
    ray_picture_free(&other);
}

/* Nothing between points that are not there, a dot for a single one, nothing outside the box. */
static void test_line_gaps(void)
{
    ray_picture canvas = white_canvas(100, 40);
    ray_point   line[] = { { -50, 20 }, { 20, 20 }, { 30, NAN }, { 50, 20 }, { 60, INFINITY },
                           { NAN, 20 }, { 80, 20 }, { 1e9, 20 } };
    ray_box     box = { 10, 10, 80, 20 };
    CU_ASSERT(ray_stroke_draw(&canvas, box, line, COUNT(line), black, NULL) == 0);
    static const struct { int64_t x, width; double ink; } rows[] = {
        { 0, 10, 0 }, { 10, 8, 16 }, { 24, 22, 0 }, { 46, 8, 20 }, { 54, 22, 0 }, { 82, 8, 16 },
        { 90, 10, 0 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        double ink = ink_in(&canvas, (ray_box){ rows[i].x, 0, rows[i].width, 40 });
        CHECK_CASE(fabs(ink - rows[i].ink) < 1.0, "row %d: %g pixels of ink", i, ink);
    }
    ray_picture_free(&canvas);
}

/* ---- The chart ---- */

static const char *const names[] = { "one", "two", "three", "four", "five", "six", "seven",
                                     "eight" };

static ray_picture draw_chart(const ray_chart *chart)
{
    ray_error error = { "" };
    int failed = ray_chart_write(scratch_path("a.png"), chart, &error);
    CHECK_CASE(failed == 0, "%s", error.text);
    CU_ASSERT(ray_chart_write(scratch_path("b.png"), chart, NULL) == 0);
    CU_ASSERT(same_files(scratch_path("a.png"), scratch_path("b.png")));
    return read_drawing("a.png");
}

/* Strips: one for each pair of axes.  The page's height tells how many there are. */
static void test_strips(void)
{
    enum { STRIP = 24 + 2 + 151 + 14, REST = 16 + 18 + 14 };
    static const struct { int n; float from[8], to[8]; int strips; } rows[] = {
        { 1, { 0 }, { 1 }, 1 },                     { 2, { 0, 0 }, { 1, 1 }, 1 },
        { 2, { 0, 0 }, { 10, -0.3f }, 2 },          { 2, { 0, 5 }, { 1, 6 }, 2 },
        { 2, { 0, 1 }, { 1, 2 }, 1 },               { 3, { 0, 0, 0 }, { 1, 9, 1 }, 3 },
        { 3, { 0, 0, 0 }, { 1, 1, 9 }, 2 },         { 2, { 3, 3 }, { 3, 3 }, 1 },
        { 2, { 3, 4 }, { 3, 4 }, 2 },               { 2, { NAN, 0 }, { NAN, 1 }, 2 },
        { 8, { 0, 0, 0, 0, 0, 0, 0, 0 }, { 1, 1, 1, 1, 1, 1, 1, 1 }, 2 },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        float values[3 * 8];
        for (int c = 0; c < rows[i].n; c++) {
            values[c] = rows[i].from[c];
            values[rows[i].n + c] = NAN;
            values[2 * rows[i].n + c] = rows[i].to[c];
        }
        ray_chart chart = { NULL, NULL, names, values, 1, 3, rows[i].n };
        ray_picture drawing = draw_chart(&chart);
        CHECK_CASE(drawing.width == 960 && drawing.height == REST + rows[i].strips * STRIP,
                   "row %d: %g strips", i, (double)(drawing.height - REST) / STRIP);
        ray_picture_free(&drawing);
    }
}

/* The row in the middle of what has this colour in a column of the picture; -1: nothing has. */
static double colour_at(const ray_picture *drawing, int64_t x, ray_colour colour)
{
    double sum = 0, n = 0;
    for (int64_t y = 50; y < drawing->height; y++) {
        const unsigned char *pixel = drawing->pixels + 3 * (y * drawing->width + x);
        if (memcmp(pixel, (unsigned char[]){ colour.red, colour.green, colour.blue }, 3) == 0) {
            sum += (double)y;
            n++;
        }
    }
    return n > 0 ? sum / n : -1;
}

/* A straight curve with a gap, from the left of the box (step 1 of 101) to its right: where it is
 * high, it is drawn high, and nothing where it is not. */
static void test_curve(void)
{
    enum { LEFT = 16 + 8 + 4 * 12, WIDTH = 960 - 16 - LEFT - 3 * 12 / 2 };
    static float values[101];
    ray_colour blue = { 0, 114, 178 };
    for (int i = 0; i < COUNT(values); i++)
        values[i] = i >= 30 && i < 50 ? NAN : (float)i / 100;
    ray_chart   chart = { NULL, "iterations", names, values, 1, COUNT(values), 1 };
    ray_picture drawing = draw_chart(&chart);
    for (int i = 3; i < COUNT(values) - 3; i++) {
        int64_t x = LEFT + (int64_t)lrint((i + 1) / 101.0 * (WIDTH - 1));
        double y = 16 + 24 + 2 + (1 - i / 100.0) * 150, found = colour_at(&drawing, x, blue);
        if (i >= 30 && i < 50)
            CHECK_CASE(found == -1, "step %d: drawn at %g", i, found);
        else if (y > 50 && i != 29)
            CHECK_CASE(fabs(found - y) < 1.5, "step %d: at %g, expected %g", i, found, y);
    }
    ray_picture_free(&drawing);
}

/* More plots than a chart shows: a line in place of them. */
static void test_plots(void)
{
    static float values[40 * 5];
    int64_t      height[18] = { 0 };
    for (int n = 1; n <= 17; n += n == 2 ? 13 : 1) {
        ray_chart   chart = { "title", "steps", names, values, n, 5, 1 };
        ray_picture drawing = draw_chart(&chart);
        height[n] = drawing.height;
        ray_picture_free(&drawing);
    }
    int64_t plot = height[16] - height[15];
    CHECK_CASE(plot > 151, "a plot is %d high", (int)plot);
    CHECK_CASE(height[15] == height[2] + 13 * plot, "15 plots are %d high", (int)height[15]);
    CHECK_CASE(height[2] == height[1] + plot + 28, "a title of a plot for one");
    CHECK_CASE(height[17] - height[16] == 30, "the line is %d high",
               (int)(height[17] - height[16]));
}

/* ---- Curves of a result ---- */

static void test_curves_saved(void)
{
    static const float values[2 * 3 * 2] = { 1, -9, 2, -8, NAN, NAN, 3, -7, 4, -6, 5, -5 };
    static const char *const expected[] = { "reward", "area term" };
    ray_extra extra = { "history", RAY_ARRAY_CURVES, { (float *)(uintptr_t)values, { 2, 3, 2 }, 3 },
                        "reward|area term", "iterations" };
    ray_chart chart = { "a title", "iterations", expected, values, 2, 3, 2 };
    ray_error error = { "" };
    int failed = ray_curves_save(&extra, "a title", scratch_path("saved.png"), &error);
    CHECK_CASE(failed == 0, "%s", error.text);
    CU_ASSERT(ray_chart_write(scratch_path("expected.png"), &chart, NULL) == 0);
    CU_ASSERT(same_files(scratch_path("saved.png"), scratch_path("expected.png")));
}

static void test_curves_refused(void)
{
    static float values[8];
    static const struct { ray_tensor tensor; const char *curves, *path, *text; } rows[] = {
        { { values, { 2, 4 }, 2 }, "a|b|c|d", "c.png",
          "history: only plots x steps x curves, none of them 0, can be drawn" },
        { { values, { 1, 0, 2 }, 3 }, "a|b", "c.png",
          "history: only plots x steps x curves, none of them 0, can be drawn" },
        { { values, { 1, 4, 2 }, 3 }, "a", "c.png",
          "history: the array has 2 curves, named \"a\"" },
        { { values, { 1, 4, 2 }, 3 }, "a|b|c", "c.png",
          "history: the array has 2 curves, named \"a|b|c\"" },
        { { values, { 1, 4, 2 }, 3 }, NULL, "c.png",
          "history: the array has 2 curves, named \"\"" },
        { { values, { 1, 4, 2 }, 3 }, "a|b", "/nonexistent/c.png",
          "cannot write /nonexistent/c.png: No such file or directory" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_extra extra = { "history", RAY_ARRAY_CURVES, rows[i].tensor, rows[i].curves, NULL };
        ray_error error = { "" };
        CU_ASSERT(ray_curves_save(&extra, NULL, rows[i].path, &error) != 0);
        check_text("refused", error.text, rows[i].text);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "axis around", test_axis_around }, { "axis count", test_axis_count },
        { "positions", test_positions },     { "line width", test_line_width },
        { "line joints", test_line_joints }, { "line gaps", test_line_gaps },
        { "strips", test_strips },           { "curve", test_curve },
        { "plots", test_plots },             { "curves saved", test_curves_saved },
        { "curves refused", test_curves_refused }, { NULL, NULL },
    };
    return run_tests("chart", tests);
}
