/* SPDX-License-Identifier: MIT */
/* test_perturbation.c - what holds of all methods that look at many changed pictures, and the maps
 * of occlusion, smooth_grad and integrated_gradients. */
#include "perturbing.h"

/* ---- What must change nothing ---- */

static const struct { const char *name, *settings; double rounding; } methods[] = {
    { "rise", "num_masks=37 num_cells=4 batch_size=8 keep_masks=true classes=all", 1e-6 },
    { "occlusion", "size=4,5 stride=3,2 value=0.5", 5e-6 },     /* small differences of scores */
    { "smooth_grad", "samples=19 sigma=0.3", 1e-6 },
    { "integrated_gradients", "steps=21 baseline=blur blur=2", 1e-6 },
};

static void batches_and_threads_change_nothing(void)
{
    static const struct { int64_t batch; int threads; } cases[] = { { 1, 1 },  { 5, 1 }, { 5, 2 },
                                                                    { 16, 2 }, { 64, 1 } };
    explaining e = open_graph(WIDE);
    for (int m = 0; m < COUNT(methods); m++) {
        e.request.batch = 7;
        e.request.threads = 1;
        ray_tensor expected = tensor_copy(map_with(&e, methods[m].name, methods[m].settings));
        ray_tensor masks = { .rank = 0, .data = NULL };
        if (m == 0)
            masks = tensor_copy(extra(&e, "masks"));
        for (int i = 0; i < COUNT(cases); i++) {
            e.request.batch = cases[i].batch;
            e.request.threads = cases[i].threads;
            double off = tensor_difference(explaining_map(&e, methods[m].name), &expected, 1);
            CHECK_CASE(off < methods[m].rounding, "%s, batch %d: off by %g", methods[m].name,
                       (int)cases[i].batch, off);
            CU_ASSERT(m > 0 || tensor_same(extra(&e, "masks"), &masks));
        }
        ray_tensor_free(&expected);
        ray_tensor_free(&masks);
    }
    explaining_close(&e);
}

static void items_are_explained_by_themselves(void)
{
    explaining e = open_graph(WIDE);
    ray_tensor *input = &e.request.input, one = *input, two = *input;
    int64_t n = ray_tensor_size(&one), target = 2;
    two.dim[0] = 2;
    two.data = malloc((size_t)(2 * n) * sizeof *two.data);
    for (int64_t i = 0; i < n; i++) {
        two.data[i] = 1 - one.data[i];
        two.data[n + i] = one.data[i];
    }
    e.request.targets = &target;
    e.request.n_targets = 1;
    for (int m = 0; m < COUNT(methods); m++) {
        ray_tensor single = tensor_copy(map_with(&e, methods[m].name, methods[m].settings));
        *input = two;
        ray_tensor both = *explaining_map(&e, methods[m].name);
        CU_ASSERT_EQUAL(both.dim[0], 2);
        both.dim[0] = 1;
        CHECK_CASE(!tensor_same(&both, &single), "%s: the first item has the other's map",
                   methods[m].name);
        both.data += ray_tensor_size(&single);
        CHECK_CASE(tensor_same(&both, &single), "%s: the second item's map is another",
                   methods[m].name);
        *input = one;
        ray_tensor_free(&single);
    }
    free(two.data);
    explaining_close(&e);
}

static void targets_of_one_pass_have_their_own_maps(void)
{
    static const int64_t targets[] = { 3, 0, 2 };
    static const char *const together[] = { "rise", "occlusion" };
    explaining e = open_graph(WIDE);
    for (int m = 0; m < COUNT(together); m++) {
        e.request.targets = targets;
        e.request.n_targets = 3;
        set(&e, methods[m].settings);
        ray_tensor maps = tensor_copy(explaining_map(&e, together[m]));
        for (int t = 0; t < 3; t++) {
            e.request.targets = targets + t;
            e.request.n_targets = 1;
            ray_tensor in_pass = plane_of(&maps, t, 0);
            ray_tensor alone = plane_of(explaining_map(&e, together[m]), 0, 0);
            CHECK_CASE(tensor_same(&in_pass, &alone), "%s: target %d", together[m], t);
            if (m > 0)
                continue;
            ray_tensor of_all = plane_of(extra(&e, "classes"), 0, targets[t]);
            CHECK_CASE(tensor_same(&in_pass, &of_all), "classes: target %d", t);
            map_with(&e, "rise", "num_masks=37 num_cells=4 batch_size=8");
            ray_tensor only = plane_of(&e.result->maps[0].map, 0, 0);
            CHECK_CASE(tensor_same(&in_pass, &only), "target %d without the others", t);
            set(&e, methods[m].settings);
        }
        ray_tensor_free(&maps);
    }
    explaining_close(&e);
}

