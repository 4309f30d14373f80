/* SPDX-License-Identifier: MIT */
/* excitation_fold.c - a linear layer and the batch norm behind it as one linear layer:
 * scale (w x + b) + shift = (scale w) x + (scale b + shift), for each channel. */
#include <math.h>
#include <string.h>

#include "excitation.h"

/* ---- Which layers ---- */

/* The layer that reads a layer's output; NULL: none, or several. */
static const ray_layer *find_reader(ray_run *run, const ray_layer *layer)
{
    const ray_layer *found = NULL, *reader;
    for (int32_t i = 0; (reader = run->host->layer_at(run, i)) != NULL; i++)
        for (int32_t k = 0; k < reader->n_in; k++) {
            if (run->host->layer_input(run, reader, k) != layer)
                continue;
            if (found)
                return NULL;
            found = reader;
        }
    return found;
}

/* The batch norm that is folded into a linear layer whose output has so many dimensions; NULL: none.
 * A linear layer applied to rows has its features last, where batch norm does not look. */
static const ray_layer *find_norm(ray_run *run, const ray_layer *layer, int32_t rank)
{
    if (!(layer->traits & RAY_LINEAR) || !layer->weighted || !strcmp(layer->name, run->output)
        || (!strcmp(layer->kind, "linear") && rank != 2))
        return NULL;
    const ray_layer *reader = find_reader(run, layer);
    return reader && !strncmp(reader->kind, "batch_norm", strlen("batch_norm")) ? reader : NULL;
}

int ray_excite_norm(ray_run *run, const ray_call *call)
{
    const ray_layer *before = run->host->layer_input(run, call->layer, 0);
    if (((const ray_excitation *)run->options)->norm == RAY_NORM_FOLD
        && (!before || find_norm(run, before, call->dout->rank) != call->layer)
        && run->host->caution(run, call->layer, "norm=fold finds no convolution or fully connected "
                              "layer before these that it could fold them into; the signal passes"))
        return -1;
    return ray_pass_signal(run, call);
}

/* ---- Weights ---- */

/* The channel of the output that number i of the layer's weight counts for. */
static int64_t find_channel(const ray_call *call, int64_t i)
{
    const ray_tensor *w = &call->weight[0];
    if (strncmp(call->layer->kind, "conv_transpose", strlen("conv_transpose")))
        return i / (ray_count(w) / w->dim[0]);
    int64_t kernel = ray_count(w) / (w->dim[0] * w->dim[1]), in = i / (kernel * w->dim[1]);
    int64_t groups = call->dout->dim[1] / w->dim[1];
    return in / (w->dim[0] / groups) * w->dim[1] + i / kernel % w->dim[1];
}

static bool has_bias(const ray_call *call)
{
    return call->n_weights > 1 && call->weight[1].data;
}

/* weight[0] = scale w and weight[1] = scale b + shift, signed. */
static int fold_weights(ray_run *run, const ray_call *call, const ray_tensor *factors,
                        ray_tensor *weight)
{
    const int64_t channels = factors->dim[1], n = ray_count(&call->weight[0]);
    const float *scale = factors->data, *shift = scale + channels;
    const ray_tensor *w = run->host->scratch(run, call->weight[0].rank, call->weight[0].dim);
    const ray_tensor *b = run->host->scratch(run, 1, &channels);
    if (!w || !b)
        return -1;
    #pragma omp parallel for if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        w->data[i] = scale[find_channel(call, i)] * call->weight[0].data[i];
    for (int64_t c = 0; c < channels; c++)
        b->data[c] = shift[c] + (has_bias(call) ? scale[c] * call->weight[1].data[c] : 0);
    weight[0] = *w;
    weight[1] = *b;
    return 0;
}

/* ---- What it changes ---- */

/* The largest |scale u + shift - v| as a fraction of the largest |v|: u the layer's output alone, v
 * that of the folded one; N x C x positions. */
static double largest_change(const ray_tensor *u, const ray_tensor *v, const ray_tensor *factors)
{
    const int64_t channels = u->dim[1], positions = ray_count_positions(u);
    const float *scale = factors->data, *shift = scale + channels;
    double change = 0, largest = 0;
    #pragma omp parallel for reduction(max : change, largest)
    for (int64_t i = 0; i < ray_count(u); i++) {
        int64_t c = i / positions % channels;
        double expected = (double)(scale[c] * u->data[i] + shift[c]), found = (double)v->data[i];
        change = fmax(change, fabs(expected - found));
        largest = fmax(largest, fabs(expected));
    }
    return largest > 0 ? change / largest : 0;
}

static int measure(ray_run *run, const ray_call *call, const ray_tensor *factors,
                   const ray_tensor *weight)
{
    ray_excitation_state *state = run->state;
    ray_tensor *u = run->host->scratch(run, call->dout->rank, call->dout->dim);
    ray_tensor *v = run->host->scratch(run, call->dout->rank, call->dout->dim);
    if (!u || !v || run->host->layer_forward(run, call, call->in, call->weight, u)
        || run->host->layer_forward(run, call, call->in, weight, v))
        return -1;
    state->change = fmax(state->change, largest_change(u, v, factors));
    state->folded++;
    return 0;
}

int ray_fold(ray_run *run, const ray_call *call, int sign, ray_folded *folded)
{
    const ray_excitation_state *state = run->state;
    const ray_excitation *how = run->options;
    const ray_layer *norm = how->norm == RAY_NORM_FOLD
        ? find_norm(run, call->layer, call->dout->rank) : NULL;
    *folded = (ray_folded){ .folded = norm };
    if (!norm)
        return 0;
    const ray_tensor *factors = run->host->layer_scale(run, norm);
    ray_tensor weight[RAY_EXCITATION_WEIGHTS] = { { 0 } };
    if (!factors || fold_weights(run, call, factors, weight)
        || (!state->told && measure(run, call, factors, weight)))
        return -1;
    float *w = weight[0].data;
    const int64_t n = ray_count(&weight[0]);
    #pragma omp parallel for simd if (n > 65536)
    for (int64_t i = 0; i < n; i++)
        w[i] = (float)sign * w[i] > 0 ? (float)sign * w[i] : 0;
    folded->weight[0] = weight[0];
    folded->bias = weight[1].data;
    return 0;
}

int ray_excitation_tell(ray_run *run)
{
    ray_excitation_state *state = run->state;
    if (((const ray_excitation *)run->options)->norm != RAY_NORM_FOLD || state->told)
        return 0;
    state->told = true;
    return run->host->note(run, "norm=fold: %d times a batch norm was folded into the layer before "
                           "it; that moved no output of these by more than %.1e of its largest",
                           (int)state->folded, state->change)
           || run->host->numbers(run, "fold_change", 1, &state->change);
}
