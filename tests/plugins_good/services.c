/* SPDX-License-Identifier: MIT */
/* Every service of the host, one method each.  A method that finds something wrong says so with
 * fail(); what its map must be stands beside its entry in test_services.c. */
#include <string.h>

#include "ray_plugin.h"

static int64_t count(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        n *= tensor->dim[i];
    return n;
}

static bool same(const ray_tensor *a, const ray_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim)
           && !memcmp(a->data, b->data, (size_t)count(a) * sizeof *a->data);
}

/* The sum over channels of one item, times scale, into a map of one. */
static void sum_channels(const ray_tensor *p, int64_t item, float scale, ray_tensor *map)
{
    int64_t positions = count(map) / map->dim[0], channels = p->dim[1];
    for (int64_t u = 0; u < positions; u++)
        map->data[u] = 0;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t u = 0; u < positions; u++)
            map->data[u] += scale * p->data[(item * channels + c) * positions + u];
}

/* ---- Random numbers: the low 24 bits ---- */

static int draw(ray_run *run, ray_tensor *map)
{
    for (int64_t i = 0; i < count(map); i++)
        map->data[i] = (float)(run->host->random(run) & 0xffffff);
    return 0;
}

/* ---- Evaluation: the image, then batches of the method's own ---- */

static int check_image(ray_run *run)
{
    const ray_host *host = run->host;
    if (host->output(run))
        return host->fail(run, "there is an output before forward()");
    if (host->forward(run))
        return -1;
    const ray_tensor *x = host->value(run, "");
    if (!x || !same(x, run->image))
        return host->fail(run, "forward() did not evaluate the image");
    return 0;
}

/* The image as the last of n items, the others half as bright each. */
static int fill_batch(ray_run *run, int64_t n)
{
    ray_tensor *batch = run->host->batch(run, n);
    int64_t size = count(run->image);
    if (!batch || batch->dim[0] != n || count(batch) != n * size)
        return run->host->fail(run, "batch() of %d", (int)n);
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < size; i++)
            batch->data[k * size + i] = run->image->data[i] / (float)(1 << (n - 1 - k));
    return 0;
}

static int explain_batches(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    static const int64_t sizes[] = { 5, 2, 3 };
    if (check_image(run))
        return -1;
    for (int i = 0; i < 3; i++) {
        if (fill_batch(run, sizes[i]) || host->forward(run) || host->backward(run, NULL))
            return -1;
        if (host->output(run)->dim[0] != sizes[i] || host->value(run, "pool1")->dim[0] != sizes[i])
            return host->fail(run, "%d items were evaluated", (int)host->output(run)->dim[0]);
    }
    sum_channels(host->signal(run, ""), 2, 1, map);
    return 0;
}

static int keep_pool(ray_run *run)
{
    return run->host->keep(run, "pool1") || run->host->keep(run, "");
}

/* ---- Layers ---- */

static int explain_layers(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    int32_t n = 0;
    for (const ray_layer *layer; (layer = host->layer_at(run, n)) != NULL; n++)
        if (host->layer_named(run, layer->name) != layer)
            return host->fail(run, "layer %d is not found by its name", (int)n);
    if (host->layer_at(run, -1) || host->layer_named(run, "nosuch"))
        return host->fail(run, "there is a layer that there is not");
    const ray_layer *first = host->layer_at(run, 0), *last = host->layer_at(run, n - 1);
    map->data[0] = (float)n;
    map->data[1] = (float)first->n_weights;
    map->data[2] = (float)(first->traits & RAY_FIRST);
    map->data[3] = (float)(last->traits & RAY_FIRST);
    map->data[4] = (float)(last->weighted + !strcmp(last->kind, "linear"));
    return 0;
}

/* The layer's own arithmetic on what the call gives must give what is there already. */
static int repeat_layer(ray_run *run, const ray_call *call)
{
    const ray_host *host = run->host;
    ray_tensor *out = host->scratch(run, call->out->rank, call->out->dim);
    if (!out || host->layer_forward(run, call, call->in, call->weight, out))
        return -1;
    if (!same(out, call->out))
        return host->fail(run, "layer_forward of %s \"%s\" differs from its output",
                          call->layer->kind, call->layer->name);
    return host->layer_backward(run, call, call->in, call->out, call->weight, call->dout,
                                call->din);
}

/* ---- Clamped weights ---- */

static int clamp_weight(ray_run *run, const ray_call *call, float sign, ray_tensor weight[8])
{
    memset(weight, 0, 8 * sizeof *weight);
    if (!call->n_weights)
        return 0;
    ray_tensor *copy = run->host->scratch(run, call->weight[0].rank, call->weight[0].dim);
    if (!copy)
        return -1;
    for (int64_t i = 0; i < count(copy); i++)
        copy->data[i] = sign * call->weight[0].data[i] > 0 ? sign * call->weight[0].data[i] : 0;
    weight[0] = *copy;
    return 0;
}

