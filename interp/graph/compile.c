/* SPDX-License-Identifier: MIT */
/* compile.c - a description into a graph: kinds found, attributes read, every shape inferred. */
#include <string.h>

#include "base/text.h"
#include "graph.h"
#include "order.h"

typedef struct compiler {
    const ray_description *d;
    ray_graph             *graph;
    ray_order              order;
    int32_t               *layer_of;    /* layer of the description -> layer of the graph */
    ray_error             *error;
} compiler;

static int fail_layer(compiler *c, const ray_layer_description *layer)
{
    ray_fail_prefix(c->error, "%s:%d:%d: %s \"%s\": ", c->d->yaml.path, layer->name.mark.line,
                    layer->name.mark.column, layer->type.text, layer->name.text);
    return -1;
}

static int find_kind(compiler *c, const ray_layer_description *layer, ray_graph_layer *out)
{
    out->kind = ray_kind_find(layer->type.text);
    if (out->kind)
        return 0;
    ray_kind_unknown(layer->type.text, c->error);
    return ray_fail_prefix(c->error, "%s:%d:%d: layer \"%s\": ", c->d->yaml.path,
                           layer->type.mark.line, layer->type.mark.column, layer->name.text);
}

static int read_options(compiler *c, const ray_layer_description *layer, ray_graph_layer *out)
{
    static const ray_option none[] = { { 0 } };
    out->options = ray_arena_alloc(&c->graph->arena, 1, out->kind->options_size + 1);
    if (!out->options)
        return ray_fail_memory(c->error);
    return ray_options_read(out->kind->options ? out->kind->options : none, out->options,
                            layer->node, ray_layer_key_is_common, c->d->yaml.path, c->error);
}

static int connect_inputs(compiler *c, int32_t described, ray_graph_layer *out)
{
    const ray_layer_description *layer = &c->d->layers[described];
    int32_t n = c->order.n_from[described], least = ray_kind_min_in(out->kind);
    int32_t most = ray_kind_max_in(out->kind);
    if (n > most && most == 0) {
        ray_fail(c->error, "it reads no activation; leave out `from:`");
        return fail_layer(c, layer);
    }
    if (n < least || n > most) {
        ray_fail(c->error, "it reads %d activation%s; %s%d %s", n, n == 1 ? "" : "s",
                 least == most ? "" : n < least ? "at least " : "at most ",
                 n < least ? least : most, n < least && layer->n_from < 0
                 ? "are needed: name them with `from: [a, b]`" : "are right");
        return fail_layer(c, layer);
    }
    out->info.n_in = n;
    out->in = ray_arena_alloc(&c->graph->arena, (size_t)n + 1, sizeof *out->in);
    if (!out->in)
        return ray_fail_memory(c->error);
    for (int32_t k = 0; k < n; k++) {
        int32_t from = c->order.from[described][k];
        out->in[k] = from == RAY_FROM_INPUT ? 0 : c->layer_of[from] + 1;
        if (out->in[k] == 0)
            out->info.traits |= RAY_FIRST;
    }
    return 0;
}

/* The tensor that holds a weight: `params: {weight: name}`, else LAYER.weight. */
static const char *name_weight(compiler *c, const ray_layer_description *layer, const char *weight)
{
    const ray_node *given = layer->params ? ray_node_find(layer->params, weight) : NULL;
    if (given)
        return ray_arena_copy(&c->graph->arena, given->text);
    return ray_arena_format(&c->graph->arena, "%s.%s", layer->name.text, weight);
}

static int32_t find_weight(const ray_graph *graph, const char *name)
{
    for (int32_t a = graph->first_weight; a < graph->n_activations; a++)
        if (!strcmp(graph->activations[a].name, name))
            return a;
    return RAY_NO_ID;
}