/* ---- Stopping and going on ---- */

static void what_is_done_so_far_is_a_map(void)
{
    static const struct { const char *method, *settings, *shorter; } cases[] = {
        { "rise", "num_masks=40 batch_size=5", "num_masks=15 batch_size=5" },
        { "smooth_grad", "samples=40", "samples=15" },
    };
    explaining e = open_graph(WIDE);
    e.request.batch = 5;
    for (int i = 0; i < COUNT(cases); i++) {
        e.heard.stop_at = 0;
        ray_tensor expected = tensor_copy(map_with(&e, cases[i].method, cases[i].shorter));
        e.heard.stop_at = 3;
        const ray_tensor *partial = map_with(&e, cases[i].method, cases[i].settings);
        CHECK_CASE(tensor_same(partial, &expected), "%s: another map", cases[i].method);
        CU_ASSERT(e.result->stopped && e.result->maps[0].partial);
        CU_ASSERT_EQUAL(e.result->maps[0].done, 15);
        CU_ASSERT_EQUAL(e.result->maps[0].total, 40);
        ray_tensor_free(&expected);
    }
    explaining_close(&e);
}

static void half_a_map_of_others_is_none(void)
{
    static const char *const others[] = { "occlusion", "integrated_gradients" };
    explaining e = open_graph(WIDE);
    e.request.batch = 2;
    e.heard.stop_at = 3;
    set(&e, "occlusion.size=3 occlusion.stride=2");
    for (int i = 0; i < COUNT(others); i++) {
        e.request.n_settings = i == 0 ? 2 : 0;
        CU_ASSERT_EQUAL_FATAL(explaining_run(&e, others[i]), 0);
        CHECK_CASE(e.result->stopped && e.result->n_maps == 0, "%s left a map", others[i]);
    }
    explaining_close(&e);
}

static void stopped_work_goes_on_to_the_same_bytes(void)
{
    explaining e = open_graph(WIDE);
    e.request.batch = 3;
    for (int m = 0; m < COUNT(methods); m++) {
        char name[64];
        snprintf(name, sizeof name, "%s.checkpoint", methods[m].name);
        e.heard.stop_at = 0;
        e.request.checkpoint = NULL;
        ray_tensor whole = tensor_copy(map_with(&e, methods[m].name, methods[m].settings));
        ray_tensor arrays[2] = { { .data = NULL }, { .data = NULL } };
        for (int i = 0; i < e.result->maps[0].n_extras && i < 2; i++)
            arrays[i] = tensor_copy(&e.result->maps[0].extras[i].tensor);
        e.request.checkpoint = scratch_path(name);
        e.heard.stop_at = 4;
        CU_ASSERT_EQUAL_FATAL(explaining_run(&e, methods[m].name), 0);
        CU_ASSERT(e.result->stopped);
        e.heard.stop_at = 0;
        CHECK_CASE(tensor_same(explaining_map(&e, methods[m].name), &whole), "%s: another map",
                   methods[m].name);
        for (int i = 0; i < 2 && arrays[i].data; i++) {
            CHECK_CASE(tensor_same(&e.result->maps[0].extras[i].tensor, &arrays[i]),
                       "%s: another array %d", methods[m].name, i);
            ray_tensor_free(&arrays[i]);
        }
        ray_tensor_free(&whole);
    }
    explaining_close(&e);
}

/* ---- smooth_grad ---- */

static void without_noise_it_is_the_gradient(void)
{
    static const char *const layers[] = { NULL, "relu1", "conv2" };
    explaining e = open_graph(PLAIN);
    for (int i = 0; i < COUNT(layers); i++) {
        e.request.layer = layers[i];
        ray_tensor expected = tensor_copy(map_with(&e, "gradient", ""));
        const ray_tensor *map = map_with(&e, "smooth_grad", "samples=21 sigma=0");
        double off = tensor_difference(map, &expected, 1);
        CHECK_CASE(off < 1e-6, "at %s: off by %g", layers[i] ? layers[i] : "the input", off);
        off = tensor_difference(map_with(&e, "smooth_grad", "samples=3 sigma=0.2"), &expected, 1);
        CHECK_CASE(off > 1e-2, "at %s: as without noise", layers[i] ? layers[i] : "the input");
        ray_tensor_free(&expected);
    }
    explaining_close(&e);
}

