/* SPDX-License-Identifier: MIT */
/* test_joins.c - layers that others compute on their way out: which join which, and that all
 * numbers somebody wants are the same as without, but for their rounding. */
#include <omp.h>

#include "check_text.h"
#include "joining.h"

static const double tolerance = 1e-5;       /* of a tensor's largest number: rounding only */

/* ---- Which layers join which ---- */

/* keep, want, ends, replaced: names of layers.  reads: "in", "out", "both" or "none", of those
 * replaced. */
typedef struct special {
    const char *name, *lines, *joined, *keep, *want, *ends, *replaced, *reads;
} special;

#define CNR CONV("c", "x") NORM("n", "c") RELU("r", "n")
#define CNSR(from, summands) CONV("c", from) NORM("n", "c") SUM("s", summands) RELU("r", "s")
#define PARAMETER(name) "  - {name: " name ", type: parameter, shape: [$, %, %]}\n"
#define AVERAGE "adaptive_avg_pool2d, output_size: 1"

static const special specials[] = {
    { "norm and limit", CNR, "c+n+r" },
    { "shortcut first", CONV("h", "x") CNSR("h", "h, n"), "c+n+s+r" },
    { "shortcut second", CONV("h", "x") CNSR("h", "n, h"), "c+n+s+r" },
    { "shortcut is the input", CNSR("x", "x, n"), "c+n+s+r" },
    { "both summands could", CONV("c", "x") NORM("n", "c") CONV("d", "x") NORM("m", "d")
      SUM("s", "n, m") RELU("r", "s"), "c+n+s+r d+m" },
    { "both could, the second first", CONV("c", "x") CONV("d", "x") SUM("s", "d, c")
      RELU("r", "s"), "c+s+r" },
    { "limit before norm", CONV("c", "x") RELU("r", "c") NORM("n", "r"), "c+r" },
    { "two norms", CONV("c", "x") NORM("n", "c") NORM("m", "n") RELU("r", "m"), "c+n" },
    { "two limits", CONV("c", "x") RELU("r", "c") RELU6("q", "r"), "c+r" },
    { "relu6", CONV("c", "x") NORM("n", "c") RELU6("r", "n"), "c+n+r" },
    { "two sums", CONV("c", "x") SUM("s", "c, x") SUM("t", "s, x") RELU("r", "t"), "c+s" },
    { "norm behind the sum", CONV("c", "x") SUM("s", "c, x") NORM("n", "s") RELU("r", "n"), "c+s" },
    { "sum behind the limit", CONV("c", "x") RELU("r", "c") SUM("s", "r, x"), "c+r" },
    { "read twice", CONV("c", "x") RELU("r", "c") SUM("s", "c, r"), "" },
    { "norm read twice", CONV("c", "x") NORM("n", "c") RELU("r", "n") SUM("s", "n, r"), "c+n" },
    { "sum read twice", CONV("c", "x") SUM("s", "c, x") RELU("r", "s") SUM("t", "r, s"), "c+s" },
    { "sum of itself", CONV("c", "x") SUM("s", "c, c") RELU("r", "s"), "" },
    { "sum of three", CONV("c", "x") SUM("s", "c, x, x") RELU("r", "s"), "" },
    { "sum with a smaller one", CONV("c", "x") OTHER("p", AVERAGE, "x") SUM("s", "c, p")
      RELU("r", "s"), "" },
    { "sum with a larger one", OTHER("p", AVERAGE, "x") CONV("c", "p") SUM("s", "c, x")
      RELU("r", "s"), "" },
    { "sum in more dimensions", OTHER("h", "reshape, shape: [1, $, %, %]", "x") CONV("c", "x")
      SUM("s", "h, c") RELU("r", "s"), "c+s+r" },
    { "sum with a number", CONV("c", "x") OTHER("s", "add, scalar: 0.25", "c") RELU("r", "s"), "" },
    { "sum is the output", CONV("h", "x") CONV("c", "h") SUM("s", "c, h"), "c+s" },
    { "sum in place", CONV("h", "x") RELU("g", "h") CONV("b", "g") CONV("c", "b") SUM("s", "c, g"),
      "h+g c+s" },
    { "sum with what the convolution reads", CONV("h", "x") RELU("g", "h") CONV("c", "g")
      SUM("s", "g, c"), "h+g c+s" },
    { "sum with a view of what it reads", CONV("h", "x") OTHER("v", "dropout", "h") CONV("c", "h")
      SUM("s", "v, c"), "c+s" },
    { "products and differences", CONV("c", "x") OTHER("s", "sub", "[c, x]") CONV("d", "s")
      OTHER("m", "mul", "[d, x]"), "" },
    { "pooling between", CONV("c", "x") OTHER("p", "max_pool2d, kernel_size: 2", "c")
      RELU("r", "p"), "" },
    { "view between", CONV("c", "x") OTHER("v", "dropout", "c") RELU("r", "v"), "" },
    { "view behind", CNR OTHER("v", "flatten", "r"), "c+n+r" },
    { "leaky_relu", CONV("c", "x") NORM("n", "c") OTHER("r", "leaky_relu", "n"), "c+n" },
    { "sigmoid", CONV("c", "x") OTHER("r", "sigmoid", "c"), "" },
    { "not behind a convolution", NORM("n", "x") RELU("r", "n") CONV("c", "r"), "" },
    { "behind a transposed one",
      OTHER("c", "conv_transpose2d, out_channels: $, kernel_size: 2", "x") NORM("n", "c"), "" },
    { "behind a linear one", OTHER("f", "flatten", "x") OTHER("c", "linear, out_features: 5", "f")
      OTHER("n", "batch_norm1d", "c") RELU("r", "n"), "" },
    { "one axis", OTHER("f", "flatten, start_dim: 2", "x")
      OTHER("c", "conv1d, out_channels: 7, kernel_size: 3", "f") OTHER("n", "batch_norm1d", "c")
      RELU("r", "n"), "c+n+r" },
    { "three axes", OTHER("f", "reshape, shape: [1, $, %, %]", "x")
      OTHER("c", "conv3d, out_channels: 3, kernel_size: 2", "f") OTHER("n", "batch_norm3d", "c")
      RELU("r", "n"), "c+n+r" },
    { "sum with a parameter", CONV("c", "x") PARAMETER("p") SUM("s", "c, p") RELU("r", "s"), "c+s+r" },
    { "sum with a parameter first", PARAMETER("p") CNSR("x", "p, n"), "c+n+s+r", .want = "p" },
    { "hardtanh", CONV("c", "x") NORM("n", "c") OTHER("r", "hardtanh, max_val: 2.5", "n"), "c+n+r" },
    { "clamp", CONV("c", "x") OTHER("r", "clamp, min: 0.3", "c"), "" },
    { "inverted residual", POINT("c", "x") NORM("n", "c") RELU6("r", "n")
      DEPTH("d", "r") NORM("m", "d") RELU6("q", "m") POINT("e", "q") NORM("o", "e")
      SUM("s", "x, o"), "c+n+r d+m+q e+o+s" },
    { "norms in front", NORM("n", "x") RELU("r", "n") POINT("c", "r") NORM("m", "c")
      RELU("q", "m") CONV("d", "q") OTHER("j", "concat", "[x, d]"), "c+m+q" },
    { "strides", OTHER("c", "conv2d, out_channels: $, kernel_size: 3, stride: 2, padding: 1", "x")
      NORM("n", "c") OTHER("d", "conv2d, out_channels: $, kernel_size: 1, stride: 2", "x")
      NORM("m", "d") SUM("s", "m, n") RELU("r", "s"), "c+n+s+r d+m" },
    { "first kept", CNR, "", .keep = "c" },
    { "second kept", CNR, "c+n", .keep = "n" },
    { "last kept", CNR, "c+n+r", .keep = "r" },
    { "sum kept", CNSR("x", "n, x"), "c+n+s", .keep = "s" },
    { "what is added is kept", CONV("h", "x") CNSR("h", "n, h"), "c+n+s+r", .keep = "h" },
    { "signals wanted", CNR, "c+n+r", .want = "c n r x" },
    { "an end within", CNR, "c+n", .ends = "n r" },
    { "an end before", CNR, "", .ends = "c" },
    { "replaced, reads its input", CNR, "c+n", .replaced = "r", .reads = "in" },
    { "replaced, reads its output", CNR, "c+n+r", .replaced = "r", .reads = "out" },
    { "replaced, reads nothing", CNR, "c+n+r", .replaced = "n r", .reads = "none" },
    { "sum replaced", CNSR("x", "n, x"), "c+n", .replaced = "s", .reads = "both" },
    { "convolution replaced", CNR, "c+n+r", .replaced = "c", .reads = "in" },
};

