/* SPDX-License-Identifier: MIT */
/* layers.c - rayinterp layers [TYPE]: the layer types, or the attributes of one. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const char **name = state->input;
    if (key != ARGP_KEY_ARG || *name)
        return ARGP_ERR_UNKNOWN;
    *name = arg;
    return 0;
}

static const struct argp argp = { NULL, parse_option, "[TYPE]",
    "List the layer types that a graph file can use, or describe one.", NULL, NULL, NULL };

static const struct { uint32_t trait; const char *word; } trait_words[] = {
    { RAY_LINEAR, "linear" }, { RAY_ACTIVATION, "activation" }, { RAY_POOL, "pooling" },
    { RAY_NORM, "normalisation" }, { RAY_MERGE, "merge" }, { RAY_SHAPE, "shape" },
    { RAY_RELU_LIKE, "ReLU-like" },
};

static void print_traits(uint32_t traits)
{
    const char *between = "traits: ";
    for (size_t i = 0; i < sizeof trait_words / sizeof *trait_words; i++)
        if (traits & trait_words[i].trait) {
            printf("%s%s", between, trait_words[i].word);
            between = ", ";
        }
    if (traits)
        printf("\n");
}

static void print_kind(const ray_kind_info *info)
{
    printf("%s - %s\n", info->name, info->summary);
    print_traits(info->traits);
    for (const char *const *weight = info->weights; *weight; weight++)
        printf("%s%s%s", weight == info->weights ? "parameters: " : ", ", *weight,
               weight[1] ? "" : "\n");
    if (info->options && info->options->name)
        printf("attributes:\n");
    cli_print_options(info->options);
}

static int print_one(const char *name)
{
    ray_kind_info info;
    ray_error error = { "" };
    if (ray_kind_info_find(name, &info, &error))
        return cli_fail(&error);
    print_kind(&info);
    return CLI_DONE;
}

int cli_layers(int argc, char **argv)
{
    const char *name = NULL;
    ray_kind_info info;
    cli_parse(&argp, "layers", argc, argv, &name);
    if (name)
        return print_one(name);
    for (int i = 0; !ray_kind_info_at(i, &info); i++)
        printf("%-20s %s\n", info.name, info.summary);
    return CLI_DONE;
}
