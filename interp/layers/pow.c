/* SPDX-License-Identifier: MIT */
/* pow.c - an activation to the power of a number or of another activation.  Frequent powers have
 * loops of their own. */
#include "broadcast.h"
#include "elementwise.h"

static const ray_option options[] = {
    RAY_SCALAR_OPTION,
    { 0 }
};

/* ---- To the power of a number ---- */

#define EXPONENT ((RAY_REAL)o->scalar.v[0])

RAY_ELEMENTWISE_FORWARD_AS(square, RAY_VECTORS, ray_scalar_options, x * x)
RAY_ELEMENTWISE_BACKWARD_AS(square_back, RAY_VECTORS, ray_scalar_options, RAY_OF_IN, 2 * g * v)
RAY_ELEMENTWISE_FORWARD_AS(cube, RAY_VECTORS, ray_scalar_options, x * x * x)
RAY_ELEMENTWISE_BACKWARD_AS(cube_back, RAY_VECTORS, ray_scalar_options, RAY_OF_IN, 3 * g * v * v)
RAY_ELEMENTWISE_FORWARD_AS(root, RAY_VECTORS, ray_scalar_options, ray_sqrt(x))
RAY_ELEMENTWISE_BACKWARD_AS(root_back, RAY_VECTORS, ray_scalar_options, RAY_OF_IN,
                            g / (2 * ray_sqrt(v)))
RAY_ELEMENTWISE_FORWARD_AS(other, RAY_SCALARS, ray_scalar_options, ray_pow(x, EXPONENT))
RAY_ELEMENTWISE_BACKWARD_AS(other_back, RAY_SCALARS, ray_scalar_options, RAY_OF_IN,
                            EXPONENT == 0 ? 0 : g * EXPONENT * ray_pow(v, EXPONENT - 1))

static const struct power { double exponent; void (*forward)(const ray_op *op),
                            (*backward)(const ray_op *op); } powers[] = {
    { 2, square, square_back }, { 3, cube, cube_back }, { 0.5, root, root_back },
    { NAN, other, other_back },
};

static const struct power *find_power(const ray_op *op)
{
    const double exponent = ((const ray_scalar_options *)op->options)->scalar.v[0];
    const struct power *p = powers;
    while (p->exponent != exponent && !isnan(p->exponent))
        p++;
    return p;
}

/* ---- To the power of an activation ---- */

/* Both as they repeat. */
static int64_t workspace(const ray_op *op)
{
    return op->n_in == 1 ? 0 : 2 * ray_tensor_size(op->out);
}

/* e x^(e - 1); 0 for e = 0 */
static inline RAY_REAL slope_of_base(RAY_REAL x, RAY_REAL e)
{
    return e == 0 ? 0 : e * ray_pow(x, e - 1);
}

/* x^e log(x); 0 for x = 0 where that is the limit */
static inline RAY_REAL slope_of_exponent(RAY_REAL x, RAY_REAL e)
{
    return x == 0 && e >= 0 ? 0 : ray_pow(x, e) * ray_log(x);
}

static void backward_input(const ray_op *op, int32_t k)
{
    const int64_t n = ray_tensor_size(op->out);
    const RAY_REAL *x = ray_broadcast_expand(op, 0, op->work);
    const RAY_REAL *e = ray_broadcast_expand(op, 1, op->work + n), *dout = op->dout->data;
    RAY_REAL *signal = op->work + k * n;    /* each number takes the place of its operand's */
    #pragma omp parallel for schedule(static) if (n > RAY_SERIAL)
    for (int64_t i = 0; i < n; i++)
        signal[i] = dout[i] * (k == 0 ? slope_of_base(x[i], e[i]) : slope_of_exponent(x[i], e[i]));
    ray_broadcast_collect(op, k, signal);
}

static void forward(const ray_op *op)
{
    if (op->n_in == 1)
        find_power(op)->forward(op);
    else
        ray_broadcast_forward(op, RAY_WALK_POWER);
}

static void backward(const ray_op *op)
{
    if (op->n_in == 1)
        find_power(op)->backward(op);
    for (int32_t k = 0; k < op->n_in && op->n_in > 1; k++) {
        if (op->din[k].data)
            backward_input(op, k);
    }
}

RAY_KINDS(pow) = {
    {
        .name = "pow",
        .summary = "y = x1^x2, or x^scalar",
        .traits = RAY_MERGE,
        .min_in = 1,
        .max_in = 2,
        .reads = RAY_READS_IN,
        .in_place = true,
        .options = options,
        .options_size = sizeof(ray_scalar_options),
        .infer = ray_broadcast_infer,
        .workspace = workspace,
        .forward = forward,
        .backward = backward,
    },
    { 0 }
};
