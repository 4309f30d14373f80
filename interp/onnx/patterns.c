/* SPDX-License-Identifier: MIT */
/* patterns.c - formulas that several nodes write out, recognised as one layer.
 *
 * A formula is text: Mul(x, Sigmoid(x)).  x is the activation that the layer reads; e is any single
 * number, which is kept; W and B are any constants, kept; _ is any constant; I and O are ones and
 * zeros; a number is a constant of about that value.  Operands of Add, Mul, Min and Max may come in
 * either order.  Nodes that change nothing are passed over; transpositions too in a formula that
 * treats each number alone, if all of x comes in one order.  Nodes of a formula may be read by
 * nothing else; what was translated for them before is left without a reader. */
#include "patterns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

enum { MOST_NODES = 48 };

typedef struct match {
    ray_translation   *t;
    ray_pattern_found  found;
    bool               each;
    int32_t            order[RAY_ONNX_MAX_RANK];    /* axis i of the result is axis order[i] here */
    int32_t            node[MOST_NODES];
    int32_t            n;
} match;

static bool match_value(match *m, const char **formula, int32_t value);

static int32_t word_length(const char *text)
{
    return (int32_t)strcspn(text, "(), ");
}

static const char *skip(const char *text)
{
    return text + strspn(text, ", ");
}

/* Past the operand at text. */
static const char *operand_end(const char *text)
{
    int depth = 0;
    for (; *text; text++) {
        if (depth == 0 && (*text == ',' || *text == ')'))
            break;
        depth += *text == '(' ? 1 : *text == ')' ? -1 : 0;
    }
    return text;
}

static bool match_number(const match *m, double wanted, int32_t value)
{
    const ray_onnx_tensor *c = m->t->known[value].constant;
    return c && c->n == 1
        && fabs(ray_onnx_number(c, 0) - wanted) <= 1e-4 * fmax(fabs(wanted), 1e-3);
}

/* Are a node's result and its first input the same tensor? */
static bool changes_nothing(const match *m, const ray_onnx_node *node, const ray_known *known)
{
    const ray_known *in = ray_node_in(m->t, node, 0);
    return !strcmp(node->op, "Identity")
        || (!strcmp(node->op, "Reshape") && in->rank == known->rank
            && !memcmp(in->dim, known->dim, (size_t)in->rank * sizeof *in->dim));
}

/* The value behind a node that the formula need not mention, or RAY_ONNX_ABSENT: one that changes
 * nothing, or a transposition, with which `order` goes on. */
static int32_t pass_over(const match *m, int32_t value, int32_t *order)
{
    const int32_t producer = m->t->model->values[value].producer;
    const ray_known *known = &m->t->known[value];
    const ray_onnx_node *node = producer < 0 ? NULL : &m->t->model->nodes[producer];
    int32_t perm[RAY_ONNX_MAX_RANK], inner[RAY_ONNX_MAX_RANK];
    if (!node || known->constant)
        return RAY_ONNX_ABSENT;
    if (changes_nothing(m, node, known))
        return node->in[0];
    if (!m->each || strcmp(node->op, "Transpose") != 0
        || ray_op_transpose_perm(m->t, node, known->rank, perm))
        return RAY_ONNX_ABSENT;
    for (int32_t i = 0; i < known->rank; i++)
        inner[i] = perm[order[i]];
    memcpy(order, inner, (size_t)known->rank * sizeof *order);
    return node->in[0];
}

/* The activation, in one order wherever it is read. */
static bool match_activation(match *m, int32_t value)
{
    int32_t order[RAY_ONNX_MAX_RANK], before;
    memcpy(order, m->order, sizeof order);
    while ((before = pass_over(m, value, order)) != RAY_ONNX_ABSENT)
        value = before;
    if (m->found.value == RAY_ONNX_ABSENT && !m->t->known[value].constant) {
        m->found.value = value;
        memcpy(m->found.order, order, sizeof order);
    }
    return m->found.value == value && !memcmp(m->found.order, order, sizeof order);
}

static bool bind(const ray_onnx_tensor **slot, const ray_onnx_tensor *c)
{
    if (*slot)
        return *slot == c;
    *slot = c;
    return c != NULL;
}

static bool is_filled(const ray_onnx_tensor *c, double number)
{
    for (int64_t i = 0; c && i < c->n; i++)
        if (ray_onnx_number(c, i) != number)
            return false;
    return c != NULL;
}

static bool match_leaf(match *m, const char *word, int32_t value)
{
    const ray_known *known = &m->t->known[value];
    switch (word[0]) {
    case 'x': return match_activation(m, value);
    case 'e':
        if (!known->constant || known->constant->n != 1)
            return false;
        m->found.number = ray_onnx_number(known->constant, 0);
        return true;
    case 'I': return is_filled(known->constant, 1);
    case 'O': return is_filled(known->constant, 0);
    case 'W': return bind(&m->found.weight, known->constant);
    case 'B': return bind(&m->found.bias, known->constant);
    case '_': return known->constant != NULL;
    default: return match_number(m, strtod(word, NULL), value);
    }
}

