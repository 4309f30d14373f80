/* SPDX-License-Identifier: MIT */
/* test_attention.c - a small vision transformer: layers that read nothing are activations like
 * others, and every method leaves finite maps and says aloud where it does not apply. */
#include "check_text.h"
#include "explaining.h"
#include "program.h"

#define GRAPH "tests/graphs/attention.yaml"

static explaining open_attention(void)
{
    explaining e = { 0 };
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path(GRAPH), RAY_WEIGHTS_RANDOM, NULL);
    return e;
}

static void set_words(explaining *e, const char *settings)
{
    static char text[256];
    static const char *words[8];
    snprintf(text, sizeof text, "%s", settings ? settings : "");
    e->request.settings = words;
    e->request.n_settings = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        words[e->request.n_settings++] = word;
}

static void set_probes(explaining *e)
{
    static const char *const probes[] = { "all" };
    e->request.probes = probes;
    e->request.n_probes = 1;
}

static const ray_tensor *find_signal(const explaining *e, const char *layer)
{
    const ray_map *map = &e->result->maps[0];
    for (int i = 0; i < map->n_probes; i++)
        if (!strcmp(map->probes[i].layer, layer))
            return &map->probes[i].signal;
    CU_FAIL_FATAL("no probe");
    return NULL;
}

/* ---- All methods ---- */

#define GATED "*: is defined for ReLU only; *: softmax \"weights\", gelu \"bent\""

/* layer: NULL for the input.  said: all warnings. */
static const struct attended { const char *method, *settings, *layer, *said; } attended[] = {
    { "gradient", "", NULL, "" },
    { "gradient", "", "patches", "" },
    { "gradient", "", "embedded", "" },
    { "gradient", "", "positions", "" },
    { "deconvnet", "", NULL, GATED },
    { "guided_backprop", "", NULL, GATED },
    { "grad_cam", "", "patches", "" },
    { "linear_approx", "", "patches", "" },
    { "ebp", "", NULL, "**" },
    { "ebp", "clamp_input=true", "patches", "**" },
    { "contrastive_ebp", "contrast_layer=norm3", "patches", "**" },
    { "integrated_gradients", "steps=3", NULL, "" },
    { "smooth_grad", "samples=3", NULL, "" },
    { "occlusion", "size=4 stride=2", NULL, "" },
    { "rise", "num_masks=6 num_cells=3", NULL, "" },
    { "extremal_perturbation", "max_iter=3 areas=0.3 step=2 sigma=2", NULL, "" },
};

static bool is_finite(const ray_tensor *tensor)
{
    bool finite = true;
    for (int64_t i = 0; i < ray_tensor_size(tensor); i++)
        finite = finite && isfinite(tensor->data[i]);
    return finite;
}

static void maps_are_finite_and_say_what_they_are(void)
{
    explaining e = open_attention();
    for (int i = 0; i < COUNT(attended); i++) {
        const struct attended *a = &attended[i];
        set_words(&e, a->settings);
        e.request.layer = a->layer;
        const ray_tensor *map = explaining_map(&e, a->method);
        double most = 0;
        for (int64_t k = 0; k < ray_tensor_size(map); k++)
            most = fmax(most, fabs((double)map->data[k]));
        CHECK_CASE(is_finite(map) && most > 0, "%s %s: the largest number is %g", a->method,
                   a->settings, most);
        CHECK_CASE(text_matches(e.heard.text, a->said), "%s %s\n  said:     %s\n  expected: %s",
                   a->method, a->settings, e.heard.text, a->said);
    }
    explaining_close(&e);
}

static int count_words(const char *text, const char *word)
{
    int n = 0;
    for (; (text = strstr(text, word)) != NULL; text += strlen(word))
        n++;
    return n;
}

/* Layers that the walk of excitation backprop knows no way through are named. */
static void excitation_names_what_it_does_not_know(void)
{
    static const char *const words[] = {
        "matmul \"products\"", "matmul \"chosen\"", "mul \"scaled\"", "softmax \"weights\"",
        "gelu \"bent\"",
    };
    explaining e = open_attention();
    explaining_map(&e, "ebp");
    for (int i = 0; i < COUNT(words); i++)
        CHECK_CASE(count_words(e.heard.text, words[i]) == 1, "%s is not named once in\n%s", words[i],
                   e.heard.text);
    explaining_close(&e);
}

/* ---- Numbers ---- */

static double score_of(explaining *e, int64_t target)
{
    ray_tensor out;
    CU_ASSERT_EQUAL_FATAL(ray_forward(e->network, &e->request.input, 1, &out, &e->error), 0);
    double score = ray_output_score(&out, 0, target);
    ray_tensor_free(&out);
    return score;
}