/* Where the gradient of a value is 2 / n of it, a sample shows the noise. */
static void noise_is_gaussian_and_of_the_range(void)
{
    static const double sigma = 0.25, range = 4;
    explaining e = open_graph(SQUARES);
    ray_tensor *x = &e.request.input;
    int64_t n = ray_tensor_size(x);
    for (int64_t i = 0; i < n; i++)
        x->data[i] = i % 2 ? 10 : 14;
    const ray_tensor *map = map_with(&e, "smooth_grad", "samples=1 sigma=0.25");
    double sum = 0, squares = 0, pairs = 0;
    int within = 0;
    for (int64_t i = 0; i < n; i++) {
        double noise = (double)(map->data[i] * (float)n / 2 - x->data[i]) / (sigma * range);
        double next = (double)(map->data[i ^ 1] * (float)n / 2 - x->data[i ^ 1]) / (sigma * range);
        sum += noise;
        squares += noise * noise;
        pairs += noise * next;
        within += fabs(noise) < 1;
    }
    CHECK_CASE(fabs(sum / (double)n) < 0.06, "mean %g", sum / (double)n);
    CHECK_CASE(fabs(squares / (double)n - 1) < 0.08, "variance %g", squares / (double)n);
    CHECK_CASE(fabs(pairs / (double)n) < 0.08, "covariance %g", pairs / (double)n);
    CHECK_CASE(fabs(within / (double)n - 0.6827) < 0.03, "%g within sigma", within / (double)n);
    explaining_close(&e);
}

static void noise_is_that_of_the_seed(void)
{
    explaining e = open_graph(WIDE);
    ray_tensor first = tensor_copy(map_with(&e, "smooth_grad", "samples=2"));
    CU_ASSERT(tensor_same(explaining_map(&e, "smooth_grad"), &first));
    e.request.random_seed = 1;
    CU_ASSERT(!tensor_same(explaining_map(&e, "smooth_grad"), &first));
    ray_tensor_free(&first);
    explaining_close(&e);
}

/* ---- integrated_gradients ---- */

/* Of a score that is a mean over one channel, each value's part is what it adds to the mean. */
static void linear_scores_are_shared_out_exactly(void)
{
    explaining e = open_graph(MEANS);
    ray_tensor *x = &e.request.input, flat = tensor_copy(x);
    char settings[512];
    int64_t target = 1, pixels = x->dim[2] * x->dim[3];
    for (int64_t i = 0; i < ray_tensor_size(&flat); i++)
        flat.data[i] = (float)(i % 7) - 3;
    CU_ASSERT_EQUAL_FATAL(ray_npy_write(scratch_path("flat.npy"), &flat, &e.error), 0);
    snprintf(settings, sizeof settings, "steps=3 baseline=file file=%s", scratch_path("flat.npy"));
    e.request.targets = &target;
    e.request.n_targets = 1;
    for (int k = 0; k < 2; k++) {
        const ray_tensor *map = map_with(&e, "integrated_gradients", k ? settings : "steps=2");
        for (int64_t u = 0; u < pixels; u++) {
            int64_t i = target * pixels + u;
            double base = k ? (double)flat.data[i] : 0, way = (double)x->data[i] - base;
            CU_ASSERT_DOUBLE_EQUAL((double)map->data[u], way / (double)pixels, 1e-7);
        }
        CU_ASSERT_DOUBLE_EQUAL(finding(&e, "score_difference"), tensor_sum(map), 1e-5);
        CU_ASSERT_DOUBLE_EQUAL(finding(&e, "completeness_error"), 0, 1e-5);
    }
    ray_tensor_free(&flat);
    explaining_close(&e);
}

