/* SPDX-License-Identifier: MIT */
#include "npy_header.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { LONGEST_HEADER = 1 << 16, LONGEST_WORD = 32 };

/* The header is a Python dictionary of exactly three entries. */
typedef struct cursor {
    const char     *name;
    const char     *start, *at, *end;
    ray_npy_header *header;
    bool            has_type, has_order, has_shape;
    ray_error      *error;
} cursor;

/* ---- Words ---- */

static void skip_spaces(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
        c->at++;
}

static int fail_expected(const cursor *c, const char *what)
{
    return ray_fail(c->error, "%s: .npy header: %s is expected at byte %lld", c->name, what,
                    (long long)(c->at - c->start));
}

/* Takes one character if it is the next. */
static bool take(cursor *c, char wanted)
{
    skip_spaces(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* The characters up to one of `ends`, as a string. */
static int read_word(cursor *c, const char *ends, const char *what, char word[LONGEST_WORD])
{
    size_t n = 0;
    while (c->at + n < c->end && c->at[n] != '\0' && !strchr(ends, c->at[n]))
        n++;
    if (c->at + n == c->end || n == 0 || n >= LONGEST_WORD)
        return fail_expected(c, what);
    memcpy(word, c->at, n);
    word[n] = '\0';
    c->at += n;
    return 0;
}

static int read_string(cursor *c, const char *what, char word[LONGEST_WORD])
{
    bool single = take(c, '\'');
    if (!single && !take(c, '"'))
        return fail_expected(c, what);
    const char quote[2] = { single ? '\'' : '"', '\0' };
    if (read_word(c, quote, what, word))
        return -1;
    c->at++;
    return 0;
}

/* ---- The three values ---- */

static int read_type(cursor *c)
{
    char word[LONGEST_WORD];
    if (take(c, '['))
        return ray_fail(c->error, "%s: records of several fields are not read; only plain numbers",
                        c->name);
    if (read_string(c, "a type such as '<f4'", word))
        return -1;
    c->header->type = ray_number_type_coded(word + 1);
    c->header->swapped = word[0] == '>';
    if (strchr("<>=|", word[0]) && c->header->type)
        return 0;
    if (strchr(word, 'O'))
        return ray_fail(c->error, "%s: Python objects are not read; only plain numbers", c->name);
    return ray_fail(c->error, "%s: numbers of type \"%s\" are not read; only f2, f4, f8, integers "
                    "and bools", c->name, word);
}

static int read_order(cursor *c)
{
    char word[LONGEST_WORD];
    skip_spaces(c);
    if (read_word(c, ",} ", "True or False", word))
        return -1;
    c->header->fortran = !strcmp(word, "True");
    if (!c->header->fortran && strcmp(word, "False"))
        return ray_fail(c->error, "%s: .npy header: fortran_order is \"%s\"; True or False is "
                        "expected", c->name, word);
    return 0;
}

static int read_dim(cursor *c)
{
    char word[LONGEST_WORD];
    ray_tensor *shape = &c->header->shape;
    if (read_word(c, ",) ", "a size", word))
        return -1;
    size_t n = strlen(word);
    if (n > 1 && word[n - 1] == 'L')        /* as Python 2 wrote it */
        word[n - 1] = '\0';
    if (shape->rank == RAY_MAX_RANK)
        return ray_fail(c->error, "%s: more than %d dimensions", c->name, RAY_MAX_RANK);
    if (!ray_parse_int(word, &shape->dim[shape->rank]) || shape->dim[shape->rank] < 0)
        return ray_fail(c->error, "%s: .npy header: \"%s\" is not a size", c->name, word);
    shape->rank++;
    return 0;
}

/* (), (3,), (3, 4), (3, 4,) */
static int read_shape(cursor *c)
{
    bool comma = true;
    if (!take(c, '('))
        return fail_expected(c, "'('");
    while (!take(c, ')')) {
        if (!comma)
            return fail_expected(c, "',' or ')'");
        if (read_dim(c))
            return -1;
        comma = take(c, ',');
    }
    if (c->header->shape.rank == 1 && !comma)
        return fail_expected(c, "',' after a single size");
    if (ray_dims_count(&c->header->shape, &c->header->count))
        return 0;
    return ray_fail(c->error, "%s: .npy header: the shape has more numbers than any file", c->name);
}

/* ---- The dictionary ---- */

static const struct entry {
    const char *key;
    int       (*read)(cursor *c);
    size_t      seen;           /* offset of the flag in cursor */
} entries[] = {
    { "descr",         read_type,  offsetof(cursor, has_type) },
    { "fortran_order", read_order, offsetof(cursor, has_order) },
    { "shape",         read_shape, offsetof(cursor, has_shape) },
};
enum { N_ENTRIES = sizeof entries / sizeof *entries };

static int read_entry(cursor *c)
{
    char key[LONGEST_WORD];
    if (read_string(c, "a key", key))
        return -1;
    for (int i = 0; i < N_ENTRIES; i++) {
        bool *seen = (bool *)((char *)c + entries[i].seen);
        if (strcmp(key, entries[i].key))
            continue;
        if (*seen)
            return ray_fail(c->error, "%s: .npy header: \"%s\" is given twice", c->name, key);
        *seen = true;
        if (!take(c, ':'))
            return fail_expected(c, "':'");
        skip_spaces(c);
        return entries[i].read(c);
    }
    return ray_fail(c->error, "%s: .npy header: unknown key \"%s\"", c->name, key);
}

static int read_dictionary(cursor *c)
{
    bool comma = true;
    if (!take(c, '{'))
        return fail_expected(c, "'{'");
    while (!take(c, '}')) {
        if (!comma)
            return fail_expected(c, "',' or '}'");
        if (read_entry(c))
            return -1;
        comma = take(c, ',');
    }
    skip_spaces(c);
    if (c->at != c->end)
        return fail_expected(c, "the end of the header");
    if (c->has_type && c->has_order && c->has_shape)
        return 0;
    return ray_fail(c->error, "%s: .npy header: \"%s\" is missing", c->name,
                    !c->has_type ? "descr" : !c->has_order ? "fortran_order" : "shape");
}

/* ---- The file's beginning ---- */

int ray_npy_header_size(const char *name, const unsigned char *prefix, size_t size,
                        size_t *header_size, ray_error *error)
{
    static const unsigned char magic[] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
    if (size < RAY_NPY_PREFIX || memcmp(prefix, magic, sizeof magic))
        return ray_fail(error, "%s: not an .npy file", name);
    if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
        return ray_fail(error, "%s: version %d.%d of .npy is not known; 1.0 to 3.0 are", name,
                        prefix[6], prefix[7]);
    size_t length = prefix[8] | (size_t)prefix[9] << 8, before = 10;
    if (prefix[6] > 1) {
        length |= (size_t)prefix[10] << 16 | (size_t)prefix[11] << 24;
        before = 12;
    }
    if (length > LONGEST_HEADER)
        return ray_fail(error, "%s: a header of %zu bytes is too long", name, length);
    *header_size = before + length;
    return 0;
}

int ray_npy_header_parse(const char *name, const unsigned char *bytes, size_t size,
                         ray_npy_header *header, ray_error *error)
{
    memset(header, 0, sizeof *header);
    if (ray_npy_header_size(name, bytes, size, &header->begin, error))
        return -1;
    if (size < header->begin)
        return ray_fail(error, "%s: truncated: the header takes %zu bytes, the file has %zu", name,
                        header->begin, size);
    const char *text = (const char *)bytes + (bytes[6] > 1 ? 12 : 10);
    const char *end = (const char *)bytes + header->begin;
    cursor c = { .name = name, .start = text, .at = text, .end = end, .header = header,
                 .error = error };
    if (read_dictionary(&c))
        return -1;
    header->end = header->begin + (size_t)header->count * (size_t)header->type->width;
    return 0;
}

int ray_npy_header_check(const char *name, const ray_npy_header *header, size_t file_size,
                         ray_error *error)
{
    if (file_size == header->end)
        return 0;
    return ray_fail(error, "%s: %s: the header and its shape make %zu bytes, there are %zu", name,
                    file_size < header->end ? "truncated" : "too long", header->end, file_size);
}
