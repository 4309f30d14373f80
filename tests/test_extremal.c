/* SPDX-License-Identifier: MIT */
/* test_extremal.c - extremal_perturbation as a method: what it hands out, what changes it and what
 * does not, and what it refuses. */
#include "perturbing.h"

#define METHOD "extremal_perturbation"
#define EIGHT_AREAS ".1,.2,.3,.4,.5,.6,.7,.8,"
#define SIXTY_FIVE_AREAS EIGHT_AREAS EIGHT_AREAS EIGHT_AREAS EIGHT_AREAS EIGHT_AREAS EIGHT_AREAS \
                         EIGHT_AREAS EIGHT_AREAS ".9"
#define SMALL "step=4 sigma=8 max_blur=4 "      /* for pictures of 16 pixels */

static void aim(explaining *e, const int64_t *target)
{
    e->request.targets = target;
    e->request.n_targets = 1;
}

static const int64_t two = 2;

/* ---- What is handed out ---- */

static void check_numbers(const explaining *e, int64_t areas, int64_t last)
{
    const ray_tensor *masks = extra(e, "masks"), *history = extra(e, "history");
    for (int64_t a = 0; a < areas; a++) {
        ray_tensor mask = plane_of(masks, a, 0);
        const float *end = history->data + (a * history->dim[1] + last) * 2;
        double mean = tensor_sum(&mask) / (double)ray_tensor_size(&mask);
        CU_ASSERT_EQUAL(explaining_finding(e, "reward")->v[a], (double)end[0]);
        CU_ASSERT_EQUAL(explaining_finding(e, "area_term")->v[a], (double)end[1]);
        CU_ASSERT_DOUBLE_EQUAL(explaining_finding(e, "mask_mean")->v[a], mean, 1e-9);
    }
}

static void masks_history_and_numbers_fit_together(void)
{
    static const struct { const char *settings; int64_t areas, iterations; } cases[] = {
        { SMALL "max_iter=1", 1, 1 },
        { SMALL "max_iter=7 areas=0.05,0.3,0.6", 3, 7 },
        { SMALL "max_iter=4 areas=0.5,0.5 variant=dual perturbation=fade", 2, 4 },
    };
    explaining e = open_graph(PLAIN);
    aim(&e, &two);
    for (int i = 0; i < COUNT(cases); i++) {
        const ray_tensor *map = map_with(&e, METHOD, cases[i].settings);
        const ray_tensor *masks = extra(&e, "masks"), *history = extra(&e, "history");
        int64_t areas = cases[i].areas, pixels = map->dim[2] * map->dim[3];
        CU_ASSERT(masks->dim[0] == areas && masks->dim[1] == 1 && masks->dim[2] == map->dim[2]
                  && masks->dim[3] == map->dim[3]);
        CU_ASSERT(history->dim[0] == areas && history->dim[1] == cases[i].iterations
                  && history->dim[2] == 2);
        CU_ASSERT_EQUAL(explaining_finding(&e, "reward")->n, areas);
        check_numbers(&e, areas, cases[i].iterations - 1);
        for (int64_t u = 0; u < pixels; u++) {
            double sum = 0;
            for (int64_t a = 0; a < areas; a++)
                sum += (double)masks->data[a * pixels + u];
            CU_ASSERT_DOUBLE_EQUAL((double)map->data[u], sum, 1e-6);
        }
    }
    explaining_close(&e);
}

/* Equal areas have equal masks: none is disturbed by the others. */
static void masks_do_not_depend_on_each_other(void)
{
    explaining e = open_graph(PLAIN);
    aim(&e, &two);
    map_with(&e, METHOD, SMALL "max_iter=12 areas=0.2");
    ray_tensor alone = tensor_copy(extra(&e, "masks"));
    map_with(&e, METHOD, SMALL "max_iter=12 areas=0.1,0.2,0.6");
    ray_tensor beside = plane_of(extra(&e, "masks"), 1, 0);
    CU_ASSERT(tensor_difference(&beside, &alone, 1) < 1e-4);
    ray_tensor_free(&alone);
    explaining_close(&e);
}