/* Marks the layers of a list of names. */
static void mark(const ray_graph *graph, const char *names, bool *activations, bool *layers)
{
    char text[64];
    snprintf(text, sizeof text, "%s", names ? names : "");
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        int32_t a = strcmp(word, "x") ? ray_graph_find(graph, word, NULL) : 0;
        CU_ASSERT_FATAL(a != RAY_NO_ID);
        if (activations)
            activations[a] = true;
        else
            layers[graph->activations[a].producer] = true;
    }
}

/* With the input's signal. */
static wishes wishes_of(const special *s, const ray_graph *graph)
{
    wishes w = wishes_create(graph);
    w.want[0] = true;
    w.ends[graph->output] = !s->ends;
    mark(graph, s->keep, w.keep, NULL);
    mark(graph, s->want, w.want, NULL);
    mark(graph, s->ends, w.ends, NULL);
    mark(graph, s->replaced, NULL, w.replaced);
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (w.replaced[i])
            w.reads[i] = *s->reads == 'i' ? RAY_READS_IN : *s->reads == 'o' ? RAY_READS_OUT
                         : *s->reads == 'b' ? RAY_READS_IN | RAY_READS_OUT : 0;
    return w;
}

/* Groups of more than one layer: "c+n+r d+m". */
static const char *groups_of(const ray_graph *graph, const ray_plan *plan)
{
    static char text[1024];
    text[0] = '\0';
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_join *join = &plan->joins[i];
        const int32_t members[] = { i, join->scale, join->add, join->limit };
        if (join->head != i || join->tail == i)
            continue;
        for (int k = 0; k < COUNT(members); k++)
            if (members[k] != RAY_NO_ID)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                         k ? "+" : *text ? " " : "", graph->layers[members[k]].info.name);
    }
    return text;
}

