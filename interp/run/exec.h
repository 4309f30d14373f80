/* SPDX-License-Identifier: MIT */
/* exec.h - a planned network with its memory: forward and backward passes over one batch. */
#ifndef RAY_RUN_EXEC_H
#define RAY_RUN_EXEC_H

#include "network/network.h"
#include "plan/plan.h"

typedef struct ray_exec {
    const ray_network *network;
    ray_plan           plan;
    RAY_REAL          *values, *signals, *spare, *work;
    ray_tensor        *value;       /* by activation, weights (data: the network's) included */
    ray_tensor        *signal;      /* by activation; data NULL where no signal has a place */
    bool              *reached;     /* by activation: the last backward pass left a signal there */
    uint8_t           *reads;       /* by layer: copied from the demand */
    bool              *replaced;    /* likewise */
    bool              *skipped;     /* by layer: its share of a backward pass was done by another */
    ray_finish        *finish;      /* by layer: what it does to numbers, of kinds that join */
    RAY_REAL          *factors;     /* that those of scale and shift point at */
    bool               joins;       /* layers may do the work of others */
    ray_tensor        *in, *din;    /* operands of the layer at hand: as many as the widest reads */
    int64_t            memory;      /* most bytes of prepared weights; 0: half of what is free */
    int64_t            repeated;    /* items that hold values; see ray_exec_repeat */
    bool               check;       /* stop at the first layer that yields NaN or infinity */
    const ray_listener *listener;   /* whose layer(), if there is one, is told of layers; or NULL */
} ray_exec;

/* The input's value is to be filled by the caller: exec->value[0]. */
int  ray_exec_create(ray_exec *exec, const ray_network *network, const ray_demand *demand,
                     ray_error *error);
void ray_exec_destroy(ray_exec *exec);

/* Fewer items than planned: all tensors get this first dimension. */
void ray_exec_set_items(ray_exec *exec, int64_t items);

/* Evaluates the network.  Fails only with check. */
int ray_exec_forward(ray_exec *exec, ray_error *error);

/* A backward pass.  from: an end of the demand, whose signal is the seed.  layer: runs a layer's
 * backward function, or NULL: the kind's own.  visit: may look at or change a complete signal before
 * it goes on; NULL: no. */
typedef struct ray_backward {
    int32_t     from;               /* activation */
    const bool *wanted;             /* by activation: where the pass goes */
    int (*layer)(void *context, int32_t layer, const ray_op *op);
    int (*visit)(void *context, int32_t activation, ray_tensor *signal);
    void *context;
} ray_backward;

/* The seed is in exec->signal[from] already. */
int ray_exec_backward(ray_exec *exec, const ray_backward *how, ray_error *error);

/* After a forward pass over one item: for so many copies of it (at most as many as were planned),
 * with the values that stay. */
void ray_exec_repeat(ray_exec *exec, int64_t items);

/* The kind's own functions; views included. */
void ray_layer_forward(const ray_graph_layer *layer, const ray_op *op);
void ray_layer_backward(const ray_graph_layer *layer, const ray_op *op);

bool ray_tensor_finite(const ray_tensor *tensor);

/* ---- For the passes ---- */

void ray_exec_gather_weights(const ray_exec *exec, const ray_graph_layer *layer,
                             ray_tensor *weight);
/* The layer's weights as its kernel wants them, or NULL. */
const RAY_REAL *ray_exec_prepared(const ray_exec *exec, int32_t layer, const ray_op *op,
                                  bool gradient);
/* With exec->check: says what arose where in a tensor that is not finite. */
int  ray_exec_check(const ray_exec *exec, const ray_graph_layer *layer, const ray_tensor *tensor,
                    const char *what, ray_error *error);
/* Tells the listener of the time between the two. */
double ray_exec_start(const ray_exec *exec);
void   ray_exec_stop(const ray_exec *exec, int32_t layer, bool backward, double start);

#endif
