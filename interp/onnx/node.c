/* SPDX-License-Identifier: MIT */
/* node.c - what a node says: inputs, attributes, axes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "translate.h"

const char *ray_node_text(const ray_translation *t, const ray_onnx_node *node, char buffer[160])
{
    const char *name = node->name;
    for (int32_t k = 0; !name[0] && k < node->n_out; k++)
        if (node->out[k] != RAY_ONNX_ABSENT)
            name = t->model->values[node->out[k]].name;
    snprintf(buffer, 160, "%.60s (node \"%.80s\")", node->op, name);
    return buffer;
}

const ray_known *ray_node_in(const ray_translation *t, const ray_onnx_node *node, int32_t i)
{
    if (i >= node->n_in || node->in[i] == RAY_ONNX_ABSENT)
        return NULL;
    return &t->known[node->in[i]];
}

const ray_onnx_tensor *ray_node_constant(const ray_translation *t, const ray_onnx_node *node,
                                         int32_t i)
{
    const ray_known *in = ray_node_in(t, node, i);
    return in ? in->constant : NULL;
}

bool ray_node_used(const ray_translation *t, const ray_onnx_node *node, int32_t out)
{
    return out < node->n_out && node->out[out] != RAY_ONNX_ABSENT && t->readers[node->out[out]] > 0;
}

void ray_node_set(ray_translation *t, const ray_onnx_node *node, int32_t out,
                  const ray_known *known)
{
    if (out < node->n_out && node->out[out] != RAY_ONNX_ABSENT)
        t->known[node->out[out]] = *known;
}

int ray_node_done(ray_translation *t, const ray_onnx_node *node, const ray_known *x)
{
    ray_node_set(t, node, 0, x);
    return 0;
}

int64_t ray_node_int(const ray_onnx_node *node, const char *name, int64_t otherwise)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, name);
    return a && a->type == RAY_ONNX_INT ? a->i : otherwise;
}

double ray_node_number(const ray_onnx_node *node, const char *name, double otherwise)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, name);
    return a && a->type == RAY_ONNX_NUMBER ? a->number : otherwise;
}

const char *ray_node_word(const ray_onnx_node *node, const char *name, const char *otherwise)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, name);
    return a && a->type == RAY_ONNX_STRING ? a->text : otherwise;
}

static int take_constant(ray_translation *t, const ray_known *in, const char *name,
                         ray_int_list *list)
{
    const ray_onnx_tensor *c = in->constant;
    if (!c)
        return ray_fail(t->error, "its input %s is computed; it must be a constant", name);
    if (c->n > RAY_MAX_LIST)
        return ray_fail(t->error, "%s: %" PRId64 " numbers; at most %d are possible", name, c->n,
                        RAY_MAX_LIST);
    list->n = (int32_t)c->n;
    for (int32_t i = 0; i < list->n; i++)
        list->v[i] = ray_onnx_integer(c, i);
    return 0;
}

int ray_node_ints(ray_translation *t, const ray_onnx_node *node, const char *name, int32_t i,
                  ray_int_list *list)
{
    const ray_onnx_attribute *a = ray_onnx_attribute_find(node, name);
    const ray_known *in = i < 0 ? NULL : ray_node_in(t, node, i);
    list->n = -1;
    if (in)
        return take_constant(t, in, name, list);
    if (!a || a->type != RAY_ONNX_INTS)
        return 0;
    if (a->n > RAY_MAX_LIST)
        return ray_fail(t->error, "%s: %d numbers; at most %d are possible", name, a->n,
                        RAY_MAX_LIST);
    list->n = a->n;
    for (int32_t k = 0; k < a->n; k++)
        list->v[k] = a->ints[k];
    return 0;
}

int ray_node_axis(ray_translation *t, int64_t given, int32_t rank, int32_t *axis)
{
    if (given < -rank || given >= rank)
        return ray_fail(t->error, "axis %" PRId64 " is out of range for %d dimensions", given,
                        rank);
    *axis = (int32_t)(given < 0 ? given + rank : given);
    return 0;
}

int ray_node_axes(ray_translation *t, const ray_int_list *list, int32_t rank, bool *named)
{
    memset(named, 0, RAY_ONNX_MAX_RANK * sizeof *named);
    for (int32_t i = 0; i < list->n; i++) {
        int32_t axis = 0;
        if (ray_node_axis(t, list->v[i], rank, &axis))
            return -1;
        if (named[axis])
            return ray_fail(t->error, "axis %d is named twice", axis);
        named[axis] = true;
    }
    return 0;
}
