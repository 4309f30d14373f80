/* SPDX-License-Identifier: MIT */
#include "yaml.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "yaml_mapping.h"

enum { DEEPEST = 64, MOST_NODES = 1000000, MOST_BYTES = 64 << 20 };

/* A sequence or mapping whose end has not been met. */
typedef struct frame {
    ray_node  *node;
    ray_node **items;           /* of a mapping: keys and values in turns */
    int32_t    n, capacity;
    int64_t    first;           /* nodes counted before it */
    struct anchor *anchor;      /* or NULL */
} frame;

typedef struct anchor {
    const char *name;
    ray_node   *node;
    int64_t     weight;         /* nodes it stands for; 0 while it is open */
} anchor;

typedef struct builder {
    ray_yaml     *yaml;
    const char   *path, *text;
    size_t        size;
    yaml_parser_t parser;
    frame         stack[DEEPEST];
    int32_t       depth;
    int64_t       count;        /* nodes met, those of aliases included */
    void         *anchors;      /* tree of anchor, by name */
    ray_error    *error;
} builder;

static ray_mark mark_of(yaml_mark_t mark)
{
    return (ray_mark){ (int32_t)mark.line + 1, (int32_t)mark.column + 1 };
}

/* ---- What libyaml has to say ---- */

/* The place of a byte of the text. */
static ray_mark mark_of_offset(const builder *b, size_t offset)
{
    ray_mark mark = { 1, 1 };
    for (size_t i = 0; i < offset && i < b->size; i++) {
        if (b->text[i] == '\n')
            mark = (ray_mark){ mark.line + 1, 1 };
        else if (((unsigned char)b->text[i] & 0xc0) != 0x80)
            mark.column++;
    }
    return mark;
}

/* Whether a line (counted from 0) is indented with a tab. */
static bool has_tab(const builder *b, size_t line)
{
    const char *at = b->text, *end = b->text + b->size;
    for (; line > 0 && at < end; line--) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    while (at < end && *at == ' ')
        at++;
    return at < end && *at == '\t';
}

static int fail_reading(const builder *b)
{
    const yaml_parser_t *p = &b->parser;
    ray_mark mark = mark_of_offset(b, p->problem_offset);
    const char *what = strstr(p->problem, "UTF-8") ? "not UTF-8 text: " : "";
    if (p->problem_value == -1)
        return ray_fail_at(b->error, b->path, mark, "%s%s", what, p->problem);
    return ray_fail_at(b->error, b->path, mark, "%s%s (0x%02x)", what, p->problem,
                       (unsigned)p->problem_value);
}

static int fail_parsing(const builder *b)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return ray_fail_memory(b->error);
    if (p->error == YAML_READER_ERROR)
        return fail_reading(b);
    ray_mark mark = mark_of(p->problem_mark);
    if (has_tab(b, p->problem_mark.line))
        return ray_fail_at(b->error, b->path, mark, "%s; indent with spaces, not with tabs",
                           p->problem);
    if (!p->context)
        return ray_fail_at(b->error, b->path, mark, "%s", p->problem);
    return ray_fail_at(b->error, b->path, mark, "%s, %s from line %d", p->problem, p->context,
                       mark_of(p->context_mark).line);
}

/* ---- Anchors ---- */

static int anchor_compare(const void *a, const void *b)
{
    return strcmp(((const anchor *)a)->name, ((const anchor *)b)->name);
}

static void keep_nothing(void *unused)
{
    (void)unused;
}

/* Remembers node under a name; the last node of a name counts.  NULL: no memory. */
static anchor *anchor_define(builder *b, const char *name, ray_node *node)
{
    anchor *fresh = ray_arena_alloc(&b->yaml->arena, 1, sizeof *fresh);
    char *copy = ray_arena_copy(&b->yaml->arena, name);
    if (!fresh || !copy)
        return NULL;
    *fresh = (anchor){ copy, node, 0 };
    anchor **place = tsearch(fresh, &b->anchors, anchor_compare);
    if (!place)
        return NULL;
    *place = fresh;
    return fresh;
}

