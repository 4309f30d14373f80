/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Limits from here on are no limits worth telling a user about. */
static const double no_limit = 2147483647.0;

enum { TEXT = 256 };

const ray_option *ray_option_find(const ray_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (!strcmp(table->name, name))
            return table;
    return NULL;
}

static bool is_list_type(const ray_option *option)
{
    return option->type == RAY_INTS || option->type == RAY_NUMBERS;
}

static bool takes_ints(const ray_option *option)
{
    return option->type == RAY_INT || option->type == RAY_INTS;
}

static int longest_list(const ray_option *option)
{
    return option->count > 0 && option->count < RAY_MAX_LIST ? option->count : RAY_MAX_LIST;
}

/* ---- Words: "first|second" ---- */

/* The position of a word in words, -1: absent. */
static int word_position(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (int i = 0; words; i++) {
        size_t length = strcspn(words, "|");
        if (length == n && !memcmp(words, word, n))
            return i;
        words = words[length] == '|' ? words + length + 1 : NULL;
    }
    return -1;
}

/* The word at a position; "" past the end. */
static const char *word_at(const char *words, int position, char *buffer, size_t size)
{
    for (; position > 0 && words; position--) {
        words = strchr(words, '|');
        words = words ? words + 1 : NULL;
    }
    size_t length = words ? strcspn(words, "|") : 0;
    snprintf(buffer, size, "%.*s", (int)length, words ? words : "");
    return buffer;
}

/* ---- Defaults ---- */

static void init_one(const ray_option *option, void *field)
{
    bool given = !isnan(option->def);
    switch (option->type) {
    case RAY_BOOL:
        *(bool *)field = option->def != 0;
        break;
    case RAY_INT:
        *(int64_t *)field = given ? (int64_t)option->def : 0;
        break;
    case RAY_NUMBER:
        *(double *)field = option->def;
        break;
    case RAY_STRING:
        *(const char **)field = option->words;
        break;
    case RAY_ENUM:
        *(int *)field = 0;
        break;
    case RAY_INTS:
        ((ray_ints *)field)->n = given ? 1 : 0;
        ((ray_ints *)field)->v[0] = given ? (int64_t)option->def : 0;
        break;
    case RAY_NUMBERS:
        ((ray_numbers *)field)->n = given ? 1 : 0;
        ((ray_numbers *)field)->v[0] = given ? option->def : 0;
        break;
    }
}

static void *field_of(const ray_option *option, void *options)
{
    return (char *)options + option->offset;
}

void ray_options_init(const ray_option *table, void *options)
{
    for (; table && table->name; table++)
        init_one(table, field_of(table, options));
}

/* ---- What an option takes, in words ---- */

static bool has_range(const ray_option *option)
{
    return option->min != 0 || option->max != 0;
}

static void append(char *buffer, size_t size, const char *text)
{
    size_t used = strlen(buffer);
    if (used + 1 < size)
        snprintf(buffer + used, size - used, "%s", text);
}

static void append_range(const ray_option *option, char *buffer, size_t size)
{
    char range[TEXT] = "";
    if (!has_range(option))
        return;
    bool low = option->min > -no_limit, high = option->max < no_limit;
    if (low && high)
        snprintf(range, sizeof range, " from %.15g to %.15g", option->min, option->max);
    else if (low)
        snprintf(range, sizeof range, " >= %.15g", option->min);
    else if (high)
        snprintf(range, sizeof range, " <= %.15g", option->max);
    append(buffer, size, range);
}

/* "first, second" */
static void append_words(const ray_option *option, char *buffer, size_t size)
{
    for (const char *word = option->words; word;) {
        char one[TEXT];
        append(buffer, size, word_at(word, 0, one, sizeof one));
        word = strchr(word, '|');
        word = word ? word + 1 : NULL;
        if (word)
            append(buffer, size, ", ");
    }
}

static void describe_numbers(const ray_option *option, char *buffer, size_t size)
{
    char list[TEXT];
    append(buffer, size, takes_ints(option) ? "integer" : "number");
    append_range(option, buffer, size);
    if (takes_ints(option) && option->words) {
        append(buffer, size, ", or ");
        append_words(option, buffer, size);
    }
    if (!is_list_type(option))
        return;
    snprintf(list, sizeof list, ", or a list of up to %d", longest_list(option));
    append(buffer, size, list);
}

const char *ray_option_describe(const ray_option *option, char *buffer, size_t size)
{
    if (size == 0)
        return buffer;
    buffer[0] = '\0';
    switch (option->type) {
    case RAY_BOOL:
        append(buffer, size, "true or false");
        break;
    case RAY_STRING:
        append(buffer, size, "text");
        break;
    case RAY_ENUM:
        append(buffer, size, "one of ");
        append_words(option, buffer, size);
        break;
    default:
        describe_numbers(option, buffer, size);
    }
    return buffer;
}

/* The default of a number or a list of them. */
static void default_number(const ray_option *option, char *buffer, size_t size)
{
    if (isnan(option->def))
        return;
    if (takes_ints(option) && option->words && option->def < 0)
        word_at(option->words, -1 - (int)option->def, buffer, size);
    else
        snprintf(buffer, size, "%.15g", option->def);
}

