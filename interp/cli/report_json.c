/* SPDX-License-Identifier: MIT */
/* report_json.c - the result as one JSON object:
 *   {"network", "input", "items": [{"top": [{"class", "label", "score"}]}],
 *    "maps": [{"method", "layer", "shape", "targets": [{"class", "label"}], "min", "max", "sum",
 *              "values": {"NAME": [...]}, "ms", "partial", "files"}],
 *    "stopped", "warnings": [...], "kernels", "forward_ms", "ms"}
 * A map of long work has "done", "total" and "steps", too; with --sheet there is "sheet".  A number
 * that is infinite or none is null. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "report.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *class_object(const ray_network *network, int64_t class_index)
{
    const char *label = ray_network_label(network, class_index);
    return json_pack("{s:I, s:s?}", "class", (json_int_t)class_index, "label", label);
}

static json_t *top_array(const cli_report *report, int64_t item)
{
    int64_t best[5];
    int n = ray_output_top(&report->result->output, item, 5, best);
    json_t *top = json_array();
    for (int i = 0; i < n; i++) {
        json_t *entry = class_object(report->network, best[i]);
        double score = ray_output_score(&report->result->output, item, best[i]);
        json_object_set_new(entry, "score", number(score));
        json_array_append_new(top, entry);
    }
    return top;
}

static json_t *items_array(const cli_report *report)
{
    json_t *items = json_array();
    for (int64_t i = 0; i < report->result->output.dim[0]; i++)
        json_array_append_new(items, json_pack("{s:o}", "top", top_array(report, i)));
    return items;
}

static json_t *shape_array(const ray_tensor *tensor)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer(tensor->dim[i]));
    return shape;
}

static json_t *files_array(const cli_report *report, int map)
{
    json_t *files = json_array();
    for (int i = 0; i < report->files->n; i++)
        if (report->files->v[i].map == map)
            json_array_append_new(files, json_string(report->files->v[i].path));
    return files;
}

static void add_figures(json_t *object, const ray_tensor *map)
{
    double least = 0, most = 0, sum = 0;
    int64_t n = 1;
    for (int i = 0; i < map->rank; i++)
        n *= map->dim[i];
    for (int64_t i = 0; i < n; i++) {
        double value = (double)map->data[i];
        least = !i || value < least ? value : least;
        most = !i || value > most ? value : most;
        sum += value;
    }
    json_object_set_new(object, "min", number(least));
    json_object_set_new(object, "max", number(most));
    json_object_set_new(object, "sum", number(sum));
}

static json_t *values_object(const ray_map *map)
{
    json_t *values = json_object();
    for (int i = 0; i < map->n_findings; i++) {
        const ray_finding *finding = &map->findings[i];
        json_t *list = json_array();
        for (int k = 0; k < finding->n; k++)
            json_array_append_new(list, number(finding->v[k]));
        json_object_set_new(values, finding->name, list);
    }
    return values;
}

static void add_steps(json_t *object, const ray_map *map)
{
    json_object_set_new(object, "partial", json_boolean(map->partial));
    if (map->total <= 0)
        return;
    json_object_set_new(object, "done", json_integer(map->done));
    json_object_set_new(object, "total", json_integer(map->total));
    json_object_set_new(object, "steps", json_string(map->steps));
}

static json_t *map_object(const cli_report *report, int i)
{
    const ray_map *map = &report->result->maps[i];
    json_t *targets = json_array();
    for (int64_t t = 0; t < map->map.dim[0]; t++)
        json_array_append_new(targets, class_object(report->network, report->result->targets[t]));
    json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "method", map->method, "layer", map->layer,
                               "shape", shape_array(&map->map), "targets", targets);
    add_figures(object, &map->map);
    json_object_set_new(object, "values", values_object(map));
    json_object_set_new(object, "ms", json_real(map->seconds * 1e3));
    add_steps(object, map);
    json_object_set_new(object, "files", files_array(report, i));
    return object;
}

static json_t *report_object(const cli_report *report)
{
    json_t *maps = json_array(), *warnings = json_array();
    for (int i = 0; i < report->result->n_maps; i++)
        json_array_append_new(maps, map_object(report, i));
    for (int i = 0; i < report->warnings->n; i++)
        json_array_append_new(warnings, json_string(report->warnings->v[i]));
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:s, s:f, s:f}", "network",
                               ray_network_name(report->network), "input", report->request->input,
                               "items", items_array(report), "maps", maps, "stopped",
                               (int)report->result->stopped, "warnings", warnings, "kernels",
                               ray_kernels_name(), "forward_ms",
                               report->result->forward_seconds * 1e3, "ms", report->seconds * 1e3);
    if (object && report->request->sheet && !report->result->stopped)
        json_object_set_new(object, "sheet", json_string(report->request->sheet));
    return object;
}

int cli_report_json(const cli_report *report)
{
    json_t *object = report_object(report);
    if (!object) {
        fprintf(stderr, "rayinterp: --json: a name that is not UTF-8 cannot be written as JSON\n");
        return -1;
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(object);
    return 0;
}
