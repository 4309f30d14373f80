/* SPDX-License-Identifier: MIT */
#include "skeleton.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire.h"

enum {
    MOST_BYTES = 64 << 20,          /* of a skeleton */
    MOST_FIELDS = 2000000,          /* each may become a structure of a few hundred bytes */
    LARGE = 4096,                   /* bytes of packed numbers that are left in the file */
    RAW_DATA = 9,                   /* number of TensorProto.raw_data */
    DOC_STRING = 6                  /* number of NodeProto.doc_string */
};

/* Where torch's exporter says which modules a node lies in. */
static const char scopes_key[] = "pkg.torch.onnx.name_scopes";

/* ---- What is read of each message ---- */

typedef enum action {
    KEEP,                           /* as it is */
    ENTER,                          /* a message with a table of its own */
    HINT,                           /* a message of which only matters that it is there */
    SCOPES,                         /* metadata: the modules of a node, as its doc_string */
    RAW,                            /* numbers: replaced by their place */
    PACKED                          /* the same where they are many */
} action;

typedef struct message message;
typedef struct rule {
    uint32_t       field;           /* 0: the end of the table */
    action         action;
    const message *inner;
    bool           once;            /* a second one would be merged with the first */
} rule;
struct message { const char *name; rule rules[12]; };

static const message dimension = { "a dimension", { { 1, KEEP }, { 2, KEEP } } };
static const message shape = { "a shape", { { 1, ENTER, &dimension } } };
static const message tensor_type = { "a type", { { 1, KEEP }, { 2, ENTER, &shape, true } } };
static const message type = { "a type", { { 1, ENTER, &tensor_type, true } } };
static const message value = { "an input or output", { { 1, KEEP }, { 2, ENTER, &type, true } } };
static const message entry = { "an entry of names and values", { { 1, KEEP }, { 2, KEEP } } };
static const message tensor = { "a tensor", {
    { 1, KEEP },                    /* dims */
    { 2, KEEP },                    /* data_type */
    { 3, HINT, NULL, true },        /* segment */
    { 4, PACKED },                  /* float_data */
    { 5, KEEP },                    /* int32_data */
    { 7, KEEP },                    /* int64_data */
    { 8, KEEP },                    /* name */
    { RAW_DATA, RAW },
    { 10, PACKED },                 /* double_data */
    { 13, ENTER, &entry },          /* external_data */
    { 14, KEEP },                   /* data_location */
} };
static const message attribute = { "an attribute", {
    { 1, KEEP },                    /* name */
    { 2, KEEP },                    /* f */
    { 3, KEEP },                    /* i */
    { 4, KEEP },                    /* s */
    { 5, ENTER, &tensor, true },    /* t */
    { 6, HINT, NULL, true },        /* g */
    { 7, KEEP },                    /* floats */
    { 8, KEEP },                    /* ints */
    { 20, KEEP },                   /* type */
    { 21, KEEP },                   /* ref_attr_name */
} };
static const message node = { "a node", {
    { 1, KEEP }, { 2, KEEP },       /* input, output */
    { 3, KEEP }, { 4, KEEP },       /* name, op_type */
    { 5, ENTER, &attribute },
    { 7, KEEP },                    /* domain */
    { 9, SCOPES },                  /* metadata_props, which old versions of onnx.proto lack */
} };
static const message graph = { "the graph", {
    { 1, ENTER, &node },
    { 5, ENTER, &tensor },          /* initializer */
    { 11, ENTER, &value },          /* input */
    { 12, ENTER, &value },          /* output */
    { 15, HINT },                   /* sparse_initializer */
} };
static const message opset = { "opset_import", { { 1, KEEP }, { 2, KEEP } } };
static const message model = { "the model", {
    { 1, KEEP },                    /* ir_version */
    { 2, KEEP }, { 3, KEEP },       /* producer_name, producer_version */
    { 7, ENTER, &graph, true },
    { 8, ENTER, &opset },
    { 20, HINT },                   /* training_info */
    { 25, HINT },                   /* functions */
} };

/* ---- Writing ---- */

typedef struct builder {
    unsigned char       *bytes;
    size_t               used, capacity;
    int64_t              fields;
    const unsigned char *file;
    const char          *path;
    ray_error           *error;
} builder;

static int put(builder *b, const void *bytes, size_t n)
{
    if (n > MOST_BYTES || b->used + n > MOST_BYTES)
        return ray_fail(b->error, "%s: names and attributes take more than %d MiB", b->path,
                        MOST_BYTES >> 20);
    if (b->used + n > b->capacity) {
        size_t capacity = 2 * (b->used + n) + 4096;
        unsigned char *grown = ray_grow(b->bytes, capacity, 1);
        if (!grown)
            return ray_fail_memory(b->error);
        b->bytes = grown;
        b->capacity = capacity;
    }
    memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
    return 0;
}

static int put_tag(builder *b, uint32_t number)
{
    uint32_t tag = number << 3 | RAY_WIRE_BYTES;
    const unsigned char bytes[2] = { (unsigned char)(tag & 0x7f) | (tag > 0x7f ? 0x80 : 0),
                                     (unsigned char)(tag >> 7) };
    return put(b, bytes, tag > 0x7f ? 2 : 1);
}

