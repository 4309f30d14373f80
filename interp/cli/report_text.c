/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

static void print_network(const cli_report *report)
{
    ray_tensor in, out;
    ray_layer_info layer;
    char a[160], b[160];
    int64_t parameters = 0;
    int n = 0;
    for (; !ray_network_layer(report->network, n, &layer); n++)
        parameters += layer.parameters;
    ray_network_input(report->network, &in);
    ray_network_output(report->network, &out);
    printf("network    %s: %s to %s, %d layers, %" PRId64 " parameters\n",
           ray_network_name(report->network), cli_shape_text(&in, 1, a), cli_shape_text(&out, 1, b),
           n, parameters);
    printf("input      %s\n", report->request->input);
}

/* One for each map: after a stop there may be fewer than were asked for. */
static void print_targets(const cli_report *report, const ray_map *map)
{
    enum { MOST = 8 };
    for (int64_t i = 0; i < map->map.dim[0] && i < MOST; i++) {
        printf(i ? ", " : "");
        cli_print_class(stdout, report->network, report->result->targets[i]);
    }
    if (map->map.dim[0] > MOST)
        printf(", ...");
}

static void print_findings(const ray_map *map)
{
    for (int i = 0; i < map->n_findings; i++) {
        const ray_finding *finding = &map->findings[i];
        printf("%-10s ", finding->name);
        for (int k = 0; k < finding->n; k++)
            printf("%s%.4g", k ? ", " : "", finding->v[k]);
        printf("\n");
    }
}

static void print_files(const cli_report *report, int map)
{
    for (int i = 0; i < report->files->n; i++)
        if (report->files->v[i].map == map)
            printf("wrote      %s\n", report->files->v[i].path);
}

static void print_map(const cli_report *report, int i)
{
    const ray_map *map = &report->result->maps[i];
    ray_method_info info;
    ray_error unused = { "" };
    bool known = !ray_methods_info_find(report->methods, map->method, &info, &unused);
    printf("method     %s: %s\n", map->method, known ? info.summary : "");
    printf("           at %s, for ", *map->layer ? map->layer : "the input");
    if (report->request->request.seed)
        printf("the signal of %s", report->request->signal);
    else
        print_targets(report, map);
    printf(", %.1f ms\n", map->seconds * 1e3);
    if (map->partial)
        printf("           partial: %" PRId64 " of %" PRId64 " %s\n", map->done, map->total,
               map->steps);
    print_findings(map);
    print_files(report, i);
}

static void print_not_run(const cli_report *report)
{
    const ray_request *request = &report->request->request;
    for (int i = report->result->n_maps; i < request->n_methods; i++)
        printf("not run    %s\n", request->methods[i]);
}

void cli_report_text(const cli_report *report)
{
    print_network(report);
    cli_print_top(report->network, &report->result->output, 5);
    for (int i = 0; i < report->result->n_maps; i++)
        print_map(report, i);
    print_not_run(report);
    print_files(report, -1);
    printf("time       %.1f ms: forward %.1f ms, the rest reading, methods and writing\n",
           report->seconds * 1e3, report->result->forward_seconds * 1e3);
}