static void the_gradient_is_that_of_the_network(void)
{
    static const int64_t target = 2;
    const float step = 0.01f;
    explaining e = open_attention();
    e.request.targets = &target;
    e.request.n_targets = 1;
    set_probes(&e);
    explaining_map(&e, "gradient");
    ray_tensor signal = tensor_copy(find_signal(&e, "picture")), expected = tensor_copy(&signal);
    for (int64_t i = 0; i < ray_tensor_size(&signal); i++) {
        float *x = &e.request.input.data[i], held = *x;
        *x = held + step;
        double above = score_of(&e, target);
        *x = held - step;
        expected.data[i] = (float)((above - score_of(&e, target)) / (2 * (double)step));
        *x = held;
    }
    double off = tensor_difference(&signal, &expected, 1);
    CHECK_CASE(off < 2e-3, "the gradient is off by %g of its largest number", off);
    ray_tensor_free(&signal);
    ray_tensor_free(&expected);
    explaining_close(&e);
}

/* What concat and add give to their inputs, parameters among them, is what they were given; norms
 * pass on all of it.  off: of the sum of all shares, which may have both signs. */
static void check_shares(const explaining *e, const char *of, const char *const *parts)
{
    double given = tensor_sum(find_signal(e, of)), taken = 0, size = fabs(given);
    for (; *parts; parts++) {
        bool less = **parts == '-';
        double part = tensor_sum(find_signal(e, *parts + less));
        taken += less ? -part : part;
        size += fabs(part);
    }
    CHECK_CASE(fabs(given - taken) < 1e-5 * size, "%s: %g was given, %g taken", of, given, taken);
}

static void excitation_conserves_shares(void)
{
    static const char *const settings[] = { "", "clamp_input=true" };
    explaining e = open_attention();
    set_probes(&e);
    for (int i = 0; i < COUNT(settings); i++) {
        set_words(&e, settings[i]);
        explaining_map(&e, "ebp");
        check_shares(&e, "tokens", (const char *const[]){ "class_token", "columns", NULL });
        check_shares(&e, "embedded", (const char *const[]){ "tokens", "positions", NULL });
        check_shares(&e, "sum1", (const char *const[]){ "embedded", "-norm1", "projected", NULL });
        check_shares(&e, "sum2", (const char *const[]){ "sum1", "-norm2", "narrow", NULL });
        check_shares(&e, "norm3", (const char *const[]){ "sum2", NULL });
        check_shares(&e, "head", (const char *const[]){ "flat", NULL });
    }
    explaining_close(&e);
}

/* ---- Batches ---- */

/* An item's output is the same beside others. */
static void parameters_are_the_same_for_each_item(void)
{
    enum { ITEMS = 3 };
    explaining e = open_attention();
    ray_tensor *x = &e.request.input, alone, together;
    int64_t size = ray_tensor_size(x);
    CU_ASSERT_EQUAL_FATAL(ray_forward(e.network, x, 1, &alone, &e.error), 0);
    x->data = realloc(x->data, (size_t)(ITEMS * size) * sizeof *x->data);
    for (int64_t i = 0; i < 2 * size; i++)
        x->data[size + i] = 1 - x->data[i % size];
    memcpy(x->data + 2 * size, x->data, (size_t)size * sizeof *x->data);
    x->dim[0] = ITEMS;
    CU_ASSERT_EQUAL_FATAL(ray_forward(e.network, x, 1, &together, &e.error), 0);
    int64_t classes = ray_tensor_size(&alone);
    for (int64_t i = 0; i < classes; i++) {
        CU_ASSERT(fabsf(together.data[i] - alone.data[i]) < 1e-5f);
        CU_ASSERT(fabsf(together.data[2 * classes + i] - alone.data[i]) < 1e-5f);
    }
    ray_tensor_free(&alone);
    ray_tensor_free(&together);
    explaining_close(&e);
}

/* ---- The program ---- */

static void the_program_shows_what_reads_nothing(void)
{
    static const program_case cases[] = {
        { "$R show $S/" GRAPH, 0, "**\nclass_token *parameter *1x8 *8 *0  -\n**", NULL },
        { "$R show --dot $S/" GRAPH, 0, "**\"layer class_token\" -> \"activation class_token\";\n**", NULL },
        { "$R layers parameter", 0, "parameter - a tensor of the weights, *\nparameters: weight\n**", NULL },
        { "$R bench $S/" GRAPH " --threads 1 --runs 1 --layers", 0, "**class_token**", NULL },
    };
    for (int i = 0; i < COUNT(cases); i++)
        check_program(&cases[i]);
}

int main(void)
{
    static const named_test tests[] = {
        { "maps are finite and say what they are", maps_are_finite_and_say_what_they_are },
        { "excitation names what it does not know", excitation_names_what_it_does_not_know },
        { "the gradient is that of the network", the_gradient_is_that_of_the_network },
        { "excitation conserves shares", excitation_conserves_shares },
        { "parameters are the same for each item", parameters_are_the_same_for_each_item },
        { "the program shows what reads nothing", the_program_shows_what_reads_nothing },
        { 0 }
    };
    program_prepare();
    return run_tests("attention", tests);
}
