/* SPDX-License-Identifier: MIT */
/* test_broken_pictures.c - cut short, damaged and hostile pictures, each refused with one line. */
#include "check_text.h"
#include "read/picture.h"
#include "scratch.h"

typedef struct bytes { unsigned char *data; size_t n; } bytes;

static bytes fixture(const char *name)
{
    char path[256];
    bytes b;
    snprintf(path, sizeof path, "tests/fixtures/pictures/%s", name);
    b.data = file_content(source_path(path), &b.n);
    return b;
}

/* Reads a file of these bytes; the message without the folder, "" when it was read. */
static const char *read_bytes(const char *name, const void *data, size_t n)
{
    static ray_error error;
    ray_picture picture;
    error.text[0] = '\0';
    const char *path = scratch_write(name, data, n);
    int failed = ray_picture_read(&picture, path, 3, &error);
    CU_ASSERT((failed != 0) == (picture.pixels == NULL));
    CU_ASSERT((failed != 0) == (error.text[0] != '\0'));
    CU_ASSERT(strchr(error.text, '\n') == NULL);
    ray_picture_free(&picture);
    const char *plain = strstr(error.text, name);
    return plain == NULL ? error.text : plain;
}

static void test_unknown(void)
{
    static const struct { const char *name, *content; size_t n; const char *message; } rows[] = {
        { "a.gif", "GIF89a\1\0\1\0\x80\0\0\xff\xff\xff", 16, "a.gif: neither PNG nor JPEG" },
        { "a.png", "", 0, "a.png: the file is empty" },
        { "b.png", "\x89PNG", 4, "b.png: neither PNG nor JPEG" },
        { "c.png", "\x89PNG\r\n\x1a\n", 8, "c.png: PNG: Read Error: the file is cut short" },
        { "d.png", "\x89PNG\n\x1a\n--------", 15, "d.png: neither PNG nor JPEG" },
        { "e.jpg", "\xff\xd8\xff", 3, "e.jpg: JPEG: Premature end of JPEG file" },
        { "f.jpg", "\xff\xd8\xff\xd9", 4, "f.jpg: JPEG: JPEG datastream contains no image" },
        { "g.jpg", "text", 4, "g.jpg: neither PNG nor JPEG" },
    };
    for (int i = 0; i < COUNT(rows); i++)
        check_text(rows[i].name, read_bytes(rows[i].name, rows[i].content, rows[i].n),
                   rows[i].message);
}

static void test_unreadable(void)
{
    ray_error   error = { "" };
    ray_picture picture;
    CU_ASSERT(ray_picture_read(&picture, "/nonexistent/cat.png", 3, &error) != 0);
    check_text("path", error.text, "cannot read /nonexistent/cat.png: No such file or directory");
    CU_ASSERT(picture.pixels == NULL);
    error.text[0] = '\0';
    CU_ASSERT(ray_picture_read(&picture, "/tmp", 3, &error) != 0);
    check_text("path", error.text, "cannot read /tmp: it is a folder");
}

/* Cut off anywhere, a picture is refused; whole, it is read. */
static void test_cut_short(void)
{
    static const char *const names[] = { "rgb.png", "rgb_interlaced.png", "palette_4bit.png",
                                         "grey_16bit.png", "rgb_420.jpg", "rgb_progressive.jpg",
                                         "grey.jpg", "cmyk.jpg" };
    for (int i = 0; i < COUNT(names); i++) {
        bytes whole = fixture(names[i]);
        for (size_t n = 0; n < whole.n; n += 1 + (n > 200 && n + 60 < whole.n ? 12 : 0))
            CHECK_CASE(read_bytes(names[i], whole.data, n)[0] != '\0',
                       "%s was read though cut off after %zu of %zu bytes", names[i], n, whole.n);
        check_text(names[i], read_bytes(names[i], whole.data, whole.n), "");
        free(whole.data);
    }
}

