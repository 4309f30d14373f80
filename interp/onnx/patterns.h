/* SPDX-License-Identifier: MIT */
/* patterns.h - formulas and what they become (patterns.c matches them). */
#ifndef RAY_ONNX_PATTERNS_H
#define RAY_ONNX_PATTERNS_H

#include "translate.h"

typedef struct ray_pattern_found {
    int32_t   last, value;              /* the node that ends it; the value of x */
    ray_known x;
    bool      turned;                   /* the result's dims are those of x in this order */
    int32_t   order[RAY_ONNX_MAX_RANK];
    double    number;                   /* e */
    const ray_onnx_tensor *weight, *bias;
    const int32_t *node;                /* the formula's, in its order, and how many */
    int32_t   n;
} ray_pattern_found;

typedef struct ray_pattern ray_pattern;
struct ray_pattern {
    const char *formula;
    int       (*plan)(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);
                                        /* 1 done, 0 not this after all, -1 error */
    const char *kind, *attributes;      /* NULL: as `plan` says; none */
    bool        each;                   /* it treats each number alone: transpositions within it are
                                         * one of its result */
};
extern const ray_pattern ray_patterns[];        /* up to a formula NULL */

/* Plans of pattern_norm.c. */
int ray_pattern_norm(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);
int ray_pattern_group(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);
int ray_pattern_fused(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);
int ray_pattern_scale(ray_translation *t, const ray_pattern *self, const ray_pattern_found *found);

#endif
