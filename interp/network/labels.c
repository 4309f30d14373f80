/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "network.h"

static int64_t count_lines(const char *text)
{
    int64_t n = 0;
    for (; *text; n++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return n;
}

/* Cuts the text into lines in place. */
static void split_lines(ray_labels *labels)
{
    char *at = labels->text;
    for (int64_t i = 0; i < labels->n; i++) {
        size_t length = strcspn(at, "\n");
        char *end = at + length;
        labels->name[i] = at;
        at = end + (*end == '\n');
        *end = '\0';
        if (end > labels->name[i] && end[-1] == '\r')
            end[-1] = '\0';
    }
    while (labels->n > 0 && !*labels->name[labels->n - 1])
        labels->n--;
}

int ray_labels_read(ray_labels *labels, const char *path, ray_error *error)
{
    ray_mapping file;
    if (ray_mapping_open(&file, path, error))
        return -1;
    labels->text = ray_alloc(file.size + 1, 1);
    if (labels->text && file.size)
        memcpy(labels->text, file.data, file.size);
    ray_mapping_close(&file);
    if (!labels->text)
        return ray_fail_memory(error);
    labels->n = count_lines(labels->text);
    labels->name = ray_alloc((size_t)labels->n + 1, sizeof *labels->name);
    if (!labels->name)
        return ray_fail_memory(error);
    split_lines(labels);
    return labels->n ? 0 : ray_fail(error, "%s: no labels; one class a line is expected", path);
}

void ray_labels_free(ray_labels *labels)
{
    free(labels->text);
    free(labels->name);
    *labels = (ray_labels){ 0 };
}

const char *ray_network_label(const ray_network *network, int64_t class_index)
{
    const ray_labels *labels = &network->labels;
    return class_index >= 0 && class_index < labels->n ? labels->name[class_index] : NULL;
}

static int unknown_class(const ray_network *network, const char *text, ray_error *error)
{
    ray_nearest nearest = ray_nearest_start(text);
    char hint[160];
    for (int64_t i = 0; i < network->labels.n; i++)
        ray_nearest_offer(&nearest, network->labels.name[i]);
    return ray_fail(error, "target \"%s\": no such class%s%s", text,
                    network->labels.n ? " in the labels"
                                      : "; this network has no labels, give an index",
                    ray_nearest_hint(&nearest, hint, sizeof hint));
}

int ray_network_class(const ray_network *network, const char *text, int64_t *class_index,
                      ray_error *error)
{
    int64_t classes = network->graph.activations[network->graph.output].shape.dim[0];
    for (int64_t i = 0; i < network->labels.n; i++)
        if (!strcmp(network->labels.name[i], text)) {
            *class_index = i;
            return 0;
        }
    if (!ray_parse_int(text, class_index))
        return unknown_class(network, text, error);
    if (*class_index < 0 || *class_index >= classes)
        return ray_fail(error, "target %s is out of range; the output has %lld classes, 0 to %lld",
                        text, (long long)classes, (long long)classes - 1);
    return 0;
}
