/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "picture.h"

/* Where `to` pixels lie in the middle of `from`: the first source pixel and the first target pixel.
 * Cut off: (from - to) / 2, halves rounded to even; filled up: the smaller half before. */
typedef struct span { int64_t source, target, n; } span;

static span place(int64_t from, int64_t to)
{
    if (to > from)
        return (span){ 0, (to - from) / 2, from };
    int64_t twice = from - to, down = twice / 2;
    return (span){ down + (twice % 2 != 0 && down % 2 != 0), 0, to };
}

int ray_picture_crop(ray_picture *picture, int64_t height, int64_t width, ray_error *error)
{
    ray_picture out;
    if (ray_picture_alloc(&out, width, height, picture->channels, error))
        return -1;
    span rows = place(picture->height, height), columns = place(picture->width, width);
    int64_t channels = picture->channels;
    for (int64_t y = 0; y < rows.n; y++)
        memcpy(out.pixels + ((rows.target + y) * width + columns.target) * channels,
               picture->pixels + ((rows.source + y) * picture->width + columns.source) * channels,
               (size_t)(columns.n * channels));
    ray_picture_free(picture);
    *picture = out;
    return 0;
}
