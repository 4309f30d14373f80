/* SPDX-License-Identifier: MIT */
/* png_read.c - PNG through libpng's row interface.  Nothing is done about gamma or transparency:
 * samples are unpacked to 8 bits (of 16 the high byte is kept), alpha is dropped, palettes are
 * looked up.
 *
 * libpng leaves an error by longjmp.  All that must be freed is therefore in one struct, which
 * ray_png_decode() owns and releases whichever way decode() ended. */
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "picture_decode.h"

enum { DEFLATE_MOST = 1032 };       /* bytes that one byte of deflated data can stand for */

typedef struct decoder {
    const ray_picture_bytes *bytes;
    size_t      at;                 /* of the next byte to read */
    png_structp png;
    png_infop   info;
    ray_picture raw;                /* samples as stored: palette indices or 1 or 3 channels */
    jmp_buf     escape;
    ray_error  *error;
} decoder;

static void fail_png(png_structp png, png_const_charp message)
{
    decoder *d = png_get_error_ptr(png);
    ray_fail(d->error, "%s: PNG: %s", d->bytes->path, message);
    longjmp(d->escape, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    decoder *d = png_get_io_ptr(png);
    if (n > d->bytes->size - d->at)
        png_error(png, "Read Error: the file is cut short");
    memcpy(out, d->bytes->data + d->at, n);
    d->at += n;
}

/* Refuses sizes that this many bytes cannot hold, before memory is taken for them. */
static int check_size(const decoder *d)
{
    int64_t width = png_get_image_width(d->png, d->info);
    int64_t height = png_get_image_height(d->png, d->info);
    if (png_get_rowbytes(d->png, d->info) / DEFLATE_MOST * (uint64_t)height > d->bytes->size)
        return ray_fail(d->error, "%s: PNG: a file of %zu bytes cannot hold %lld x %lld pixels",
                        d->bytes->path, d->bytes->size, (long long)width, (long long)height);
    return 0;
}

/* 8-bit samples, one per channel, no alpha. */
static void request_bytes(const decoder *d)
{
    if (png_get_bit_depth(d->png, d->info) == 16)
        png_set_strip_16(d->png);
    if (png_get_color_type(d->png, d->info) == PNG_COLOR_TYPE_PALETTE)
        png_set_packing(d->png);
    else
        png_set_expand_gray_1_2_4_to_8(d->png);
    png_set_strip_alpha(d->png);
}

/* Interlaced pictures come in several passes, each of which fills in what the last one left. */
static void read_rows(const decoder *d, int passes)
{
    size_t stride = (size_t)d->raw.width * (size_t)d->raw.channels;
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < d->raw.height; y++)
            png_read_row(d->png, d->raw.pixels + (size_t)y * stride, NULL);
    png_read_end(d->png, NULL);
}

/* Indices beyond the palette are grey of that value, as PIL has it. */
static int look_up_palette(const decoder *d, ray_picture *picture)
{
    unsigned char colour[256][3];
    png_colorp palette = NULL;
    int n = 0;
    png_get_PLTE(d->png, d->info, &palette, &n);
    for (int i = 0; i < 256; i++) {
        colour[i][0] = i < n ? palette[i].red : (unsigned char)i;
        colour[i][1] = i < n ? palette[i].green : (unsigned char)i;
        colour[i][2] = i < n ? palette[i].blue : (unsigned char)i;
    }
    if (ray_picture_alloc(picture, d->raw.width, d->raw.height, 3, d->error))
        return ray_fail_prefix(d->error, "%s: ", d->bytes->path);
    int64_t pixels = d->raw.width * d->raw.height;
    for (int64_t i = 0; i < pixels; i++)
        memcpy(picture->pixels + 3 * i, colour[d->raw.pixels[i]], 3);
    return 0;
}

/* Reads into d->raw. */
static int decode(decoder *d)
{
    if (setjmp(d->escape))
        return -1;
    d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, fail_png, ignore_warning);
    d->info = d->png ? png_create_info_struct(d->png) : NULL;
    if (!d->info)
        return ray_fail_memory(d->error);
    png_set_read_fn(d->png, d, read_bytes);
    png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  /* ray_picture_alloc limits */
    png_read_info(d->png, d->info);
    if (check_size(d))
        return -1;
    request_bytes(d);
    int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    if (ray_picture_alloc(&d->raw, png_get_image_width(d->png, d->info),
                          png_get_image_height(d->png, d->info),
                          png_get_channels(d->png, d->info), d->error))
        return ray_fail_prefix(d->error, "%s: ", d->bytes->path);
    read_rows(d, passes);
    return 0;
}

/* d->raw into *picture, which takes over its pixels where it can. */
static int deliver(decoder *d, ray_picture *picture)
{
    if (png_get_color_type(d->png, d->info) == PNG_COLOR_TYPE_PALETTE)
        return look_up_palette(d, picture);
    *picture = d->raw;
    d->raw.pixels = NULL;
    return 0;
}

int ray_png_decode(const ray_picture_bytes *bytes, ray_picture *picture, ray_error *error)
{
    decoder d = { .bytes = bytes, .error = error };
    int failed = decode(&d);
    if (!failed)
        failed = deliver(&d, picture);
    ray_picture_free(&d.raw);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    return failed;
}
