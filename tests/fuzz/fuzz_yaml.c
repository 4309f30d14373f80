/* SPDX-License-Identifier: MIT */
/* YAML documents; every node of what is accepted is visited. */
#include "fuzz_file.h"
#include "read/yaml.h"

static int64_t visit(const ray_node *node)
{
    int64_t sum = node->mark.line + ray_node_is_null(node);
    if (node->type == RAY_SCALAR)
        return sum + (unsigned char)node->text[0];
    for (int32_t i = 0; i < node->n; i++) {
        if (node->type == RAY_MAPPING && ray_node_find(node, node->keys[i]->text) == NULL)
            abort();
        sum += visit(node->values[i]);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ray_yaml yaml;
    ray_error error = { "" };
    if (ray_yaml_parse(&yaml, "fuzz.yaml", data, size, &error) == 0 && visit(yaml.root) < 0)
        abort();
    if ((yaml.root == NULL) != (error.text[0] != '\0'))
        abort();
    ray_yaml_free(&yaml);
    return 0;
}