const char *ray_option_default(const ray_option *option, char *buffer, size_t size)
{
    if (size == 0)
        return buffer;
    buffer[0] = '\0';
    if (option->flags & RAY_REQUIRED)
        append(buffer, size, "required");
    else if (option->type == RAY_BOOL)
        append(buffer, size, option->def != 0 ? "true" : "false");
    else if (option->type == RAY_STRING)
        append(buffer, size, option->words ? option->words : "");
    else if (option->type == RAY_ENUM)
        word_at(option->words, 0, buffer, size);
    else
        default_number(option, buffer, size);
    return buffer;
}

/* ---- Setting ---- */

int ray_option_fail(const ray_option *option, const char *what, ray_error *error)
{
    char allowed[TEXT];
    ray_option_describe(option, allowed, sizeof allowed);
    const char *article = allowed[0] == 'i' ? "an " : allowed[0] == 'n' ? "a " : "";
    return ray_fail(error, "%s: %s; %s%s", option->name, what, article, allowed);
}

/* The same about one word, in quotes unless it is a number. */
static int fail_word(const ray_option *option, const char *word, const char *what,
                     ray_error *error)
{
    double number;
    char text[2 * TEXT];
    const char *quote = ray_parse_number(word, &number) ? "" : "\"";
    const char *dots = strlen(word) > TEXT ? "..." : "";
    snprintf(text, sizeof text, "%s%.*s%s%s %s", quote, TEXT, word, dots, quote, what);
    return ray_option_fail(option, text, error);
}

static bool is_inside(const ray_option *option, double value)
{
    return !has_range(option) || (value >= option->min && value <= option->max);
}

static int parse_bool(const ray_option *option, const char *word, bool *value, ray_error *error)
{
    *value = !strcasecmp(word, "true");
    if (*value || !strcasecmp(word, "false"))
        return 0;
    return fail_word(option, word, "is neither true nor false", error);
}

static int parse_int(const ray_option *option, const char *word, int64_t *value, ray_error *error)
{
    int position = word_position(option->words, word);
    if (position >= 0) {
        *value = -1 - position;
        return 0;
    }
    if (!ray_parse_int(word, value))
        return fail_word(option, word, "is not an integer", error);
    if (!is_inside(option, (double)*value))
        return fail_word(option, word, "is out of range", error);
    return 0;
}

static int parse_number(const ray_option *option, const char *word, double *value,
                        ray_error *error)
{
    if (!ray_parse_number(word, value))
        return fail_word(option, word, "is not a finite number", error);
    if (!is_inside(option, *value))
        return fail_word(option, word, "is out of range", error);
    return 0;
}

static int set_enum(const ray_option *option, const char *word, int *value, ray_error *error)
{
    int position = word_position(option->words, word);
    if (position < 0)
        return fail_word(option, word, "is unknown", error);
    *value = position;
    return 0;
}

static int set_scalar(const ray_option *option, void *field, const char *word, ray_error *error)
{
    switch (option->type) {
    case RAY_BOOL:
        return parse_bool(option, word, field, error);
    case RAY_INT:
        return parse_int(option, word, field, error);
    case RAY_NUMBER:
        return parse_number(option, word, field, error);
    case RAY_ENUM:
        return set_enum(option, word, field, error);
    default:
        *(const char **)field = word;
        return 0;
    }
}

static int set_list(const ray_option *option, void *field, const char *const *words, int n,
                    ray_error *error)
{
    if (n == 0)
        return ray_option_fail(option, "the list is empty", error);
    if (n > longest_list(option)) {
        char what[64];
        snprintf(what, sizeof what, "a list of %d is too long", n);
        return ray_option_fail(option, what, error);
    }
    for (int i = 0; i < n; i++) {
        int failed = option->type == RAY_INTS
            ? parse_int(option, words[i], &((ray_ints *)field)->v[i], error)
            : parse_number(option, words[i], &((ray_numbers *)field)->v[i], error);
        if (failed)
            return -1;
    }
    if (option->type == RAY_INTS)
        ((ray_ints *)field)->n = n;
    else
        ((ray_numbers *)field)->n = n;
    return 0;
}

int ray_option_set(const ray_option *option, void *options, const char *const *words, int n,
                   bool is_list, ray_error *error)
{
    void *field = field_of(option, options);
    if (is_list_type(option))
        return set_list(option, field, words, n, error);
    if (is_list)
        return ray_option_fail(option, "a list is given", error);
    return set_scalar(option, field, words[0], error);
}

int ray_option_unknown(const ray_option *table, const char *what, const char *name,
                       ray_error *error)
{
    char hint[TEXT], valid[1024] = "";
    ray_nearest nearest = ray_nearest_start(name);
    for (const ray_option *o = table; o && o->name; o++) {
        ray_nearest_offer(&nearest, o->name);
        append(valid, sizeof valid, o == table ? "" : ", ");
        append(valid, sizeof valid, o->name);
    }
    const char *slip = ray_nearest_hint(&nearest, hint, sizeof hint);
    if (slip[0] != '\0')
        return ray_fail(error, "unknown %s \"%s\"%s", what, name, slip);
    if (valid[0] == '\0')
        return ray_fail(error, "unknown %s \"%s\"; there are none", what, name);
    return ray_fail(error, "unknown %s \"%s\"; valid: %s", what, name, valid);
}
