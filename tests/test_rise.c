/* SPDX-License-Identifier: MIT */
/* test_rise.c - the masks of rise, and the map that is made of them. */
#include "base/random.h"
#include "perturbing.h"

static double score_of(const float *y, int64_t n, int64_t k, int kind)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)y[i]);
    return kind == 0 ? 1 / (1 + exp(-(double)y[k])) : kind == 1 ? exp((double)y[k]) / sum
                                                                : (double)y[k];
}

/* The mean of score times mask, worked out anew from the masks that were handed out. */
static void mean_of_masks(explaining *e, const ray_tensor *masks, int kind, ray_tensor *map)
{
    ray_tensor x = tensor_copy(&e->request.input), output = { .rank = 0 };
    int64_t pixels = x.dim[2] * x.dim[3], n = masks->dim[0];
    for (int64_t m = 0; m < n; m++) {
        const float *mask = masks->data + m * pixels;
        for (int64_t i = 0; i < x.dim[1] * pixels; i++)
            x.data[i] = e->request.input.data[i] * mask[i % pixels];
        CU_ASSERT_EQUAL_FATAL(ray_forward(e->network, &x, 1, &output, &e->error), 0);
        double score = score_of(output.data, output.dim[1], e->request.targets[0], kind);
        for (int64_t u = 0; u < pixels; u++)
            map->data[u] = (m ? map->data[u] : 0) + (float)(score / (double)n) * mask[u];
        ray_tensor_free(&output);
    }
    ray_tensor_free(&x);
}

static void maps_are_means_of_masks_by_score(void)
{
    static const struct { const char *settings; int kind; } cases[] = {
        { "num_cells=7", 0 },  { "num_cells=3 score=softmax", 1 }, { "num_cells=4 score=none", 2 },
        { "num_cells=1", 0 },  { "num_cells=2 p=0.3", 0 },         { "num_cells=10", 0 },
        { "num_cells=13", 0 }, { "num_cells=40 p=0.9", 0 },
    };
    static const int64_t target = 1;
    explaining e = open_graph(WIDE);
    e.request.targets = &target;
    e.request.n_targets = 1;
    for (int i = 0; i < COUNT(cases); i++) {
        char settings[256];
        snprintf(settings, sizeof settings, "num_masks=30 keep_masks=true %s", cases[i].settings);
        ray_tensor expected = tensor_copy(map_with(&e, "rise", settings));
        mean_of_masks(&e, extra(&e, "masks"), cases[i].kind, &expected);
        double off = tensor_difference(&e.result->maps[0].map, &expected, 1);
        CHECK_CASE(off < 1e-5, "%s: off by %g", cases[i].settings, off);
        ray_tensor_free(&expected);
    }
    explaining_close(&e);
}

/* ---- Masks ---- */

/* The cells of a mask and its shifts, as they are drawn: chunk by chunk, in a chunk first all cells,
 * then all shifts down, then all shifts to the right. */
typedef struct recipe { bool cell[16][16]; int64_t shift[2]; } recipe;
enum { MASKS = 21, CHUNK = 8 };

static void draw_recipes(recipe *recipes, uint64_t seed, int64_t cells, double p,
                         const int64_t *shifts)
{
    ray_random random;
    ray_random_seed(&random, seed);
    for (int first = 0; first < MASKS; first += CHUNK) {
        int n = MASKS - first < CHUNK ? MASKS - first : CHUNK;
        for (int i = first; i < first + n; i++)
            for (int64_t c = 0; c < cells * cells; c++)
                recipes[i].cell[c / cells][c % cells] = ray_random_uniform(&random) < p;
        for (int k = 0; k < 2; k++)
            for (int i = first; i < first + n; i++)
                recipes[i].shift[k] = ray_random_next(&random) % shifts[k];
    }
}

/* Past the first and the last cell lies the one before again. */
static int64_t mirror(int64_t i, int64_t cells)
{
    i = i < 0 ? -i : i;
    i = i >= cells ? 2 * (cells - 1) - i : i;
    return i < 0 ? 0 : i;
}

/* Between the centres of four cells, `row` and `column` in cells from the first one's centre on. */
static double value_at(const recipe *r, int64_t cells, double row, double column)
{
    double low[2] = { floor(row), floor(column) }, sum = 0;
    for (int k = 0; k < 4; k++) {
        double y = low[0] + k / 2, x = low[1] + k % 2;
        double weight = (1 - fabs(row - y)) * (1 - fabs(column - x));
        sum += weight * r->cell[mirror((int64_t)y, cells)][mirror((int64_t)x, cells)];
    }
    return sum;
}

