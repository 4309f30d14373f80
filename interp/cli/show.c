/* SPDX-License-Identifier: MIT */
/* show.c - rayinterp show GRAPH [--dot]: the graph with shapes, parameters and cost. */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"

typedef struct options { cli_source source; bool dot; } options;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    options *o = state->input;
    if (key == 'd')
        o->dot = true;
    else if (key == ARGP_KEY_ARG && !o->source.graph)
        o->source.graph = arg;
    else if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "which graph? give the path of a YAML file");
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option argp_options[] = {
    { "dot", 'd', NULL, 0, "Write Graphviz dot: layers as boxes, activations as ellipses", 0 },
    { 0 }
};

static const struct argp argp = { argp_options, parse_option, "GRAPH",
    "Print the layers of a network in order of evaluation, with what they read, the shape of their "
    "output, parameters and multiply-adds.  The weights are not needed.", NULL, NULL, NULL };

/* ---- As text ---- */

static void print_reads(const ray_network *network, int index, int n)
{
    for (int k = 0; k < n; k++)
        printf("%s%s", k ? ", " : "", ray_network_layer_input(network, index, k));
    printf(n ? "\n" : "-\n");
}

static void show_text(const ray_network *network)
{
    ray_tensor shape;
    ray_layer_info layer;
    int64_t parameters = 0, macs = 0;
    char text[160];
    int n = 0;
    ray_network_input(network, &shape);
    printf("%-28s %-22s %-16s %12s %14s  %s\n", "name", "type", "output", "parameters",
           "multiply-adds", "reads");
    printf("%-28s %-22s %s\n", ray_network_input_name(network), "(input)",
           cli_shape_text(&shape, 1, text));
    for (; !ray_network_layer(network, n, &layer); n++) {
        printf("%-28s %-22s %-16s %12" PRId64 " %14" PRId64 "  ", layer.name, layer.kind,
               cli_shape_text(&layer.shape, 1, text), layer.parameters, layer.macs);
        print_reads(network, n, layer.n_inputs);
        parameters += layer.parameters;
        macs += layer.macs;
    }
    printf("%s: %d layers, %" PRId64 " parameters, %" PRId64 " multiply-adds, output \"%s\"\n",
           ray_network_name(network), n, parameters, macs, ray_network_output_name(network));
}

/* ---- As Graphviz dot ---- */

static void print_quoted(const char *prefix, const char *text)
{
    printf("\"%s", prefix);
    for (; *text; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    printf("\"");
}

static void dot_activation(const char *name, const ray_tensor *shape)
{
    char text[160];
    printf("  ");
    print_quoted("activation ", name);
    printf(" [shape=ellipse, label=\"%s\"];\n", cli_shape_text(shape, 1, text));
}

static void dot_layer(const ray_network *network, int index, const ray_layer_info *layer)
{
    printf("  ");
    print_quoted("layer ", layer->name);
    printf(" [shape=box, label=");
    print_quoted("", layer->name);
    printf(" , xlabel=\"%s\"];\n", layer->kind);
    dot_activation(layer->name, &layer->shape);
    for (int k = 0; k < layer->n_inputs; k++) {
        printf("  ");
        print_quoted("activation ", ray_network_layer_input(network, index, k));
        printf(" -> ");
        print_quoted("layer ", layer->name);
        printf(";\n");
    }
    printf("  ");
    print_quoted("layer ", layer->name);
    printf(" -> ");
    print_quoted("activation ", layer->name);
    printf(";\n");
}

static void show_dot(const ray_network *network)
{
    ray_tensor shape;
    ray_layer_info layer;
    printf("digraph ");
    print_quoted("", ray_network_name(network));
    printf(" {\n  rankdir=TB;\n  node [fontname=\"sans-serif\"];\n");
    ray_network_input(network, &shape);
    printf("  ");
    print_quoted("activation ", ray_network_input_name(network));
    printf(" [shape=ellipse, style=bold, label=");
    print_quoted("", ray_network_input_name(network));
    printf("];\n");
    for (int i = 0; !ray_network_layer(network, i, &layer); i++)
        dot_layer(network, i, &layer);
    printf("}\n");
}

int cli_show(int argc, char **argv)
{
    options o = { 0 };
    ray_network *network;
    ray_error error;
    cli_parse(&argp, "show", argc, argv, &o);
    if (cli_open(&o.source, RAY_WEIGHTS_NONE, &network, &error))
        return cli_fail(&error);
    if (o.dot)
        show_dot(network);
    else
        show_text(network);
    ray_network_close(network);
    return CLI_DONE;
}