/* Counts nodes against the limit. */
static int count_nodes(builder *b, int64_t n, ray_mark mark)
{
    b->count += n;
    if (b->count <= MOST_NODES)
        return 0;
    return ray_fail_at(b->error, b->path, mark, "more than %d values, those of aliases counted "
                       "each time", MOST_NODES);
}

static ray_node *alias_node(builder *b, const yaml_event_t *event)
{
    ray_mark mark = mark_of(event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    anchor key = { name, NULL, 0 }, **found = tfind(&key, &b->anchors, anchor_compare);
    if (!found) {
        ray_fail_at(b->error, b->path, mark, "alias *%s: no anchor &%s stands before it", name,
                    name);
        return NULL;
    }
    if ((*found)->weight == 0) {
        ray_fail_at(b->error, b->path, mark, "alias *%s stands inside its own anchor", name);
        return NULL;
    }
    return count_nodes(b, (*found)->weight, mark) ? NULL : (*found)->node;
}

/* ---- Tags ---- */

static const struct tag { const char *name; ray_node_type type; bool text; } tags[] = {
    { "tag:yaml.org,2002:str",   RAY_SCALAR,   true },
    { "!",                       RAY_SCALAR,   true },
    { "tag:yaml.org,2002:int",   RAY_SCALAR,   false },
    { "tag:yaml.org,2002:float", RAY_SCALAR,   false },
    { "tag:yaml.org,2002:bool",  RAY_SCALAR,   false },
    { "tag:yaml.org,2002:null",  RAY_SCALAR,   false },
    { "tag:yaml.org,2002:seq",   RAY_SEQUENCE, false },
    { "tag:yaml.org,2002:map",   RAY_MAPPING,  false },
};

static int apply_tag(builder *b, ray_node *node, const yaml_char_t *name)
{
    if (!name)
        return 0;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (!strcmp(tags[i].name, (const char *)name) && tags[i].type == node->type) {
            node->quoted = tags[i].text;
            return 0;
        }
    return ray_fail_at(b->error, b->path, node->mark, "tag %s has no meaning here",
                       (const char *)name);
}

/* ---- Nodes ---- */

static ray_node *node_create(builder *b, ray_node_type type, const yaml_event_t *event)
{
    ray_mark mark = mark_of(event->start_mark);
    if (count_nodes(b, 1, mark))
        return NULL;
    ray_node *node = ray_arena_alloc(&b->yaml->arena, 1, sizeof *node);
    if (!node) {
        ray_fail_memory(b->error);
        return NULL;
    }
    node->type = type;
    node->mark = mark;
    return node;
}

static ray_node *scalar_node(builder *b, const yaml_event_t *event)
{
    ray_node *node = node_create(b, RAY_SCALAR, event);
    if (!node)
        return NULL;
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length) {
        ray_fail_at(b->error, b->path, node->mark, "a zero byte in a text");
        return NULL;
    }
    node->text = ray_arena_copy(&b->yaml->arena, text);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!node->text) {
        ray_fail_memory(b->error);
        return NULL;
    }
    if (apply_tag(b, node, event->data.scalar.tag))
        return NULL;
    if (event->data.scalar.anchor) {
        anchor *a = anchor_define(b, (const char *)event->data.scalar.anchor, node);
        if (!a) {
            ray_fail_memory(b->error);
            return NULL;
        }
        a->weight = 1;
    }
    return node;
}

/* Puts a whole node where it belongs: into the open collection, or as the root. */
static int place_node(builder *b, ray_node *node)
{
    if (!node)
        return -1;
    if (b->depth == 0) {
        b->yaml->root = node;
        return 0;
    }
    frame *top = &b->stack[b->depth - 1];
    if (top->node->type == RAY_MAPPING && top->n % 2 == 0 && node->type != RAY_SCALAR)
        return ray_fail_at(b->error, b->path, node->mark, "a key must be a single word, not a %s",
                           node->type == RAY_MAPPING ? "mapping" : "list");
    if (top->n == top->capacity) {
        int32_t capacity = top->capacity * 2 + 8;
        ray_node **items = ray_grow(top->items, (size_t)capacity, sizeof(ray_node *));
        if (!items)
            return ray_fail_memory(b->error);
        top->items = items;
        top->capacity = capacity;
    }
    top->items[top->n++] = node;
    return 0;
}

