/* SPDX-License-Identifier: MIT */
/* jpeg_read.c - JPEG through libjpeg with its defaults, as PIL uses it.
 *
 * libjpeg says that data are damaged or missing in a warning and makes pixels up; such a picture is
 * refused.  Its errors leave by longjmp: all that must be freed is in one struct, which
 * ray_jpeg_decode() owns. */
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>
#include <stdlib.h>

#include "picture_decode.h"

enum { MOST_SCANS = 100 };      /* of a progressive file: each costs a pass over all pixels */

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr messages;
    struct jpeg_progress_mgr progress;
    const ray_picture_bytes *bytes;
    ray_picture *picture;
    jmp_buf      escape;
    ray_error   *error;
} decoder;

static void fail_jpeg(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    ray_fail(d->error, "%s: JPEG: %s", d->bytes->path, message);
    longjmp(d->escape, 1);
}

/* Warnings that leave every pixel as it should be. */
static bool is_harmless(int message)
{
    static const int harmless[] = { JWRN_ADOBE_XFORM, JWRN_BOGUS_PROGRESSION, JWRN_EXTRANEOUS_DATA,
                                    JWRN_JFIF_MAJOR, JWRN_NOT_SEQUENTIAL };
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (harmless[i] == message)
            return true;
    return false;
}

static void judge_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless(jpeg->err->msg_code))
        fail_jpeg(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number <= MOST_SCANS)
        return;
    ray_fail(d->error, "%s: JPEG: more than %d scans", d->bytes->path, MOST_SCANS);
    longjmp(d->escape, 1);
}

/* Adobe's programs store CMYK inverted, and PIL takes every file to be theirs: 255 is no ink. */
static void convert_cmyk(const unsigned char *cmyk, int64_t n, unsigned char *rgb)
{
    for (int64_t i = 0; i < n; i++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++) {
            int product = (255 - cmyk[c]) * cmyk[3] + 128;
            rgb[c] = (unsigned char)(cmyk[3] - (((product >> 8) + product) >> 8));
        }
}

static void read_rows(decoder *d)
{
    j_decompress_ptr jpeg = &d->jpeg;
    size_t stride = (size_t)d->picture->width * (size_t)d->picture->channels;
    bool cmyk = jpeg->out_color_space == JCS_CMYK;
    JSAMPARRAY inks = NULL;
    if (cmyk)
        inks = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = d->picture->pixels + jpeg->output_scanline * stride;
        jpeg_read_scanlines(jpeg, cmyk ? inks : &row, 1);
        if (cmyk)
            convert_cmyk(inks[0], d->picture->width, row);
    }
}

static int check_components(const decoder *d)
{
    int n = d->jpeg.num_components;
    if (n != 1 && n != 3 && n != 4)
        return ray_fail(d->error, "%s: JPEG: %d components; 1, 3 and 4 are known", d->bytes->path,
                        n);
    return 0;
}

static void start(decoder *d)
{
    d->jpeg.err = jpeg_std_error(&d->messages);
    d->messages.error_exit = fail_jpeg;
    d->messages.emit_message = judge_message;
    d->jpeg.client_data = d;
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.progress = &d->progress;
    d->progress.progress_monitor = count_scans;
    jpeg_mem_src(&d->jpeg, d->bytes->data, (unsigned long)d->bytes->size);
}

static int decode(decoder *d)
{
    if (setjmp(d->escape))
        return -1;
    start(d);
    jpeg_read_header(&d->jpeg, TRUE);
    if (check_components(d))
        return -1;
    if (ray_picture_alloc(d->picture, d->jpeg.image_width, d->jpeg.image_height,
                          d->jpeg.num_components == 1 ? 1 : 3, d->error))
        return ray_fail_prefix(d->error, "%s: ", d->bytes->path);
    jpeg_start_decompress(&d->jpeg);
    read_rows(d);
    jpeg_finish_decompress(&d->jpeg);
    return 0;
}

int ray_jpeg_decode(const ray_picture_bytes *bytes, ray_picture *picture, ray_error *error)
{
    decoder d = { .bytes = bytes, .picture = picture, .error = error };
    int failed = decode(&d);
    jpeg_destroy_decompress(&d.jpeg);
    if (failed)
        ray_picture_free(picture);
    return failed;
}
