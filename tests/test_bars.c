/* SPDX-License-Identifier: MIT */
/* test_bars.c - bars below each other: how long they are, which are drawn, what is written. */
#include "base/memory.h"
#include "check_text.h"
#include "drawing.h"
#include "write/bars.h"

enum {                              /* the layout of write/bars.c, pixels */
    WIDTH = 1200, MARGIN = 16, LETTER = 12, LINE = 24, FRAME_GAP = 8, VALUE_GAP = 8,
    TITLE = 24 + 10, LEGEND = 24 + 6, BELOW = 8 + 24, UNIT = 24, OTHERS = 6 + 24, END = 16 - 10
};

static const char *const series[] = { "forward", "backward" };
static const unsigned char blue[] = { 0, 114, 178 }, red[] = { 213, 94, 0 };

static ray_picture draw_bars(const ray_bars *bars)
{
    ray_error error = { "" };
    int failed = ray_bars_write(scratch_path("a.png"), bars, &error);
    CHECK_CASE(failed == 0, "%s", error.text);
    CU_ASSERT(ray_bars_write(scratch_path("b.png"), bars, NULL) == 0);
    CU_ASSERT(same_files(scratch_path("a.png"), scratch_path("b.png")));
    return read_drawing("a.png");
}

/* Pixels of a colour in a row of the picture. */
static int64_t count_colour(const ray_picture *drawing, int64_t y, const unsigned char *colour)
{
    int64_t n = 0;
    for (int64_t x = 0; x < drawing->width; x++)
        n += memcmp(drawing->pixels + 3 * (y * drawing->width + x), colour, 3) == 0;
    return n;
}

/* The middle of bar i below a title of one line. */
static int64_t middle_of(int64_t i)
{
    return MARGIN + TITLE + LEGEND + i * LINE + LINE / 2;
}

/* The first and the last column that is neither white nor light in a row; -1, -1: there are none. */
static void find_ink(const ray_picture *drawing, int64_t y, int64_t height, int64_t end[2])
{
    end[0] = end[1] = -1;
    for (int64_t x = 0; x < drawing->width; x++)
        for (int64_t row = y; row < y + height; row++)
            if (drawing->pixels[3 * (row * drawing->width + x)] < 128) {
                end[0] = end[0] < 0 ? x : end[0];
                end[1] = x;
            }
}

/* The axis ends at 8 (4 steps of 2), where the box ends. */
static void test_lengths(void)
{
    static const char *const names[] = { "one", "two", "three", "none" };
    static const double values[] = { 2, 1, 0.5, 7.25, 4, 0, 0, 0 };
    ray_bars bars = { "title", NULL, "ms", series, names, values, 4, 2 };
    ray_picture drawing = draw_bars(&bars);
    int64_t box = WIDTH - MARGIN - (MARGIN + 5 * LETTER + FRAME_GAP) - VALUE_GAP - 4 * LETTER;
    CHECK_CASE(drawing.width == WIDTH && drawing.height == MARGIN + TITLE + LEGEND + 4 * LINE
                                                              + BELOW + UNIT + END,
               "%d x %d pixels", (int)drawing.width, (int)drawing.height);
    for (int i = 0; i < 4; i++) {
        double unit = (double)(box - 1) / 8;
        int64_t forward = count_colour(&drawing, middle_of(i), blue);
        int64_t backward = count_colour(&drawing, middle_of(i), red);
        CHECK_CASE(fabs((double)forward - values[2 * i] * unit) < 1.01
                       && fabs((double)backward - values[2 * i + 1] * unit) < 1.01,
                   "bar %d: %d and %d pixels", i, (int)forward, (int)backward);
    }
    ray_picture_free(&drawing);
}