static bool near(const ray_tensor *a, const ray_tensor *b)
{
    float most = 0, off = 0;
    for (int64_t i = 0; i < count(a); i++) {
        float size = a->data[i] < 0 ? -a->data[i] : a->data[i], d = a->data[i] - b->data[i];
        most = size > most ? size : most;
        off = d > off ? d : -d > off ? -d : off;
    }
    return off <= 1e-5F * most;
}

/* With weights clamped on their way in as with a clamped copy of them. */
static int compare_clamped(ray_run *run, const ray_call *call)
{
    const ray_host *host = run->host;
    for (int sign = -1; sign <= 1; sign += 2) {
        ray_tensor weight[8], *out[2], *din[2];
        for (int k = 0; k < 2; k++) {
            out[k] = host->scratch(run, call->out->rank, call->out->dim);
            din[k] = host->scratch(run, call->in[0].rank, call->in[0].dim);
            if (!out[k] || !din[k])
                return -1;
        }
        if (clamp_weight(run, call, (float)sign, weight)
            || host->layer_forward(run, call, call->in, weight, out[0])
            || host->clamped_forward(run, call, sign, call->in, out[1])
            || host->layer_backward(run, call, call->in, call->out, weight, call->dout, din[0])
            || host->clamped_backward(run, call, sign, call->dout, din[1]))
            return -1;
        if (!near(out[0], out[1]) || !near(din[0], din[1]))
            return host->fail(run, "%s \"%s\" clamped by %d differs", call->layer->kind,
                              call->layer->name, sign);
    }
    return host->layer_backward(run, call, call->in, call->out, call->weight, call->dout,
                                call->din);
}

/* ---- Copies ---- */

static int explain_copies(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    int64_t n = run->n_targets, size = count(run->image) / n, positions = count(map) / n;
    if (run->image->dim[0] != n || map->dim[0] != n)
        return host->fail(run, "%d targets of %d images", (int)n, (int)run->image->dim[0]);
    for (int64_t i = 1; i < n; i++)
        if (memcmp(run->image->data, run->image->data + i * size, (size_t)size * sizeof(float)))
            return host->fail(run, "copy %d is another image", (int)i);
    if (host->forward(run) || host->backward(run, NULL))
        return -1;
    for (int64_t i = 0; i < n; i++) {
        ray_tensor one = *map;
        one.dim[0] = 1;
        one.data += i * positions;
        sum_channels(host->signal(run, ""), i, 1, &one);
    }
    return 0;
}

static int count_copies(ray_run *run, ray_tensor *map)
{
    for (int64_t i = 0; i < count(map); i++)
        map->data[i] = (float)run->n_targets;
    return 0;
}

static int ask_for_array(ray_run *run, ray_tensor *map)
{
    (void)map;
    ray_array array = { .name = "more", .rank = 1, .dim = { 1 } };
    return run->host->array(run, &array) ? 0 : -1;
}

/* ---- Signals ---- */

static int double_seed(ray_run *run, const ray_tensor *out, ray_tensor *dout)
{
    memset(dout->data, 0, (size_t)count(dout) * sizeof *dout->data);
    for (int64_t n = 0; n < out->dim[0]; n++)
        dout->data[n * out->dim[1] + run->target[n]] = 2;
    return 0;
}

static int triple(ray_run *run, const ray_tensor *value, ray_tensor *signal)
{
    if (!value->data || count(value) != count(signal))
        return run->host->fail(run, "a visit without its value");
    for (int64_t i = 0; i < count(signal); i++)
        signal->data[i] *= 3;
    return 0;
}

static int visit_pool(ray_run *run, const char *activation, const ray_tensor *value,
                      ray_tensor *signal)
{
    if (!strcmp(activation, ""))
        return 0;
    return strcmp(activation, "pool1") ? run->host->fail(run, "a visit to \"%s\"", activation)
                                       : triple(run, value, signal);
}

static int pass_of_its_own(ray_run *run, ray_tensor *map)
{
    const ray_host *host = run->host;
    if (host->forward(run))
        return -1;
    const ray_tensor *out = host->output(run);
    ray_tensor *seed = host->scratch(run, out->rank, out->dim);
    if (!seed)
        return -1;
    memset(seed->data, 0, (size_t)count(seed) * sizeof *seed->data);
    seed->data[run->target[0]] = 5;
    if (host->backward(run, &(ray_pass){ .seed = seed, .to = "pool1" })
        || !host->signal(run, "pool1"))
        return -1;
    if (host->backward(run, &(ray_pass){ .seed = seed }))
        return -1;
    sum_channels(host->signal(run, ""), 0, 1, map);
    return 0;
}

/* ---- Words, scratch memory, progress ---- */

static int speak(ray_run *run, ray_tensor *map)
{
    static const char *const layers[] = { "relu2", "relu1", "relu2" };
    memset(map->data, 0, (size_t)count(map) * sizeof *map->data);
    for (int i = 0; i < 3; i++)
        if (run->host->caution(run, run->host->layer_named(run, layers[i]),
                               "looks twice at some layers"))
            return -1;
    return run->host->note(run, "%d of %s", 3, "three");
}

