/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#include "map/map.h"

int ray_tensor_copy(const ray_tensor *from, ray_tensor *to, ray_error *error)
{
    size_t bytes = (size_t)ray_tensor_size(from) * sizeof *from->data;
    *to = *from;
    to->data = ray_alloc(bytes + 1, 1);
    if (!to->data)
        return ray_fail_memory(error);
    memcpy(to->data, from->data, bytes);
    return 0;
}

/* N x 1 x H x W; a row of positions is 1 x W, a vector 1 x 1. */
static int allocate_map(const ray_session *session, int64_t n, ray_tensor *map)
{
    const ray_shape *shape = &session->network->graph.activations[session->layer].shape;
    int32_t positions = shape->rank - 1, lead = positions < 2 ? 2 - positions : 0;
    *map = (ray_tensor){ .dim = { n, 1, 1, 1 }, .rank = 2 + lead + positions };
    memcpy(map->dim + 2 + lead, shape->dim + 1, (size_t)positions * sizeof *shape->dim);
    map->data = ray_alloc((size_t)ray_tensor_size(map) + 1, sizeof *map->data);
    return map->data ? 0 : ray_fail_memory(session->error);
}

static int create_probes(const ray_session *session, int64_t n_maps, ray_map *out)
{
    const ray_graph *graph = &session->network->graph;
    int n = 0;
    for (int32_t a = 0; a < graph->first_weight; a++)
        n += session->probed[a];
    out->probes = ray_alloc((size_t)n + 1, sizeof *out->probes);
    if (!out->probes)
        return ray_fail_memory(session->error);
    for (int32_t a = 0; a < graph->first_weight; a++) {
        if (!session->probed[a])
            continue;
        ray_probe *probe = &out->probes[out->n_probes++];
        probe->signal = session->shared->signal[a];
        probe->signal.dim[0] = n_maps;
        probe->signal.data = ray_alloc((size_t)ray_tensor_size(&probe->signal) + 1,
                                       sizeof *probe->signal.data);
        probe->layer = ray_string_copy(graph->activations[a].name);
        if (!probe->layer || !probe->signal.data
            || ray_tensor_copy(&session->shared->value[a], &probe->value, session->error))
            return ray_fail_memory(session->error);
    }
    return 0;
}

void ray_map_collect_probes(ray_map *out, const ray_session *session, int64_t first)
{
    int at = 0;
    for (int32_t a = 0; a < session->network->graph.first_weight; a++) {
        if (!session->probed[a])
            continue;
        ray_probe *probe = &out->probes[at++];
        const ray_tensor *signal = &session->shared->signal[a];
        bool there = session->current == session->shared && session->shared->reached[a]
                     && signal->data;
        if (there && probe->signal.data)
            memcpy(probe->signal.data + first * ray_tensor_item_size(signal), signal->data,
                   (size_t)ray_tensor_size(signal) * sizeof *signal->data);
        else
            ray_tensor_free(&probe->signal);
    }
}

static int resize(ray_tensor *planes, const ray_session *session)
{
    const ray_request *request = session->request;
    ray_tensor small = *planes;
    int64_t h = request->resize_height ? request->resize_height : request->input.dim[2];
    int64_t w = request->resize_height ? request->resize_width : request->input.dim[3];
    planes->data = NULL;
    int failed = ray_map_resize(&small, h, w, request->resize_mode, planes, session->error);
    ray_tensor_free(&small);
    return failed;
}

static int finish_planes(ray_tensor *planes, const ray_session *session)
{
    const ray_request *request = session->request;
    if (request->resize && resize(planes, session))
        return -1;
    if (request->smooth <= 0)
        return 0;
    bool is_mask = session->method->flags & RAY_MAP_IS_MASK;
    int64_t h = planes->dim[2], w = planes->dim[3], shorter = h < w ? h : w;
    return ray_map_blur(planes, request->smooth * (double)(is_mask ? shorter : h + w - shorter),
                        is_mask ? RAY_BORDER_ZERO : RAY_BORDER_REPLICATE, session->error);
}

/* Whether maps can be finished as the request says. */
static int check_wishes(const ray_map *out, const ray_session *session)
{
    const ray_request *request = session->request;
    if ((request->resize || request->smooth > 0) && out->map.rank != 4)
        return ray_fail(session->error, "%s: its map at \"%s\" is not a picture, so it cannot be "
                        "resized or smoothed", out->method, *out->layer ? out->layer : "the input");
    if (request->resize && !request->resize_height && request->input.rank != 4)
        return ray_fail(session->error,
                        "resize: the input is not a picture; give a size, WxH");
    return 0;
}

int ray_map_create(ray_map *map, const ray_session *session, int64_t n_maps)
{
    map->method = ray_string_copy(session->asked);
    map->layer = ray_string_copy(session->run.layer);
    map->steps = ray_string_copy(session->method->steps ? session->method->steps : "steps");
    if (!map->method || !map->layer || !map->steps)
        return ray_fail_memory(session->error);
    return allocate_map(session, n_maps, &map->map) || check_wishes(map, session)
           || create_probes(session, n_maps, map);
}

int ray_map_finish(ray_map *out, const ray_session *session)
{
    int failed = finish_planes(&out->map, session);
    for (int i = 0; !failed && i < out->n_extras; i++)
        if (out->extras[i].use == RAY_ARRAY_MAPS)
            failed = finish_planes(&out->extras[i].tensor, session);
    return failed;
}

void ray_map_cut(ray_map *map, int64_t n, int64_t parts)
{
    map->map.dim[0] = map->map.dim[0] / parts * n;
    for (int i = 0; i < map->n_extras; i++)
        map->extras[i].tensor.dim[0] = map->extras[i].tensor.dim[0] / parts * n;
}

static void free_extras(ray_map *map)
{
    for (int i = 0; i < map->n_extras; i++) {
        free((char *)map->extras[i].name);
        free((char *)map->extras[i].curves);
        free((char *)map->extras[i].steps);
        ray_tensor_free(&map->extras[i].tensor);
    }
    free(map->extras);
    for (int i = 0; i < map->n_findings; i++) {
        free((char *)map->findings[i].name);
        free(map->findings[i].v);
    }
    free(map->findings);
}

void ray_map_free(ray_map *map)
{
    for (int k = 0; k < map->n_probes; k++) {
        free((char *)map->probes[k].layer);
        ray_tensor_free(&map->probes[k].value);
        ray_tensor_free(&map->probes[k].signal);
    }
    free(map->probes);
    free_extras(map);
    free((char *)map->method);
    free((char *)map->layer);
    free((char *)map->steps);
    ray_tensor_free(&map->map);
    *map = (ray_map){ 0 };
}

void ray_result_free(ray_result *result)
{
    if (!result)
        return;
    for (int i = 0; i < result->n_maps; i++)
        ray_map_free(&result->maps[i]);
    free(result->maps);
    free(result->targets);
    ray_tensor_free(&result->output);
    free(result);
}