/* The gradient of a square is linear, and its mean over points in the middle of equal steps exact. */
static void points_lie_in_the_middle_of_steps(void)
{
    static const char *const settings[] = { "steps=1", "steps=2", "steps=7 baseline=blur blur=1" };
    explaining e = open_graph(SQUARES);
    for (int i = 0; i < COUNT(settings); i++) {
        map_with(&e, "integrated_gradients", settings[i]);
        double error = finding(&e, "completeness_error"), of = finding(&e, "score_difference");
        CHECK_CASE(fabs(error) < 1e-5 * fabs(of), "%s: %g of %g", settings[i], error, of);
    }
    explaining_close(&e);
}

/* A picture of one colour is its own blur. */
static void nothing_is_between_a_colour_and_its_blur(void)
{
    explaining e = open_graph(MEANS);
    for (int64_t i = 0; i < ray_tensor_size(&e.request.input); i++)
        e.request.input.data[i] = 3;
    const ray_tensor *map = map_with(&e, "integrated_gradients", "baseline=blur");
    for (int64_t i = 0; i < ray_tensor_size(map); i++)
        CU_ASSERT_DOUBLE_EQUAL((double)map->data[i], 0, 1e-7);
    explaining_close(&e);
}

static void maps_add_up_to_the_score(void)
{
    static const struct { const char *graph, *settings; } cases[] = {
        { PLAIN, "" }, { PLAIN, "baseline=blur blur=3" }, { WIDE, "" }, { EVERYWHERE, "" },
        { "tests/fixtures/vector/graph.yaml", "" }, { "tests/fixtures/volumes/graph.yaml", "" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        double errors[2], difference = 0;
        explaining e = open_graph(cases[i].graph);
        for (int k = 0; k < 2; k++) {
            char settings[256];
            snprintf(settings, sizeof settings, "steps=%d %s", k ? 1000 : 2, cases[i].settings);
            const ray_tensor *map = map_with(&e, "integrated_gradients", settings);
            errors[k] = finding(&e, "completeness_error");
            difference = finding(&e, "score_difference");
            double sum = tensor_sum(map);
            CHECK_CASE(fabs(sum - difference - errors[k]) < 1e-4 * fabs(difference),
                       "%s: the sum is %g", cases[i].graph, sum);
        }
        CHECK_CASE(fabs(errors[1]) < 2e-3 * fabs(difference) && fabs(errors[1]) <= fabs(errors[0]),
                   "%s: errors %g and %g of %g", cases[i].graph, errors[0], errors[1], difference);
        explaining_close(&e);
    }
}

/* ---- occlusion ---- */

/* The fall of a mean over one channel: what the window takes from it.  A pixel's is the mean over
 * all windows that hold it. */
static double mean_fall(const ray_tensor *channel, const int *size, const int *stride, double value,
                        int64_t row, int64_t column)
{
    int64_t height = channel->dim[0], width = channel->dim[1], windows = 0;
    double sum = 0;
    for (int64_t y = 0; y == 0 || y - stride[0] + size[0] < height; y += stride[0])
        for (int64_t x = 0; x == 0 || x - stride[1] + size[1] < width; x += stride[1]) {
            if (row < y || row >= y + size[0] || column < x || column >= x + size[1])
                continue;
            windows++;
            for (int64_t i = y; i < y + size[0] && i < height; i++)
                for (int64_t k = x; k < x + size[1] && k < width; k++)
                    sum += (double)channel->data[i * width + k] - value;
        }
    return sum / (double)windows / (double)(height * width);
}

static void windows_take_what_they_cover(void)
{
    static const struct { const char *settings; int size[2], stride[2]; double value; } cases[] = {
        { "size=1 stride=1", { 1, 1 }, { 1, 1 }, 0 },
        { "size=3 stride=2", { 3, 3 }, { 2, 2 }, 0 },
        { "size=2,5 stride=1,3 value=0.5", { 2, 5 }, { 1, 3 }, 0.5 },
        { "size=4,3 stride=4,3 value=-1", { 4, 3 }, { 4, 3 }, -1 },
        { "size=5,8 stride=5,8 value=1", { 5, 8 }, { 5, 8 }, 1 },
        { "size=3,8 stride=3,1", { 3, 8 }, { 3, 1 }, 0 },
    };
    explaining e = open_graph(MEANS);
    const int64_t targets[] = { 0, 1 };
    e.request.targets = targets;
    e.request.n_targets = 2;
    for (int i = 0; i < COUNT(cases); i++) {
        const ray_tensor *map = map_with(&e, "occlusion", cases[i].settings);
        for (int64_t u = 0; u < ray_tensor_size(map); u++) {
            ray_tensor channel = plane_of(&e.request.input, 0, u / 40);
            double expected = mean_fall(&channel, cases[i].size, cases[i].stride, cases[i].value,
                                        u % 40 / 8, u % 8);
            double found = (double)map->data[u];
            CHECK_CASE(fabs(found - expected) < 1e-6, "%s: pixel %d: %g, expected %g",
                       cases[i].settings, (int)u, found, expected);
        }
    }
    explaining_close(&e);
}

/* ---- Refusals ---- */

/* Each item is explained with its own signal, whatever the batches of the method. */
static void items_have_their_own_signals(void)
{
    static const struct { const char *name, *settings; } cases[] = {
        { "smooth_grad", "samples=3" }, { "integrated_gradients", "steps=3" },
    };
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path(EVERYWHERE), RAY_WEIGHTS_FILE,
                    source_path("tests/fixtures/fully_convolutional/input.npy"));
    ray_tensor all = e.request.input, signals = { 0 }, one_signal;
    CU_ASSERT_EQUAL_FATAL(ray_npy_read(source_path("tests/fixtures/fully_convolutional/signal.npy"),
                                       &signals, &e.error), 0);
    CU_ASSERT_FATAL(all.dim[0] > 1 && signals.dim[0] == all.dim[0]);
    for (int m = 0; m < COUNT(cases); m++) {
        e.request.seed = &signals;
        ray_tensor together = tensor_copy(map_with(&e, cases[m].name, cases[m].settings));
        for (int64_t i = 0; i < all.dim[0]; i++) {
            e.request.input.dim[0] = 1;
            e.request.input.data = all.data + i * ray_tensor_item_size(&all);
            one_signal = signals;
            one_signal.dim[0] = 1;
            one_signal.data += i * ray_tensor_item_size(&signals);
            e.request.seed = &one_signal;
            const ray_tensor *alone = map_with(&e, cases[m].name, cases[m].settings);
            CU_ASSERT(!memcmp(alone->data, together.data + i * ray_tensor_item_size(alone),
                              (size_t)ray_tensor_item_size(alone) * sizeof *alone->data));
            e.request.input = all;
        }
        ray_tensor_free(&together);
    }
    ray_tensor_free(&signals);
    explaining_close(&e);
}

