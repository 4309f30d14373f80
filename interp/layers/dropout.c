/* SPDX-License-Identifier: MIT */
/* dropout.c - in inference nothing drops out. */
#include "elementwise.h"

typedef struct dropout_options { double p; bool inplace; } dropout_options;

static const ray_option options[] = {
    { "p", "accepted as in torch, without effect: it matters in training only", RAY_NUMBER, 0,
      offsetof(dropout_options, p), 0.5, 0, 1, NULL, 0 },
    RAY_INPLACE_OPTION(dropout_options),
    { 0 }
};

#define DROPOUT(kind)                           \
    {                                           \
        .name = kind,                           \
        .summary = "y = x: in inference nothing drops out", \
        .traits = RAY_SHAPE,                    \
        .view = true,                           \
        .options = options,                     \
        .options_size = sizeof(dropout_options), \
        .infer = ray_infer_same,                \
    }

RAY_KINDS(dropout) = {
    DROPOUT("dropout"),
    DROPOUT("dropout1d"),
    DROPOUT("dropout2d"),
    DROPOUT("dropout3d"),
    DROPOUT("alpha_dropout"),
    DROPOUT("feature_alpha_dropout"),
    { 0 }
};