static int begin_collection(builder *b, ray_node_type type, const yaml_event_t *event,
                            const yaml_char_t *tag, const yaml_char_t *name)
{
    int64_t first = b->count;
    if (b->depth == DEEPEST)
        return ray_fail_at(b->error, b->path, mark_of(event->start_mark),
                           "nested more than %d deep", DEEPEST);
    ray_node *node = node_create(b, type, event);
    if (!node || apply_tag(b, node, tag))
        return -1;
    anchor *a = NULL;
    if (name) {
        a = anchor_define(b, (const char *)name, node);
        if (!a)
            return ray_fail_memory(b->error);
    }
    b->stack[b->depth++] = (frame){ .node = node, .first = first, .anchor = a };
    return 0;
}

static int end_collection(builder *b)
{
    frame *top = &b->stack[b->depth - 1];
    ray_arena *arena = &b->yaml->arena;
    int failed = top->node->type == RAY_MAPPING
        ? ray_mapping_fill(top->node, top->items, top->n, arena, b->path, b->error)
        : ray_sequence_fill(top->node, top->items, top->n, arena, b->error);
    free(top->items);
    top->items = NULL;
    b->depth--;
    if (failed)
        return -1;
    if (top->anchor)
        top->anchor->weight = b->count - top->first;
    return place_node(b, top->node);
}

/* ---- The document ---- */

static int take_event(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return place_node(b, alias_node(b, event));
    case YAML_SCALAR_EVENT:
        return place_node(b, scalar_node(b, event));
    case YAML_SEQUENCE_START_EVENT:
        return begin_collection(b, RAY_SEQUENCE, event, event->data.sequence_start.tag,
                                event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return begin_collection(b, RAY_MAPPING, event, event->data.mapping_start.tag,
                                event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return end_collection(b);
    case YAML_DOCUMENT_START_EVENT:
        if (b->yaml->root)
            return ray_fail_at(b->error, b->path, mark_of(event->start_mark),
                               "a second document begins here; only one is read");
        return 0;
    default:
        return 0;
    }
}

static int build(builder *b)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event))
            return fail_parsing(b);
        int failed = take_event(b, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (failed)
            return -1;
    }
    if (!b->yaml->root)
        return ray_fail(b->error, "%s: the file is empty", b->path);
    return 0;
}

static void builder_finish(builder *b)
{
    for (; b->depth > 0; b->depth--)
        free(b->stack[b->depth - 1].items);
    tdestroy(b->anchors, keep_nothing);     /* the anchors are in the arena */
    yaml_parser_delete(&b->parser);
}

int ray_yaml_parse(ray_yaml *yaml, const char *path, const void *text, size_t size,
                   ray_error *error)
{
    *yaml = (ray_yaml){ .root = NULL };
    if (size > MOST_BYTES)
        return ray_fail(error, "%s: larger than %d MiB", path, MOST_BYTES >> 20);
    yaml->path = ray_arena_copy(&yaml->arena, path);
    builder *b = ray_alloc(1, sizeof *b);
    if (!yaml->path || !b || !yaml_parser_initialize(&b->parser)) {
        free(b);
        ray_yaml_free(yaml);
        return ray_fail_memory(error);
    }
    b->yaml = yaml;
    b->path = yaml->path;
    b->text = text;
    b->size = size;
    b->error = error;
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, size);
    int failed = build(b);
    builder_finish(b);
    free(b);
    if (failed)
        ray_yaml_free(yaml);
    return failed;
}

int ray_yaml_read(ray_yaml *yaml, const char *path, ray_error *error)
{
    ray_mapping mapping;
    *yaml = (ray_yaml){ .root = NULL };
    if (ray_mapping_open(&mapping, path, error))
        return -1;
    int failed = ray_yaml_parse(yaml, path, mapping.data ? mapping.data : (const void *)"",
                                mapping.size, error);
    ray_mapping_close(&mapping);
    return failed;
}

void ray_yaml_free(ray_yaml *yaml)
{
    ray_arena_free(&yaml->arena);
    *yaml = (ray_yaml){ .root = NULL };
}
