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
    if (!strncmp(at, "\xef\xbb\xbf", 3))    /* the byte order mark of some editors */
        at += 3;
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

static int check_lines(const ray_labels *labels, const char *path, ray_error *error)
{
    if (!labels->n)
        return ray_fail(error, "%s: no labels; one class a line is expected", path);
    for (int64_t i = 0; i < labels->n; i++)
        if (!ray_text_is_plain(labels->name[i]))
            return ray_fail(error, "%s:%lld: a label must be UTF-8 without control characters",
                            path, (long long)i + 1);
    return 0;
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
    return check_lines(labels, path, error);
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

/* The first class from `start` on that is called so, RAY_NO_ID without one. */
static int64_t find_label(const ray_labels *labels, const char *text, int64_t start)
{
    for (int64_t i = start; i < labels->n; i++)
        if (!strcmp(labels->name[i], text))
            return i;
    return RAY_NO_ID;
}

int ray_network_class(const ray_network *network, const char *text, int64_t *class_index,
                      ray_error *error)
{
    int64_t classes = network->graph.activations[network->graph.output].shape.dim[0];
    int64_t first = find_label(&network->labels, text, 0);
    int64_t second = first < 0 ? first : find_label(&network->labels, text, first + 1);
    if (second >= 0)
        return ray_fail(error, "target \"%s\": classes %lld and %lld are both called so; give an "
                        "index", text, (long long)first, (long long)second);
    if (first >= 0) {
        *class_index = first;
        return 0;
    }
    if (!ray_parse_int(text, class_index))
        return unknown_class(network, text, error);
    if (*class_index < 0 || *class_index >= classes)
        return ray_fail(error, "target %s is out of range; the output has %lld classes, 0 to %lld",
                        text, (long long)classes, (long long)classes - 1);
    return 0;
}