static void each_joins_what_can_compute_it(void)
{
    for (int i = 0; i < COUNT(specials); i++) {
        ray_network *network = open_lines(specials[i].lines, 4, 6);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        wishes w = wishes_of(&specials[i], &network->graph);
        for (int join = 0; join < 2; join++) {
            ray_demand demand = wishes_demand(&w, 2, join);
            ray_plan plan;
            ray_error error = { "" };
            CU_ASSERT_EQUAL_FATAL(ray_plan_make(&plan, &network->graph, &demand, &error), 0);
            check_text(specials[i].name, groups_of(&network->graph, &plan),
                       join ? specials[i].joined : "");
            ray_plan_free(&plan);
        }
        wishes_free(&w);
        ray_network_close(network);
    }
}

/* Layers left to evaluate when only the output is wanted. */
static void networks_have_few_layers_left(void)
{
    static const struct { const char *graph; int layers, left; } cases[] = {
        { "resnet50", 175, 57 },            /* 53 convolutions, two poolings, flatten, linear */
        { "mobilenet_v2", 153, 56 },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char path[64];
        snprintf(path, sizeof path, "graphs/%s.yaml", cases[i].graph);
        ray_network *network = open_network(source_path(path), RAY_WEIGHTS_NONE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        wishes w = wishes_create(&network->graph);
        ray_demand demand = wishes_demand(&w, 1, true);
        ray_plan plan;
        ray_error error = { "" };
        int left = 0;
        CU_ASSERT_EQUAL_FATAL(ray_plan_make(&plan, &network->graph, &demand, &error), 0);
        for (int32_t k = 0; k < network->graph.n_layers; k++)
            left += !ray_join_hides(plan.joins, k);
        CHECK_CASE(network->graph.n_layers == cases[i].layers && left == cases[i].left,
                   "%s: %d layers, %d left", cases[i].graph, (int)network->graph.n_layers, left);
        ray_plan_free(&plan);
        wishes_free(&w);
        ray_network_close(network);
    }
}

/* ---- The numbers of joined layers ---- */

/* A number lies so close to `at` that rounding may move it to the other side. */
static bool any_near(const ray_tensor *tensor, double at)
{
    double largest = 0, nearest = INFINITY;
    for (int64_t i = 0; i < ray_tensor_size(tensor); i++) {
        double x = (double)tensor->data[i];
        largest = fmax(largest, fabs(x));
        if (x != at)
            nearest = fmin(nearest, fabs(x - at));
    }
    return nearest < 3e-7 * largest;
}

/* Whether the gradient of a limit may be one thing or another. */
static bool bends(const ray_exec *exec)
{
    const ray_graph *graph = &exec->network->graph;
    bool found = false;
    for (int32_t i = 0; !found && i < graph->n_layers; i++) {
        const ray_tensor *in = &exec->value[graph->layers[i].in[0]];
        if (graph->layers[i].info.traits & RAY_RELU_LIKE)
            found = any_near(in, 0) || any_near(in, 6);
    }
    return found;
}

/* All values and signals, nothing joined, of inputs that are far from every bend. */
static ray_exec run_reference(const wishes *all, pass *p)
{
    pass reference = *p;
    reference.join = false;
    reference.wishes = all;
    ray_exec exec = pass_run(&reference);
    while (bends(&exec) && p->inputs < 100) {
        ray_exec_destroy(&exec);
        p->inputs = reference.inputs += 2;
        exec = pass_run(&reference);
    }
    CU_ASSERT(p->inputs < 100);
    return exec;
}

static void compare(const pass *p, const ray_exec *reference, const char *name)
{
    ray_exec exec = pass_run(p);
    difference d = pass_difference(p, &exec, reference);
    CHECK_CASE(d.worst < tolerance, "%s, %d items, %s: %s of \"%s\" differs by %g", name,
               (int)p->items, ray_kernels_name(), d.signal ? "the signal" : "the value", d.of,
               d.worst);
    ray_exec_destroy(&exec);
}

static wishes wish_all(const ray_graph *graph)
{
    wishes w = wishes_create(graph);
    for (int32_t a = 0; a < graph->first_weight; a++)
        w.keep[a] = w.want[a] = w.ends[a] = true;
    return w;
}

/* What is replaced is so by the kind's own function, which reads what it does. */
static void read_own(wishes *w, const ray_graph *graph)
{
    for (int32_t i = 0; i < graph->n_layers; i++)
        w->reads[i] |= (uint8_t)graph->layers[i].kind->reads;
}

/* From each of its ends; then with all kept, and with each value and signal kept by itself. */
static void compare_wishes(const ray_network *network, wishes *w, int64_t items, bool one_by_one,
                           const char *name)
{
    const ray_graph *graph = &network->graph;
    wishes all = wish_all(graph);
    for (int32_t end = 0; end < graph->first_weight; end++) {
        if (!w->ends[end])
            continue;
        pass p = { .network = network, .wishes = w, .items = items, .join = true, .from = end };
        ray_exec reference = run_reference(&all, &p);
        compare(&p, &reference, name);
        p.wishes = &all;
        compare(&p, &reference, name);
        p.wishes = w;
        for (int32_t a = 0; one_by_one && a < graph->first_weight; a++) {
            bool kept = w->keep[a], wanted = w->want[a];
            w->keep[a] = w->want[a] = true;
            compare(&p, &reference, name);
            w->keep[a] = kept;
            w->want[a] = wanted;
        }
        ray_exec_destroy(&reference);
    }
    wishes_free(&all);
}

/* The best kernels and the least. */
static void for_each_kernel(void (*check)(void))
{
    check();
    CU_ASSERT_EQUAL_FATAL(ray_kernels_use("baseline", NULL), 0);
    check();
    CU_ASSERT_EQUAL_FATAL(ray_kernels_use(NULL, NULL), 0);
}

static void compare_specials(void)
{
    static const struct { int channels, side; bool one_by_one; } sizes[] = {
        { 4, 6, true }, { 24, 13, false },
    };
    for (int i = 0; i < COUNT(specials) * COUNT(sizes); i++) {
        int size = i % COUNT(sizes);
        const special *s = &specials[i / COUNT(sizes)];
        ray_network *network = open_lines(s->lines, sizes[size].channels, sizes[size].side);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        wishes w = wishes_of(s, &network->graph);
        read_own(&w, &network->graph);
        for (int items = 1; items <= 3; items += 2)
            compare_wishes(network, &w, items, sizes[size].one_by_one, s->name);
        wishes_free(&w);
        ray_network_close(network);
    }
}

static void joined_layers_compute_the_same(void)
{
    for_each_kernel(compare_specials);
}

static void compare_random(void)
{
    static const odds all_odds[] = {
        { 0, 8, 0, 0 }, { 8, 8, 10, 4 }, { 30, 30, 10, 3 }, { 0, 30, 0, 4 },
    };
    for (uint32_t seed = 0; seed < 40; seed++) {
        random_graph g;
        char name[64];
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_RANDOM);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        negate_scales(network);
        for (int i = 0; i < COUNT(all_odds); i++) {
            wishes w = wishes_make_up(&network->graph, &all_odds[i], seed);
            read_own(&w, &network->graph);
            w.want[0] = true;
            snprintf(name, sizeof name, "random graph %u, odds %d", seed, i);
            compare_wishes(network, &w, i % 2 ? 3 : 1, i == 0, name);
            wishes_free(&w);
        }
        ray_network_close(network);
    }
}