static int use_scratch(ray_run *run, ray_tensor *map)
{
    ray_tensor *blocks[4];
    for (int64_t i = 0; i < 4; i++) {
        blocks[i] = run->host->scratch(run, 2, (const int64_t[]){ i + 1, 10 });
        if (!blocks[i] || count(blocks[i]) != (i + 1) * 10 || (uintptr_t)blocks[i]->data % 64)
            return run->host->fail(run, "scratch block %d", (int)i);
        for (int64_t k = 0; k < count(blocks[i]); k++)
            blocks[i]->data[k] = (float)i;
    }
    memset(map->data, 0, (size_t)count(map) * sizeof *map->data);
    for (int i = 0; i < 4; i++)
        for (int64_t k = 0; k < count(blocks[i]); k++)
            map->data[i] += blocks[i]->data[k];
    return 0;
}

static int work_long(ray_run *run, ray_tensor *map)
{
    memset(map->data, 0, (size_t)count(map) * sizeof *map->data);
    for (int64_t i = 0; i < 10; i++)
        if (run->host->progress(run, i, 10))
            return -1;
    return 0;
}

/* ---- Parameters: all types ---- */

typedef struct params {
    bool flag;
    int64_t whole;
    double number;
    const char *text;
    int choice;
    ray_ints list;
    ray_numbers numbers;
} params;

#define FIELD(name) #name, .offset = offsetof(params, name)
static const ray_option options[] = {
    { .name = FIELD(flag), .help = "yes or no", .type = RAY_BOOL, .def = 1 },
    { .name = FIELD(whole), .help = "a count", .type = RAY_INT, .def = 7, .min = 1, .max = 99 },
    { .name = FIELD(number), .help = "a number", .type = RAY_NUMBER, .def = 0.5, .min = 0,
      .max = 1 },
    { .name = FIELD(text), .help = "a word", .type = RAY_STRING, .words = "four" },
    { .name = FIELD(choice), .help = "one of some", .type = RAY_ENUM, .words = "red|green|blue" },
    { .name = FIELD(list), .help = "whole numbers", .type = RAY_INTS, .def = 3, .min = 0,
      .max = 9, .count = 4 },
    { .name = FIELD(numbers), .help = "numbers", .type = RAY_NUMBERS, .def = 0.25 },
    { 0 }
};

static int echo(ray_run *run, ray_tensor *map)
{
    const params *p = run->options;
    float *to = map->data;
    memset(to, 0, (size_t)count(map) * sizeof *to);
    *to++ = p->flag;
    *to++ = (float)p->whole;
    *to++ = (float)p->number;
    *to++ = (float)strlen(p->text);
    *to++ = (float)p->choice;
    for (int32_t i = 0; i < p->list.n; i++)
        *to++ = (float)p->list.v[i];
    for (int32_t i = 0; i < p->numbers.n; i++)
        *to++ = (float)p->numbers.v[i];
    return 0;
}

static int show_targets(ray_run *run, ray_tensor *map)
{
    for (int64_t n = 0; n < run->n_targets; n++)
        map->data[n * (count(map) / map->dim[0])] = (float)run->target[n];
    return 0;
}

static const ray_rule repeats[] = {
    { .traits = RAY_LINEAR, .backward = repeat_layer }, { .kind = "*" }, { 0 }
};

static const ray_rule clamped[] = {
    { .traits = RAY_LINEAR, .backward = compare_clamped }, { .kind = "*" }, { 0 }
};

RAY_PLUGIN(
    { .name = "bare", .alias = "without_callbacks",
      .summary = "the gradient, summed over channels" },
    { .name = "draws", .explain = draw },
    { .name = "batches", .prepare = keep_pool, .explain = explain_batches },
    { .name = "layers", .explain = explain_layers },
    { .name = "repeats", .rules = repeats },
    { .name = "clamps", .rules = clamped },
    { .name = "copies", .flags = RAY_COPIES, .explain = explain_copies },
    { .name = "counts_copies", .flags = RAY_COPIES, .explain = count_copies },
    { .name = "copies_with_array", .flags = RAY_COPIES, .explain = ask_for_array },
    { .name = "doubles", .seed = double_seed },
    { .name = "triples", .prepare = keep_pool, .visit = visit_pool },
    { .name = "passes", .prepare = keep_pool, .explain = pass_of_its_own },
    { .name = "speaks", .explain = speak },
    { .name = "scratches", .explain = use_scratch },
    { .name = "works", .explain = work_long },
    { .name = "echoes", .params = options, .params_size = sizeof(params), .explain = echo },
    { .name = "targets_together", .flags = RAY_MANY_TARGETS, .explain = show_targets },
    { .name = "targets_apart", .explain = show_targets },
    { .name = "looks_only", .flags = RAY_FORWARD_ONLY, .explain = show_targets });
