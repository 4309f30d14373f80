/* SPDX-License-Identifier: MIT */
#include "description_node.h"

#include <string.h>

#include "base/text.h"

const char *ray_node_kind(const ray_node *node)
{
    if (node->type == RAY_SCALAR)
        return ray_node_is_null(node) ? "nothing" : "a single value";
    return node->type == RAY_MAPPING ? "a mapping" : "a list";
}

int ray_node_expect(const ray_description *d, const ray_node *node, const char *what,
                    ray_node_type type, ray_error *error)
{
    static const char *const kinds[] = {
        [RAY_SCALAR] = "a single value", [RAY_SEQUENCE] = "a list", [RAY_MAPPING] = "a mapping"
    };
    if (node->type == type && !ray_node_is_null(node))
        return 0;
    return ray_fail_at(error, d->yaml.path, node->mark, "%s: %s is expected, %s is given", what,
                       kinds[type], ray_node_kind(node));
}

static bool is_listed(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (!strcmp(*list, word))
            return true;
    return false;
}

static int fail_unknown(const ray_description *d, const ray_node *key, const char *const *valid,
                        ray_error *error)
{
    char hint[256], all[256] = "";
    ray_nearest nearest = ray_nearest_start(key->text);
    for (int i = 0; valid[i]; i++) {
        ray_nearest_offer(&nearest, valid[i]);
        if (strlen(all) + strlen(valid[i]) + 3 < sizeof all)
            strcat(strcat(all, i == 0 ? "" : ", "), valid[i]);
    }
    const char *slip = ray_nearest_hint(&nearest, hint, sizeof hint);
    if (slip[0] != '\0')
        return ray_fail_at(error, d->yaml.path, key->mark, "unknown key \"%s\"%s", key->text, slip);
    return ray_fail_at(error, d->yaml.path, key->mark, "unknown key \"%s\"; valid: %s", key->text,
                       all);
}

int ray_keys_check(const ray_description *d, const ray_node *mapping, const char *const *valid,
                   ray_error *error)
{
    for (int32_t i = 0; i < mapping->n; i++)
        if (!is_listed(valid, mapping->keys[i]->text))
            return fail_unknown(d, mapping->keys[i], valid, error);
    return 0;
}

int ray_key_require(const ray_description *d, const ray_node *mapping, const char *key,
                    ray_error *error)
{
    if (ray_node_find(mapping, key))
        return 0;
    ray_nearest nearest = ray_nearest_start(key);
    char hint[256];
    for (int32_t i = 0; i < mapping->n; i++)
        ray_nearest_offer(&nearest, mapping->keys[i]->text);
    if (ray_nearest_hint(&nearest, hint, sizeof hint)[0] == '\0')
        return ray_fail_at(error, d->yaml.path, mapping->mark, "\"%s\" is missing", key);
    return ray_fail_at(error, d->yaml.path, mapping->mark, "\"%s\" is missing; is \"%s\" a slip?",
                       key, nearest.best);
}

int ray_word_read(const ray_description *d, const ray_node *node, const char *what, ray_word *word,
                  ray_error *error)
{
    if (ray_node_expect(d, node, what, RAY_SCALAR, error))
        return -1;
    *word = (ray_word){ node->text, node->mark };
    return 0;
}

/* Among them those of Unicode's second block, U+0080 to U+009F. */
int ray_name_read(const ray_description *d, const ray_node *node, const char *what, ray_word *word,
                  ray_error *error)
{
    if (ray_word_read(d, node, what, word, error))
        return -1;
    if (word->text[0] == '\0')
        return ray_fail_at(error, d->yaml.path, node->mark, "%s: the text is empty", what);
    if (!ray_text_is_plain(word->text))
        return ray_fail_at(error, d->yaml.path, node->mark, "%s: \"%s\" has control characters",
                           what, word->text);
    return 0;
}

int ray_words_read(ray_description *d, const ray_node *node, const char *what, ray_word **words,
                   int32_t *n, ray_error *error)
{
    bool is_list = node->type == RAY_SEQUENCE;
    int32_t count = is_list ? node->n : 1;
    if (node->type == RAY_MAPPING || ray_node_is_null(node))
        return ray_fail_at(error, d->yaml.path, node->mark, "%s: a single value or a list of them "
                           "is expected, %s is given", what, ray_node_kind(node));
    if (count == 0)
        return ray_fail_at(error, d->yaml.path, node->mark, "%s: the list is empty", what);
    *words = ray_arena_alloc(&d->yaml.arena, (size_t)count, sizeof **words);
    if (!*words)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < count; i++)
        if (ray_name_read(d, is_list ? node->values[i] : node, what, *words + i, error))
            return -1;
    *n = count;
    return 0;
}
