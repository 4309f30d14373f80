/* SPDX-License-Identifier: MIT */
/* patterns.h - formulas and what they become (patterns.c matches them). */
#ifndef RAY_ONNX_PATTERNS_H
#define RAY_ONNX_PATTERNS_H

#include "translate.h"

typedef struct ray_pattern_found {
    int32_t   last, value;              /* the node that ends it; the value of x */
    ray_known x;
    double    number;                   /* e */
    const ray_onnx_tensor *weight, *bias;
    int32_t   reduction;                /* a node whose operator begins with Reduce */
} ray_pattern_found;

typedef struct ray_pattern ray_pattern;
struct ray_pattern {
    const char *formula;
    int       (*plan)(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);
                                        /* 1 done, 0 not this after all, -1 error */
    const char *kind, *attributes;
};
extern const ray_pattern ray_patterns[];        /* up to a formula NULL */

#endif
