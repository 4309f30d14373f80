/* SPDX-License-Identifier: MIT */
/* forward.c - a network evaluated on a batch, and what its output says. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"

static int evaluate(ray_exec *exec, const ray_tensor *input, ray_tensor *out, ray_error *error)
{
    const ray_tensor *result = &exec->value[exec->network->graph.output];
    size_t bytes = (size_t)ray_tensor_size(result) * sizeof *result->data;
    memcpy(exec->value[0].data, input->data,
           (size_t)ray_tensor_size(input) * sizeof *input->data);
    if (ray_exec_forward(exec, error))
        return -1;
    *out = *result;
    out->data = ray_alloc(bytes, 1);
    if (!out->data)
        return ray_fail_memory(error);
    memcpy(out->data, result->data, bytes);
    return 0;
}

static int plan_and_evaluate(const ray_network *network, const ray_tensor *input, bool watched,
                             ray_tensor *out, ray_error *error)
{
    size_t n = (size_t)network->graph.first_weight;
    bool *nothing = ray_alloc(n, sizeof *nothing);
    if (!nothing)
        return ray_fail_memory(error);
    ray_demand demand = { .batch = input->dim[0], .keep_value = nothing, .want_signal = nothing,
                          .reads = (const uint8_t *)nothing,
                          .join = !watched && ray_machine_get() };
    ray_exec exec;
    int failed = ray_exec_create(&exec, network, &demand, error);
    if (!failed) {
        exec.check = watched;
        failed = evaluate(&exec, input, out, error);
        ray_exec_destroy(&exec);
    }
    free(nothing);
    return failed;
}

/* When NaN comes out, all is done again to name the layer. */
static int evaluate_watched(const ray_network *network, const ray_tensor *input, ray_tensor *out,
                            ray_error *error)
{
    if (plan_and_evaluate(network, input, false, out, error))
        return -1;
    if (ray_tensor_finite(out))
        return 0;
    ray_tensor_free(out);
    if (plan_and_evaluate(network, input, true, out, error))
        return -1;
    return ray_fail(error, "the output holds NaN or infinity");
}

int ray_forward(const ray_network *network, const ray_tensor *input, int threads, ray_tensor *out,
                ray_error *error)
{
    *out = (ray_tensor){ 0 };
    if (error)
        error->text[0] = '\0';
    if (ray_network_check_runnable(network, error)
        || ray_network_check_input(network, input, error))
        return -1;
    int before = omp_get_max_threads();
    if (threads > 0)
        omp_set_num_threads(threads);
    int failed = evaluate_watched(network, input, out, error);
    omp_set_num_threads(before);
    if (failed)
        ray_tensor_free(out);
    return failed ? -1 : 0;
}

double ray_output_score(const ray_tensor *output, int64_t item, int64_t class_index)
{
    int64_t positions = ray_tensor_item_size(output) / output->dim[1];
    const RAY_REAL *y = output->data + (item * output->dim[1] + class_index) * positions;
    double sum = 0;
    for (int64_t u = 0; u < positions; u++)
        sum += (double)y[u];
    return sum / (double)positions;
}

int ray_output_top(const ray_tensor *output, int64_t item, int k, int64_t *class_index)
{
    int found = 0;
    for (int64_t c = 0; c < output->dim[1]; c++) {
        double score = ray_output_score(output, item, c);
        int at = found;
        while (at > 0 && score > ray_output_score(output, item, class_index[at - 1]))
            at--;
        if (isnan(score) || at >= k)
            continue;
        found += found < k;
        memmove(class_index + at + 1, class_index + at,
                (size_t)(found - at - 1) * sizeof *class_index);
        class_index[at] = c;
    }
    return found;
}