/* Nine are short: the others in their order, and a line about the nine. */
static void test_many(void)
{
    static double values[RAY_MOST_BARS + 9];
    static const char *names[RAY_MOST_BARS + 9];
    int64_t height = MARGIN + TITLE + LEGEND + RAY_MOST_BARS * LINE + BELOW + UNIT + END;
    for (int i = 0; i < COUNT(values); i++) {
        values[i] = i % 8 == 5 ? 0.25 : 1 + i % 3;
        names[i] = "layer";
    }
    ray_bars bars = { "title", NULL, "ms", series, names, values, RAY_MOST_BARS, 1 };
    ray_picture all = draw_bars(&bars);
    bars.n_bars = COUNT(values);
    ray_picture longest = draw_bars(&bars);
    CHECK_CASE(all.height == height && longest.height == height + OTHERS, "%d and %d pixels",
               (int)all.height, (int)longest.height);
    int64_t shown = 0;
    for (int i = 0; i < COUNT(values) && shown < RAY_MOST_BARS; i++) {
        if (values[i] < 1)
            continue;
        int64_t found = count_colour(&longest, middle_of(shown++), blue);
        int64_t unit = count_colour(&longest, middle_of(0), blue);
        CHECK_CASE(fabs((double)found - values[i] * (double)unit) < 4, "bar %d: %d pixels", i,
                   (int)found);
    }
    ray_picture_free(&all);
    ray_picture_free(&longest);
}

/* Names and numbers stay within the margins however long they are. */
static void test_texts(void)
{
    static const char *const names[] = {
        "a", "features.denseblock3.denselayer24.norm1.and.more.of.it", "b", "h\xc3\xb6he"
    };
    static const double values[][4] = {
        { 1e-7, 123456, 99999.5, 3 }, { 0, 0, 0, 0 }, { 1e-5, 2e-5, 1e-9, 0 },
        { 0.001, 1e7, 2.5e7, 1 },
    };
    for (int i = 0; i < COUNT(values); i++) {
        ray_bars bars = { "title", NULL, "milliseconds", series, names, values[i], 4, 1 };
        ray_picture drawing = draw_bars(&bars);
        for (int b = 0; b < 4; b++) {
            int64_t end[2];
            find_ink(&drawing, middle_of(b) - 7, 14, end);
            CHECK_CASE(end[0] >= MARGIN && end[0] < WIDTH / 2 && end[1] < WIDTH - MARGIN,
                       "row %d, bar %d: ink from %d to %d", i, b, (int)end[0], (int)end[1]);
        }
        ray_picture_free(&drawing);
    }
}

/* Lines above: a title, a note, a legend of as many lines as it takes. */
static void test_heading(void)
{
    static const char *const names[] = { "a" };
    static const char *const many[] = { "the first of all series", "the second of all series",
                                        "the third of all series", "the fourth of all series" };
    static const double values[] = { 1, 1, 1, 1 };
    static const struct { const char *title, *note; int n; int64_t height; } rows[] = {
        { "title", NULL, 1, TITLE + LEGEND },        { "title", "a note", 1, TITLE + LINE + LEGEND },
        { NULL, NULL, 1, LEGEND },                   { "title", NULL, 4, TITLE + LINE + LEGEND },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_bars bars = { rows[i].title, rows[i].note, "ms", many, names, values, 1, rows[i].n };
        ray_picture drawing = draw_bars(&bars);
        int64_t rest = MARGIN + LINE + BELOW + UNIT + END;
        CHECK_CASE(drawing.height - rest == rows[i].height, "row %d: %d pixels", i,
                   (int)(drawing.height - rest));
        ray_picture_free(&drawing);
    }
}

static void test_refused(void)
{
    static const char *const names[] = { "a" };
    static const double values[] = { 1 };
    ray_bars bars = { NULL, NULL, "ms", series, names, values, 1, 1 };
    ray_error error = { "" };
    CU_ASSERT(ray_bars_write("/nonexistent/a.png", &bars, &error) != 0);
    check_text("refused", error.text, "cannot write /nonexistent/a.png: No such file or directory");
}

int main(void)
{
    static const named_test tests[] = {
        { "lengths", test_lengths }, { "many", test_many },       { "texts", test_texts },
        { "heading", test_heading }, { "refused", test_refused }, { NULL, NULL },
    };
    return run_tests("bars", tests);
}
