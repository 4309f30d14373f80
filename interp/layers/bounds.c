/* SPDX-License-Identifier: MIT */
/* bounds.c - activations in straight pieces between bounds that attributes name. */
#include "elementwise.h"

/* ---- clamp: at the bounds themselves the gradient passes ---- */

typedef struct clamp_options {
    ray_numbers min, max;       /* n = 0: not given */
    double      low, high;      /* derived */
} clamp_options;

static const ray_option clamp_table[] = {
    { "min", "smaller numbers become this; min or max is needed", RAY_NUMBERS, 0,
      offsetof(clamp_options, min), NAN, 0, 0, NULL, 1 },
    { "max", "larger numbers become this", RAY_NUMBERS, 0, offsetof(clamp_options, max), NAN, 0, 0,
      NULL, 1 },
    { 0 }
};

static int clamp_infer(ray_infer *c)
{
    clamp_options *o = c->options;
    if (o->min.n + o->max.n == 0)
        return ray_fail(c->error, "min and max: expected at least one of them");
    o->low = o->min.n > 0 ? o->min.v[0] : -INFINITY;
    o->high = o->max.n > 0 ? o->max.v[0] : INFINITY;
    return ray_infer_same(c);
}

RAY_ELEMENTWISE_FORWARD_AS(clamp_forward, RAY_VECTORS, clamp_options,
                           ray_limit(x, (RAY_REAL)o->low, (RAY_REAL)o->high))
RAY_ELEMENTWISE_BACKWARD_AS(clamp_backward, RAY_VECTORS, clamp_options, RAY_OF_IN,
                            ((v >= (RAY_REAL)o->low) & (v <= (RAY_REAL)o->high)) ? g : 0)

/* ---- hardtanh: at the bounds the gradient is 0 ---- */

typedef struct hardtanh_options { double min_val, max_val; bool inplace; } hardtanh_options;

static const ray_option hardtanh_table[] = {
    { "min_val", "smaller numbers become this", RAY_NUMBER, 0, offsetof(hardtanh_options, min_val),
      -1, 0, 0, NULL, 0 },
    { "max_val", "larger numbers become this", RAY_NUMBER, 0, offsetof(hardtanh_options, max_val),
      1, 0, 0, NULL, 0 },
    RAY_INPLACE_OPTION(hardtanh_options),
    { 0 }
};

static int hardtanh_infer(ray_infer *c)
{
    const hardtanh_options *o = c->options;
    if (o->min_val >= o->max_val)
        return ray_fail(c->error, "min_val: %g is not below max_val %g", o->min_val, o->max_val);
    return ray_infer_same(c);
}

RAY_ELEMENTWISE_FORWARD_AS(hardtanh_forward, RAY_VECTORS, hardtanh_options,
                           ray_limit(x, (RAY_REAL)o->min_val, (RAY_REAL)o->max_val))
RAY_ELEMENTWISE_BACKWARD_AS(hardtanh_backward, RAY_VECTORS, hardtanh_options, RAY_OF_OUT,
                            ((v > (RAY_REAL)o->min_val) & (v < (RAY_REAL)o->max_val)) ? g : 0)

static void hardtanh_join(const ray_op *op, ray_finish *finish)
{
    const hardtanh_options *o = op->options;
    *finish = (ray_finish){ .limit = true, .low = (RAY_REAL)o->min_val,
                            .high = (RAY_REAL)o->max_val };
}

/* ---- Shrinking: what is near 0 becomes 0 ---- */

typedef struct shrink_options { double lambd; } shrink_options;

static const ray_option shrink_table[] = {
    { "lambd", "numbers from -lambd to lambd become 0", RAY_NUMBER, 0,
      offsetof(shrink_options, lambd), 0.5, 0, INFINITY, NULL, 0 },
    { 0 }
};

static inline bool is_near(RAY_REAL x, const shrink_options *o)
{
    return (x >= -(RAY_REAL)o->lambd) & (x <= (RAY_REAL)o->lambd);
}

RAY_ELEMENTWISE_FORWARD_AS(hardshrink_forward, RAY_VECTORS, shrink_options, is_near(x, o) ? 0 : x)
RAY_ELEMENTWISE_FORWARD_AS(softshrink_forward, RAY_VECTORS, shrink_options,
                           is_near(x, o) ? 0 : x > 0 ? x - (RAY_REAL)o->lambd
                                                     : x + (RAY_REAL)o->lambd)
RAY_ELEMENTWISE_BACKWARD_AS(shrink_backward, RAY_VECTORS, shrink_options, RAY_OF_IN,
                            is_near(v, o) ? 0 : g)

/* ---- threshold ---- */

typedef struct threshold_options { double threshold, value; bool inplace; } threshold_options;

static const ray_option threshold_table[] = {
    { "threshold", "numbers that are not larger are replaced", RAY_NUMBER, RAY_REQUIRED,
      offsetof(threshold_options, threshold), 0, 0, 0, NULL, 0 },
    { "value", "what replaces them", RAY_NUMBER, RAY_REQUIRED, offsetof(threshold_options, value),
      0, 0, 0, NULL, 0 },
    RAY_INPLACE_OPTION(threshold_options),
    { 0 }
};

RAY_ELEMENTWISE_FORWARD_AS(threshold_forward, RAY_VECTORS, threshold_options,
                           x <= (RAY_REAL)o->threshold ? (RAY_REAL)o->value : x)
RAY_ELEMENTWISE_BACKWARD_AS(threshold_backward, RAY_VECTORS, threshold_options, RAY_OF_IN,
                            v <= (RAY_REAL)o->threshold ? 0 : g)

#define BOUND(prefix, formula, back, backward_reads, infer_function, table, options_type) \
        .name = #prefix,                        \
        .summary = formula,                     \
        .traits = RAY_ACTIVATION,               \
        .reads = backward_reads,                \
        .in_place = true,                       \
        .options = table,                       \
        .options_size = sizeof(options_type),   \
        .infer = infer_function,                \
        .forward = prefix##_forward,            \
        .backward = back##_backward

RAY_KINDS(bounds) = {
    { BOUND(hardtanh, "y = min(max(x, min_val), max_val)", hardtanh, RAY_READS_OUT, hardtanh_infer,
            hardtanh_table, hardtanh_options), .joins = RAY_JOIN_LIMIT, .join = hardtanh_join },
    { BOUND(clamp, "y = min(max(x, min), max)", clamp, RAY_READS_IN, clamp_infer, clamp_table,
            clamp_options) },
    { BOUND(threshold, "y = x where x > threshold, else value", threshold, RAY_READS_IN,
            ray_infer_same, threshold_table, threshold_options) },
    { BOUND(hardshrink, "y = x where |x| > lambd, else 0", shrink, RAY_READS_IN, ray_infer_same,
            shrink_table, shrink_options) },
    { BOUND(softshrink, "y = x moved by lambd towards 0, 0 where |x| <= lambd", shrink,
            RAY_READS_IN, ray_infer_same, shrink_table, shrink_options) },
    { 0 }
};
