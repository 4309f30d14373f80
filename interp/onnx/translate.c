/* SPDX-License-Identifier: MIT */
/* translate.c - an ONNX model into layers, node by node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "ops.h"

/* How much may be read and made of constants, so that a small file takes neither long nor much memory:
 * numbers that nodes read, and bytes that folding makes.  Test models make all of their weights; the
 * longest chains of folding read each weight some ten times. */
enum { LEAST_READ = 1 << 28, LEAST_MADE = 1 << 30, MOST_TIMES = 16 };

static const ray_onnx_op *const op_tables[] = {
    ray_onnx_ops_conv, ray_onnx_ops_linear, ray_onnx_ops_norm, ray_onnx_ops_unary,
    ray_onnx_ops_pool, ray_onnx_ops_reduce, ray_onnx_ops_merge, ray_onnx_ops_shape,
    ray_onnx_ops_part, ray_onnx_ops_resize, ray_onnx_ops_attention,
};
static const ray_onnx_fold *const fold_tables[] = {
    ray_onnx_folds_shape, ray_onnx_folds_math, ray_onnx_folds_make,
};

const ray_onnx_op *ray_onnx_op_find(const char *op)
{
    for (size_t k = 0; k < sizeof op_tables / sizeof *op_tables; k++)
        for (const ray_onnx_op *row = op_tables[k]; row->op; row++)
            if (!strcmp(row->op, op))
                return row;
    return NULL;
}

const ray_onnx_fold *ray_onnx_fold_find(const char *op)
{
    for (size_t k = 0; k < sizeof fold_tables / sizeof *fold_tables; k++)
        for (const ray_onnx_fold *row = fold_tables[k]; row->op; row++)
            if (!strcmp(row->op, op))
                return row;
    return NULL;
}

/* ---- What the output needs ---- */

/* "it has no input "q"; it has "x", "z"": as many as there is room for. */
static int fail_port(ray_translation *t, const char *what, const char *wanted,
                     const ray_onnx_port *ports, int32_t n)
{
    char names[800] = "none";
    size_t used = 0;
    for (int32_t i = 0; i < n; i++) {
        const char *name = t->model->values[ports[i].value].name;
        size_t room = sizeof names - used;
        int length = snprintf(names + used, room, "%s\"%.80s\"", i ? ", " : "", name);
        if (length < 0 || (size_t)length + sizeof ", ..." > room) {
            snprintf(names + used, room, ", ...");
            break;
        }
        used += (size_t)length;
    }
    return ray_fail(t->error, "%s: it has no %s \"%s\"; it has %s", t->model->path, what, wanted,
                    names);
}

static int find_output(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    const char *wanted = t->wishes->output_name;
    for (int32_t i = 0; i < m->n_outputs; i++) {
        t->output = m->outputs[i].value;
        if (!wanted || !strcmp(m->values[t->output].name, wanted))
            return 0;
    }
    if (wanted)
        return fail_port(t, "output", wanted, m->outputs, m->n_outputs);
    return ray_fail(t->error, "%s: it has no output", m->path);
}

/* From the back: nodes come after those that they read. */
static void mark_needed(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    t->readers[t->output] = 1;
    for (int32_t i = m->n_nodes - 1; i >= 0; i--) {
        const ray_onnx_node *node = &m->nodes[i];
        for (int32_t k = 0; k < node->n_out; k++)
            t->needed[i] |= node->out[k] != RAY_ONNX_ABSENT && t->readers[node->out[k]] > 0;
        for (int32_t k = 0; t->needed[i] && k < node->n_in; k++)
            if (node->in[k] != RAY_ONNX_ABSENT)
                t->readers[node->in[k]]++;
    }
}

/* ---- What is not supported ---- */

static bool is_own_domain(const ray_onnx_node *node)
{
    return !node->domain[0] || !strcmp(node->domain, "ai.onnx");
}

/* How many of its inputs must be constants for it to be folded. */
static int32_t count_read(const ray_onnx_fold *fold, const ray_onnx_node *node)
{
    if (fold->reads == RAY_FOLD_NONE)
        return 0;
    return fold->reads > 0 && fold->reads < node->n_in ? fold->reads : node->n_in;
}

/* Will its results be constants?  constant: by value. */
static bool folds(const ray_onnx_node *node, const bool *constant)
{
    const ray_onnx_fold *fold = is_own_domain(node) ? ray_onnx_fold_find(node->op) : NULL;
    for (int32_t k = 0; fold && k < count_read(fold, node); k++)
        if (node->in[k] != RAY_ONNX_ABSENT && !constant[node->in[k]])
            return false;
    return fold != NULL;
}

