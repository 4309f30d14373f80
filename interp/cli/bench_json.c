/* SPDX-License-Identifier: MIT */
/* bench_json.c - what was measured as one JSON object; `rayinterp bench --help` names its
 * members. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "bench.h"

static void put(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* 0 stands for what is not known. */
static json_t *number_if_known(double value)
{
    return value > 0 ? number(value) : json_null();
}

static json_t *text_if_any(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

/* prefix: "" or "forward_" */
static void put_spread(json_t *object, const char *prefix, const ray_spread *seconds)
{
    const double values[] = { seconds->median, seconds->low, seconds->high };
    static const char *const names[] = { "ms_median", "ms_quartile_1", "ms_quartile_3" };
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        put(object, name, number(values[i] * 1e3));
    }
}

static void put_rate(json_t *object, const ray_bench *bench, double macs, double seconds)
{
    put(object, "gflop_per_second", number_if_known(cli_bench_gflop_per_second(macs, seconds)));
    put(object, "share_of_peak", number_if_known(cli_bench_share_of_peak(bench, macs, seconds)));
}

static json_t *entry_object(const ray_bench *bench, const ray_bench_entry *entry)
{
    json_t *object = json_pack("{s:s}", "name", entry->name);
    put_spread(object, "", &entry->whole);
    put_spread(object, "forward_", &entry->forward);
    put(object, "gmacs", number(entry->macs * 1e-9));
    put_rate(object, bench, entry->macs, entry->whole.median);
    put(object, "planned_bytes", json_integer((json_int_t)entry->planned_bytes));
    if (!entry->steps)
        return object;
    put(object, "steps", json_integer(entry->steps));
    put(object, "steps_name", json_string(entry->steps_name));
    put(object, "ms_per_step", number(entry->whole.median * 1e3 / (double)entry->steps));
    return object;
}

/* ---- Layers ---- */

static json_t *time_object(const ray_bench *bench, int layer, int entry)
{
    const ray_spread *seconds = cli_bench_time(bench, layer, entry);
    json_t *object = json_object();
    put_spread(object, "", seconds);
    put(object, "share_of_total", number(seconds->median / cli_bench_total(bench, entry)));
    return object;
}

static json_t *forward_object(const ray_bench *bench, int layer, int64_t macs)
{
    if (bench->layers[layer].joined)
        return json_null();
    json_t *object = time_object(bench, layer, 0);
    put_rate(object, bench, (double)macs * (double)bench->items,
             bench->layers[layer].forward.median);
    return object;
}

static json_t *backward_object(const ray_bench *bench, int layer)
{
    json_t *object = json_object();
    for (int e = 1; e < bench->n_entries; e++)
        put(object, bench->entries[e].name,
            cli_bench_time(bench, layer, e)->median > 0 ? time_object(bench, layer, e)
                                                        : json_null());
    return object;
}

static json_t *layer_object(const ray_network *network, const ray_bench *bench, int i)
{
    const ray_bench_layer *layer = &bench->layers[i];
    ray_layer_info info;
    json_t *shape = json_array();
    ray_network_layer(network, i, &info);
    for (int k = 1; k < info.shape.rank; k++)
        json_array_append_new(shape, json_integer(info.shape.dim[k]));
    json_t *object = json_pack("{s:s, s:s, s:o}", "name", info.name, "type", info.kind, "shape",
                               shape);
    put(object, "macs_per_item", json_integer(info.macs));
    put(object, "joined", text_if_any(layer->joined));
    put(object, "algorithm", text_if_any(layer->algorithm));
    put(object, "reason", text_if_any(layer->reason));
    put(object, "gradient_algorithm", text_if_any(layer->back_algorithm));
    put(object, "gradient_reason", text_if_any(layer->back_reason));
    put(object, "forward", forward_object(bench, i, info.macs));
    put(object, "backward", backward_object(bench, i));
    return object;
}

/* ---- The whole ---- */

static void put_layers(json_t *object, const cli_measured *measured)
{
    json_t *layers = json_array();
    for (int i = 0; i < measured->bench->n_layers; i++)
        json_array_append_new(layers, layer_object(measured->network, measured->bench, i));
    put(object, "layers", layers);
}

static json_int_t macs_of(const ray_network *network)
{
    ray_layer_info layer;
    json_int_t macs = 0;
    for (int i = 0; !ray_network_layer(network, i, &layer); i++)
        macs += layer.macs;
    return macs;
}

static json_t *whole_object(const cli_measured *measured)
{
    const ray_bench *bench = measured->bench;
    json_t *results = json_array();
    for (int i = 0; i < bench->n_entries; i++)
        json_array_append_new(results, entry_object(bench, &bench->entries[i]));
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:I, s:i, s:i, s:I}", "network",
        ray_network_name(measured->network), "weights", bench->random_weights ? "random" : "file",
        "kernels", ray_kernels_name(), "threads", bench->threads, "batch",
        (json_int_t)bench->items, "runs", bench->runs, "warm_up_runs", bench->warm_up,
        "macs_per_item", macs_of(measured->network));
    put(object, "peak_gflop_per_second", number(bench->peak_operations * 1e-9));
    put(object, "read_gigabytes_per_second", number_if_known(bench->peak_bandwidth * 1e-9));
    put(object, "peak_memory_bytes", bench->peak_resident > 0
                                     ? json_integer((json_int_t)bench->peak_resident)
                                     : json_null());
    put(object, "results", results);
    if (measured->layers)
        put_layers(object, measured);
    return object;
}

int cli_bench_json(const cli_measured *measured)
{
    json_t *object = whole_object(measured);
    if (!object) {
        fprintf(stderr, "rayinterp: --json: a name that is not UTF-8 cannot be written as JSON\n");
        return -1;
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(object);
    return 0;
}