/* Numbers that are attributes, or are inputs in a later opset. */
static bool match_attribute(const ray_onnx_node *node, int32_t i, const char **formula)
{
    static const struct { const char *op, *name; int32_t i; double otherwise; } rows[] = {
        { "Clip", "min", 1, -INFINITY }, { "Clip", "max", 2, INFINITY },
        { "HardSigmoid", "alpha", 1, 0.2 }, { "HardSigmoid", "beta", 2, 0.5 },
    };
    const double wanted = strtod(*formula, NULL);
    *formula = operand_end(*formula);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (rows[k].i == i && !strcmp(rows[k].op, node->op))
            return fabs(ray_node_number(node, rows[k].name, rows[k].otherwise) - wanted) < 1e-5;
    return false;
}

/* Operands of a node in the order of the formula, or the first two swapped. */
static bool match_operands(match *m, const char *formula, const ray_onnx_node *node, bool swap)
{
    for (int32_t k = 0; *formula && *formula != ')'; k++) {
        int32_t i = swap && k < 2 ? 1 - k : k;
        const bool given = i < node->n_in && node->in[i] != RAY_ONNX_ABSENT;
        if (given ? !match_value(m, &formula, node->in[i]) : !match_attribute(node, i, &formula))
            return false;
        formula = skip(formula);
    }
    return true;
}

static bool commutes(const char *op)
{
    return !strcmp(op, "Add") || !strcmp(op, "Mul") || !strcmp(op, "Min") || !strcmp(op, "Max");
}

/* The mean over all positions is the mean over some axes, by another name. */
static bool is_operator(const char *op, const char *word, int32_t length)
{
    if (!strcmp(op, "GlobalAveragePool"))
        op = "ReduceMean";
    return (int32_t)strlen(op) == length && !strncmp(op, word, (size_t)length);
}

static bool match_node(match *m, const char *formula, int32_t index)
{
    const ray_onnx_node *node = &m->t->model->nodes[index];
    const int32_t length = word_length(formula);
    const match before = *m;
    if (!is_operator(node->op, formula, length) || m->n == MOST_NODES)
        return false;
    m->node[m->n++] = index;
    const match entered = *m;
    if (match_operands(m, formula + length + 1, node, false))
        return true;
    *m = entered;
    if (commutes(node->op) && node->n_in == 2
        && match_operands(m, formula + length + 1, node, true))
        return true;
    *m = before;
    return false;
}

/* Matches the operand that *formula begins with, and moves past it. */
static bool match_value(match *m, const char **formula, int32_t value)
{
    const char *text = *formula;
    int32_t outer[RAY_ONNX_MAX_RANK], before;
    *formula = operand_end(text);
    if (text[word_length(text)] != '(')
        return match_leaf(m, text, value);
    memcpy(outer, m->order, sizeof outer);
    while (m->n < MOST_NODES
           && (before = pass_over(m, value, m->order)) != RAY_ONNX_ABSENT) {
        m->node[m->n++] = m->t->model->values[value].producer;
        value = before;
    }
    const int32_t producer = m->t->model->values[value].producer;
    const bool found = producer != RAY_ONNX_ABSENT && match_node(m, text, producer);
    memcpy(m->order, outer, sizeof outer);
    return found;
}

/* How often the found nodes read a value; each node once. */
static int32_t inner_readers(const match *m, int32_t value)
{
    int32_t count = 0;
    for (int32_t k = 0; k < m->n; k++) {
        const ray_onnx_node *node = &m->t->model->nodes[m->node[k]];
        bool again = false;
        for (int32_t j = 0; j < k; j++)
            again = again || m->node[j] == m->node[k];
        for (int32_t i = 0; !again && i < node->n_in; i++)
            count += node->in[i] == value;
    }
    return count;
}

/* No inner value is read from outside; the last node is the first of the list. */
static bool is_closed(const match *m)
{
    for (int32_t k = 0; k < m->n; k++) {
        const ray_onnx_node *node = &m->t->model->nodes[m->node[k]];
        for (int32_t i = 0; m->node[k] != m->node[0] && i < node->n_out; i++)
            if (node->out[i] != RAY_ONNX_ABSENT
                && m->t->readers[node->out[i]] != inner_readers(m, node->out[i]))
                return false;
    }
    return true;
}

int ray_onnx_pattern_try(ray_translation *t, int32_t index)
{
    for (const ray_pattern *p = ray_patterns; p->formula; p++) {
        match m = { .t = t, .found = { .value = RAY_ONNX_ABSENT, .last = index }, .each = p->each };
        for (int32_t i = 0; i < RAY_ONNX_MAX_RANK; i++)
            m.order[i] = i;
        if (!match_node(&m, p->formula, index) || m.found.value == RAY_ONNX_ABSENT
            || !is_closed(&m))
            continue;
        m.found.node = m.node;
        m.found.n = m.n;
        m.found.x = t->known[m.found.value];
        for (int32_t i = 0; i < RAY_ONNX_MAX_RANK; i++)
            m.found.turned = m.found.turned || m.found.order[i] != i;
        const int32_t before = t->n_layers;
        int done = p->plan(t, p, &m.found);
        for (int32_t i = before; i < t->n_layers; i++)
            t->layers[i].fused = true;
        if (done)
            return done;
    }
    return 0;
}
