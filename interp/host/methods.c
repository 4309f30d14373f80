/* SPDX-License-Identifier: MIT */
/* methods.c - a plugin's declaration checked and copied.  A plugin built with an older minor
 * version has smaller structs: tables are copied entry by entry, and what the plugin did not know
 * of is zero. */
#include "methods.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int ray_methods_create(ray_methods **out, ray_error *error)
{
    *out = ray_alloc(1, sizeof **out);
    return *out ? 0 : ray_fail_memory(error);
}

void ray_methods_destroy(ray_methods *methods)
{
    if (!methods)
        return;
    ray_arena_free(&methods->arena);
    free(methods->entries);
    free(methods);
}

static int check_version(const ray_plugin *plugin, const char *file, ray_error *error)
{
    if (plugin->major != RAY_ABI_MAJOR || plugin->minor > RAY_ABI_MINOR)
        return ray_fail(error, "%s: built for plugin interface %u.%u; this program has %d.%d", file,
                        plugin->major, plugin->minor, RAY_ABI_MAJOR, RAY_ABI_MINOR);
    if (!plugin->n_methods || !plugin->methods || plugin->n_methods > 1000
        || plugin->method_size < offsetof(ray_method, prepare)
        || plugin->method_size > sizeof(ray_method) || plugin->option_size > sizeof(ray_option)
        || plugin->option_size < offsetof(ray_option, def)
        || plugin->rule_size > sizeof(ray_rule) || plugin->rule_size < offsetof(ray_rule, backward))
        return ray_fail(error, "%s: its ray_plugin_entry is not one that RAY_PLUGIN makes", file);
    return 0;
}

static bool option_ends(const void *entry)
{
    return !((const ray_option *)entry)->name;
}

static bool rule_ends(const void *entry)
{
    const ray_rule *rule = entry;
    return !rule->kind && !rule->traits && !rule->layers;
}

/* Entries of `size` bytes up to the one that ends the table, into entries of `full` bytes. */
static int copy_table(ray_arena *arena, const void *table, size_t size, size_t full,
                      bool (*ends)(const void *), const void **out, ray_error *error)
{
    size_t n = 0;
    *out = NULL;
    if (!table)
        return 0;
    while (!ends((const char *)table + n * size))
        n++;
    char *copy = ray_arena_alloc(arena, n + 1, full);
    if (!copy)
        return ray_fail_memory(error);
    for (size_t i = 0; i < n; i++)
        memcpy(copy + i * full, (const char *)table + i * size, size);
    *out = copy;
    return 0;
}

static const ray_method_entry *find_entry(const ray_methods *methods, const char *name)
{
    for (int i = 0; i < methods->n; i++) {
        const ray_method *method = &methods->entries[i].method;
        if (!strcmp(method->name, name) || (method->alias && !strcmp(method->alias, name)))
            return &methods->entries[i];
    }
    return NULL;
}

static int check_name(const ray_methods *methods, const char *name, const char *file,
                      ray_error *error)
{
    if (!ray_text_is_name(name))
        return ray_fail(error, "%s: a method's name must be of the letters a-z, 0-9 and _", file);
    const ray_method_entry *other = find_entry(methods, name);
    return other ? ray_fail(error, "%s: the method \"%s\" is there already, from %s", file, name,
                            other->file)
                 : 0;
}

/* Its value lies within the struct of the parameters. */
static bool option_fits(const ray_option *p, size_t params_size)
{
    static const size_t sizes[] = {
        [RAY_BOOL] = sizeof(bool), [RAY_INT] = sizeof(int64_t), [RAY_NUMBER] = sizeof(double),
        [RAY_STRING] = sizeof(const char *), [RAY_ENUM] = sizeof(int),
        [RAY_INTS] = sizeof(ray_ints), [RAY_NUMBERS] = sizeof(ray_numbers)
    };
    return (unsigned)p->type <= RAY_NUMBERS && p->offset <= params_size
           && sizes[p->type] <= params_size - p->offset;
}

