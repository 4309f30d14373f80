/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const double mib = 1 << 20;

/* ---- The whole ---- */

static void print_network(const ray_network *network, const ray_bench *bench)
{
    ray_tensor in, out;
    ray_layer_info layer;
    char a[160], b[160];
    int64_t macs = 0;
    for (int i = 0; !ray_network_layer(network, i, &layer); i++)
        macs += layer.macs;
    ray_network_input(network, &in);
    ray_network_output(network, &out);
    printf("network    %s: %s to %s, %d layers, %.4g million multiply-adds an item\n",
           ray_network_name(network), cli_shape_text(&in, 1, a), cli_shape_text(&out, 1, b),
           bench->n_layers, (double)macs * 1e-6);
    printf("weights    %s\n", bench->random_weights ? "made up" : "of the file");
}

static void print_machine(const ray_bench *bench)
{
    printf("machine    kernels %s, %d thread%s; peak %.1f GFLOP/s, reads ", ray_kernels_name(),
           bench->threads, bench->threads > 1 ? "s" : "", bench->peak_operations * 1e-9);
    if (bench->peak_bandwidth > 0)
        printf("%.1f GB/s\n", bench->peak_bandwidth * 1e-9);
    else
        printf("an unknown number of GB/s\n");
    printf("measured   batch %" PRId64 ", %d runs in turns after %d to warm up\n", bench->items,
           bench->runs, bench->warm_up);
}

static void print_entry(const ray_bench *bench, const ray_bench_entry *entry)
{
    double seconds = entry->whole.median;
    char quartiles[64];
    snprintf(quartiles, sizeof quartiles, "%.3f ... %.3f", entry->whole.low * 1e3,
             entry->whole.high * 1e3);
    printf("%-24s %10.3f   %-24s %10.3f %9.1f %7.0f %% %12.1f\n", entry->name, seconds * 1e3,
           quartiles, entry->forward.median * 1e3,
           cli_bench_gflop_per_second(entry->macs, seconds),
           100 * cli_bench_share_of_peak(bench, entry->macs, seconds), entry->planned_bytes / mib);
    if (entry->steps)
        printf("%-24s %10.3f   for each of %" PRId64 " %s\n", "",
               seconds * 1e3 / (double)entry->steps, entry->steps, entry->steps_name);
}

static void print_entries(const ray_bench *bench)
{
    printf("\n%-24s %10s   %-24s %10s %9s %9s %12s\n", "", "median ms", "quartiles", "evaluation",
           "GFLOP/s", "of peak", "planned MiB");
    for (int i = 0; i < bench->n_entries; i++)
        print_entry(bench, &bench->entries[i]);
    printf("\nmilliseconds of a whole call; evaluation: of the input alone (forward: in memory "
           "that is ready)\nGFLOP/s of direct computation: Winograd's transforms need fewer "
           "operations and may exceed the peak\n");
    if (bench->peak_resident > 0)
        printf("memory     %.1f MiB at most, the whole process (VmHWM)\n",
               bench->peak_resident / mib);
}

/* ---- Layers ---- */

/* Widths of the columns, as wide as what is in them. */
typedef struct table {
    const ray_network *network;
    const ray_bench   *bench;
    int                name, type, shape, algorithm;
} table;

static void widen(int *width, const char *text)
{
    int n = (int)strlen(text);
    *width = n > *width ? n : *width;
}

static table plan_table(const ray_network *network, const ray_bench *bench)
{
    table t = { network, bench, 4, 4, 6, 9 };       /* the titles */
    for (int i = 0; i < bench->n_layers; i++) {
        ray_layer_info info;
        char shape[160];
        ray_network_layer(network, i, &info);
        widen(&t.name, info.name);
        widen(&t.type, info.kind);
        widen(&t.shape, cli_shape_text(&info.shape, 1, shape));
        widen(&t.algorithm, bench->layers[i].algorithm);
    }
    return t;
}

