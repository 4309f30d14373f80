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

static int make_positive_copy(ray_run *run, const ray_tensor *from, ray_tensor *out)
{
    ray_tensor *copy = run->host->scratch(run, from->rank, from->dim);
    if (!copy)
        return -1;
    int64_t n = ray_count(from);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        copy->data[i] = from->data[i] > 0 ? from->data[i] : 0;
    *out = *copy;
    return 0;
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

int ray_excite_linear(ray_run *run, const ray_call *call, int sign, bool clamp_input)
{
    ray_tensor x = call->in[0];
    if (clamp_input ? make_positive_copy(run, &call->in[0], &x)
                    : any_negative(&x) && run->host->caution(run, call->layer,
                          "meets negative inputs at these layers, where it is no longer a "
                          "probability (clamp_input=true takes max(x, 0))"))
        return -1;
    ray_tensor *z = run->host->scratch(run, call->dout->rank, call->dout->dim);
    if (!z || run->host->clamped_forward(run, call, sign, &x, z))
        return -1;
    divide_signal(call->dout, z);
    if (run->host->clamped_backward(run, call, sign, z, call->din))
        return -1;
    multiply(&call->din[0], &x);
    return 0;
}

/* r = p / y is sent back by the sum's own arithmetic, which also adds up what was broadcast. */
int ray_excite_sum(ray_run *run, const ray_call *call)
{
    ray_tensor *ratio = run->host->scratch(run, call->dout->rank, call->dout->dim);
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
