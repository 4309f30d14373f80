/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_WORD = 256,     /* words longer than this are shortened in the middle ... */
    WORD_HEAD = 160,        /* ... to this many bytes, "...", ... */
    WORD_TAIL = 64          /* ... and this many */
};

/* A text under construction in an error. */
typedef struct writer { char *text; size_t used, size; } writer;

static void put(writer *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && out->used + 1 < out->size; i++)
        out->text[out->used++] = bytes[i];
    out->text[out->used] = '\0';
}

/* Bytes of the UTF-8 character at s; 0 when it is not one that may be shown: a control character,
 * a surrogate, an overlong form or no UTF-8 at all. */
static size_t character_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    if (s[0] >= 0xf5)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0)
               || (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90)
               || (s[0] == 0xf4 && s[1] >= 0x90);
    return bad ? 0 : n;
}

/* The first byte at or after `at` that begins a character. */
static size_t character_start(const char *text, size_t at)
{
    while (((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* Control characters and bytes that are not UTF-8 become '?'. */
static void clean(char *text)
{
    for (size_t i = 0; text[i] != '\0';) {
        size_t n = character_length((const unsigned char *)text + i);
        if (n == 0)
            text[i] = '?';
        i += n == 0 ? 1 : n;
    }
}

static void put_word(writer *out, const char *word, size_t n)
{
    if (n <= LONGEST_WORD) {
        put(out, word, n);
        return;
    }
    put(out, word, character_start(word, WORD_HEAD));
    put(out, "...", 3);
    size_t tail = character_start(word, n - WORD_TAIL);
    put(out, word + tail, n - tail);
}

/* Appends one clean line in which very long words are shortened. */
static void put_line(writer *out, char *text)
{
    clean(text);
    while (*text != '\0') {
        size_t n = strcspn(text, " \"");
        put_word(out, text, n);
        text += n;
        n = strspn(text, " \"");
        put(out, text, n);
        text += n;
    }
}

static void put_format(writer *out, const char *format, va_list arguments)
{
    char small[512], *text = small;
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(small, sizeof small, format, arguments);
    if (n >= (int)sizeof small) {
        char *large = malloc((size_t)n + 1);
        if (large) {
            vsnprintf(large, (size_t)n + 1, format, again);
            text = large;
        }
    }
    va_end(again);
    if (n >= 0)
        put_line(out, text);
    if (text != small)
        free(text);
}

/* A text that did not fit ends in "...". */
static void end_line(writer *out)
{
    if (out->used + 1 < out->size)
        return;
    size_t at = out->size - 4;
    while (at > 0 && ((unsigned char)out->text[at] & 0xc0) == 0x80)
        at--;
    memcpy(out->text + at, "...", 4);
}

static bool is_free(const ray_error *error)
{
    return error && error->text[0] == '\0';
}

int ray_fail(ray_error *error, const char *format, ...)
{
    if (!is_free(error))
        return -1;
    writer out = { error->text, 0, sizeof error->text };
    va_list arguments;
    va_start(arguments, format);
    put_format(&out, format, arguments);
    va_end(arguments);
    end_line(&out);
    return -1;
}

/* "path:line:column: " */
static void put_place(writer *out, const char *path, ray_mark mark)
{
    char place[64] = ": ", *copy = malloc(strlen(path) + 1);
    if (mark.line > 0)
        snprintf(place, sizeof place, ":%d:%d: ", mark.line, mark.column);
    if (copy) {
        strcpy(copy, path);
        put_line(out, copy);
    }
    put(out, place, strlen(place));
    free(copy);
}

int ray_fail_at(ray_error *error, const char *path, ray_mark mark, const char *format, ...)
{
    if (!is_free(error))
        return -1;
    writer out = { error->text, 0, sizeof error->text };
    put_place(&out, path, mark);
    va_list arguments;
    va_start(arguments, format);
    put_format(&out, format, arguments);
    va_end(arguments);
    end_line(&out);
    return -1;
}

int ray_fail_memory(ray_error *error)
{
    return ray_fail(error, "out of memory");
}

int ray_fail_prefix(ray_error *error, const char *format, ...)
{
    if (!error)
        return -1;
    ray_error whole = { "" };
    writer out = { whole.text, 0, sizeof whole.text };
    va_list arguments;
    va_start(arguments, format);
    put_format(&out, format, arguments);
    va_end(arguments);
    put(&out, error->text, strlen(error->text));
    end_line(&out);
    *error = whole;
    return -1;
}