static void joined_layers_of_random_graphs_compute_the_same(void)
{
    for_each_kernel(compare_random);
}

/* ---- The same bits ---- */

static bool same_items(const ray_tensor *few, const ray_tensor *many, int64_t first)
{
    return !memcmp(few->data, many->data + first * ray_tensor_item_size(few),
                   (size_t)ray_tensor_size(few) * sizeof *few->data);
}

/* What comes of some of the items is, to the last bit, what came of all of them together. */
static void check_same_bits(const pass *p, const ray_exec *together, const char *name)
{
    ray_exec exec = pass_run(p);
    int32_t end = p->network->graph.output;
    CHECK_CASE(same_items(&exec.value[end], &together->value[end], p->first), "%s: another output",
               name);
    CHECK_CASE(same_items(&exec.signal[0], &together->signal[0], p->first), "%s: another gradient",
               name);
    ray_exec_destroy(&exec);
}

static void check_bits_of(const special *s)
{
    char name[128];
    ray_network *network = open_lines(s->lines, 20, 22);
    CU_ASSERT_PTR_NOT_NULL_FATAL(network);
    wishes w = wishes_of(s, &network->graph);
    read_own(&w, &network->graph);
    pass p = { .network = network, .wishes = &w, .items = 3, .join = true,
               .from = network->graph.output };
    omp_set_num_threads(1);
    ray_exec together = pass_run(&p);
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        for (p.items = 1; p.items <= 3; p.items++) {
            p.first = 3 - p.items;
            p.planned = p.items == 2 ? 4 : 0;
            snprintf(name, sizeof name, "%s, %d threads, %d items", s->name, threads, (int)p.items);
            check_same_bits(&p, &together, name);
        }
    }
    ray_exec_destroy(&together);
    omp_set_num_threads(1);
    wishes_free(&w);
    ray_network_close(network);
}

