/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "picture_decode.h"

static const int64_t most_pixels = (int64_t)1 << 28;

int ray_picture_alloc(ray_picture *picture, int64_t width, int64_t height, int32_t channels,
                      ray_error *error)
{
    int64_t pixels;
    *picture = (ray_picture){ NULL, 0, 0, 0 };
    if (width < 1 || height < 1)
        return ray_fail(error, "%lld x %lld is no size for a picture", (long long)width,
                        (long long)height);
    if (!ray_multiply_checked(width, height, &pixels) || pixels > most_pixels)
        return ray_fail(error, "%lld x %lld pixels are too many; at most %lld", (long long)width,
                        (long long)height, (long long)most_pixels);
    *picture =
        (ray_picture){ ray_alloc((size_t)pixels, (size_t)channels), width, height, channels };
    return picture->pixels ? 0 : ray_fail_memory(error);
}

void ray_picture_free(ray_picture *picture)
{
    if (!picture)
        return;
    free(picture->pixels);
    *picture = (ray_picture){ NULL, 0, 0, 0 };
}

static void repeat_grey(const unsigned char *grey, int64_t n, unsigned char *rgb)
{
    for (int64_t i = 0; i < n; i++)
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
}

/* ITU-R 601-2 luma with 16-bit weights, rounded: what PIL's convert("L") computes. */
static void weigh_colours(const unsigned char *rgb, int64_t n, unsigned char *grey)
{
    for (int64_t i = 0; i < n; i++, rgb += 3)
        grey[i] =
            (unsigned char)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

static int convert_channels(ray_picture *picture, int32_t channels, ray_error *error)
{
    if (picture->channels == channels)
        return 0;
    ray_picture converted;
    if (ray_picture_alloc(&converted, picture->width, picture->height, channels, error))
        return -1;
    int64_t n = picture->width * picture->height;
    if (channels == 3)
        repeat_grey(picture->pixels, n, converted.pixels);
    else
        weigh_colours(picture->pixels, n, converted.pixels);
    ray_picture_free(picture);
    *picture = converted;
    return 0;
}

static bool starts_with(const ray_picture_bytes *bytes, const char *magic, size_t n)
{
    return bytes->size >= n && !memcmp(bytes->data, magic, n);
}

static int decode(const ray_picture_bytes *bytes, ray_picture *picture, ray_error *error)
{
    if (bytes->size == 0)
        return ray_fail(error, "%s: the file is empty", bytes->path);
    if (starts_with(bytes, "\x89PNG\r\n\x1a\n", 8))
        return ray_png_decode(bytes, picture, error);
    if (starts_with(bytes, "\xff\xd8\xff", 3))
        return ray_jpeg_decode(bytes, picture, error);
    return ray_fail(error, "%s: neither PNG nor JPEG", bytes->path);
}

int ray_picture_read(ray_picture *picture, const char *path, int32_t channels, ray_error *error)
{
    *picture = (ray_picture){ NULL, 0, 0, 0 };
    ray_mapping mapping;
    if (ray_mapping_open(&mapping, path, error))
        return -1;
    int failed = decode(&(ray_picture_bytes){ path, mapping.data, mapping.size }, picture, error);
    ray_mapping_close(&mapping);
    if (!failed)
        failed = convert_channels(picture, channels, error);
    if (failed)
        ray_picture_free(picture);
    return failed;
}
