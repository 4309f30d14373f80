/* SPDX-License-Identifier: MIT */
/* ray_rules.h - backward functions and map reductions that several methods share.
 *
 * Pure functions over the tensors of a call and the host's services.  x is a layer's input, y its
 * output, p the signal at the output, p' the signal to write at the input. */
#ifndef RAY_RULES_H
#define RAY_RULES_H

#include "ray_plugin.h"

/* ---- ReLU gates (gate.c) ---- */

/* p' = max(p, 0).  Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV
 * 2014.  Reads nothing. */
int ray_gate_positive_signal(ray_run *run, const ray_call *call);

/* p' = p where p > 0 and x > 0, else 0.  Springenberg et al., "Striving for simplicity: the all
 * convolutional net", ICLR workshop 2015.  Reads y, which is positive where x is. */
int ray_gate_guided(ray_run *run, const ray_call *call);

/* What a gate method says of each layer: its gate at ReLU-like activations (relu, relu6,
 * leaky_relu), the gradient aloud at other activations, the gradient at all else. */
#define RAY_GATE_RULES(gate, gate_reads) \
    { .traits = RAY_ACTIVATION | RAY_RELU_LIKE, .backward = (gate), .reads = (gate_reads) }, \
    { .traits = RAY_ACTIVATION, .caution = "is defined for ReLU only; these activations keep " \
                                           "their ordinary gradient" }, \
    { .kind = "*" }, \
    { 0 }

/* ---- Excitation backprop (excitation.c): Zhang et al., "Top-down neural attention by excitation
 * backprop", ECCV 2016 ---- */

/* A linear layer f with the weight w+ = max(sign * w, 0) and no bias:
 * p' = x * f'(w+, p / (f(x, w+) + 1e-20)).  clamp_input puts max(x, 0) in place of x.  Reads x. */
int ray_excite_linear(ray_run *run, const ray_call *call, int sign, bool clamp_input);

/* y = sum of x_i: p'_i = x_i / y * p, and 0 where y = 0.  Reads x and y. */
int ray_excite_sum(ray_run *run, const ray_call *call);

/* p' = p.  Reads nothing. */
int ray_pass_signal(ray_run *run, const ray_call *call);

/* What excitation backprop says of each layer; linear(run, call) ends in ray_excite_linear. */
#define RAY_EXCITATION_RULES(linear) \
    { .traits = RAY_LINEAR, .backward = (linear), .reads = RAY_READ_IN }, \
    { .traits = RAY_NORM, .backward = ray_pass_signal, .reads = RAY_READ_NONE }, \
    { .kind = "add", .backward = ray_excite_sum }, \
    { .traits = RAY_RELU_LIKE }, \
    { .traits = RAY_POOL }, \
    { .traits = RAY_SHAPE }, \
    { .kind = "concat" }, \
    { .traits = RAY_ACTIVATION, .caution = "is defined for ReLU networks; these activations keep " \
                                           "their ordinary gradient" }, \
    { 0 }

/* ---- From x and p at the saliency activation to a map (saliency.c) ---- */

/* max over channels of |p| */
int ray_saliency_max_abs(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map);
/* sum over channels of p */
int ray_saliency_sum(ray_run *run, const ray_tensor *x, const ray_tensor *p, ray_tensor *map);
/* max(0, sum over channels of p) */
int ray_saliency_positive_sum(ray_run *run, const ray_tensor *x, const ray_tensor *p,
                              ray_tensor *map);

/* Numbers in a tensor; positions of one channel of one item. */
int64_t ray_count(const ray_tensor *tensor);
int64_t ray_count_positions(const ray_tensor *tensor);

#endif
