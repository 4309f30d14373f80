/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ray_rules.h"

static const float epsilon = 1e-20f;    /* under the excitation of an output that nothing excites */

static bool any_negative(const ray_tensor *x)
{
    int64_t n = ray_count(x);
    int found = 0;
    #pragma omp parallel for simd reduction(| : found) if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        found |= x->data[i] < 0;
    return found;
}

static void take_positive(const ray_tensor *from, float sign, ray_tensor *to)
{
    int64_t n = ray_count(from);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        to->data[i] = sign * from->data[i] > 0 ? sign * from->data[i] : 0;
}

static ray_tensor *scratch_like(ray_run *run, const ray_tensor *tensor)
{
    return run->host->scratch(run, tensor->rank, tensor->dim);
}

static int make_positive_copy(ray_run *run, const ray_tensor *from, float sign, ray_tensor *out)
{
    ray_tensor *copy = scratch_like(run, from);
    if (!copy)
        return -1;
    take_positive(from, sign, copy);
    *out = *copy;
    return 0;
}

/* Pooling has no weights, and keeps its own averaging. */
static int make_positive_weights(ray_run *run, const ray_call *call, float sign, ray_tensor *weight)
{
    for (int32_t w = 0; w < call->n_weights; w++)
        weight[w] = (ray_tensor){ 0 };
    if (!call->n_weights || !call->weight[0].data)
        return 0;
    return make_positive_copy(run, &call->weight[0], sign, &weight[0]);
}

static void divide_signal(const ray_tensor *p, ray_tensor *z)
{
    int64_t n = ray_count(p);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        z->data[i] = p->data[i] / (z->data[i] + epsilon);
}

static void multiply(ray_tensor *din, const ray_tensor *x)
{
    int64_t n = ray_count(x);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        din->data[i] *= x->data[i];
}

int ray_excite_linear(ray_run *run, const ray_call *call, float sign, bool clamp_input)
{
    enum { MOST_WEIGHTS = 8 };
    ray_tensor x = call->in[0], weight[MOST_WEIGHTS] = { { 0 } };
    if (clamp_input ? make_positive_copy(run, &call->in[0], 1, &x)
                    : any_negative(&x) && run->host->caution(run, call->layer,
                          "meets negative inputs at these layers, where it is no longer a "
                          "probability (clamp_input=true takes max(x, 0))"))
        return -1;
    ray_tensor *z = scratch_like(run, call->dout);
    if (!z || make_positive_weights(run, call, sign, weight)
        || run->host->layer_forward(run, call, &x, weight, z))
        return -1;
    divide_signal(call->dout, z);
    if (run->host->layer_backward(run, call, &x, call->out, weight, z, call->din))
        return -1;
    multiply(&call->din[0], &x);
    return 0;
}

/* r = p / y is sent back by the sum's own arithmetic, which also adds up what was broadcast. */
int ray_excite_sum(ray_run *run, const ray_call *call)
{
    ray_tensor *ratio = scratch_like(run, call->dout);
    if (!ratio)
        return -1;
    int64_t n = ray_count(call->dout);
    const float *p = call->dout->data, *y = call->out->data;
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        ratio->data[i] = y[i] != 0 ? p[i] / y[i] : 0;
    if (run->host->layer_backward(run, call, call->in, call->out, call->weight, ratio, call->din))
        return -1;
    for (int32_t k = 0; k < call->n_in; k++)
        if (call->din[k].data)
            multiply(&call->din[k], &call->in[k]);
    return 0;
}

int ray_pass_signal(ray_run *run, const ray_call *call)
{
    (void)run;
    memcpy(call->din[0].data, call->dout->data, (size_t)ray_count(call->dout) * sizeof(float));
    return 0;
}
