/* SPDX-License-Identifier: MIT */
/* options.c - a method's parameters: first the graph's `defaults`, then what the user set. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/option.h"
#include "base/text.h"
#include "read/description.h"
#include "session.h"

enum { MOST_WORDS = RAY_MAX_LIST };

static const ray_node *find_defaults(const ray_session *session)
{
    const ray_description *d = &session->network->description;
    for (int32_t i = 0; i < d->n_defaults; i++) {
        const char *name = d->defaults[i].method.text;
        if (!strcmp(name, session->method->name)
            || (session->method->alias && !strcmp(name, session->method->alias)))
            return d->defaults[i].values;
    }
    return NULL;
}

static int unknown_option(ray_session *session, const char *key, ray_mark mark)
{
    ray_option_unknown(session->method->params, "parameter", key, session->error);
    if (mark.line)
        return ray_fail_prefix(session->error, "%s:%d:%d: method \"%s\": ",
                               session->network->graph.path, mark.line, mark.column,
                               session->method->name);
    return ray_fail_prefix(session->error, "--set: method \"%s\": ", session->method->name);
}

/* A file that a graph names lies beside it. */
static int place_path(ray_session *session, const ray_option *option, void *options)
{
    const char **value = (const char **)(void *)((char *)options + option->offset);
    if (!(option->flags & RAY_PATH) || !*value)
        return 0;
    char *folder = ray_path_folder(session->network->graph.path);
    char *joined = folder ? ray_path_join(folder, *value) : NULL;
    *value = joined ? ray_arena_copy(&session->arena, joined) : NULL;
    free(joined);
    free(folder);
    return *value ? 0 : ray_fail_memory(session->error);
}

static int read_defaults(ray_session *session, const ray_node *values, void *options, bool *given)
{
    const ray_option *table = session->method->params;
    const char *path = session->network->graph.path;
    for (int32_t i = 0; i < values->n; i++) {
        const char *key = values->keys[i]->text;
        if (!strcmp(key, "layer"))
            continue;
        const ray_option *option = table ? ray_option_find(table, key) : NULL;
        if (!option)
            return unknown_option(session, key, values->keys[i]->mark);
        if (ray_option_read(option, options, values->values[i], path, session->error)
            || place_path(session, option, options))
            return -1;
        given[option - table] = true;
    }
    return 0;
}

/* "a,b,c" or "[a, b, c]" cut in place; returns how many, at most one too many. */
static int split_list(char *text, const char **words)
{
    static const char between[] = ", \t[]";
    int n = 0;
    for (char *rest, *word = strtok_r(text, between, &rest); word && n <= MOST_WORDS;
         word = strtok_r(NULL, between, &rest))
        words[n++] = word;
    return n;
}

static int apply_setting(ray_session *session, const ray_option *option, void *options,
                         const char *value)
{
    const char *words[MOST_WORDS + 1] = { value };
    bool is_list = option->type == RAY_INTS || option->type == RAY_NUMBERS;
    char *copy = ray_arena_copy(&session->arena, value);
    if (!copy)
        return ray_fail_memory(session->error);
    words[0] = copy;
    if ((option->flags & RAY_PATH) && !*value)
        return ray_fail(session->error, "--set: method \"%s\": %s: the name of a file is expected",
                        session->method->name, option->name);
    int n = is_list ? split_list(copy, words) : 1;
    if (!ray_option_set(option, options, words, n, n != 1, session->error))
        return 0;
    return ray_fail_prefix(session->error, "--set: method \"%s\": ", session->method->name);
}

static bool addresses(const ray_session *session, const char *setting, size_t length)
{
    const char *names[] = { session->asked, session->method->name, session->method->alias };
    for (int i = 0; i < 3; i++)
        if (names[i] && strlen(names[i]) == length && !strncmp(setting, names[i], length))
            return true;
    return false;
}

/* The key of a setting that is meant for this method, NULL when it is for another. */
const char *ray_session_setting_key(const ray_session *session, const char *setting)
{
    size_t prefix = strcspn(setting, ".=");
    if (setting[prefix] != '.')
        return setting;
    return addresses(session, setting, prefix) ? setting + prefix + 1 : NULL;
}

static int read_setting(ray_session *session, const char *setting, void *options, bool *given)
{
    const ray_option *table = session->method->params;
    const char *key = ray_session_setting_key(session, setting);
    if (!key)
        return 0;
    size_t length = strcspn(key, "=");
    if (key[length] != '=' || !length)
        return ray_fail(session->error, "--set %s: KEY=VALUE is expected", setting);
    char *name = ray_arena_copy(&session->arena, key);
    if (!name)
        return ray_fail_memory(session->error);
    name[length] = '\0';
    const ray_option *option = table ? ray_option_find(table, name) : NULL;
    if (option) {
        given[option - table] = true;
        return apply_setting(session, option, options, key + length + 1);
    }
    if (key == setting && session->request->n_methods > 1)
        return 0;       /* it may be another method's; ray_explain checks that it is somebody's */
    return unknown_option(session, name, (ray_mark){ 0 });
}

static int check_required(ray_session *session, const bool *given)
{
    const ray_option *table = session->method->params;
    for (const ray_option *option = table; option && option->name; option++)
        if ((option->flags & RAY_REQUIRED) && !given[option - table])
            return ray_fail(session->error, "method \"%s\" needs --set %s=...: %s",
                            session->method->name, option->name, option->help);
    return 0;
}

static size_t count_options(const ray_option *table)
{
    size_t n = 0;
    while (table && table[n].name)
        n++;
    return n;
}

int ray_session_read_options(ray_session *session)
{
    const ray_option *table = session->method->params;
    void *options = ray_arena_alloc(&session->arena, 1, session->method->params_size + 1);
    bool *given = ray_arena_alloc(&session->arena, count_options(table) + 1, sizeof *given);
    const ray_node *defaults = find_defaults(session);
    if (!options || !given)
        return ray_fail_memory(session->error);
    session->run.options = options;
    if (table)
        ray_options_init(table, options);
    if (defaults && read_defaults(session, defaults, options, given))
        return -1;
    for (int i = 0; i < session->request->n_settings; i++)
        if (read_setting(session, session->request->settings[i], options, given))
            return -1;
    return check_required(session, given);
}

const char *ray_session_default_layer(const ray_session *session)
{
    const ray_node *defaults = find_defaults(session);
    const ray_node *layer = defaults ? ray_node_find(defaults, "layer") : NULL;
    return layer ? layer->text : NULL;
}