/* A length of always four bytes, so that it can be written before it is known. */
static void set_length(unsigned char *at, size_t length)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(length >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0);
}

static int put_length(builder *b, size_t length)
{
    unsigned char bytes[4];
    set_length(bytes, length);
    return put(b, bytes, sizeof bytes);
}

static int put_place(builder *b, const ray_wire_field *field)
{
    ray_onnx_place place = { (uint64_t)(field->data - b->file), field->size };
    if (field->size == 0)
        return 0;
    return put_tag(b, RAW_DATA) || put_length(b, sizeof place) || put(b, &place, sizeof place)
           ? -1 : 0;
}

static int put_text(builder *b, uint32_t number, const ray_wire_field *text)
{
    return put_tag(b, number) || put_length(b, text->size) || put(b, text->data, text->size)
           ? -1 : 0;
}

/* ---- Copying ---- */

static int fail_damaged(const builder *b, const unsigned char *at, const message *m)
{
    return ray_fail(b->error, "%s: byte %zu is no part of an ONNX model (in %s): the file is "
                    "damaged, cut short or something else", b->path, (size_t)(at - b->file),
                    m->name);
}

static const rule *find_rule(const message *m, uint32_t number)
{
    for (const rule *r = m->rules; r < m->rules + 12 && r->field; r++)
        if (r->field == number)
            return r;
    return NULL;
}

static int copy_message(builder *b, const message *m, const unsigned char *data, size_t size);

static int copy_inner(builder *b, const rule *r, const ray_wire_field *field)
{
    if (put_tag(b, r->field))
        return -1;
    size_t at = b->used;
    if (put_length(b, 0))
        return -1;
    if (r->action == ENTER && copy_message(b, r->inner, field->data, field->size))
        return -1;
    set_length(b->bytes + at, b->used - at - 4);
    return 0;
}

static bool is_text(const ray_wire_field *field, const char *text)
{
    return field->size == strlen(text) && !memcmp(field->data, text, field->size);
}

/* A key and its value.  Exporters also keep whole stack traces there. */
static int copy_scopes(builder *b, const ray_wire_field *field)
{
    ray_wire wire = { field->data, field->data + field->size };
    ray_wire_field part, scopes = { 0 };
    bool named = false;
    int found;
    while ((found = ray_wire_next(&wire, &part)) > 0) {
        if (part.number == 1 && part.type == RAY_WIRE_BYTES)
            named = is_text(&part, scopes_key);
        else if (part.number == 2 && part.type == RAY_WIRE_BYTES)
            scopes = part;
    }
    if (found < 0)
        return fail_damaged(b, wire.at, &entry);
    return named && scopes.size ? put_text(b, DOC_STRING, &scopes) : 0;
}

static int copy_field(builder *b, const message *m, const rule *r, const ray_wire_field *field)
{
    bool bytes = field->type == RAY_WIRE_BYTES;
    if (++b->fields > MOST_FIELDS)
        return ray_fail(b->error, "%s: the model has more than %d parts", b->path, MOST_FIELDS);
    if (r->action == KEEP || (r->action == PACKED && (!bytes || field->size <= LARGE)))
        return put(b, field->begin, (size_t)(field->data + field->size - field->begin));
    if (!bytes)
        return fail_damaged(b, field->begin, m);
    if (r->action == RAW || r->action == PACKED)
        return put_place(b, field);
    if (r->action == SCOPES)
        return copy_scopes(b, field);
    return copy_inner(b, r, field);
}

/* As deep as the tables are; there is no table that leads to itself. */
static int copy_message(builder *b, const message *m, const unsigned char *data, size_t size)
{
    ray_wire wire = { data, data + size };
    ray_wire_field field;
    uint32_t seen = 0;
    int found;
    while ((found = ray_wire_next(&wire, &field)) > 0) {
        const rule *r = find_rule(m, field.number);
        if (!r)
            continue;
        uint32_t bit = 1u << (r - m->rules);
        if (r->once && seen & bit)
            return ray_fail(b->error, "%s: byte %zu: field %u is given twice in %s", b->path,
                            (size_t)(field.begin - b->file), field.number, m->name);
        seen |= bit;
        if (copy_field(b, m, r, &field))
            return -1;
    }
    return found < 0 ? fail_damaged(b, wire.at, m) : 0;
}

int ray_skeleton_make(ray_skeleton *skeleton, const unsigned char *file, size_t size,
                      const char *path, ray_error *error)
{
    builder b = { .file = file, .path = path, .error = error };
    *skeleton = (ray_skeleton){ NULL, 0 };
    if (size == 0)
        return ray_fail(error, "%s: the file is empty", path);
    if (copy_message(&b, &model, file, size)) {
        free(b.bytes);
        return -1;
    }
    *skeleton = (ray_skeleton){ b.bytes, b.used };
    return 0;
}

void ray_skeleton_free(ray_skeleton *skeleton)
{
    free(skeleton->bytes);
    *skeleton = (ray_skeleton){ NULL, 0 };
}