static int check_params(const ray_method *method, const char *file, ray_error *error)
{
    for (const ray_option *p = method->params; p && p->name; p++)
        if (!option_fits(p, method->params_size) || !p->help)
            return ray_fail(error, "%s: method \"%s\": the parameter \"%s\" is not well declared",
                            file, method->name, p->name);
    return 0;
}

static int copy_method(ray_methods *methods, const ray_plugin *plugin, uint32_t index,
                       const char *file, ray_method *method, ray_error *error)
{
    const void *params, *rules;
    *method = (ray_method){ 0 };
    memcpy(method, (const char *)plugin->methods + (size_t)index * plugin->method_size,
           plugin->method_size);
    if (check_name(methods, method->name, file, error)
        || (method->alias && check_name(methods, method->alias, file, error))
        || copy_table(&methods->arena, method->params, plugin->option_size, sizeof(ray_option),
                      option_ends, &params, error)
        || copy_table(&methods->arena, method->rules, plugin->rule_size, sizeof(ray_rule),
                      rule_ends, &rules, error))
        return -1;
    method->params = params;
    method->rules = rules;
    return check_params(method, file, error);
}

int ray_methods_add(ray_methods *methods, const ray_plugin *plugin, const char *file,
                    ray_error *error)
{
    if (check_version(plugin, file, error))
        return -1;
    ray_method_entry *grown = ray_grow(methods->entries, (size_t)methods->n + plugin->n_methods,
                                       sizeof *grown);
    if (!grown)
        return ray_fail_memory(error);
    methods->entries = grown;
    int before = methods->n;
    for (uint32_t i = 0; i < plugin->n_methods; i++) {
        ray_method_entry *entry = &methods->entries[methods->n];
        entry->file = ray_arena_copy(&methods->arena, file);
        if (!entry->file || copy_method(methods, plugin, i, file, &entry->method, error)) {
            methods->n = before;
            return entry->file ? -1 : ray_fail_memory(error);
        }
        methods->n++;
    }
    return 0;
}

const char *ray_methods_hint(const ray_methods *methods, const char *name, char *buffer,
                             size_t size)
{
    ray_nearest nearest = ray_nearest_start(name);
    for (int i = 0; i < methods->n; i++) {
        ray_nearest_offer(&nearest, methods->entries[i].method.name);
        if (methods->entries[i].method.alias)
            ray_nearest_offer(&nearest, methods->entries[i].method.alias);
    }
    return ray_nearest_hint(&nearest, buffer, size);
}

static int unknown_method(const ray_methods *methods, const char *name, ray_error *error)
{
    char hint[160];
    return ray_fail(error, "rule \"%s\": no plugin brings such a method%s; `rayinterp rules` lists "
                    "them", name, ray_methods_hint(methods, name, hint, sizeof hint));
}

const ray_method *ray_methods_find(const ray_methods *methods, const char *name, ray_error *error)
{
    const ray_method_entry *entry = find_entry(methods, name);
    if (!entry)
        unknown_method(methods, name, error);
    return entry ? &entry->method : NULL;
}

int ray_methods_count(const ray_methods *methods)
{
    return methods->n;
}

static void fill_info(const ray_method_entry *entry, ray_method_info *info)
{
    const ray_method *method = &entry->method;
    *info = (ray_method_info){ .name = method->name, .alias = method->alias,
        .summary = method->summary ? method->summary : "",
        .reference = method->reference ? method->reference : "", .file = entry->file,
        .params = method->params, .needs_layer = method->flags & RAY_NEEDS_LAYER };
}

int ray_methods_info(const ray_methods *methods, int index, ray_method_info *info)
{
    if (index < 0 || index >= methods->n)
        return -1;
    fill_info(&methods->entries[index], info);
    return 0;
}

int ray_methods_info_find(const ray_methods *methods, const char *name, ray_method_info *info,
                          ray_error *error)
{
    const ray_method_entry *entry = find_entry(methods, name);
    if (!entry)
        return unknown_method(methods, name, error);
    fill_info(entry, info);
    return 0;
}