static void what_cannot_be_is_refused(void)
{
    static const char vector[] = "tests/fixtures/vector/graph.yaml";
    static const struct { const char *graph, *method, *settings, *error; } cases[] = {
        { WIDE, "rise", "num_masks=0", "--set: method \"rise\": num_masks: 0 is out of range; an integer >= 1" },
        { WIDE, "rise", "p=1.5", "--set: method \"rise\": p: 1.5 is out of range; a number from 0 to 1" },
        { WIDE, "rise", "seed=now", "--set: method \"rise\": seed: \"now\" is *" },
        { WIDE, "rise", "masks=/nowhere.npy", "rise: cannot read /nowhere.npy: No such file or directory" },
        { WIDE, "rise", "masks=SQUARE", "rise: *square.npy: masks for this network must be M x 10 x 13 or M x 1 x 10 x "
          "13" },
        { WIDE, "rise", "masks=NAN", "rise: *nan.npy: it holds NaN or infinity" },
        { WIDE, "rise", "masks=", "--set: method \"rise\": masks: the name of a file is expected" },
        { WIDE, "rise", "keep_masks=true masks=SQUARE", "rise: keep_masks: the masks of *square.npy are there already" },
        { WIDE, "occlusion", "value=1e300", "--set: method \"occlusion\": value: 1e300 is out of range; *" },
        { vector, "rise", "", "rise: the network's input, 10, is not a picture: the method needs one of channels x "
          "height x width" },
        { EVERYWHERE, "rise", "num_masks=4", "rise: the network's output, 4x3x2, is not class scores: the method "
          "needs one number for each class, not 6" },
        { vector, "occlusion", "", "occlusion: the network's input, 10, is not a picture: *" },
        { EVERYWHERE, "occlusion", "size=2 stride=2", "occlusion: the network's output, 4x3x2, is not class scores: *" },
        { WIDE, "occlusion", "size=11,13", "occlusion: a window of 11x13 (size) does not fit into a picture of 10x13" },
        { WIDE, "occlusion", "size=4,3 stride=4", "occlusion: a stride of 4x4 leaves out pixels between windows of "
          "4x3 (size)" },
        { WIDE, "occlusion", "size=0", "--set: method \"occlusion\": size: 0 is out of range; an integer >= 1, or a list of "
          "up to 2" },
        { WIDE, "smooth_grad", "samples=0", "--set: method \"smooth_grad\": samples: 0 is out of range; an integer >= 1" },
        { WIDE, "smooth_grad", "sigma=-1", "--set: method \"smooth_grad\": sigma: -1 is out of range; a number from 0 to 1" },
        { WIDE, "integrated_gradients", "steps=0", "--set: method \"integrated_gradients\": steps: 0 is out of range; an "
          "integer >= 1" },
        { WIDE, "integrated_gradients", "baseline=file", "integrated_gradients: baseline=file and file=FILE.npy go "
          "together" },
        { WIDE, "integrated_gradients", "file=SQUARE", "integrated_gradients: baseline=file and file=FILE.npy go together" },
        { WIDE, "integrated_gradients", "baseline=blur file=SQUARE", "integrated_gradients: baseline=file and file=FILE.npy "
          "go together" },
        { WIDE, "integrated_gradients", "baseline=file file=SQUARE", "integrated_gradients: *square.npy: a baseline must "
          "have the shape of the network's input" },
        { WIDE, "integrated_gradients", "baseline=file file=NAN", "integrated_gradients: *nan.npy: it holds NaN or "
          "infinity" },
        { vector, "integrated_gradients", "baseline=blur", "integrated_gradients: the network's input, 10, is not a "
          "picture: *" },
    };
    float values[2 * 9 * 9] = { 0 }, nan[10 * 13] = { [7] = NAN };
    const ray_tensor square = { values, { 2, 9, 9 }, 3 }, spoilt = { nan, { 1, 10, 13 }, 3 };
    const char *square_path = scratch_path("square.npy"), *nan_path = scratch_path("nan.npy");
    CU_ASSERT_EQUAL(ray_npy_write(square_path, &square, NULL), 0);
    CU_ASSERT_EQUAL(ray_npy_write(nan_path, &spoilt, NULL), 0);
    for (int i = 0; i < COUNT(cases); i++) {
        char settings[512];
        const char *word = strstr(cases[i].settings, "SQUARE");
        const char *path = word ? square_path : nan_path;
        word = word ? word : strstr(cases[i].settings, "NAN");
        snprintf(settings, sizeof settings, "%.*s%s",
                 word ? (int)(word - cases[i].settings) : 511, cases[i].settings, word ? path : "");
        explaining e = open_graph(cases[i].graph);
        set(&e, settings);
        CHECK_CASE(explaining_run(&e, cases[i].method) == -1, "%s %s was taken", cases[i].method,
                   cases[i].settings);
        check_message(cases[i].settings, &e.error, cases[i].error);
        explaining_close(&e);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "batches and threads change nothing", batches_and_threads_change_nothing },
        { "items are explained by themselves", items_are_explained_by_themselves },
        { "targets of one pass have their own maps", targets_of_one_pass_have_their_own_maps },
        { "what is done so far is a map", what_is_done_so_far_is_a_map },
        { "half a map of others is none", half_a_map_of_others_is_none },
        { "stopped work goes on to the same bytes", stopped_work_goes_on_to_the_same_bytes },
        { "without noise it is the gradient", without_noise_it_is_the_gradient },
        { "noise is Gaussian and of the range", noise_is_gaussian_and_of_the_range },
        { "noise is that of the seed", noise_is_that_of_the_seed },
        { "linear scores are shared out exactly", linear_scores_are_shared_out_exactly },
        { "points lie in the middle of steps", points_lie_in_the_middle_of_steps },
        { "nothing is between a colour and its blur", nothing_is_between_a_colour_and_its_blur },
        { "maps add up to the score", maps_add_up_to_the_score },
        { "windows take what they cover", windows_take_what_they_cover },
        { "items have their own signals", items_have_their_own_signals },
        { "what cannot be is refused", what_cannot_be_is_refused },
        { 0 }
    };
    program_prepare();
    return run_tests("perturbation", tests);
}
