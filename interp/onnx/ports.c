/* SPDX-License-Identifier: MIT */
/* ports.c - the inputs and outputs of a model: which are meant, and the input's shape. */
#include <stdio.h>
#include <string.h>

#include "ops.h"

enum { NAMES = 800 };               /* characters of a list */

/* "a", "b", ...: as many names as there is room for.  used: only what the output needs. */
static const char *list_names(const ray_translation *t, const ray_onnx_port *ports, int32_t n,
                              bool used, char text[NAMES])
{
    size_t length = 0;
    strcpy(text, "none");
    for (int32_t i = 0; i < n; i++) {
        const size_t room = NAMES - length;
        if (used && t->readers[ports[i].value] == 0)
            continue;
        int more = snprintf(text + length, room, "%s\"%.80s\"", length ? ", " : "",
                            t->model->values[ports[i].value].name);
        if (more < 0 || (size_t)more + sizeof ", ..." > room) {
            snprintf(text + length, room, ", ...");
            break;
        }
        length += (size_t)more;
    }
    return text;
}

/* ---- The output ---- */

int ray_onnx_find_output(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    const char *wanted = t->wishes->output_name;
    char names[NAMES];
    for (int32_t i = 0; i < m->n_outputs; i++) {
        t->output = m->outputs[i].value;
        if (!wanted || !strcmp(m->values[t->output].name, wanted))
            return 0;
    }
    if (wanted)
        return ray_fail(t->error, "%s: it has no output \"%s\"; it has %s", m->path, wanted,
                        list_names(t, m->outputs, m->n_outputs, false, names));
    return ray_fail(t->error, "%s: it has no output", m->path);
}

/* ---- The input ---- */

static const ray_onnx_port *find_input(ray_translation *t)
{
    const ray_onnx_model *m = t->model;
    const char *wanted = t->wishes->input_name;
    const ray_onnx_port *found = NULL;
    char names[NAMES];
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
        ray_fail(t->error, "%s: it has no input \"%s\"; it has %s", m->path, wanted,
                 list_names(t, m->inputs, m->n_inputs, false, names));
    else if (!found)
        ray_fail(t->error, "%s: the output does not depend on an input", m->path);
    else if (used > 1)
        ray_fail(t->error, "%s: it reads %d inputs, %s; one is possible, the others must be "
                 "constants", m->path, used, list_names(t, m->inputs, m->n_inputs, true, names));
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
        return ray_fail(t->error, "%s: input \"%s\" has no shape; give one (import --input-shape)",
                        t->model->path, name);
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
            return ray_fail(t->error, "%s: dimension %d of input \"%s\" is free%s%s; give the "
                            "shape of an item (import --input-shape)", t->model->path, i, name,
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

int ray_onnx_set_input(ray_translation *t)
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
