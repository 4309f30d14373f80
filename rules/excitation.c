/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "excitation.h"

static const float epsilon = 1e-20f;    /* under the excitation of an output that nothing excites */
static const float most = 1e30f;        /* of a signal: what the gradient of the layers between may
                                         * multiply it by still is a float */

static const char signed_input[] =
    "meets negative inputs at these layers, where it is no longer a probability "
    "(clamp_input=true takes max(x, 0))";
static const char signed_sum[] =
    "shares out sums of numbers of both signs at these layers, where a share may be negative or "
    "more than the whole (skip=ignore gives all to the deepest input)";
static const char overflow[] =
    "overflows at these layers, where numbers of both signs all but cancel; what is beyond 1e30 is "
    "left out";

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

/* to = p / (z + more), 0 where that is too large: whether it was so nowhere.  to may be z. */
static bool divide_signal(const ray_tensor *p, const ray_tensor *z, float more, ray_tensor *to)
{
    int64_t n = ray_count(p);
    int lost = 0;
    #pragma omp parallel for simd reduction(| : lost) if (n > 65536)
    for (int64_t i = 0; i < n; i++) {
        float divisor = z->data[i] + more, ratio = divisor != 0 ? p->data[i] / divisor : 0;
        int fits = fabsf(ratio) <= most;
        to->data[i] = fits ? ratio : 0;
        lost |= !fits;
    }
    return !lost;
}

/* din *= x, likewise. */
static bool multiply(ray_tensor *din, const ray_tensor *x)
{
    int64_t n = ray_count(x);
    int lost = 0;
    #pragma omp parallel for simd reduction(| : lost) if (n > 65536)
    for (int64_t i = 0; i < n; i++) {
        float product = din->data[i] * x->data[i];
        int fits = fabsf(product) <= most;
        din->data[i] = fits ? product : 0;
        lost |= !fits;
    }
    return !lost;
}

/* ---- Linear layers ---- */

/* The excitation of each output by a bias, an input that is always 1: z += max(sign b, 0).  A linear
 * layer has its features last, a convolution second. */
static void add_bias(const ray_call *call, const float *bias, int sign, ray_tensor *z)
{
    bool last = !strcmp(call->layer->kind, "linear");
    int64_t channels = z->dim[last ? z->rank - 1 : 1], n = ray_count(z);
    int64_t positions = last ? 1 : ray_count_positions(z);
    #pragma omp parallel for if (n > 65536)
    for (int64_t i = 0; i < n; i++) {
        float b = (float)sign * bias[i / positions % channels];
        z->data[i] += b > 0 ? b : 0;
    }
}

static const float *choose_bias(const ray_call *call, const ray_folded *folded)
{
    if (folded->folded)
        return folded->bias;
    return call->n_weights > 1 ? call->weight[1].data : NULL;
}

static int excite_forward(ray_run *run, const ray_call *call, int sign, const ray_folded *folded,
                          const ray_tensor *x, ray_tensor *z)
{
    const float *bias = choose_bias(call, folded);
    if (folded->folded ? run->host->layer_forward(run, call, x, folded->weight, z)
                       : run->host->clamped_forward(run, call, sign, x, z))
        return -1;
    if (bias && ((const ray_excitation *)run->options)->bias == RAY_BIAS_KEEP)
        add_bias(call, bias, sign, z);
    return 0;
}

int ray_excite_linear(ray_run *run, const ray_call *call, int sign)
{
    const ray_excitation *how = run->options;
    const ray_host *host = run->host;
    ray_tensor x = call->in[0];
    ray_folded folded;
    if (how->clamp_input ? make_positive_copy(run, &call->in[0], &x)
                         : any_negative(&x) && host->caution(run, call->layer, signed_input))
        return -1;
    ray_tensor *z = host->scratch(run, call->dout->rank, call->dout->dim);
    if (!z || ray_fold(run, call, sign, &folded)
        || excite_forward(run, call, sign, &folded, &x, z))
        return -1;
    bool fits = divide_signal(call->dout, z, epsilon, z);
    if (folded.folded ? host->layer_backward(run, call, &x, call->out, folded.weight, z, call->din)
                      : host->clamped_backward(run, call, sign, z, call->din))
        return -1;
    return multiply(&call->din[0], &x) && fits ? 0 : host->caution(run, call->layer, overflow);
}

/* ---- Sums ---- */

static bool same_shape(const ray_tensor *a, const ray_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/* The whole signal to input k, nothing to the others. */
static int send_all(const ray_call *call, int32_t k)
{
    for (int32_t i = 0; i < call->n_in; i++) {
        ray_tensor *din = &call->din[i];
        size_t bytes = (size_t)ray_count(din) * sizeof *din->data;
        if (din->data && i == k)
            memcpy(din->data, call->dout->data, bytes);
        else if (din->data)
            memset(din->data, 0, bytes);
    }
    return 0;
}

static int caution_signed(ray_run *run, const ray_call *call)
{
    for (int32_t k = 0; k < call->n_in; k++)
        if (any_negative(&call->in[k]))
            return run->host->caution(run, call->layer, signed_sum);
    return 0;
}

/* r = p / y is sent back by the sum's own arithmetic, which also adds up what was broadcast. */
static int split_sum(ray_run *run, const ray_call *call)
{
    ray_tensor *ratio = run->host->scratch(run, call->dout->rank, call->dout->dim);
    if (!ratio || caution_signed(run, call))
        return -1;
    bool fits = divide_signal(call->dout, call->out, 0, ratio);
    if (run->host->layer_backward(run, call, call->in, call->out, call->weight, ratio, call->din))
        return -1;
    for (int32_t k = 0; k < call->n_in; k++)
        if (call->din[k].data)
            fits = multiply(&call->din[k], &call->in[k]) && fits;
    return fits ? 0 : run->host->caution(run, call->layer, overflow);
}

int ray_excite_sum(ray_run *run, const ray_call *call)
{
    bool ignore = ((const ray_excitation *)run->options)->skip == RAY_SKIP_IGNORE;
    int32_t deepest = ignore && call->n_in > 1 ? ray_skip_find_deepest(run, call->layer) : -1;
    if (ignore && !((const ray_excitation_state *)run->state)->depth && call->n_in > 1)
        return -1;
    if (deepest >= 0 && same_shape(&call->in[deepest], call->dout))
        return send_all(call, deepest);
    return split_sum(run, call);
}

int ray_pass_signal(ray_run *run, const ray_call *call)
{
    (void)run;
    memcpy(call->din[0].data, call->dout->data, (size_t)ray_count(call->dout) * sizeof(float));
    return 0;
}