static void check_bits(void)
{
    for (int i = 0; i < COUNT(specials); i++)
        if (!specials[i].ends)
            check_bits_of(&specials[i]);
}

static void threads_and_batches_change_no_bit(void)
{
    for_each_kernel(check_bits);
}

/* ---- One pass after the other ---- */

/* Evaluated and sent back from every end, there and back again, in the same memory. */
static void repeat_passes(const ray_network *network, const wishes *w, const char *name)
{
    const ray_graph *graph = &network->graph;
    pass p = { .network = network, .wishes = w, .items = 2, .join = true };
    ray_exec used = pass_start(&p);
    ray_error error;
    for (int32_t k = 0; k < 2 * graph->first_weight; k++) {
        p.from = k < graph->first_weight ? k : 2 * graph->first_weight - 1 - k;
        if (!w->ends[p.from])
            continue;
        ray_exec fresh = pass_run(&p);
        CU_ASSERT_EQUAL(ray_exec_forward(&used, &error), 0);
        pass_back(&p, &used);
        CHECK_CASE(pass_difference(&p, &used, &fresh).worst == 0, "%s: from \"%s\"", name,
                   graph->activations[p.from].name);
        ray_exec_destroy(&fresh);
    }
    ray_exec_destroy(&used);
}

static void passes_leave_nothing_behind(void)
{
    static const odds all_odds[] = { { 0, 20, 3, 0 }, { 20, 20, 4, 5 } };
    for (uint32_t seed = 100; seed < 140; seed++) {
        random_graph g;
        char name[64];
        random_graph_make(&g, seed);
        ray_network *network = open_network(random_graph_write(&g, NULL), RAY_WEIGHTS_RANDOM);
        CU_ASSERT_PTR_NOT_NULL_FATAL(network);
        for (int i = 0; i < COUNT(all_odds); i++) {
            wishes w = wishes_make_up(&network->graph, &all_odds[i], seed);
            read_own(&w, &network->graph);
            w.want[0] = true;
            snprintf(name, sizeof name, "random graph %u, odds %d", seed, i);
            repeat_passes(network, &w, name);
            wishes_free(&w);
        }
        ray_network_close(network);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "each joins what can compute it", each_joins_what_can_compute_it },
        { "networks have few layers left", networks_have_few_layers_left },
        { "joined layers compute the same", joined_layers_compute_the_same },
        { "joined layers of random graphs compute the same",
          joined_layers_of_random_graphs_compute_the_same },
        { "threads and batches change no bit", threads_and_batches_change_no_bit },
        { "passes leave nothing behind", passes_leave_nothing_behind },
        { 0 }
    };
    omp_set_num_threads(1);     /* the graphs are too small for more */
    return run_tests("joins", tests);
}
