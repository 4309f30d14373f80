/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/option.h"
#include "base/text.h"
#include "description.h"

static const char *const common_keys[] = { "name", "type", "from", "params", NULL };

bool ray_layer_key_is_common(const char *key)
{
    for (int i = 0; common_keys[i]; i++)
        if (!strcmp(common_keys[i], key))
            return true;
    return false;
}

/* Puts the place before a message that is there. */
static int fail_here(const char *path, const ray_node *node, ray_error *error)
{
    return ray_fail_prefix(error, "%s:%d:%d: ", path, node->mark.line, node->mark.column);
}

/* Besides the options, the keys that are skipped are valid: a slip may be meant for one of them. */
static int fail_unknown(const ray_option *table, bool (*skip)(const char *key), const ray_node *key,
                        const char *path, ray_error *error)
{
    char hint[256];
    ray_nearest nearest = ray_nearest_start(key->text);
    for (const ray_option *o = table; o && o->name; o++)
        ray_nearest_offer(&nearest, o->name);
    for (int i = 0; skip && common_keys[i]; i++)
        if (skip(common_keys[i]))
            ray_nearest_offer(&nearest, common_keys[i]);
    const char *slip = ray_nearest_hint(&nearest, hint, sizeof hint);
    if (slip[0] != '\0')
        return ray_fail_at(error, path, key->mark, "unknown attribute \"%s\"%s", key->text, slip);
    ray_option_unknown(table, "attribute", key->text, error);
    return fail_here(path, key, error);
}

static bool looks_like_value(const char *text)
{
    double number;
    return ray_parse_number(text, &number) || !strcmp(text, "true")
           || !strcmp(text, "false");
}

/* What a table cannot know is wrong: a value in quotes, or none; NULL: nothing. */
static const char *find_fault(const ray_option *option, const ray_node *node)
{
    bool text = option->type == RAY_STRING || option->type == RAY_ENUM;
    if (node->type == RAY_MAPPING)
        return "a mapping is given";
    if (node->type == RAY_SEQUENCE)
        return "a list inside a list";
    if (ray_node_is_null(node) && (text || !option->words))
        return "the value is missing";
    if (node->quoted && !text && looks_like_value(node->text))
        return "in quotes this is text";
    return NULL;
}

static int check_scalar(const ray_option *option, const ray_node *node, const char *path,
                        ray_error *error)
{
    const char *fault = find_fault(option, node);
    if (!fault)
        return 0;
    ray_option_fail(option, fault, error);
    return fail_here(path, node, error);
}

int ray_option_read(const ray_option *option, void *options, const ray_node *value,
                    const char *path, ray_error *error)
{
    const char *words[RAY_MAX_LIST];
    bool is_list = value->type == RAY_SEQUENCE;
    int32_t n = is_list ? value->n : 1;
    for (int32_t i = 0; i < n && i < RAY_MAX_LIST; i++) {
        const ray_node *entry = is_list ? value->values[i] : value;
        if (check_scalar(option, entry, path, error))
            return -1;
        words[i] = entry->text;
    }
    if (!ray_option_set(option, options, words, n, is_list, error))
        return 0;
    return fail_here(path, value, error);
}

static int check_required(const ray_option *table, const ray_node *mapping, const char *path,
                          ray_error *error)
{
    for (const ray_option *o = table; o && o->name; o++)
        if ((o->flags & RAY_REQUIRED) && !ray_node_find(mapping, o->name))
            return ray_fail_at(error, path, mapping->mark, "\"%s\" is missing: %s", o->name,
                               o->help);
    return 0;
}

int ray_options_read(const ray_option *table, void *options, const ray_node *mapping,
                     bool (*skip)(const char *key), const char *path, ray_error *error)
{
    ray_options_init(table, options);
    for (int32_t i = 0; i < mapping->n; i++) {
        const ray_node *key = mapping->keys[i];
        if (skip && skip(key->text))
            continue;
        const ray_option *option = ray_option_find(table, key->text);
        if (!option)
            return fail_unknown(table, skip, key, path, error);
        if (ray_option_read(option, options, mapping->values[i], path, error))
            return -1;
    }
    return check_required(table, mapping, path, error);
}
