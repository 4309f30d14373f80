/* SPDX-License-Identifier: MIT */
/* fold_math.c - folding of arithmetic, with numpy's broadcasting.  Integers are computed as 64 bits
 * that wrap, real numbers in double and kept as float. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fold.h"

/* ---- Two operands ---- */

typedef struct binary {
    const char *op;
    double    (*real)(double a, double b);
    int64_t   (*integer)(int64_t a, int64_t b);     /* NULL: real numbers only */
    bool        truth;                              /* its result is true or false */
} binary;

static int64_t wrap(uint64_t a) { return (int64_t)a; }

static double add(double a, double b) { return a + b; }
static double sub(double a, double b) { return a - b; }
static double mul(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }
static double less(double a, double b) { return a < b; }
static double greater(double a, double b) { return a > b; }
static double at_most(double a, double b) { return a <= b; }
static double at_least(double a, double b) { return a >= b; }
static double equal(double a, double b) { return a == b; }
static double both(double a, double b) { return a != 0 && b != 0; }
static double either(double a, double b) { return a != 0 || b != 0; }

static int64_t add_int(int64_t a, int64_t b) { return wrap((uint64_t)a + (uint64_t)b); }
static int64_t sub_int(int64_t a, int64_t b) { return wrap((uint64_t)a - (uint64_t)b); }
static int64_t mul_int(int64_t a, int64_t b) { return wrap((uint64_t)a * (uint64_t)b); }
static int64_t min_int(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max_int(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t less_int(int64_t a, int64_t b) { return a < b; }
static int64_t greater_int(int64_t a, int64_t b) { return a > b; }
static int64_t at_most_int(int64_t a, int64_t b) { return a <= b; }
static int64_t at_least_int(int64_t a, int64_t b) { return a >= b; }
static int64_t equal_int(int64_t a, int64_t b) { return a == b; }
static int64_t both_int(int64_t a, int64_t b) { return a && b; }
static int64_t either_int(int64_t a, int64_t b) { return a || b; }

/* By zero: zero.  The one quotient that overflows is wrapped. */
static int64_t div_int(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? sub_int(0, a) : a / b;
}

static int64_t mod_int(int64_t a, int64_t b)
{
    int64_t rest = b == 0 || b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static int64_t pow_int(int64_t a, int64_t b)
{
    return (int64_t)fmin(fmax(pow((double)a, (double)b), -9e18), 9e18);
}

static const binary binaries[] = {
    { "Add", add, add_int, false }, { "Sub", sub, sub_int, false },
    { "Mul", mul, mul_int, false }, { "Div", divide, div_int, false },
    { "Mod", fmod, mod_int, false }, { "Pow", pow, pow_int, false },
    { "Min", least, min_int, false }, { "Max", most, max_int, false },
    { "Less", less, less_int, true }, { "Greater", greater, greater_int, true },
    { "LessOrEqual", at_most, at_most_int, true },
    { "GreaterOrEqual", at_least, at_least_int, true },
    { "Equal", equal, equal_int, true }, { "And", both, both_int, true },
    { "Or", either, either_int, true },
};

static const binary *find_binary(const char *op)
{
    for (size_t k = 0; k < sizeof binaries / sizeof *binaries; k++)
        if (!strcmp(binaries[k].op, op))
            return &binaries[k];
    return NULL;
}

static void compute(const binary *row, const ray_onnx_tensor *a, const ray_onnx_tensor *b,
                    ray_onnx_tensor *to)
{
    ray_fold_view va, vb;
    int64_t ia[RAY_ONNX_MAX_RANK] = { 0 }, ib[RAY_ONNX_MAX_RANK] = { 0 }, at = 0, bt = 0;
    const bool real = ray_constant_is_real(a);
    ray_fold_view_wide(&va, a, to->rank, to->dim);
    ray_fold_view_wide(&vb, b, to->rank, to->dim);
    for (int64_t i = 0; i < to->n; i++) {
        if (!real)
            ray_constant_put_integer(to, i, row->integer(ray_onnx_integer(a, at),
                                                         ray_onnx_integer(b, bt)));
        else if (row->truth)
            ray_constant_put_integer(to, i, row->real(ray_onnx_number(a, at),
                                                      ray_onnx_number(b, bt)) != 0);
        else
            ray_constant_put(to, i, row->real(ray_onnx_number(a, at), ray_onnx_number(b, bt)));
        ray_fold_view_next(&va, ia, &at);
        ray_fold_view_next(&vb, ib, &bt);
    }
}

/* Real numbers become float; integers stay what they are, as other operators want them of one
 * type. */
static int32_t kept_type(const ray_onnx_tensor *a)
{
    return ray_constant_is_real(a) ? RAY_ONNX_FLOAT : a->type;
}

static const ray_onnx_tensor *combine(ray_translation *t, const binary *row,
                                      const ray_onnx_tensor *a, const ray_onnx_tensor *b)
{
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank = a->rank;
    memcpy(dim, a->dim, sizeof dim);
    if (!ray_dims_broadcast(&rank, dim, b->rank, b->dim))
        return (void)ray_fail(t->error, "its constants do not broadcast"), NULL;
    ray_onnx_tensor *made =
        ray_constant_new(t, row->truth ? RAY_ONNX_BOOL : kept_type(a), rank, dim);
    if (made)
        compute(row, a, b, made);
    return made;
}

/* Two operands; Min, Max and Sum take any number. */
static int fold_binary(ray_translation *t, const ray_onnx_node *node)
{
    const binary *row = find_binary(strcmp(node->op, "Sum") ? node->op : "Add");
    const ray_onnx_tensor *made = ray_fold_in(t, node, 0);
    for (int32_t k = 1; made && k < node->n_in; k++) {
        const ray_onnx_tensor *next = ray_fold_in(t, node, k);
        made = next ? combine(t, row, made, next) : NULL;
    }
    return ray_fold_set(t, node, made);
}

/* ---- One operand ---- */

typedef struct unary { const char *op; double (*real)(double x); } unary;

static double negate(double x) { return -x; }
static double invert(double x) { return 1 / x; }
static double not(double x) { return x == 0; }
static double relu(double x) { return x > 0 ? x : 0; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double sign(double x) { return (x > 0) - (x < 0); }

static const unary unaries[] = {
    { "Sqrt", sqrt }, { "Neg", negate }, { "Floor", floor }, { "Ceil", ceil }, { "Abs", fabs },
    { "Exp", exp }, { "Log", log }, { "Reciprocal", invert }, { "Not", not }, { "Erf", erf },
    { "Tanh", tanh }, { "Relu", relu }, { "Sigmoid", sigmoid }, { "Sign", sign },
    { "Round", rint }, { "Sin", sin }, { "Cos", cos },
};

/* Integers up to 2^53 go through double unchanged. */
static int fold_unary(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    const unary *row = unaries;
    while (strcmp(row->op, node->op) != 0)
        row++;
    if (!x)
        return -1;
    const bool real = ray_constant_is_real(x);
    ray_onnx_tensor *made = ray_constant_new(t, real ? RAY_ONNX_FLOAT : x->type, x->rank, x->dim);
    for (int64_t i = 0; made && i < made->n; i++) {
        double y = row->real(ray_onnx_number(x, i));
        if (real)
            ray_constant_put(made, i, y);
        else
            ray_constant_put_integer(made, i, (int64_t)fmin(fmax(y, -9e18), 9e18));
    }
    return ray_fold_set(t, node, made);
}

/* ---- Choices and reductions ---- */

static int fold_where(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *in[3];
    ray_fold_view view[3];
    int64_t index[3][RAY_ONNX_MAX_RANK] = { { 0 } }, at[3] = { 0 }, dim[RAY_ONNX_MAX_RANK];
    int32_t rank = 0;
    for (int k = 0; k < 3; k++) {
        in[k] = ray_fold_in(t, node, k);
        if (!in[k])
            return -1;
        if (!ray_dims_broadcast(&rank, dim, in[k]->rank, in[k]->dim))
            return ray_fail(t->error, "its constants do not broadcast");
    }
    const bool real = ray_constant_is_real(in[1]);
    ray_onnx_tensor *made = ray_constant_new(t, kept_type(in[1]), rank, dim);
    for (int k = 0; k < 3; k++)
        ray_fold_view_wide(&view[k], in[k], rank, dim);
    for (int64_t i = 0; made && i < made->n; i++) {
        int k = ray_onnx_integer(in[0], at[0]) ? 1 : 2;
        if (real)
            ray_constant_put(made, i, ray_onnx_number(in[k], at[k]));
        else
            ray_constant_put_integer(made, i, ray_onnx_integer(in[k], at[k]));
        for (int v = 0; v < 3; v++)
            ray_fold_view_next(&view[v], index[v], &at[v]);
    }
    return ray_fold_set(t, node, made);
}

typedef struct reduction {
    const char *op;
    double      start;
    double    (*step)(double a, double b);
} reduction;

static const reduction reductions[] = {
    { "ReduceProd", 1, mul }, { "ReduceSum", 0, add }, { "ReduceMean", 0, add },
    { "ReduceMax", -INFINITY, most }, { "ReduceMin", INFINITY, least },
};

/* Number i of x, over axes that are kept: where in the result. */
static int64_t kept_place(const ray_onnx_tensor *x, const bool *over, int64_t i)
{
    int64_t place = 0, stride = 1;
    for (int32_t k = x->rank - 1; k >= 0; k--) {
        if (!over[k]) {
            place += i % x->dim[k] * stride;
            stride *= x->dim[k];
        }
        i /= x->dim[k];
    }
    return place;
}

static void reduce(const reduction *row, const ray_onnx_tensor *x, const bool *over,
                   ray_onnx_tensor *sums)
{
    const double share = strcmp(row->op, "ReduceMean") || !x->n ? 1
                                                                : (double)sums->n / (double)x->n;
    for (int64_t i = 0; i < sums->n; i++)
        ray_constant_put(sums, i, row->start);
    for (int64_t i = 0; i < x->n; i++) {
        int64_t to = kept_place(x, over, i);
        ray_constant_put(sums, to, row->step(ray_onnx_number(sums, to), ray_onnx_number(x, i)));
    }
    for (int64_t i = 0; share != 1 && i < sums->n; i++)
        ray_constant_put(sums, i, share * ray_onnx_number(sums, i));
}

static int reduced_dims(ray_translation *t, const ray_onnx_node *node, const ray_onnx_tensor *x,
                        bool *over, int64_t *dim, int32_t *rank)
{
    ray_int_list axes;
    const bool keep = ray_node_int(node, "keepdims", 1);
    if (ray_node_ints(t, node, "axes", 1, &axes) || ray_node_axes(t, &axes, x->rank, over))
        return -1;
    *rank = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        over[i] = over[i] || (axes.n <= 0 && !ray_node_int(node, "noop_with_empty_axes", 0));
        if (!over[i] || keep)
            dim[(*rank)++] = over[i] ? 1 : x->dim[i];
    }
    return 0;
}

static int fold_reduce(ray_translation *t, const ray_onnx_node *node)
{
    const ray_onnx_tensor *x = ray_fold_in(t, node, 0);
    const reduction *row = reductions;
    bool over[RAY_ONNX_MAX_RANK];
    int64_t dim[RAY_ONNX_MAX_RANK];
    int32_t rank;
    while (strcmp(row->op, node->op) != 0)
        row++;
    if (!x || reduced_dims(t, node, x, over, dim, &rank))
        return -1;
    ray_onnx_tensor *sums = ray_constant_new(t, RAY_ONNX_DOUBLE, rank, dim);
    ray_onnx_tensor *made = ray_constant_new(t, kept_type(x), rank, dim);
    if (!sums || !made)
        return -1;
    reduce(row, x, over, sums);
    for (int64_t i = 0; i < made->n; i++) {
        if (made->type == RAY_ONNX_FLOAT)
            ray_constant_put(made, i, ray_onnx_number(sums, i));
        else
            ray_constant_put_integer(made, i, ray_onnx_integer(sums, i));
    }
    return ray_fold_set(t, node, made);
}

const ray_onnx_fold ray_onnx_folds_math[] = {
    { "Add", fold_binary, 0 }, { "Sub", fold_binary, 0 }, { "Mul", fold_binary, 0 },
    { "Div", fold_binary, 0 }, { "Mod", fold_binary, 0 }, { "Pow", fold_binary, 0 },
    { "Min", fold_binary, 0 }, { "Max", fold_binary, 0 }, { "Sum", fold_binary, 0 },
    { "Less", fold_binary, 0 }, { "Greater", fold_binary, 0 },
    { "LessOrEqual", fold_binary, 0 }, { "GreaterOrEqual", fold_binary, 0 },
    { "Equal", fold_binary, 0 }, { "And", fold_binary, 0 }, { "Or", fold_binary, 0 },
    { "Sqrt", fold_unary, 0 }, { "Neg", fold_unary, 0 }, { "Floor", fold_unary, 0 },
    { "Ceil", fold_unary, 0 }, { "Abs", fold_unary, 0 }, { "Exp", fold_unary, 0 },
    { "Log", fold_unary, 0 }, { "Reciprocal", fold_unary, 0 },
    { "Not", fold_unary, 0 }, { "Erf", fold_unary, 0 }, { "Tanh", fold_unary, 0 },
    { "Relu", fold_unary, 0 }, { "Sigmoid", fold_unary, 0 },
    { "Sign", fold_unary, 0 }, { "Round", fold_unary, 0 }, { "Sin", fold_unary, 0 },
    { "Cos", fold_unary, 0 },
    { "Where", fold_where, 0 },
    { "ReduceProd", fold_reduce, 0 }, { "ReduceSum", fold_reduce, 0 },
    { "ReduceMean", fold_reduce, 0 }, { "ReduceMax", fold_reduce, 0 },
    { "ReduceMin", fold_reduce, 0 },
    { NULL, NULL, 0 }
};