static void masks_are_enlarged_grids(void)
{
    static const struct { const char *graph; int64_t cells; double p; uint64_t seed; } cases[] = {
        { WIDE, 7, 0.5, 0 },    { WIDE, 3, 0.2, 1 },      { WIDE, 2, 0.5, 2 },  { WIDE, 1, 0.5, 3 },
        { WIDE, 13, 0.5, 4 },   { WIDE, 16, 0.7, 5 },     { SQUARES, 7, 0.5, 6 },
        { SQUARES, 16, 1, 7 },  { SQUARES, 5, 0.4, 8 },
    };
    static recipe recipes[MASKS];
    for (int i = 0; i < COUNT(cases); i++) {
        char settings[256];
        explaining e = open_graph(cases[i].graph);
        int64_t cells = cases[i].cells, shifts[2];
        double span[2], worst = 0;
        for (int k = 0; k < 2; k++) {
            double side = (double)e.request.input.dim[2 + k];
            shifts[k] = (int64_t)ceil(side / (double)cells);
            span[k] = ceil((side + (double)shifts[k]) / (double)cells);
        }
        draw_recipes(recipes, cases[i].seed, cells, cases[i].p, shifts);
        snprintf(settings, sizeof settings,
                 "num_masks=%d batch_size=%d num_cells=%d p=%g seed=%d keep_masks=true", MASKS,
                 CHUNK, (int)cells, cases[i].p, (int)cases[i].seed);
        map_with(&e, "rise", settings);
        const ray_tensor *masks = extra(&e, "masks");
        int64_t width = masks->dim[3], pixels = masks->dim[2] * width;
        for (int64_t u = 0; u < MASKS * pixels; u++) {
            const recipe *r = &recipes[u / pixels];
            double row = (double)(u % pixels / width + r->shift[0]) + 0.5;
            double column = (double)(u % width + r->shift[1]) + 0.5;
            double expected = value_at(r, cells, row / span[0] - 0.5, column / span[1] - 0.5);
            worst = fmax(worst, fabs((double)masks->data[u] - expected));
        }
        CHECK_CASE(worst < 1e-6, "%s, %d cells: off by %g", cases[i].graph, (int)cells, worst);
        explaining_close(&e);
    }
}

/* Masks that hide nothing give the score everywhere, masks that hide all nothing. */
static void masks_may_hide_nothing_or_all(void)
{
    explaining e = open_graph(WIDE);
    const ray_tensor *map = map_with(&e, "rise", "num_masks=9 p=1");
    double score = score_of(e.result->output.data, 4, e.result->targets[0], 0);
    for (int64_t i = 0; i < ray_tensor_size(map); i++)
        CU_ASSERT_DOUBLE_EQUAL((double)map->data[i], score, 1e-6 * score);
    map = map_with(&e, "rise", "num_masks=9 p=0");
    for (int64_t i = 0; i < ray_tensor_size(map); i++)
        CU_ASSERT_EQUAL(map->data[i], 0);
    explaining_close(&e);
}

static ray_tensor masks_with(explaining *e, const char *settings)
{
    map_with(e, "rise", settings);
    return tensor_copy(extra(e, "masks"));
}

static void masks_depend_on_seed_and_chunk_alone(void)
{
    static const struct { const char *settings; uint64_t seed; int64_t same; } cases[] = {
        { "num_masks=20 batch_size=8", 5, 20 },             /* the command's */
        { "num_masks=20 batch_size=8 seed=5", 9, 20 },
        { "num_masks=20 batch_size=8 seed=4294967301", 9, 20 },
        { "num_masks=20 batch_size=8 seed=6", 9, 0 },
        { "num_masks=17 batch_size=8 seed=5", 9, 16 },      /* all but the last chunk */
        { "num_masks=20 batch_size=9 seed=5", 9, 0 },
        { "num_masks=20 batch_size=8 seed=5 score=none", 9, 20 },
    };
    explaining e = open_graph(WIDE);
    e.request.random_seed = 5;
    ray_tensor expected = masks_with(&e, "num_masks=20 num_cells=3 batch_size=8 keep_masks=true");
    int64_t size = expected.dim[2] * expected.dim[3];
    for (int i = 0; i < COUNT(cases); i++) {
        char settings[256];
        snprintf(settings, sizeof settings, "%s num_cells=3 keep_masks=true", cases[i].settings);
        e.request.random_seed = cases[i].seed;
        ray_tensor masks = masks_with(&e, settings);
        int64_t same = 0;
        while (same < masks.dim[0] && !memcmp(masks.data + same * size, expected.data + same * size,
                                              (size_t)size * sizeof *masks.data))
            same++;
        CHECK_CASE(same == cases[i].same, "%s: %d masks are the same, expected %d",
                   cases[i].settings, (int)same, (int)cases[i].same);
        ray_tensor_free(&masks);
    }
    ray_tensor_free(&expected);
    explaining_close(&e);
}

static void masks_of_a_file_are_used(void)
{
    explaining e = open_graph(WIDE);
    char settings[512];
    const char *path = scratch_path("masks.npy");
    ray_tensor expected = tensor_copy(map_with(&e, "rise", "num_masks=25 keep_masks=true"));
    ray_tensor masks = tensor_copy(extra(&e, "masks"));
    for (int rank = 4; rank >= 3; rank--) {
        ray_tensor planes = masks;
        for (int i = 1; rank == 3 && i < 3; i++)
            planes.dim[i] = masks.dim[i + 1];
        planes.rank = rank;
        CU_ASSERT_EQUAL_FATAL(ray_npy_write(path, &planes, &e.error), 0);
        snprintf(settings, sizeof settings, "masks=%s num_masks=7 seed=3", path);
        CHECK_CASE(tensor_same(map_with(&e, "rise", settings), &expected), "of rank %d", rank);
        CU_ASSERT_EQUAL(e.result->maps[0].total, 25);
    }
    ray_tensor_free(&masks);
    ray_tensor_free(&expected);
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "maps are means of masks by score", maps_are_means_of_masks_by_score },
        { "masks are enlarged grids", masks_are_enlarged_grids },
        { "masks may hide nothing or all", masks_may_hide_nothing_or_all },
        { "masks depend on seed and chunk alone", masks_depend_on_seed_and_chunk_alone },
        { "masks of a file are used", masks_of_a_file_are_used },
        { 0 }
    };
    program_prepare();
    return run_tests("rise", tests);
}
