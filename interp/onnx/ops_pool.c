/* SPDX-License-Identifier: MIT */
/* ops_pool.c - pooling. */
#include <string.h>

#include "translate.h"

static int translate_pool(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    const bool average = !strcmp(self->op, "AveragePool");
    ray_onnx_window window;
    ray_known x;
    if (ray_node_used(t, node, 1))
        return ray_fail(t->error, "only its first output is supported");
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x)
        || ray_onnx_window_read(t, node, &x, NULL, &window))
        return -1;
    ray_step step = { .node = node, .type = self->kind, .axes = window.axes, .in = &x,
                      .n_in = 1 };
    bool padded = window.same;
    for (int32_t k = 0; k < 2 * window.axes; k++)
        padded = padded || window.pads[k] > 0;
    ray_onnx_window_write(&window, false, &step.attributes);
    if (ray_node_int(node, "ceil_mode", 0))
        ray_attribute_word(&step.attributes, "ceil_mode", "true");
    if (average && padded && !ray_node_int(node, "count_include_pad", 0))
        ray_attribute_word(&step.attributes, "count_include_pad", "false");
    return ray_plan_result(t, &step);
}

static int translate_global(ray_translation *t, const ray_onnx_node *node, const ray_onnx_op *self)
{
    ray_known x;
    if (ray_known_in(t, node, 0, &x) || ray_known_batch_first(t, node, &x))
        return -1;
    if (x.rank < 3 || x.rank > 5)
        return ray_fail(t->error, "an input of %d dimensions; expected 3 to 5", x.rank);
    ray_step step = { .node = node, .type = self->kind, .axes = x.rank - 2, .in = &x,
                      .n_in = 1 };
    ray_attribute_int(&step.attributes, "output_size", 1);
    return ray_plan_result(t, &step);
}

const ray_onnx_op ray_onnx_ops_pool[] = {
    { "MaxPool", translate_pool, "max_pool", 0, NULL },
    { "AveragePool", translate_pool, "avg_pool", 0, NULL },
    { "GlobalAveragePool", translate_global, "adaptive_avg_pool", 0, NULL },
    { "GlobalMaxPool", translate_global, "adaptive_max_pool", 0, NULL },
    { NULL, NULL, NULL, 0, NULL }
};