static void print_start(const table *t, const char *name, const char *type, const char *shape,
                        const char *algorithm)
{
    printf("%-*s  %-*s  %-*s  %-*s", t->name, name, t->type, type, t->shape, shape, t->algorithm,
           algorithm);
}

static void print_header(const table *t)
{
    printf("\n");
    print_start(t, "name", "type", "output", "algorithm");
    printf(" %11s %7s %9s %9s", "forward ms", "share", "GFLOP/s", "of peak");
    for (int e = 1; e < t->bench->n_entries; e++)
        printf("   %s ms", t->bench->entries[e].name);
    printf("\n");
}

static void print_forward(const ray_bench *bench, const ray_layer_info *info, int i)
{
    double macs = (double)info->macs * (double)bench->items;
    double seconds = bench->layers[i].forward.median;
    if (bench->layers[i].joined)
        printf("  in %-36s", bench->layers[i].joined);
    else if (info->macs > 0)
        printf(" %11.3f %5.1f %% %9.1f %7.0f %%", seconds * 1e3,
               100 * seconds / cli_bench_total(bench, 0),
               cli_bench_gflop_per_second(macs, seconds),
               100 * cli_bench_share_of_peak(bench, macs, seconds));
    else
        printf(" %11.3f %5.1f %% %9s %9s", seconds * 1e3,
               100 * seconds / cli_bench_total(bench, 0), "", "");
}

static int column_width(const ray_bench *bench, int entry)
{
    return (int)strlen(bench->entries[entry].name) + 5;
}

static void print_layer(const table *t, int i)
{
    const ray_bench *bench = t->bench;
    ray_layer_info info;
    char shape[160];
    ray_network_layer(t->network, i, &info);
    print_start(t, info.name, info.kind, cli_shape_text(&info.shape, 1, shape),
                bench->layers[i].algorithm);
    print_forward(bench, &info, i);
    for (int e = 1; e < bench->n_entries; e++) {
        if (bench->layers[i].backward[e].median > 0)
            printf("%*.3f", column_width(bench, e), bench->layers[i].backward[e].median * 1e3);
        else
            printf("%*s", column_width(bench, e), "-");
    }
    printf("\n");
}

static void print_totals(const table *t)
{
    const ray_bench *bench = t->bench;
    double seconds = cli_bench_total(bench, 0), macs = bench->entries[0].macs;
    print_start(t, "all", "", "", "");
    printf(" %11.3f %5d %% %9.1f %7.0f %%", seconds * 1e3, 100,
           cli_bench_gflop_per_second(macs, seconds),
           100 * cli_bench_share_of_peak(bench, macs, seconds));
    for (int e = 1; e < bench->n_entries; e++)
        printf("%*.3f", column_width(bench, e), cli_bench_total(bench, e) * 1e3);
    printf("\n");
}

/* Each algorithm of the table once, with its reason. */
static void print_reasons(const ray_bench *bench)
{
    for (int i = 0; i < bench->n_layers; i++) {
        const ray_bench_layer *layer = &bench->layers[i];
        bool told = !*layer->algorithm;
        for (int j = 0; j < i && !told; j++)
            told = !strcmp(bench->layers[j].algorithm, layer->algorithm);
        if (!told)
            printf("%-10s %s\n", layer->algorithm, layer->reason);
    }
}

static void print_layers(const ray_network *network, const ray_bench *bench)
{
    const table t = plan_table(network, bench);
    print_header(&t);
    for (int i = 0; i < bench->n_layers; i++)
        print_layer(&t, i);
    print_totals(&t);
    printf("medians; of methods: their backward passes alone, - where none ran or another layer did "
           "it, too\n");
    print_reasons(bench);
}

void cli_bench_text(const cli_measured *measured)
{
    print_network(measured->network, measured->bench);
    print_machine(measured->bench);
    print_entries(measured->bench);
    if (measured->layers)
        print_layers(measured->network, measured->bench);
}
