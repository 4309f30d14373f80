/* SPDX-License-Identifier: MIT */
/* evaluate.c - the forward pass. */
#include <string.h>

#include "exec.h"

void ray_layer_forward(const ray_graph_layer *layer, const ray_op *op)
{
    if (!layer->kind->view)
        layer->kind->forward(op);
    else if (op->out->data != op->in[0].data)
        memcpy(op->out->data, op->in[0].data,
               (size_t)ray_tensor_size(op->out) * sizeof *op->out->data);
}

/* What the layers that joined a head ask of its kernel; NULL: none did. */
static const ray_finish *finish_of(const ray_exec *exec, const ray_join *join, ray_finish *finish)
{
    *finish = (ray_finish){ 0 };
    if (join->limit != RAY_NO_ID)
        *finish = exec->finish[join->limit];
    if (join->scale != RAY_NO_ID) {
        finish->scale = exec->finish[join->scale].scale;
        finish->shift = exec->finish[join->scale].shift;
    }
    if (join->add != RAY_NO_ID)
        finish->add = exec->value[join->added].data;
    return join->tail == join->head ? NULL : finish;
}

/* The layer at whose turn it is that a group is evaluated. */
static int evaluate(ray_exec *exec, int32_t tail, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    const ray_join *join = &exec->plan.joins[exec->plan.joins[tail].head];
    const ray_graph_layer *layer = &graph->layers[join->head];
    ray_tensor weight[RAY_MAX_WEIGHTS];
    ray_finish finish;
    for (int32_t k = 0; k < layer->info.n_in; k++)
        exec->in[k] = exec->value[layer->in[k]];
    ray_exec_gather_weights(exec, layer, weight);
    ray_op op = { .options = layer->options, .in = exec->in, .n_in = layer->info.n_in,
                  .weight = weight, .out = &exec->value[graph->layers[tail].out],
                  .work = exec->work, .finish = finish_of(exec, join, &finish) };
    op.prepared = ray_exec_prepared(exec, join->head, &op, false);
    double start = ray_exec_start(exec);
    ray_layer_forward(layer, &op);
    ray_exec_stop(exec, join->head, false, start);
    return ray_exec_check(exec, layer, op.out, "NaN or infinity first arose in its output", error);
}

int ray_exec_forward(ray_exec *exec, ray_error *error)
{
    const ray_graph *graph = &exec->network->graph;
    if (exec->check && !ray_tensor_finite(&exec->value[0]))
        return ray_fail(error, "the input holds NaN or infinity");
    exec->repeated = exec->value[0].dim[0];
    for (int32_t i = 0; i < graph->n_layers; i++)
        if (exec->plan.needed[graph->layers[i].out] && !ray_join_hides(exec->plan.joins, i)
            && evaluate(exec, i, error))
            return -1;
    return 0;
}