typedef struct list { char text[1500]; size_t n; int count, left_out; } list;

/* What has no more room is counted. */
static void add_unsupported(list *l, const ray_translation *t, const ray_onnx_node *node)
{
    char text[160];
    const bool own = is_own_domain(node);
    size_t room = sizeof l->text - l->n;
    int n = snprintf(l->text + l->n, room, "%s%.60s%s%s", l->count++ ? ", " : "",
                     own ? "" : node->domain, own ? "" : ".", ray_node_text(t, node, text));
    if (!l->left_out && n > 0 && (size_t)n < room) {
        l->n += (size_t)n;
    } else {
        l->text[l->n] = '\0';
        l->left_out++;
    }
}

static int fail_unsupported(const ray_translation *t, const list *l)
{
    char more[40] = "";
    if (l->left_out)
        snprintf(more, sizeof more, ", and %d more", l->left_out);
    return ray_fail(t->error, "%s: %d operator%s not supported: %s%s", t->model->path, l->count,
                    l->count == 1 ? " is" : "s are", l->text, more);
}

static int check_operators(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    bool *constant = ray_arena_alloc(&t->draft->arena, (size_t)m->n_values + 1, sizeof *constant);
    list unsupported = { "", 0, 0, 0 };
    if (!constant)
        return ray_fail_memory(t->error);
    for (int32_t v = 0; v < m->n_values; v++)
        constant[v] = m->values[v].constant != NULL;
    for (int32_t i = 0; i < m->n_nodes; i++) {
        const ray_onnx_node *node = &m->nodes[i];
        if (!t->needed[i])
            continue;
        bool fold = folds(node, constant);
        if (!fold && !(is_own_domain(node) && ray_onnx_op_find(node->op)))
            add_unsupported(&unsupported, t, node);
        for (int32_t k = 0; k < node->n_out; k++)
            if (node->out[k] != RAY_ONNX_ABSENT)
                constant[node->out[k]] = fold;
    }
    return unsupported.count ? fail_unsupported(t, &unsupported) : 0;
}

/* ---- The input ---- */

static const ray_onnx_port *find_input(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    const char *wanted = t->wishes->input_name;
    const ray_onnx_port *found = NULL;
    int used = 0;
    for (int32_t i = 0; i < m->n_inputs; i++) {
        const ray_onnx_port *port = &m->inputs[i];
        const char *name = m->values[port->value].name;
        if (m->values[port->value].constant
            || (wanted ? strcmp(name, wanted) != 0 : t->readers[port->value] == 0))
            continue;
        found = found ? found : port;
        used++;
    }
    if (!found && wanted)
        fail_port(t, "input", wanted, m->inputs, m->n_inputs);
    else if (!found)
        ray_fail(t->error, "%s: the output does not depend on an input", m->path);
    else if (used > 1)
        ray_fail(t->error, "%s: it reads %d inputs; one is possible, the others must be constants",
                 m->path, used);
    return t->error->text[0] ? NULL : found;
}

/* Type 0 is not said. */
static int check_type(ray_translation *t, const ray_onnx_port *port)
{
    const ray_onnx_tensor like = { .type = port->type };
    if (port->type == 0 || ray_constant_is_real(&like))
        return 0;
    return ray_fail(t->error, "%s: input \"%s\" holds integers; numbers are needed",
                    t->model->path, t->model->values[port->value].name);
}

/* The port's dims with those of the wish; the first is the batch unless all are wished for. */
static int input_dims(ray_translation *t, const ray_onnx_port *port, ray_known *in)
{
    const ray_shape *wish = t->wishes->input_shape;
    const char *name = t->model->values[port->value].name;
    in->rank = wish ? wish->rank + !t->wishes->whole : port->rank;
    in->batch = t->wishes->whole || in->rank < 2 ? RAY_ONNX_ABSENT : 0;
    if (port->rank == RAY_ONNX_ABSENT && !wish)
        return ray_fail(t->error, "%s: input \"%s\" has no shape; give one", t->model->path, name);
    if (wish && port->rank != RAY_ONNX_ABSENT && port->rank != in->rank)
        return ray_fail(t->error, "%s: input \"%s\" has %d dimensions, the batch included; the "
                        "given shape has %d without it", t->model->path, name, port->rank,
                        wish->rank);
    for (int32_t i = 0; i < in->rank; i++) {
        int64_t own = port->rank == RAY_ONNX_ABSENT ? RAY_ONNX_ABSENT : port->dim[i];
        if (wish && i >= in->rank - wish->rank)
            own = wish->dim[i - (in->rank - wish->rank)];
        else if (own < 1 && i == 0)
            own = 1;
        if (own < 1)
            return ray_fail(t->error, "%s: dimension %d of input \"%s\" is free%s%s; give the shape "
                            "of an item", t->model->path, i, name,
                            port->dim_name[i] ? ", called " : "",
                            port->dim_name[i] ? port->dim_name[i] : "");
        in->dim[i] = own;
    }
    return 0;
}

