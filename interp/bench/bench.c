/* SPDX-License-Identifier: MIT */
/* bench.c - the forward pass and methods, run in turns: whatever else slows the machine down meets
 * all of them. */
#include "bench.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "kernels/peak.h"

enum { MOST_WARM_UP = 5 };
static const double warm_up_seconds = 0.5;      /* no further turn to warm up after these */

typedef struct meter {
    const ray_network *network;
    const ray_methods *methods;
    ray_turn          *turns;       /* the forward pass, then the methods */
    int                n_turns;
    ray_tensor         input;
    ray_exec           exec;        /* of the forward pass */
    ray_bench         *out;
    ray_listener       listener;
    ray_bench_entry   *entry;       /* of the run at hand: what the listener adds to */
    double            *seconds;     /* by layer */
    ray_error         *error;
} meter;

/* ---- What is heard of a run ---- */

/* Forward times count of the forward pass, backward ones of a method. */
static void hear_layer(void *context, const ray_layer_run *run)
{
    const meter *m = context;
    if (run->backward == (m->entry > m->out->entries))
        m->seconds[run->layer] += run->seconds;
    m->entry->macs += (double)m->network->graph.layers[run->layer].macs * (double)run->items;
}

static int hear_progress(void *context, const ray_progress *progress)
{
    const meter *m = context;
    if (progress->total <= 0)
        return 0;
    m->entry->steps = progress->total * progress->parts;
    if (m->entry->steps_name)
        return 0;
    m->entry->steps_name = ray_string_copy(progress->steps);
    return !m->entry->steps_name;
}

/* ---- One run ---- */

static int run_forward(meter *m, double times[2])
{
    ray_tensor output;
    double start = ray_clock();
    if (ray_forward(m->network, &m->input, 0, &output, m->error))
        return -1;
    times[0] = ray_clock() - start;
    ray_tensor_free(&output);
    start = ray_clock();
    if (ray_exec_forward(&m->exec, m->error))
        return -1;
    times[1] = ray_clock() - start;
    m->entry->planned_bytes = ray_plan_bytes(&m->exec.plan);
    return 0;
}

static int run_method(meter *m, ray_turn *turn, double times[2])
{
    ray_result *result;
    turn->request.input = m->input;
    turn->request.listener = m->listener;
    double start = ray_clock();
    if (ray_explain(m->network, m->methods, &turn->request, &result, m->error))
        return -1;
    times[0] = ray_clock() - start;
    times[1] = result->forward_seconds;
    m->entry->planned_bytes = result->planned_bytes;
    bool stopped = result->stopped;
    ray_result_free(result);
    return stopped ? ray_fail_memory(m->error) : 0;
}

/* run: 0 ...; below 0: to warm up, nothing is noted. */
static int run_turn(meter *m, int t, int run)
{
    ray_turn *turn = &m->turns[t];
    int n_layers = m->out->n_layers;
    double times[2];
    m->entry = &m->out->entries[t];
    m->entry->macs = 0;
    memset(m->seconds, 0, (size_t)n_layers * sizeof *m->seconds);
    if (turn->request.n_methods ? run_method(m, turn, times) : run_forward(m, times))
        return -1;
    if (run < 0)
        return 0;
    *ray_samples_at(&turn->samples, RAY_SERIES_WHOLE, run) = times[0];
    *ray_samples_at(&turn->samples, RAY_SERIES_FORWARD, run) = times[1];
    for (int i = 0; i < n_layers; i++)
        *ray_samples_at(&turn->samples, RAY_SERIES_LAYERS + i, run) = m->seconds[i];
    return 0;
}

/* Methods first: what is wrong with them is told before long work. */
static int run_all(meter *m, int run)
{
    for (int i = 1; i <= m->n_turns; i++)
        if (run_turn(m, i % m->n_turns, run))
            return -1;
    m->out->peak_operations = fmax(m->out->peak_operations, ray_peak_operations());
    return 0;
}

static int run_often(meter *m)
{
    ray_bench *out = m->out;
    double start = ray_clock();
    do {
        if (run_all(m, -1))
            return -1;
        out->warm_up++;
    } while (out->warm_up < MOST_WARM_UP && ray_clock() - start < warm_up_seconds);
    for (int run = 0; run < out->runs; run++)
        if (run_all(m, run))
            return -1;
    return 0;
}

/* ---- Before ---- */

/* Of mean 0 and variance 1. */
static int make_input(meter *m)
{
    ray_random random;
    int64_t n = ray_tensor_size(&m->input);
    m->input.data = ray_alloc((size_t)n, sizeof *m->input.data);
    if (!m->input.data)
        return ray_fail_memory(m->error);
    ray_random_seed(&random, 1);
    for (int64_t i = 0; i < n; i++)
        m->input.data[i] = (RAY_REAL)((2 * ray_random_uniform(&random) - 1) * sqrt(3));
    memcpy(m->exec.value[0].data, m->input.data, (size_t)n * sizeof *m->input.data);
    return 0;
}

static int create_exec(meter *m)
{
    size_t n = (size_t)m->network->graph.first_weight;
    bool *nothing = ray_alloc(n, sizeof *nothing);
    if (!nothing)
        return ray_fail_memory(m->error);
    ray_demand demand = { .batch = m->input.dim[0], .keep_value = nothing, .want_signal = nothing,
                          .reads = (const uint8_t *)nothing, .join = true };
    int failed = ray_exec_create(&m->exec, m->network, &demand, m->error);
    free(nothing);
    m->exec.listener = &m->listener;
    return failed;
}

