/* SPDX-License-Identifier: MIT */
/* rules.c - rayinterp rules [NAME]: the methods found, or one of them. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

typedef struct options { const char *name; cli_words plugins; } options;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    options *o = state->input;
    if (key == 'p')
        cli_words_add(&o->plugins, arg);
    else if (key == ARGP_KEY_ARG && !o->name)
        o->name = arg;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option argp_options[] = {
    { "plugin", 'p', "FILE.so", 0, "Load this plugin too (repeatable)", 0 },
    { 0 }
};

static const struct argp argp = { argp_options, parse_option, "[NAME]",
    "List the attribution methods that are found, or describe one.", NULL, NULL, NULL };

static void print_method(const ray_method_info *info)
{
    printf("%s - %s\n", info->name, info->summary);
    if (info->alias)
        printf("also called %s\n", info->alias);
    if (*info->reference)
        printf("reference: %s\n", info->reference);
    printf("plugin: %s\n", info->file);
    if (info->needs_layer)
        printf("needs a saliency layer: --layer NAME\n");
    if (info->params && info->params->name)
        printf("parameters (--set KEY=VALUE):\n");
    cli_print_options(info->params);
}

static int print_one(const ray_methods *methods, const char *name)
{
    ray_method_info info;
    ray_error error = { "" };
    if (ray_methods_info_find(methods, name, &info, &error))
        return cli_fail(&error);
    print_method(&info);
    return CLI_DONE;
}

static int print_all(const ray_methods *methods)
{
    ray_method_info info;
    for (int i = 0; !ray_methods_info(methods, i, &info); i++)
        printf("%-22s %s\n", info.name, info.summary);
    return CLI_DONE;
}

int cli_rules(int argc, char **argv)
{
    options o = { 0 };
    ray_methods *methods;
    ray_error error;
    ray_listener listener = { .notice = cli_notice };
    cli_parse(&argp, "rules", argc, argv, &o);
    error.text[0] = '\0';
    if (cli_load_methods(&methods, o.plugins.v, o.plugins.n, &listener, &error)) {
        cli_words_free(&o.plugins);
        return cli_fail(&error);
    }
    int status = o.name ? print_one(methods, o.name) : print_all(methods);
    ray_methods_destroy(methods);
    cli_words_free(&o.plugins);
    return status;
}