/* Bytes of a good file replaced. */
static void test_damaged(void)
{
    static const struct {
        const char *name;
        int at;
        const char *with;
        const char *message;
    } rows[] = {
        { "rgb.png", 12, "IHDX", "rgb.png: PNG: IHDX: CRC error" },
        { "rgb.png", 28, "\xff", "rgb.png: PNG: IHDR: CRC error" },
        { "rgb.png", 60, "\x5a\x5a", "rgb.png: PNG: IDAT: invalid literal/lengths set" },
        { "rgb.png", -20, "\x5a", "rgb.png: PNG: IDAT: incorrect data check" },
        { "rgb.png", -14, "\x5a", "rgb.png: PNG: IDAT: CRC error" },
        { "palette.png", 37, "pLTE", "palette.png: PNG: IDAT: Missing PLTE before IDAT" },
        { "palette.png", 60, "\x5a", "palette.png: PNG: PLTE: CRC error" },
        { "rgb_420.jpg", 2, "\xff\xd9", "rgb_420.jpg: JPEG: JPEG datastream contains no image" },
        { "rgb_420.jpg", -40, "\xff\xd9",
          "rgb_420.jpg: JPEG: Corrupt JPEG data: premature end of data segment" },
        { "grey.jpg", 2, "\xff\xc8", "grey.jpg: JPEG: Unsupported JPEG process: SOF type 0xc8" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        bytes  file = fixture(rows[i].name);
        size_t at = rows[i].at < 0 ? file.n - (size_t)-rows[i].at : (size_t)rows[i].at;
        memcpy(file.data + at, rows[i].with, strlen(rows[i].with));
        check_text(rows[i].name, read_bytes(rows[i].name, file.data, file.n), rows[i].message);
        free(file.data);
    }
}

/* ---- PNG files made here ---- */

static uint32_t crc_of(const unsigned char *data, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void put_number(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void put_chunk(bytes *png, const char *type, const void *data, size_t n)
{
    unsigned char *to = png->data + png->n;
    put_number(to, (uint32_t)n);
    memcpy(to + 4, type, 4);
    memcpy(to + 8, data, n);
    put_number(to + 8 + n, crc_of(to + 4, n + 4));
    png->n += n + 12;
}

/* Deflated data of 1 x 1 pixels of grey, or of no bytes at all. */
static const unsigned char one_pixel[] = { 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81 };
static const unsigned char nothing[] = { 0x78, 0x9c, 0x03, 0, 0, 0, 0, 1 };

static bytes make_png(uint32_t width, uint32_t height, const char *form, bool full)
{
    bytes png = { calloc(1, 512), 8 };
    unsigned char header[13];
    put_number(header, width);
    put_number(header + 4, height);
    memcpy(header + 8, form, 5);
    memcpy(png.data, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "IHDR", header, 13);
    put_chunk(&png, "IDAT", full ? one_pixel : nothing, full ? sizeof one_pixel : sizeof nothing);
    put_chunk(&png, "IEND", "", 0);
    return png;
}

/* Sizes that would take gigabytes are refused before memory is taken. */
static void test_hostile_png(void)
{
    static const struct {
        uint32_t width, height;
        const char *form;
        bool full;
        const char *message;
    } rows[] = {
        { 1, 1, "\x08\0\0\0\0", true, "" },
        { 1, 1, "\x08\0\0\0\0", false, "h.png: PNG: Not enough image data" },
        { 2, 1, "\x08\0\0\0\0", true, "h.png: PNG: Not enough image data" },
        { 16384, 16384, "\x08\2\0\0\0", true,
          "h.png: PNG: a file of 67 bytes cannot hold 16384 x 16384 pixels" },
        { 0x7fffffff, 0x7fffffff, "\x01\0\0\0\0", true,
          "h.png: PNG: a file of 67 bytes cannot hold 2147483647 x 2147483647 pixels" },
        { 1, 0x7fffffff, "\x08\0\0\0\0", true,
          "h.png: 1 x 2147483647 pixels are too many; at most 268435456" },
        { 0, 1, "\x08\0\0\0\0", true, "h.png: PNG: Invalid IHDR data" },
        { 1, 0x80000000, "\x08\0\0\0\0", true, "h.png: PNG: PNG unsigned integer out of range" },
        { 1, 1, "\x07\0\0\0\0", true, "h.png: PNG: Invalid IHDR data" },
        { 1, 1, "\x08\1\0\0\0", true, "h.png: PNG: Invalid IHDR data" },
        { 1, 1, "\x08\0\1\0\0", true, "h.png: PNG: Invalid IHDR data" },
        { 1, 1, "\x08\3\0\0\0", true, "h.png: PNG: IDAT: Missing PLTE before IDAT" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        bytes png = make_png(rows[i].width, rows[i].height, rows[i].form, rows[i].full);
        char  row[16];
        snprintf(row, sizeof row, "row %d", i);
        check_text(row, read_bytes("h.png", png.data, png.n), rows[i].message);
        free(png.data);
    }
}

/* A frame header that states 65500 x 65500 pixels, and one of two components. */
static void test_hostile_jpeg(void)
{
    static const struct {
        const char *frame;
        size_t n;
        const char *message;
    } rows[] = {
        { "\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\1\1\x11\0\xff\xda\0\x08\1\1\0\0\x3f\0\0\xff"
          "\xd9",
          28, "h.jpg: 65500 x 65500 pixels are too many; at most 268435456" },
        { "\xff\xd8\xff\xc0\0\x0e\x08\0\1\0\1\2\1\x11\0\2\x11\0\xff\xda\0\x0a\2\1\0\2\0\0\x3f\0\0"
          "\xff\xd9",
          33, "h.jpg: JPEG: 2 components; 1, 3 and 4 are known" },
        { "\xff\xd8\xff\xc0\0\x0b\x0c\0\1\0\1\1\1\x11\0\xff\xda\0\x08\1\1\0\0\x3f\0\0\xff\xd9", 28,
          "h.jpg: JPEG: Unsupported JPEG data precision 12" },
    };
    for (int i = 0; i < COUNT(rows); i++)
        check_text("frame", read_bytes("h.jpg", rows[i].frame, rows[i].n), rows[i].message);
}

/* The first marker at or after byte `at`: 0xff and neither a stuffed zero nor a restart. */
static size_t find_marker(const bytes *jpeg, size_t at)
{
    while (at + 1 < jpeg->n && (jpeg->data[at] != 0xff || jpeg->data[at + 1] == 0 ||
                                (jpeg->data[at + 1] & 0xf8) == 0xd0))
        at++;
    return at;
}

/* Each scan of a progressive file costs a pass over all pixels: one that repeats its first scan
 * without end is stopped. */
static void test_many_scans(void)
{
    enum { REPEATED = 120 };
    bytes  file = fixture("rgb_progressive.jpg");
    size_t scan = 2;
    while (file.data[scan + 1] != 0xda)
        scan = find_marker(&file, scan + 2);
    size_t n = find_marker(&file, scan + 2) - scan;
    unsigned char *many = malloc(file.n + REPEATED * n);
    CU_ASSERT_FATAL(many != NULL && scan + n < file.n);
    memcpy(many, file.data, scan);
    for (size_t i = 0; i < REPEATED; i++)
        memcpy(many + scan + i * n, file.data + scan, n);
    memcpy(many + scan + REPEATED * n, file.data + scan, file.n - scan);
    check_text("scans", read_bytes("s.jpg", many, file.n + REPEATED * n),
               "s.jpg: JPEG: more than 100 scans");
    free(many);
    free(file.data);
}

/* Damage anywhere: read or refused with one line (read_bytes checks that), nothing worse. */
static void test_noise(void)
{
    static const char *const names[] = { "rgb_interlaced.png", "palette_clear.png", "rgb_420.jpg",
                                         "rgb_progressive.jpg", "cmyk.jpg" };
    uint32_t random = 1;
    for (int i = 0; i < COUNT(names); i++)
        for (int trial = 0; trial < 300; trial++) {
            bytes file = fixture(names[i]);
            for (int k = 0; k < 1 + trial % 4; k++) {
                random = random * 1664525u + 1013904223u;
                file.data[(random >> 8) % file.n] ^= (unsigned char)(1u << (random >> 5 & 7));
            }
            read_bytes(names[i], file.data, file.n);
            free(file.data);
        }
}

int main(void)
{
    static const named_test tests[] = {
        { "unknown", test_unknown },         { "unreadable", test_unreadable },
        { "cut short", test_cut_short },     { "damaged", test_damaged },
        { "hostile png", test_hostile_png }, { "hostile jpeg", test_hostile_jpeg },
        { "many scans", test_many_scans },   { "noise", test_noise },
        { NULL, NULL },
    };
    return run_tests("broken pictures", tests);
}