/* Does the model itself bring channels to the front, or have a single one? */
static bool may_turn(const ray_translation *t, const ray_known *in)
{
    static const int32_t first[] = { 0, 3, 1, 2 };
    if (in->rank != 4 || in->batch != 0 || t->model->n_nodes == 0)
        return false;
    for (int32_t i = 0; i < t->model->n_nodes; i++) {
        const ray_onnx_attribute *perm = ray_onnx_attribute_find(&t->model->nodes[i], "perm");
        bool found = t->needed[i] && perm && perm->n == 4;
        for (int32_t k = 0; found && k < 4; k++)
            found = perm->ints[k] == first[k];
        if (found)
            return true;
    }
    return in->dim[3] == 1 && in->dim[1] > 1 && in->dim[2] > 1;
}

/* A layer that makes of C x H x W what the model reads.  What the model does first meets it, and
 * nothing is left of both. */
static int turn_input(ray_translation *t, ray_known *in)
{
    static const int32_t last[] = { 0, 2, 3, 1 };
    const int64_t dim[] = { in->dim[0], in->dim[3], in->dim[1], in->dim[2] };
    const ray_known was = *in;
    if (ray_known_set(t, in, 4, dim, 0))
        return -1;
    t->draft->shape = in->item;
    return was.dim[3] == 1 ? ray_known_view(t, t->model->nodes, in, 4, was.dim, 0)
                           : ray_op_permute(t, t->model->nodes, NULL, in, last);
}

static int set_input(ray_translation *t)
{
    const ray_onnx_port *port = find_input(t);
    ray_known in = { .layer = RAY_INPUT_LAYER };
    if (!port || check_type(t, port) || input_dims(t, port, &in))
        return -1;
    t->batch = in.batch == 0 ? in.dim[0] : 1;
    t->draft->input = t->model->values[port->value].name;
    if (ray_known_set(t, &in, in.rank, in.dim, in.batch))
        return ray_fail_prefix(t->error, "%s: input \"%s\": ", t->model->path, t->draft->input);
    t->draft->shape = in.item;
    t->turned = t->turned && may_turn(t, &in);
    if (t->turned && turn_input(t, &in))
        return -1;
    t->known[port->value] = in;
    return 0;
}

/* ---- Nodes in turn ---- */

/* A fold, where everything it reads is there: 1 done, 0 no, -1 error. */
static int try_fold(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_fold *fold = ray_onnx_fold_find(node->op);
    for (int32_t i = 0; fold && i < count_read(fold, node); i++) {
        const ray_known *in = ray_node_in(t, node, i);
        if (in && !in->constant)
            return 0;
    }
    return !fold ? 0 : fold->fold(t, node) ? -1 : 1;
}

static int check_inputs(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *op)
{
    const int32_t least = op->min_in ? op->min_in : 1;
    for (int32_t i = 0; i < least; i++)
        if (!ray_node_in(t, node, i))
            return ray_fail(t->error, "input %d is missing", i + 1);
    return 0;
}

/* Everything that a node reads is a constant, or made of the input that is explained. */
static int check_known(ray_translation *t, const ray_onnx_node *node)
{
    for (int32_t i = 0; i < node->n_in; i++) {
        const ray_known *in = ray_node_in(t, node, i);
        if (in && in->constant && !ray_constant_take(t, &t->may_read, in->constant->n))
            return -1;
        if (in && !in->constant && in->layer == RAY_NO_LAYER)
            return ray_fail(t->error, "it reads \"%s\", which is neither a constant nor made of "
                            "the input \"%s\"", t->model->values[node->in[i]].name, t->draft->input);
    }
    return 0;
}

