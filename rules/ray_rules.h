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

/* ---- Excitation backprop: Zhang et al., "Top-down neural attention by excitation backprop", ECCV
 * 2016.  excitation.c has the rules, excitation_fold.c and excitation_skip.c what two of the options
 * do. ---- */

enum { RAY_BIAS_DROP, RAY_BIAS_KEEP };
enum { RAY_SKIP_SPLIT, RAY_SKIP_IGNORE };
enum { RAY_NORM_PASS, RAY_NORM_FOLD };

/* A method's options begin with this, its state with the other. */
typedef struct ray_excitation { bool clamp_input; int bias, skip, norm; } ray_excitation;
typedef struct ray_excitation_state {
    int32_t *depth;                 /* of each layer, once asked for */
    int32_t  folded;                /* norms that were, in this run */
    double   change;                /* the largest that this made to an output, of its largest */
    bool     told;
} ray_excitation_state;

#define RAY_EXCITATION_OPTIONS(field) \
    { .name = "clamp_input", .help = "use max(x, 0) where a linear layer's input is negative", \
      .type = RAY_BOOL, .offset = (field) + offsetof(ray_excitation, clamp_input) }, \
    { .name = "bias", .words = "drop|keep", \
      .help = "keep: a positive bias takes its share of the signal, as an input of 1 would; it is " \
              "lost", \
      .type = RAY_ENUM, .offset = (field) + offsetof(ray_excitation, bias) }, \
    { .name = "skip", .words = "split|ignore", \
      .help = "ignore: a sum sends all to its deepest input, nothing to those that skip layers", \
      .type = RAY_ENUM, .offset = (field) + offsetof(ray_excitation, skip) }, \
    { .name = "norm", .words = "pass|fold", \
      .help = "fold: batch norm is part of the convolution or linear layer before it", \
      .type = RAY_ENUM, .offset = (field) + offsetof(ray_excitation, norm) }

/* A linear layer f with the weight w+ = max(sign * w, 0) and no bias:
 * p' = x * f'(w+, p / (f(x, w+) + 1e-20)).  clamp_input puts max(x, 0) in place of x; bias keep adds
 * max(sign * b, 0) to f; norm fold takes w and b of the layer and the batch norm behind it together.
 * Reads x. */
int ray_excite_linear(ray_run *run, const ray_call *call, int sign);

/* y = sum of x_i: p'_i = x_i / y * p, and 0 where y = 0.  skip ignore: p to the deepest input alone.
 * Reads x and y. */
int ray_excite_sum(ray_run *run, const ray_call *call);

/* p' = p.  Says aloud what norm fold could not fold.  Reads nothing. */
int ray_excite_norm(ray_run *run, const ray_call *call);

/* What excitation backprop says of each layer; linear(run, call) ends in ray_excite_linear. */
#define RAY_EXCITATION_RULES(linear) \
    { .traits = RAY_LINEAR, .backward = (linear), .reads = RAY_READ_IN }, \
    { .traits = RAY_NORM, .backward = ray_excite_norm, .reads = RAY_READ_NONE }, \
    { .kind = "add", .backward = ray_excite_sum }, \
    { .traits = RAY_RELU_LIKE }, \
    { .traits = RAY_POOL }, \
    { .traits = RAY_SHAPE }, \
    { .kind = "concat" }, \
    { .traits = RAY_ACTIVATION, .caution = "is defined for ReLU networks; these activations keep " \
                                           "their ordinary gradient" }, \
    { 0 }

/* p' = p.  Reads nothing. */
int ray_pass_signal(ray_run *run, const ray_call *call);

/* In explain() or saliency(): says once what norm fold did, as a note and as the number
 * "fold_change". */
int ray_excitation_tell(ray_run *run);

/* For the method's finish(). */
void ray_excitation_finish(ray_run *run);

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
