/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "read/numbers.h"
#include "read/preprocess.h"

static int open_weights(ray_network *network, const ray_open_options *options, ray_error *error)
{
    const ray_description *d = &network->description;
    if (options->weights_from == RAY_WEIGHTS_NONE)
        return 0;
    bool named = options->weights || d->weights.text || network->imported;
    if (options->weights_from == RAY_WEIGHTS_RANDOM
        || (options->weights_from == RAY_WEIGHTS_ANY && !named))
        return ray_weights_randomize(network, options->seed, error);
    if (options->weights || network->imported)
        return ray_weights_bind(network, options->weights, error);
    if (!d->weights.text && network->graph.n_activations > network->graph.first_weight)
        return ray_fail(error, "%s: it names no weights; add `weights:` or give --weights FILE",
                        d->yaml.path);
    if (!d->weights.text)
        return 0;
    char *path = ray_path_join(d->folder, d->weights.text);
    int failed = path ? ray_weights_bind(network, path, error) : ray_fail_memory(error);
    free(path);
    return failed;
}

static int check_label_count(const ray_network *network, ray_error *error)
{
    const ray_description *d = &network->description;
    int64_t classes = network->graph.activations[network->graph.output].shape.dim[0];
    if (network->labels.n == classes)
        return 0;
    return ray_fail_at(error, d->yaml.path, d->labels.mark, "labels: %s has %lld lines; the output "
                       "has %lld classes, one a line is expected", d->labels.text,
                       (long long)network->labels.n, (long long)classes);
}

static int open_labels(ray_network *network, ray_error *error)
{
    const ray_description *d = &network->description;
    if (!d->labels.text)
        return 0;
    char *path = ray_path_join(d->folder, d->labels.text);
    int failed = path ? ray_labels_read(&network->labels, path, error) : ray_fail_memory(error);
    free(path);
    return failed ? -1 : check_label_count(network, error);
}

static int find_example(ray_network *network, ray_error *error)
{
    const ray_description *d = &network->description;
    if (!d->example_input.text)
        return 0;
    network->example_input = ray_path_join(d->folder, d->example_input.text);
    return network->example_input ? 0 : ray_fail_memory(error);
}

/* An ONNX model becomes the text of a graph file, which no file holds. */
static int read_onnx(ray_network *network, const char *path, ray_error *error)
{
    const ray_draft_wishes none = { 0 };
    if (ray_onnx_import_open(&network->imported, path, &none, error))
        return -1;
    char *text = ray_draft_yaml(&network->imported->draft, NULL);
    int failed = text ? ray_description_parse(&network->description, path, text, strlen(text), error)
                      : ray_fail_memory(error);
    free(text);
    return failed;
}

static int read_description(ray_network *network, const char *path, ray_error *error)
{
    return ray_ends_with(path, ".onnx") ? read_onnx(network, path, error)
                                        : ray_description_read(&network->description, path, error);
}

int ray_network_open(ray_network **out, const char *path, const ray_open_options *options,
                     ray_error *error)
{
    static const ray_open_options none = { 0 };
    ray_network *network = ray_alloc(1, sizeof *network);
    *out = NULL;
    if (error)
        error->text[0] = '\0';
    if (!network)
        return ray_fail_memory(error);
    if (read_description(network, path, error)
        || ray_graph_compile(&network->graph, &network->description, error)
        || ray_defaults_check(network, error) || open_labels(network, error)
        || find_example(network, error)
        || open_weights(network, options ? options : &none, error)) {
        ray_network_close(network);
        return -1;
    }
    network->prepared = ray_prepared_create(network->graph.n_layers);
    if (!network->prepared) {
        ray_network_close(network);
        return ray_fail_memory(error);
    }
    *out = network;
    return 0;
}

void ray_network_close(ray_network *network)
{
    if (!network)
        return;
    ray_prepared_free(network->prepared);
    ray_labels_free(&network->labels);
    free(network->weights);
    ray_free_aligned(network->random);
    free(network->example_input);
    ray_weights_close(network->file);
    ray_onnx_import_close(network->imported);
    ray_graph_free(&network->graph);
    ray_description_free(&network->description);
    free(network);
    ray_memory_trim();
}

const char *ray_network_name(const ray_network *network)
{
    return network->graph.name;
}

static void shape_as_batch(const ray_shape *shape, ray_tensor *tensor)
{
    *tensor = (ray_tensor){ .dim = { 1 }, .rank = shape->rank + 1 };
    memcpy(tensor->dim + 1, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
}

void ray_network_input(const ray_network *network, ray_tensor *shape)
{
    shape_as_batch(&network->graph.activations[0].shape, shape);
}

void ray_network_output(const ray_network *network, ray_tensor *shape)
{
    shape_as_batch(&network->graph.activations[network->graph.output].shape, shape);
}

const char *ray_network_example_input(const ray_network *network)
{
    return network->example_input;
}

const char *ray_network_example_target(const ray_network *network)
{
    return network->description.example_target.text;
}

int ray_network_check_runnable(const ray_network *network, ray_error *error)
{
    if (network->weights || network->graph.n_activations == network->graph.first_weight)
        return 0;
    return ray_fail(error, "%s: opened without weights; it can be shown, not run",
                    network->graph.path);
}

int ray_network_check_input(const ray_network *network, const ray_tensor *input, ray_error *error)
{
    const ray_shape *shape = &network->graph.activations[0].shape;
    if (input->rank == shape->rank + 1 && input->dim[0] >= 1
        && !memcmp(input->dim + 1, shape->dim, (size_t)shape->rank * sizeof *shape->dim))
        return ray_numbers_find_bad(input->data, ray_tensor_size(input)) < 0
                   ? 0 : ray_fail(error, "the input holds NaN or infinity");
    if (input->rank > 0 && input->dim[0] < 1)
        return ray_fail(error, "the input holds no items");
    ray_shape have = { .rank = input->rank > 0 ? input->rank - 1 : 0 };
    char a[128], b[128];
    memcpy(have.dim, input->dim + 1, (size_t)have.rank * sizeof *have.dim);
    return ray_fail(error, "an item of the input has shape %s; the network takes %s",
                    ray_shape_text(&have, a), ray_shape_text(shape, b));
}

/* A single item without its batch dimension gets one. */
static void add_batch_dimension(ray_tensor *tensor, const ray_shape *item)
{
    if (tensor->rank != item->rank || tensor->rank >= RAY_MAX_RANK)
        return;
    memmove(tensor->dim + 1, tensor->dim, (size_t)tensor->rank * sizeof *tensor->dim);
    tensor->dim[0] = 1;
    tensor->rank++;
}

static int read_array(const ray_network *network, const char *path, ray_tensor *out,
                      ray_error *error)
{
    if (ray_npy_read(path, out, error))
        return -1;
    add_batch_dimension(out, &network->graph.activations[0].shape);
    if (!ray_network_check_input(network, out, error))
        return 0;
    ray_tensor_free(out);
    return ray_fail_prefix(error, "%s: ", path);
}

int ray_input_read(const ray_network *network, const char *path, ray_tensor *out, ray_error *error)
{
    *out = (ray_tensor){ 0 };
    if (ray_ends_with(path, ".npy"))
        return read_array(network, path, out, error);
    if (ray_ends_with(path, ".png") || ray_ends_with(path, ".jpg") || ray_ends_with(path, ".jpeg"))
        return ray_preprocess(&network->description.input, path, out, error);
    return ray_fail(error, "%s: the input must be a .png, .jpg, .jpeg or .npy file", path);
}
