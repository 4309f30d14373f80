/* SPDX-License-Identifier: MIT */
#include "yaml_mapping.h"

#include <stdlib.h>
#include <string.h>

typedef struct pair {
    ray_node *key, *value;
    bool      merged;           /* from another mapping */
    bool      hidden;           /* an earlier pair has this key */
} pair;

typedef struct pairs { pair *list; int64_t n; const char *path; ray_error *error; } pairs;

static bool is_merge_key(const ray_node *key)
{
    return !key->quoted && !strcmp(key->text, "<<");
}

/* ---- Collecting pairs: first those of the mapping itself, then the merged ones ---- */

static int check_merged(const ray_node *value, const pairs *out)
{
    if (value->type == RAY_MAPPING)
        return 0;
    return ray_fail_at(out->error, out->path, value->mark,
                       "<< merges a mapping, or a list of mappings");
}

/* Pairs that the value of a merge key brings; -1 when it is of the wrong type. */
static int64_t merged_count(const ray_node *value, const pairs *out)
{
    if (value->type != RAY_SEQUENCE)
        return check_merged(value, out) ? -1 : value->n;
    int64_t n = 0;
    for (int32_t i = 0; i < value->n; i++) {
        if (check_merged(value->values[i], out))
            return -1;
        n += value->values[i]->n;
    }
    return n;
}

static void merge_one(const ray_node *mapping, pairs *out)
{
    for (int32_t i = 0; i < mapping->n; i++)
        out->list[out->n++] = (pair){ mapping->keys[i], mapping->values[i], true, false };
}

static void merge(const ray_node *value, pairs *out)
{
    if (value->type == RAY_MAPPING)
        merge_one(value, out);
    else
        for (int32_t i = 0; i < value->n; i++)
            merge_one(value->values[i], out);
}

/* The most pairs there can be; -1 after an error. */
static int64_t pairs_bound(ray_node *const *items, int32_t n, const pairs *out)
{
    int64_t total = n / 2;
    for (int32_t i = 0; i < n; i += 2) {
        int64_t more = is_merge_key(items[i]) ? merged_count(items[i + 1], out) : 0;
        if (more < 0)
            return -1;
        total += more;
    }
    return total;
}

static void pairs_collect(ray_node *const *items, int32_t n, pairs *out)
{
    for (int32_t i = 0; i < n; i += 2)
        if (!is_merge_key(items[i]))
            out->list[out->n++] = (pair){ items[i], items[i + 1], false, false };
    for (int32_t i = 0; i < n; i += 2)
        if (is_merge_key(items[i]))
            merge(items[i + 1], out);
}

/* ---- Duplicates ---- */

/* By key, and among the same keys by place in the list. */
static int compare(const void *a, const void *b)
{
    const pair *p = *(pair *const *)a, *q = *(pair *const *)b;
    int order = strcmp(p->key->text, q->key->text);
    return order != 0 ? order : (p > q) - (p < q);
}

static int fail_duplicate(const pairs *all, const pair *first, const pair *second)
{
    return ray_fail_at(all->error, all->path, second->key->mark,
                       "duplicate key \"%s\"; it is given at line %d, column %d already",
                       second->key->text, first->key->mark.line, first->key->mark.column);
}

/* Two merge keys would both be taken, so they are looked for apart. */
static int check_merge_keys(ray_node *const *items, int32_t n, const pairs *all)
{
    pair first = { .key = NULL };
    for (int32_t i = 0; i < n; i += 2) {
        pair here = { .key = items[i] };
        if (!is_merge_key(here.key))
            continue;
        if (first.key)
            return fail_duplicate(all, &first, &here);
        first = here;
    }
    return 0;
}

static int hide_duplicates(pairs *all)
{
    pair **sorted = ray_alloc((size_t)all->n, sizeof *sorted);
    if (!sorted)
        return ray_fail_memory(all->error);
    for (int64_t i = 0; i < all->n; i++)
        sorted[i] = &all->list[i];
    qsort(sorted, (size_t)all->n, sizeof *sorted, compare);
    int failed = 0;
    const pair *first = NULL;
    for (int64_t i = 0; i < all->n && !failed; i++) {
        if (!first || strcmp(first->key->text, sorted[i]->key->text))
            first = sorted[i];
        else if (sorted[i]->merged)
            sorted[i]->hidden = true;
        else
            failed = fail_duplicate(all, first, sorted[i]);
    }
    free(sorted);
    return failed;
}

/* ---- The node ---- */

static int store(ray_node *node, const pairs *all, ray_arena *arena)
{
    node->keys = ray_arena_alloc(arena, (size_t)all->n, sizeof *node->keys);
    node->values = ray_arena_alloc(arena, (size_t)all->n, sizeof *node->values);
    if (!node->keys || !node->values)
        return ray_fail_memory(all->error);
    for (int64_t i = 0; i < all->n; i++) {
        if (all->list[i].hidden)
            continue;
        node->keys[node->n] = all->list[i].key;
        node->values[node->n++] = all->list[i].value;
    }
    return 0;
}

int ray_mapping_fill(ray_node *node, ray_node *const *items, int32_t n, ray_arena *arena,
                     const char *path, ray_error *error)
{
    pairs all = { NULL, 0, path, error };
    int64_t bound = pairs_bound(items, n, &all);
    if (bound < 0 || check_merge_keys(items, n, &all))
        return -1;
    all.list = ray_alloc((size_t)bound, sizeof *all.list);
    if (!all.list)
        return ray_fail_memory(error);
    pairs_collect(items, n, &all);
    int failed = hide_duplicates(&all);
    if (!failed)
        failed = store(node, &all, arena);
    free(all.list);
    return failed;
}

int ray_sequence_fill(ray_node *node, ray_node *const *items, int32_t n, ray_arena *arena,
                      ray_error *error)
{
    node->values = ray_arena_alloc(arena, (size_t)n, sizeof *node->values);
    if (!node->values)
        return ray_fail_memory(error);
    if (n > 0)
        memcpy(node->values, items, (size_t)n * sizeof *node->values);
    node->n = n;
    return 0;
}

const ray_node *ray_node_find(const ray_node *mapping, const char *key)
{
    for (int32_t i = 0; i < mapping->n; i++)
        if (!strcmp(mapping->keys[i]->text, key))
            return mapping->values[i];
    return NULL;
}

bool ray_node_is_null(const ray_node *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
    if (node->type != RAY_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (!strcmp(node->text, nulls[i]))
            return true;
    return false;
}