/* Of the first iteration, whose masks are the same: dual is preserve less what delete keeps. */
static void variants_differ_in_sign(void)
{
    explaining e = open_graph(EVERYWHERE);
    double reward[3];
    static const char *const settings[] = {
        SMALL "max_iter=1 variant=preserve", SMALL "max_iter=1 variant=delete",
        SMALL "max_iter=1 variant=dual",
    };
    aim(&e, &two);
    for (int i = 0; i < 3; i++) {
        map_with(&e, METHOD, settings[i]);
        reward[i] = finding(&e, "reward");
    }
    CU_ASSERT(fabs(reward[1]) > 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(reward[2], reward[0] + reward[1], 1e-5 * fabs(reward[0]));
    explaining_close(&e);
}

/* ---- What must not change the result ---- */

static void batches_and_threads_change_nothing(void)
{
    static const struct { int64_t batch; int threads; } cases[] = { { 1, 1 }, { 4, 3 }, { 5, 2 } };
    explaining e = open_graph(PLAIN);
    aim(&e, &two);
    const char *settings = SMALL "max_iter=6 areas=0.1,0.3,0.7 variant=dual";
    ray_tensor expected = tensor_copy(map_with(&e, METHOD, settings));
    for (int i = 0; i < COUNT(cases); i++) {
        e.request.batch = cases[i].batch;
        e.request.threads = cases[i].threads;
        double off = tensor_difference(map_with(&e, METHOD, settings), &expected, 1);
        CHECK_CASE(off < 1e-5, "batch %d: off by %g", (int)cases[i].batch, off);
        ray_tensor threaded = tensor_copy(&e.result->maps[0].map);
        e.request.threads = 1;
        CU_ASSERT(tensor_same(map_with(&e, METHOD, settings), &threaded));
        ray_tensor_free(&threaded);
    }
    ray_tensor_free(&expected);
    explaining_close(&e);
}

/* The masks of the last iteration that was made, and no numbers for the others. */
static void stopped_work_hands_out_its_last_masks(void)
{
    explaining e = open_graph(PLAIN);
    aim(&e, &two);
    ray_tensor expected = tensor_copy(map_with(&e, METHOD, SMALL "max_iter=5"));
    e.heard.stop_at = 5;
    const ray_tensor *map = map_with(&e, METHOD, SMALL "max_iter=9");
    CU_ASSERT(tensor_same(map, &expected));
    CU_ASSERT(e.result->stopped && e.result->maps[0].partial);
    check_numbers(&e, 1, 4);
    const ray_tensor *history = extra(&e, "history");
    CU_ASSERT(isfinite(history->data[9]) && isnan(history->data[10]) && isnan(history->data[17]));
    ray_tensor_free(&expected);
    explaining_close(&e);
}

/* What a run has handed out: map, masks, history. */
typedef struct handed { ray_tensor map, masks, history; } handed;

static handed hand_out(explaining *e, const char *settings)
{
    const ray_tensor *map = map_with(e, METHOD, settings);
    return (handed){ tensor_copy(map), tensor_copy(extra(e, "masks")),
                     tensor_copy(extra(e, "history")) };
}

static void handed_free(handed *h)
{
    ray_tensor_free(&h->map);
    ray_tensor_free(&h->masks);
    ray_tensor_free(&h->history);
}

static void stopped_work_goes_on_to_the_same_bytes(void)
{
    static const int stops[][3] = { { 1 }, { 4, 2 }, { 7 } };
    const char *settings = SMALL "max_iter=7 areas=0.1,0.4 variant=dual";
    explaining e = open_graph(PLAIN);
    aim(&e, &two);
    handed whole = hand_out(&e, settings);
    for (int i = 0; i < COUNT(stops); i++) {
        e.request.checkpoint = scratch_path("extremal.checkpoint");
        for (int k = 0; k < 3 && stops[i][k]; k++) {
            e.heard.stop_at = stops[i][k];
            map_with(&e, METHOD, settings);
            CU_ASSERT(e.result->stopped);
        }
        e.heard.stop_at = 0;
        handed pieces = hand_out(&e, settings);
        CU_ASSERT(tensor_same(&pieces.map, &whole.map));
        CU_ASSERT(tensor_same(&pieces.masks, &whole.masks));
        CU_ASSERT(tensor_same(&pieces.history, &whole.history));
        handed_free(&pieces);
        remove(e.request.checkpoint);
    }
    handed_free(&whole);
    explaining_close(&e);
}

/* ---- Rewards inside the network ---- */

/* A network that ends where another's reward is taken. */
static explaining open_cut(void)
{
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open_cut(&e);
    return e;
}

static void any_channel_can_be_rewarded(void)
{
    static const char *const settings[] = { "reward_layer=relu1",
                                            "reward_layer=relu1 reward_channel=7" };
    static const int64_t channels[] = { 2, 7 };
    explaining cut = open_cut(), whole = { 0 };
    explaining_load(&whole, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&whole, source_path(PLAIN), RAY_WEIGHTS_FILE,
                    source_path("tests/fixtures/plain/input.npy"));
    aim(&whole, &two);
    for (int i = 0; i < 2; i++) {
        char text[256];
        aim(&cut, &channels[i]);
        const ray_tensor *map = map_with(&cut, METHOD, SMALL "max_iter=8 reward=contrastive");
        ray_tensor expected = tensor_copy(map);
        double reward = finding(&cut, "reward");
        snprintf(text, sizeof text, SMALL "max_iter=8 reward=contrastive %s", settings[i]);
        double off = tensor_difference(map_with(&whole, METHOD, text), &expected, 1);
        CHECK_CASE(off < 1e-5, "%s: off by %g", settings[i], off);
        CU_ASSERT_DOUBLE_EQUAL(finding(&whole, "reward"), reward, 1e-5 * fabs(reward));
        ray_tensor_free(&expected);
    }
    explaining_close(&cut);
    explaining_close(&whole);
}

/* ---- Any size ---- */

enum { TOP = 20, LEFT = 30, SIDE = 20 };

static bool is_bright(const ray_tensor *picture, int64_t i)
{
    int64_t y = i / picture->dim[3], x = i % picture->dim[3];
    return y >= TOP && y < TOP + SIDE && x >= LEFT && x < LEFT + SIDE;
}

/* Means of a mask over the bright square, and elsewhere. */
static void split_mask(const ray_tensor *picture, const ray_tensor *map, double *in, double *out)
{
    int64_t pixels = picture->dim[2] * picture->dim[3], bright = SIDE * SIDE;
    *in = *out = 0;
    for (int64_t i = 0; i < pixels; i++)
        *(is_bright(picture, i) ? in : out) += (double)map->data[i];
    *in /= (double)bright;
    *out /= (double)(pixels - bright);
}

/* A bright square in the dark, 64 x 65 pixels, and a score of all its light: masks must find it,
 * whatever step and sigma they are made of, and few of their other pixels (whose number grows with
 * sigma: the area is that of the full mask). */
static void masks_of_all_shapes_find_what_matters(void)
{
    static const char *const shapes[] = {
        "step=7 sigma=14", "step=7 sigma=10",      "step=5 sigma=12.5", "step=3 sigma=1.5",
        "step=8 sigma=4",  "step=1 sigma=6",       "step=2 sigma=9",    "step=6 sigma=7",
        "step=9 sigma=9 jitter=false",         "step=4 sigma=8 perturbation=blur",
    };
    explaining e = open_graph(SQUARES);
    for (int64_t i = 0; i < ray_tensor_size(&e.request.input); i++)
        e.request.input.data[i] = is_bright(&e.request.input, i) ? 60 : 1;
    for (int i = 0; i < COUNT(shapes); i++) {
        char settings[256];
        double in, out;
        snprintf(settings, sizeof settings, "max_iter=400 areas=0.1 perturbation=fade %s",
                 shapes[i]);
        split_mask(&e.request.input, map_with(&e, METHOD, settings), &in, &out);
        CHECK_CASE(in > 0.7 && out < in / 2, "%s: %g inside, %g outside", shapes[i], in, out);
    }
    explaining_close(&e);
}

/* ---- Refusals ---- */

static void what_cannot_be_is_refused(void)
{
    static const struct { const char *graph, *settings, *error; } cases[] = {
        { PLAIN, "areas=1.5",
          METHOD ": an area of 1.5 is impossible: areas are more than 0 and less than 1" },
        { PLAIN, "areas=0.5,0", METHOD ": an area of 0 is impossible: *" },
        { PLAIN, "areas=1", METHOD ": an area of 1 is impossible: *" },
        { PLAIN, "areas=nan", "*areas*nan*" },
        { PLAIN, "areas=" SIXTY_FIVE_AREAS, "*areas: a list of 65 is too long; *" },
        { PLAIN, "step=17", METHOD ": a step of 17 pixels is larger than the picture, 16 x 16" },
        { PLAIN, "step=0", "*step*integer*" },
        { PLAIN, "sigma=0", "*sigma*" },
        { PLAIN, "num_levels=1", "*num_levels*" },
        { PLAIN, "max_iter=0", "*max_iter*" },
        { PLAIN, "variant=keep", "*variant*preserve, delete, dual*" },
        { PLAIN, "reward_layer=rellu1", METHOD ": *no layer \"rellu1\"; did you mean \"relu1\"?" },
        { PLAIN, "reward_channel=5",
          METHOD ": reward_channel 5 is out of range: \"fc2\" has 5 channels" },
        { PLAIN, "reward_channel=-3", "*reward_channel*" },
        { "tests/fixtures/vector/graph.yaml", "step=1",
          METHOD ": the network's input, 10, is not a picture: *" },
        { SQUARES, "reward=contrastive",
          METHOD ": reward=contrastive compares channels, and \"flatten\" has only one" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        explaining e = open_graph(cases[i].graph);
        set(&e, cases[i].settings);
        CHECK_CASE(explaining_run(&e, METHOD) == -1, "%s: accepted", cases[i].settings);
        check_message(cases[i].settings, &e.error, cases[i].error);
        explaining_close(&e);
    }
}

/* A class of the output need not be a channel of the rewarded layer. */
static void targets_beyond_the_rewarded_layer_are_refused(void)
{
    static const int64_t target = 3;
    static const char *expected = METHOD ": target 3 is out of range: \"average\" has 2 channels "
                                         "(reward_channel chooses one)";
    static const char text[] =
        "rayinterp: 1\n"
        "input: {shape: [2, 16, 16]}\n"
        "layers:\n"
        "  - {name: average, type: adaptive_avg_pool2d, output_size: 4}\n"
        "  - {name: flatten, type: flatten}\n"
        "output: flatten\n";
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, scratch_write("flat.yaml", text, sizeof text - 1), RAY_WEIGHTS_FILE, NULL);
    aim(&e, &target);
    set(&e, SMALL "max_iter=1 reward_layer=average");
    CU_ASSERT_EQUAL(explaining_run(&e, METHOD), -1);
    check_message("target", &e.error, expected);
    set(&e, SMALL "max_iter=1 reward_layer=average reward_channel=1");
    CU_ASSERT_EQUAL(explaining_run(&e, METHOD), 0);
    explaining_close(&e);
}

int main(void)
{
    static const named_test tests[] = {
        { "masks, history and numbers fit together", masks_history_and_numbers_fit_together },
        { "masks do not depend on each other", masks_do_not_depend_on_each_other },
        { "variants differ in sign", variants_differ_in_sign },
        { "batches and threads change nothing", batches_and_threads_change_nothing },
        { "stopped work hands out its last masks", stopped_work_hands_out_its_last_masks },
        { "stopped work goes on to the same bytes", stopped_work_goes_on_to_the_same_bytes },
        { "any channel can be rewarded", any_channel_can_be_rewarded },
        { "masks of all shapes find what matters", masks_of_all_shapes_find_what_matters },
        { "what cannot be is refused", what_cannot_be_is_refused },
        { "targets beyond the rewarded layer are refused",
          targets_beyond_the_rewarded_layer_are_refused },
        { 0 }
    };
    program_prepare();
    return run_tests("extremal", tests);
}