static int translate_node(ray_translation *t, int32_t index)
{
    const ray_onnx_node *node = &t->model->nodes[index];
    const ray_onnx_op *op = ray_onnx_op_find(node->op);
    if (check_known(t, node))
        return -1;
    int done = try_fold(t, node);
    if (!done)
        done = ray_onnx_pattern_try(t, index);
    if (done)
        return done < 0 ? -1 : 0;
    if (!op)
        return ray_fail(t->error, "it is only supported where its inputs are constants");
    return check_inputs(t, node, op) || op->translate(t, node, op) ? -1 : 0;
}

static int translate_nodes(ray_translation *t)
{
    char text[160];
    for (int32_t i = 0; i < t->model->n_nodes; i++) {
        if (!t->needed[i] || !translate_node(t, i))
            continue;
        return ray_fail_prefix(t->error, "%s: %s: ", t->model->path,
                               ray_node_text(t, &t->model->nodes[i], text));
    }
    return 0;
}

static int set_output(ray_translation *t)
{
    ray_known *out = &t->known[t->output];
    const ray_onnx_node *node = t->model->n_nodes ? &t->model->nodes[t->model->n_nodes - 1] : NULL;
    if (out->layer == RAY_NO_LAYER)
        return ray_fail(t->error, "%s: the output \"%s\" does not depend on the input",
                        t->model->path, t->model->values[t->output].name);
    if (out->layer != RAY_INPUT_LAYER)
        return 0;
    if (!node)
        return ray_fail(t->error, "%s: it has no nodes", t->model->path);
    return ray_plan_unary(t, node, "identity", NULL, out);
}

static int allocate(ray_translation *t)
{
    ray_arena *arena = &t->draft->arena;
    const ray_onnx_model *m = t->model;
    t->may_read = LEAST_READ + MOST_TIMES * ray_onnx_files_size(m);
    t->may_make = LEAST_MADE + MOST_TIMES * ray_onnx_files_size(m);
    t->known = ray_arena_alloc(arena, (size_t)m->n_values + 1, sizeof *t->known);
    t->readers = ray_arena_alloc(arena, (size_t)m->n_values + 1, sizeof *t->readers);
    t->needed = ray_arena_alloc(arena, (size_t)m->n_nodes + 1, sizeof *t->needed);
    if (!t->known || !t->readers || !t->needed)
        return ray_fail_memory(t->error);
    for (int32_t v = 0; v < m->n_values; v++) {
        t->known[v].layer = RAY_NO_LAYER;
        if (m->values[v].constant)
            ray_known_constant(&t->known[v], m->values[v].constant);
    }
    return 0;
}

/* *turned: whether to try with the input turned; then whether it was, and is to no avail. */
static int attempt(const ray_onnx_model *model, const ray_draft_wishes *wishes, ray_draft *draft,
                   bool *turned, ray_error *error)
{
    ray_translation t = { .model = model, .wishes = wishes, .draft = draft, .error = error,
                          .turned = *turned };
    *draft = (ray_draft){ .name = model->name };
    int failed = allocate(&t) || find_output(&t);
    if (!failed)
        mark_needed(&t);
    failed = failed || check_operators(&t) || set_input(&t) || translate_nodes(&t)
          || set_output(&t) || ray_plan_finish(&t);
    *turned = t.turned && (failed || t.layers[0].live);
    if (!failed && t.turned && !*turned)
        draft->notes = strdup("The model's input is height x width x channels; here it is channels "
                              "x height x width, as pictures are read.");
    if (!failed && t.turned && !*turned && !draft->notes)
        failed = ray_fail_memory(error);
    free(t.layers);
    return failed;
}

int ray_onnx_translate(const ray_onnx_model *model, const ray_draft_wishes *wishes,
                       ray_draft *draft, ray_error *error)
{
    ray_error own = { "" };
    bool turned = !wishes->whole;
    int failed = attempt(model, wishes, draft, &turned, &own);
    if (turned) {
        ray_draft_free(draft);
        own = (ray_error){ "" };
        turned = false;
        failed = attempt(model, wishes, draft, &turned, &own);
    }
    if (!failed)
        return 0;
    ray_draft_free(draft);
    return ray_fail(error, "%s", own.text);
}

void ray_draft_free(ray_draft *draft)
{
    ray_arena_free(&draft->arena);
    free(draft->notes);
    *draft = (ray_draft){ 0 };
}