static bool same_shape(const ray_shape *a, const ray_shape *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

static int add_weight(compiler *c, ray_graph_layer *out, int32_t index, const char *name,
                      const ray_shape *shape)
{
    ray_graph *graph = c->graph;
    int32_t id = find_weight(graph, name);
    char have[128], want[128];
    if (id == RAY_NO_ID) {
        id = graph->n_activations++;
        graph->activations[id] = (ray_activation){ .name = name, .shape = *shape,
            .size = ray_shape_size(shape), .producer = RAY_NO_ID };
        if (graph->activations[id].size < 0)
            return ray_fail(c->error, "parameter \"%s\" of shape %s is too large", name,
                            ray_shape_text(shape, want));
    } else if (!same_shape(&graph->activations[id].shape, shape)) {
        return ray_fail(c->error, "parameter \"%s\" would have shape %s here and %s elsewhere",
                        name, ray_shape_text(shape, want),
                        ray_shape_text(&graph->activations[id].shape, have));
    }
    out->weight[index] = id;
    out->info.weighted = true;
    return 0;
}

static int check_params(compiler *c, const ray_layer_description *layer, const ray_kind *kind,
                        const ray_infer *infer)
{
    for (int32_t i = 0; layer->params && i < layer->params->n; i++) {
        const ray_node *key = layer->params->keys[i];
        ray_nearest nearest = ray_nearest_start(key->text);
        char hint[160];
        bool known = false;
        for (int32_t w = 0; kind->weights[w]; w++) {
            known = known || (!strcmp(kind->weights[w], key->text)
                              && infer->weight[w].rank != RAY_ABSENT);
            ray_nearest_offer(&nearest, kind->weights[w]);
        }
        if (!known)
            return ray_fail_at(c->error, c->d->yaml.path, key->mark,
                               "%s \"%s\": it has no parameter \"%s\"%s", layer->type.text,
                               layer->name.text, key->text,
                               ray_nearest_hint(&nearest, hint, sizeof hint));
    }
    return 0;
}

static int add_weights(compiler *c, const ray_layer_description *layer, ray_graph_layer *out,
                       const ray_infer *infer)
{
    if (check_params(c, layer, out->kind, infer))
        return -1;
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        out->weight[w] = RAY_NO_ID;
    for (int32_t w = 0; out->kind->weights[w]; w++) {
        out->info.n_weights = w + 1;
        if (infer->weight[w].rank == RAY_ABSENT)
            continue;
        const char *name = name_weight(c, layer, out->kind->weights[w]);
        if (!name)
            return ray_fail_memory(c->error);
        if (add_weight(c, out, w, name, &infer->weight[w]))
            return fail_layer(c, layer);
    }
    return 0;
}

static int infer_shapes(compiler *c, const ray_layer_description *layer, ray_graph_layer *out)
{
    ray_graph *graph = c->graph;
    ray_shape *in = ray_arena_alloc(&graph->arena, (size_t)out->info.n_in + 1, sizeof *in);
    if (!in)
        return ray_fail_memory(c->error);
    for (int32_t k = 0; k < out->info.n_in; k++)
        in[k] = graph->activations[out->in[k]].shape;
    ray_infer infer = { .options = out->options, .in = in, .n_in = out->info.n_in,
                        .error = c->error };
    for (int32_t w = 0; w < RAY_MAX_WEIGHTS; w++)
        infer.weight[w].rank = RAY_ABSENT;
    if (out->kind->infer(&infer))
        return fail_layer(c, layer);
    ray_activation *result = &graph->activations[out->out];
    result->shape = infer.out;
    result->size = ray_shape_size(&infer.out);
    out->macs = infer.macs;
    if (result->size < 0) {
        ray_fail(c->error, "its output is too large");
        return fail_layer(c, layer);
    }
    return add_weights(c, layer, out, &infer);
}

static int compile_layer(compiler *c, int32_t position)
{
    int32_t described = c->order.sequence[position];
    const ray_layer_description *layer = &c->d->layers[described];
    ray_graph_layer *out = &c->graph->layers[position];
    if (find_kind(c, layer, out))
        return -1;
    c->layer_of[described] = position;
    out->out = position + 1;
    out->mark = layer->name.mark;
    out->info.kind = out->kind->name;
    out->info.traits = out->kind->traits;
    out->info.name = ray_arena_copy(&c->graph->arena, layer->name.text);
    if (!out->info.name)
        return ray_fail_memory(c->error);
    c->graph->activations[out->out] = (ray_activation){ .name = out->info.name,
                                                        .producer = position };
    if (connect_inputs(c, described, out) || read_options(c, layer, out))
        return -1;
    return infer_shapes(c, layer, out);
}

/* Counts the readers of each activation, then lists them. */
static void count_consumers(ray_graph *graph, bool fill)
{
    for (int32_t i = 0; i < graph->n_layers; i++) {
        const ray_graph_layer *layer = &graph->layers[i];
        for (int32_t k = 0; k < layer->info.n_in + RAY_MAX_WEIGHTS; k++) {
            int32_t id = k < layer->info.n_in ? layer->in[k] : layer->weight[k - layer->info.n_in];
            if (id == RAY_NO_ID)
                continue;
            ray_activation *read = &graph->activations[id];
            if (fill)
                read->consumers[read->n_consumers] = i;
            read->n_consumers++;
        }
    }
}

static int link_consumers(compiler *c)
{
    ray_graph *graph = c->graph;
    count_consumers(graph, false);
    for (int32_t a = 0; a < graph->n_activations; a++) {
        ray_activation *activation = &graph->activations[a];
        activation->consumers = ray_arena_alloc(&graph->arena, (size_t)activation->n_consumers + 1,
                                                sizeof *activation->consumers);
        if (!activation->consumers)
            return ray_fail_memory(c->error);
        activation->n_consumers = 0;
    }
    count_consumers(graph, true);
    return 0;
}

static int make_input(compiler *c)
{
    ray_activation *input = &c->graph->activations[0];
    const ray_input_description *described = &c->d->input;
    input->name = ray_arena_copy(&c->graph->arena, described->name.text);
    input->producer = RAY_NO_ID;
    if (!input->name)
        return ray_fail_memory(c->error);
    if (described->shape.n > RAY_MAX_RANK - 1)
        return ray_fail_at(c->error, c->d->yaml.path, described->shape_mark,
                           "shape: at most %d dimensions are possible", RAY_MAX_RANK - 1);
    input->shape.rank = described->shape.n;
    memcpy(input->shape.dim, described->shape.v,
           (size_t)described->shape.n * sizeof *described->shape.v);
    input->size = ray_shape_size(&input->shape);
    if (input->size < 0)
        return ray_fail_at(c->error, c->d->yaml.path, described->shape_mark,
                           "shape: the input is too large");
    return 0;
}

/* As the file says, else as the file is called: "vgg16" of "graphs/vgg16.yaml". */
static const char *name_graph(compiler *c)
{
    if (c->d->name.text)
        return ray_arena_copy(&c->graph->arena, c->d->name.text);
    const char *slash = strrchr(c->d->yaml.path, '/');
    char *name = ray_arena_copy(&c->graph->arena, slash ? slash + 1 : c->d->yaml.path);
    char *dot = name ? strrchr(name, '.') : NULL;
    if (dot && dot != name)
        *dot = '\0';
    return name;
}

static int allocate(compiler *c)
{
    ray_graph *graph = c->graph;
    size_t n = (size_t)c->d->n_layers;
    graph->n_layers = c->d->n_layers;
    graph->first_weight = graph->n_activations = graph->n_layers + 1;
    graph->activations = ray_arena_alloc(&graph->arena, 1 + n * (1 + RAY_MAX_WEIGHTS),
                                         sizeof *graph->activations);
    graph->layers = ray_arena_alloc(&graph->arena, n, sizeof *graph->layers);
    c->layer_of = ray_arena_alloc(&graph->arena, n, sizeof *c->layer_of);
    graph->name = name_graph(c);
    graph->path = ray_arena_copy(&graph->arena, c->d->yaml.path);
    if (!graph->activations || !graph->layers || !c->layer_of || !graph->name || !graph->path)
        return ray_fail_memory(c->error);
    return 0;
}

static int compile(compiler *c)
{
    if (allocate(c) || ray_order_make(&c->order, c->d, &c->graph->arena, c->error)
        || make_input(c))
        return -1;
    for (int32_t i = 0; i < c->graph->n_layers; i++)
        if (compile_layer(c, i))
            return -1;
    c->graph->output = c->layer_of[c->order.output] + 1;
    return link_consumers(c);
}

int ray_graph_compile(ray_graph *graph, const ray_description *description, ray_error *error)
{
    *graph = (ray_graph){ 0 };
    compiler c = { .d = description, .graph = graph, .error = error };
    if (!compile(&c))
        return 0;
    ray_graph_free(graph);
    return -1;
}
