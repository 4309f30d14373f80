/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t skip_digits(const char *text)
{
    return strspn(text, "0123456789");
}

static size_t skip_sign(const char *text)
{
    return *text == '+' || *text == '-' ? 1 : 0;
}

bool ray_parse_int(const char *text, int64_t *value)
{
    const char *digits = text + skip_sign(text);
    size_t n = skip_digits(digits);
    if (n == 0 || digits[n] != '\0')
        return false;
    errno = 0;
    long long parsed = strtoll(text, NULL, 10);
    if (errno != 0)
        return false;
    *value = parsed;
    return true;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point */
static bool looks_like_number(const char *text)
{
    text += skip_sign(text);
    size_t whole = skip_digits(text), fraction = 0;
    text += whole;
    if (*text == '.') {
        fraction = skip_digits(text + 1);
        text += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text += 1 + skip_sign(text + 1);
        if (skip_digits(text) == 0)
            return false;
        text += skip_digits(text);
    }
    return *text == '\0';
}

bool ray_parse_number(const char *text, double *value)
{
    if (!looks_like_number(text))
        return false;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return false;
    double parsed = strtod_l(text, NULL, c);
    freelocale(c);
    if (!isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

enum { LONGEST_NAME = 64 };     /* longer words are never taken for slips */

/* Case and the kind of dash do not count as slips. */
static int fold(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b (each at most
 * LONGEST_NAME long). */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST_NAME + 1], *above2 = rows[0], *above = rows[1], *row = rows[2];
    int n = (int)strlen(a), m = (int)strlen(b);
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int *spare = above2;
        above2 = above;
        above = row;
        row = spare;
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int differs = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + differs);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2])
                && fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return row[m];
}

ray_nearest ray_nearest_start(const char *word)
{
    return (ray_nearest){ .word = word, .best = NULL, .distance = INT_MAX };
}

void ray_nearest_offer(ray_nearest *nearest, const char *candidate)
{
    if (strlen(nearest->word) > LONGEST_NAME || strlen(candidate) > LONGEST_NAME)
        return;
    int d = distance(nearest->word, candidate);
    if (d < nearest->distance) {
        nearest->distance = d;
        nearest->best = candidate;
    }
}

const char *ray_nearest_hint(const ray_nearest *nearest, char *buffer, size_t size)
{
    int longest_slip = (int)(strlen(nearest->word) + 2) / 4;
    if (!nearest->best || nearest->distance > longest_slip)
        return "";
    snprintf(buffer, size, "; did you mean \"%s\"?", nearest->best);
    return buffer;
}

bool ray_text_is_name(const char *text)
{
    return text && *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

bool ray_ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && !strcasecmp(text + n - m, ending);
}

/* Bytes of the character at `text`, 0 when it is not UTF-8 (RFC 3629). */
static int utf8_length(const unsigned char *text)
{
    static const struct { unsigned mask, lead, least; int length; } forms[] = {
        { 0x80, 0x00, 0x00, 1 }, { 0xe0, 0xc0, 0x80, 2 },
        { 0xf0, 0xe0, 0x800, 3 }, { 0xf8, 0xf0, 0x10000, 4 },
    };
    for (int f = 0; f < 4; f++) {
        if ((text[0] & forms[f].mask) != forms[f].lead)
            continue;
        unsigned code = text[0] & ~forms[f].mask;
        for (int i = 1; i < forms[f].length; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        bool surrogate = code >= 0xd800 && code < 0xe000;
        return code < forms[f].least || code > 0x10ffff || surrogate ? 0 : forms[f].length;
    }
    return 0;
}

bool ray_text_is_plain(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        int length = utf8_length(at);
        if (length == 0 || *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
            return false;
        at += length;
    }
    return true;
}