static int create_layers(ray_bench *out, int n, ray_error *error)
{
    out->layers = ray_alloc((size_t)n + 1, sizeof *out->layers);
    if (!out->layers)
        return ray_fail_memory(error);
    for (out->n_layers = 0; out->n_layers < n; out->n_layers++) {
        ray_bench_layer *layer = &out->layers[out->n_layers];
        layer->backward = ray_alloc((size_t)out->n_entries, sizeof *layer->backward);
        if (!layer->backward)
            return ray_fail_memory(error);
    }
    return 0;
}

static int create_out(meter *m, const ray_request *request, int runs)
{
    const ray_graph *graph = &m->network->graph;
    ray_bench *out = m->out = ray_alloc(1, sizeof *out);
    if (!out)
        return ray_fail_memory(m->error);
    out->entries = ray_alloc((size_t)m->n_turns, sizeof *out->entries);
    if (!out->entries)
        return ray_fail_memory(m->error);
    out->n_entries = m->n_turns;
    out->items = m->input.dim[0];
    out->threads = omp_get_max_threads();
    out->runs = runs;
    out->random_weights = m->network->random && graph->n_activations > graph->first_weight;
    for (int i = 0; i < m->n_turns; i++)
        out->entries[i].name = i ? request->methods[i - 1] : "forward";
    return create_layers(out, graph->n_layers, m->error);
}

static int create_samples(meter *m)
{
    for (int i = 0; i < m->n_turns; i++)
        if (ray_samples_create(&m->turns[i].samples, RAY_SERIES_LAYERS + m->out->n_layers,
                               m->out->runs, m->error))
            return -1;
    m->seconds = ray_alloc((size_t)m->out->n_layers + 1, sizeof *m->seconds);
    return m->seconds ? 0 : ray_fail_memory(m->error);
}

/* The exec first: it says when there is not enough memory for the batch. */
static int prepare(meter *m, const ray_request *request, int64_t items, int runs)
{
    if (runs < 1 || items < 1)
        return ray_fail(m->error, "%d runs of %lld items are asked for; each must be 1 or more",
                        runs, (long long)items);
    ray_network_input(m->network, &m->input);
    m->input.dim[0] = items;
    m->n_turns = request->n_methods + 1;
    m->turns = ray_alloc((size_t)m->n_turns, sizeof *m->turns);
    if (!m->turns)
        return ray_fail_memory(m->error);
    return ray_network_check_runnable(m->network, m->error)
           || ray_turns_create(m->turns + 1, m->network, m->methods, request, m->error)
           || create_exec(m) || make_input(m) || create_out(m, request, runs)
           || create_samples(m);
}

/* ---- After ---- */

static void sum_up(meter *m)
{
    for (int t = 0; t < m->n_turns; t++) {
        ray_samples *samples = &m->turns[t].samples;
        m->out->entries[t].whole = ray_samples_spread(samples, RAY_SERIES_WHOLE);
        m->out->entries[t].forward = ray_samples_spread(samples, RAY_SERIES_FORWARD);
        for (int i = 0; i < m->out->n_layers; i++) {
            ray_spread spread = ray_samples_spread(samples, RAY_SERIES_LAYERS + i);
            *(t ? &m->out->layers[i].backward[t] : &m->out->layers[i].forward) = spread;
        }
    }
    ray_bench_describe_layers(m->out, &m->exec);
    m->out->peak_resident = ray_process_peak_resident();
    m->out->peak_bandwidth = ray_peak_bandwidth();
}

static void finish(meter *m)
{
    for (int i = 0; m->turns && i < m->n_turns; i++)
        ray_turn_free(&m->turns[i]);
    free(m->turns);
    free(m->seconds);
    ray_tensor_free(&m->input);
    if (m->exec.network)
        ray_exec_destroy(&m->exec);
}

int ray_bench_run(const ray_network *network, const ray_methods *methods,
                  const ray_request *request, int64_t items, int runs, ray_bench **out,
                  ray_error *error)
{
    ray_error unheard;
    meter m = { .network = network, .methods = methods, .error = error ? error : &unheard };
    int before = omp_get_max_threads();
    *out = NULL;
    m.error->text[0] = '\0';
    m.listener = (ray_listener){ .progress = hear_progress, .context = &m, .layer = hear_layer };
    if (request->threads > 0)
        omp_set_num_threads(request->threads);
    int failed = prepare(&m, request, items, runs) || run_often(&m);
    if (!failed)
        sum_up(&m);
    omp_set_num_threads(before);
    finish(&m);
    if (failed)
        ray_bench_free(m.out);
    else
        *out = m.out;
    return failed ? -1 : 0;
}

void ray_bench_free(ray_bench *bench)
{
    if (!bench)
        return;
    for (int i = 0; bench->entries && i < bench->n_entries; i++)
        free((char *)bench->entries[i].steps_name);
    for (int i = 0; bench->layers && i < bench->n_layers; i++)
        free(bench->layers[i].backward);
    free(bench->entries);
    free(bench->layers);
    free(bench);
}
