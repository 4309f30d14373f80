/* SPDX-License-Identifier: MIT */
/* Arrays and weight files: what is read, and how broken ones are refused. */
#include "check_text.h"
#include "read/npy.h"
#include "read/weights.h"
#include "weight_files.h"

/* ---- .npy: values ---- */

static const struct npy_row {
    const char *header, *data;
    size_t      n_data;
    int32_t     rank;
    int64_t     dim[3];
    float       values[6];
} arrays[] = {
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", "\0\0\x80\x3f\0\0\0\xc0", 8,
      1, { 2 }, { 1, -2 } },
    { "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }\n", "\x3f\x80\0\0\xc0\0\0\0", 8,
      1, { 2 }, { 1, -2 } },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", "\0\0\0\0\0\0\xf8\x3f", 8,
      2, { 1, 1 }, { 1.5f } },
    { "{'descr': '<f2', 'fortran_order': False, 'shape': (6,), }",
      "\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x80\x00\x04", 12,
      1, { 6 }, { 1, -2, 65504, 5.9604645e-8f, -0.0f, 6.1035156e-5f } },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", "\x01\x02\x03\x04\x05\xff", 6,
      2, { 2, 3 }, { 1, 2, 3, 4, 5, 255 } },
    { "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "\x01\x02\x03\x04\x05\xff", 6,
      2, { 2, 3 }, { 1, 3, 5, 2, 4, 255 } },
    { "{'descr': '|u1', 'fortran_order': True, 'shape': (1, 3, 2), "
      "}", "\x01\x02\x03\x04\x05\xff", 6,
      3, { 1, 3, 2 }, { 1, 4, 2, 5, 3, 255 } },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), "
      "}", "\xff\x80", 2, 1, { 2 }, { -1, -128 } },
    { "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", "\x01\x00\xff\xff", 4,
      1, { 2 }, { 256, -1 } },
    { "{'descr': '<u4', 'fortran_order': False, 'shape': (), }", "\x07\0\0\0", 4, 0, { 0 }, { 7 } },
    { "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), "
      "}", "\xfe\xff\xff\xff\xff\xff\xff\xff", 8,
      1, { 1 }, { -2 } },
    { "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), "
      "}", "\0\1\2", 3, 1, { 3 }, { 0, 1, 1 } },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0), }", "", 0, 2, { 3, 0 }, { 0 } },
    /* other ways to write the same */
    { " { \"shape\" : ( 2 , 1 ) ,\"fortran_order\":False,\"descr\":'=f4'}  \n",
      "\0\0\x80\x3f\0\0\0\xc0", 8, 2, { 2, 1 }, { 1, -2 } },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), }", "\x01\x02", 2,
      2, { 2, 1 }, { 1, 2 } },
};

static void test_npy_values(void)
{
    for (int i = 0; i < COUNT(arrays); i++) {
        const struct npy_row *row = &arrays[i];
        bytes b = npy_bytes(row->header, row->data, row->n_data);
        ray_tensor t;
        ray_error error = { "" };
        CU_ASSERT_EQUAL(ray_npy_parse("a.npy", b.data, b.n, &t, &error), 0);
        check_text(row->header, error.text, "");
        CHECK_CASE(t.rank == row->rank, "%s", row->header);
        int64_t n = 1;
        for (int32_t k = 0; k < t.rank; k++) {
            CHECK_CASE(t.dim[k] == row->dim[k], "%s", row->header);
            n *= t.dim[k];
        }
        CHECK_CASE(n <= 6 && memcmp(t.data, row->values, (size_t)n * sizeof *t.data) == 0, "%s",
                   row->header);
        ray_tensor_free(&t);
    }
}

static void test_npy_not_finite(void)
{
    bytes b = npy_bytes("{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }",
                        "\x00\x7c\x00\xfc\x01\x7e", 6);
    ray_tensor t;
    CU_ASSERT_EQUAL_FATAL(ray_npy_parse("a.npy", b.data, b.n, &t, NULL), 0);
    CU_ASSERT(isinf(t.data[0]) && t.data[0] > 0 && isinf(t.data[1]) && t.data[1] < 0);
    CU_ASSERT(isnan(t.data[2]));
    ray_tensor_free(&t);
}

/* ---- .npy: refused ---- */

#define PLAIN "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
#define TYPE(t) "{'descr': " t ", 'fortran_order': False, 'shape': (2,), }"
#define SHAPE(s) "{'descr': '<f4', 'fortran_order': False, 'shape': " s ", }"
#define ORDER(o) "{'descr': '<f4', 'fortran_order': " o ", 'shape': (2,), }"
#define OBJECTS "a.npy: Python objects are not read; only plain numbers"
#define RECORDS "a.npy: records of several fields are not read; only plain numbers"
#define NUMBERS(t) \
    "a.npy: numbers of type \"" t "\" are not read; only f2, f4, f8, integers and bools"

static const struct { const char *header; size_t n_data; const char *message; } bad_arrays[] = {
    { PLAIN, 7, "a.npy: truncated: the header and its shape make 75 bytes, there are 74" },
    { PLAIN, 0, "a.npy: truncated: the header and its shape make 75 bytes, there are 67" },
    { PLAIN, 9, "a.npy: too long: the header and its shape make 75 bytes, there are 76" },
    { TYPE("'|O'"), 16, OBJECTS },
    { TYPE("'O'"), 16, OBJECTS },
    { TYPE("[('a', '<f4')]"), 8, RECORDS },
    { TYPE("'<c8'"), 16, NUMBERS("<c8") },
    { TYPE("'<U3'"), 24, NUMBERS("<U3") },
    { TYPE("'<f16'"), 32, NUMBERS("<f16") },
    { TYPE("'f4'"), 8, NUMBERS("f4") },
    { TYPE("'<f'"), 8, NUMBERS("<f") },
    { TYPE("'<'"), 8, NUMBERS("<") },
    { TYPE("''"), 8, "a.npy: .npy header: a type such as '<f4' is expected at byte 11" },
    { TYPE("'<f4"), 8, NUMBERS("<f4, ") },
    { TYPE("None"), 8, "a.npy: .npy header: a type such as '<f4' is expected at byte 10" },
    { ORDER("true"), 8, "a.npy: .npy header: fortran_order is \"true\"; True or False is "
      "expected" },
    { ORDER("0"), 8, "a.npy: .npy header: fortran_order is \"0\"; True or False is expected" },
    { ORDER(""), 8, "a.npy: .npy header: True or False is expected at byte 34" },
    { SHAPE("(2)"), 8, "a.npy: .npy header: ',' after a single size is expected at byte 53" },
    { SHAPE("2"), 8, "a.npy: .npy header: '(' is expected at byte 50" },
    { SHAPE("[2]"), 8, "a.npy: .npy header: '(' is expected at byte 50" },
    { SHAPE("(-2,)"), 8, "a.npy: .npy header: \"-2\" is not a size" },
    { SHAPE("(2.0,)"), 8, "a.npy: .npy header: \"2.0\" is not a size" },
    { SHAPE("(2 3)"), 8, "a.npy: .npy header: ',' or ')' is expected at byte 53" },
    { SHAPE("(,)"), 8, "a.npy: .npy header: a size is expected at byte 51" },
    { SHAPE("(9999999999999999999,)"), 8, "a.npy: .npy header: \"9999999999999999999\" is not a "
      "size" },
    { SHAPE("(4294967296, 4294967296)"), 8, "a.npy: .npy header: the shape has more numbers than "
      "any file" },
    { SHAPE("(281474976710656,)"), 8, "a.npy: truncated: the header and its shape make "
      "1125899906842705 bytes, there are 89" },
    { SHAPE("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 4, "a.npy: more than 8 dimensions" },
    { "{'descr': '<f4', 'fortran_order': False}", 8, "a.npy: .npy header: \"shape\" is missing" },
    { "{'descr': '<f4', 'shape': (2,)}", 8, "a.npy: .npy header: \"fortran_order\" is missing" },
    { "{'fortran_order': False, 'shape': (2,)}", 8, "a.npy: .npy header: \"descr\" is missing" },
    { "{'shape': (2,), 'shape': (2,)}", 8, "a.npy: .npy header: \"shape\" is given twice" },
    { "{'shape': (2,), 'size': 2}", 8, "a.npy: .npy header: unknown key \"size\"" },
    { "{'shape' (2,)}", 8, "a.npy: .npy header: ':' is expected at byte 9" },
    { "{shape: (2,)}", 8, "a.npy: .npy header: a key is expected at byte 1" },
    { "{'shape': (2,) 'descr': '<f4'}", 8, "a.npy: .npy header: ',' or '}' is expected at byte "
      "15" },
    { "{'shape': (2,)", 8, "a.npy: .npy header: ',' or '}' is expected at byte 14" },
    { PLAIN " x", 8, "a.npy: .npy header: the end of the header is expected at byte 58" },
    { "()", 8, "a.npy: .npy header: '{' is expected at byte 0" },
    { "", 8, "a.npy: .npy header: '{' is expected at byte 0" },
    { "__import__('os').system('echo')", 8, "a.npy: .npy header: '{' is expected at byte 0" },
};

static void test_npy_refused(void)
{
    for (int i = 0; i < COUNT(bad_arrays); i++) {
        bytes b = npy_bytes(bad_arrays[i].header, NULL, bad_arrays[i].n_data);
        ray_tensor t;
        ray_error error = { "" };
        CU_ASSERT_EQUAL(ray_npy_parse("a.npy", b.data, b.n, &t, &error), -1);
        check_text(bad_arrays[i].header, error.text, bad_arrays[i].message);
        CU_ASSERT_PTR_NULL(t.data);
    }
}

#define RAW(text) text, sizeof text - 1
static const struct { const char *data; size_t n; const char *message; } bad_starts[] = {
    { RAW(""), "a.npy: not an .npy file" },
    { RAW("\x93NUMPY\x01\x00\x76\x00"), "a.npy: not an .npy file" },
    { RAW("PK\x03\x04 some zip archive"), "a.npy: not an .npy file" },
    { RAW("\x93NUMPY\x04\x00\x02\x00\x00\x00{}"), "a.npy: version 4.0 of .npy is not known; 1.0 to "
      "3.0 are" },
    { RAW("\x93NUMPY\x00\x01\x02\x00\x00\x00{}"), "a.npy: version 0.1 of .npy is not known; 1.0 to "
      "3.0 are" },
    { RAW("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), "a.npy: a header of 4294967295 bytes is too "
      "long" },
    { RAW("\x93NUMPY\x01\x00\xff\xff{}"), "a.npy: truncated: the header takes 65545 bytes, the "
      "file has 12" },
};

static void test_npy_starts(void)
{
    for (int i = 0; i < COUNT(bad_starts); i++) {
        ray_tensor t;
        ray_error error = { "" };
        CU_ASSERT_EQUAL(ray_npy_parse("a.npy", (const unsigned char *)bad_starts[i].data,
                                      bad_starts[i].n, &t, &error), -1);
        check_text(bad_starts[i].message, error.text, bad_starts[i].message);
    }
}

/* Versions 2 and 3 have a longer length and are the same otherwise. */
static void test_npy_versions(void)
{
    for (int version = 2; version <= 3; version++) {
        bytes b = { .n = 0 };
        uint32_t length = sizeof PLAIN - 1;
        const unsigned char start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0 };
        ray_tensor t;
        bytes_put(&b, start, sizeof start);
        bytes_put(&b, &length, 4);
        bytes_put(&b, PLAIN, length);
        bytes_put(&b, "\0\0\x80\x3f\0\0\0\x40", 8);
        CU_ASSERT_EQUAL_FATAL(ray_npy_parse("a.npy", b.data, b.n, &t, NULL), 0);
        CU_ASSERT(t.rank == 1 && t.dim[0] == 2 && t.data[0] == 1 && t.data[1] == 2);
        ray_tensor_free(&t);
    }
}

static void test_npy_file(void)
{
    ray_tensor t;
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_npy_read(source_path("tests/fixtures/plain/input.npy"), &t, &error), 0);
    CU_ASSERT_EQUAL(t.rank, 4);
    ray_tensor_free(&t);
    CU_ASSERT_EQUAL(ray_npy_read("/nonexistent/a.npy", &t, &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "cannot read /nonexistent/a.npy: No such file or directory");
    CU_ASSERT_PTR_NULL(t.data);
}

/* ---- .safetensors ---- */

#define ONE(dtype, shape, offsets) \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second) \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" first "}," \
    "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" second "}}"

/* Messages follow the path of the file and ": ". */
static const struct { const char *header; size_t n_data; const char *message; } bad_tensors[] = {
    { "{", 0, "the header is not valid JSON: string or '}' expected near end of file (byte 1)" },
    { "", 0, "the header is not valid JSON: '[' or '{' expected near end of file (byte 0)" },
    { "{} x", 0, "the header is not valid JSON: end of file expected near 'x' (byte 4)" },
    { "[]", 0, "the header is no JSON object" },
    { "{\"a\":1,\"a\":2}", 0, "the header is not valid JSON: duplicate object key near '\"a\"' "
      "(byte 10)" },
    { "{\"a\":\"\xff\"}", 0, "the header is not valid JSON: unable to decode byte 0xff near '\"' "
      "(byte 6)" },
    { "{\"a\":1}", 0, "tensor \"a\": its entry in the header is no object" },
    { "{\"a\":{}}", 0, "tensor \"a\": \"dtype\" is missing or no text" },
    { ONE("4", "[2]", "[0,8]"), 8, "tensor \"a\": \"dtype\" is missing or no text" },
    { ONE("\"F33\"", "[2]", "[0,8]"), 8, "tensor \"a\": unknown dtype \"F33\"" },
    { ONE("\"F32\"", "2", "[0,8]"), 8, "tensor \"a\": \"shape\" is missing or no list" },
    { ONE("\"F32\"", "[-2]", "[0,8]"), 8, "tensor \"a\": \"shape\" has an entry that is no size" },
    { ONE("\"F32\"", "[2.0]", "[0,8]"), 8, "tensor \"a\": \"shape\" has an entry that is no size" },
    { ONE("\"F32\"", "[\"2\"]", "[0,8]"), 8, "tensor \"a\": \"shape\" has an entry that is no "
      "size" },
    { ONE("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), 8, "tensor \"a\": more than 8 dimensions" },
    { ONE("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8, "tensor \"a\": \"shape\" has more "
      "numbers than any file" },
    { ONE("\"F32\"", "[2]", "8"), 8, "tensor \"a\": \"data_offsets\" is missing or no pair of "
      "integers" },
    { ONE("\"F32\"", "[2]", "[0]"), 8, "tensor \"a\": \"data_offsets\" is missing or no pair of "
      "integers" },
    { ONE("\"F32\"", "[2]", "[0,8,16]"), 16, "tensor \"a\": \"data_offsets\" is missing or no "
      "pair of integers" },
    { ONE("\"F32\"", "[2]", "[0,8.0]"), 8, "tensor \"a\": \"data_offsets\" is missing or no pair "
      "of integers" },
    { ONE("\"F32\"", "[2]", "[0,8]"), 7, "tensor \"a\": data_offsets [0, 8] do not lie in the 7 "
      "bytes of numbers" },
    { ONE("\"F32\"", "[2]", "[8,0]"), 8, "tensor \"a\": data_offsets [8, 0] do not lie in the 8 "
      "bytes of numbers" },
    { ONE("\"F32\"", "[2]", "[-8,0]"), 8, "tensor \"a\": data_offsets [-8, 0] do not lie in the 8 "
      "bytes of numbers" },
    { ONE("\"F32\"", "[2]", "[9223372036854775800,9223372036854775807]"), 8, "tensor \"a\": "
      "data_offsets [9223372036854775800, 9223372036854775807] do not lie in the 8 bytes of "
        "numbers" },
    { ONE("\"F32\"", "[2]", "[0,99999999999999999999]"), 8, "the header is not valid JSON: too big "
      "integer near '99999999999999999999' (byte 70)" },
    { ONE("\"F32\"", "[3]", "[0,8]"), 8, "tensor \"a\": 3 of F32 takes 12 bytes, data_offsets "
      "give 8" },
    { ONE("\"F32\"", "[]", "[0,8]"), 8, "tensor \"a\": scalar of F32 takes 4 bytes, data_offsets "
      "give 8" },
    { ONE("\"F64\"", "[1,2]", "[0,8]"), 8, "tensor \"a\": 1x2 of F64 takes 16 bytes, data_offsets "
      "give 8" },
    { ONE("\"F32\"", "[2]", "[2,10]"), 10, "tensor \"a\": byte 2 is no place for numbers of 4 "
      "bytes" },
    { TWO("[0,8]", "[4,12]"), 12, "tensors \"a\" and \"b\" overlap" },
    { TWO("[4,12]", "[0,8]"), 12, "tensors \"b\" and \"a\" overlap" },
    { TWO("[0,8]", "[0,8]"), 8, "tensors \"a\" and \"b\" overlap" },
};

/* The message of opening a file that must not open. */
static void check_refused(const char *path, const char *row, const char *message)
{
    char expected[1000];
    ray_error error = { "" };
    ray_weights *w;
    snprintf(expected, sizeof expected, "%s: %s", path, message);
    CU_ASSERT_EQUAL(ray_weights_open(&w, path, &error), -1);
    check_text(row, error.text, expected);
    CU_ASSERT_PTR_NULL(w);
    ray_weights_close(w);
}

static void test_safetensors_refused(void)
{
    const char *path = weight_path("a.safetensors");
    for (int i = 0; i < COUNT(bad_tensors); i++) {
        bytes b = safetensors_bytes(bad_tensors[i].header, NULL, bad_tensors[i].n_data);
        bytes_write(&b, path);
        check_refused(path, bad_tensors[i].header, bad_tensors[i].message);
    }
}

static const struct { const char *data; size_t n; const char *message; } bad_lengths[] = {
    { RAW(""), "0 bytes are too few for a .safetensors file" },
    { RAW("\x02\0\0\0\0\0\0"), "7 bytes are too few for a .safetensors file" },
    { RAW("\x03\0\0\0\0\0\0\0{}"), "the header claims 3 bytes, the file has 2 after its first 8" },
    { RAW("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "the header claims 18446744073709551615 bytes, "
      "the file has 2 after its first 8" },
    { RAW("PK\x03\x04\0\0\0\0not a header"), "the header claims 67324752 bytes, the file has 12 "
      "after its first 8" },
};

static void test_safetensors_lengths(void)
{
    const char *path = weight_path("a.safetensors");
    for (int i = 0; i < COUNT(bad_lengths); i++) {
        bytes b = { .n = 0 };
        bytes_put(&b, bad_lengths[i].data, bad_lengths[i].n);
        bytes_write(&b, path);
        check_refused(path, bad_lengths[i].message, bad_lengths[i].message);
    }
}

/* A header of more than 100 MB, in a file that is large enough. */
static void test_safetensors_long_header(void)
{
    const char *path = weight_path("a.safetensors");
    bytes b = { .n = 0 };
    uint64_t length = 100000001;
    bytes_put(&b, &length, 8);
    bytes_write(&b, path);
    CU_ASSERT_EQUAL_FATAL(truncate(path, 100000100), 0);
    check_refused(path, "long header", "a header of 100000001 bytes is too long");
    CU_ASSERT_EQUAL(unlink(path), 0);
}

/* Takes a tensor and compares it with values. */
static void check_tensor(ray_weights *w, const char *name, int32_t rank, const float *values, int n)
{
    ray_tensor t, shape;
    ray_error error = { "" };
    int index = ray_weights_find(w, name);
    CU_ASSERT_FATAL(index >= 0);
    CU_ASSERT_STRING_EQUAL(ray_weights_name(w, index), name);
    ray_weights_shape(w, index, &shape);
    CU_ASSERT_PTR_NULL(shape.data);
    int failed = ray_weights_take(w, index, &t, &error);
    check_text(name, error.text, "");
    CU_ASSERT_EQUAL_FATAL(failed, 0);
    CU_ASSERT(t.rank == rank && shape.rank == rank);
    CU_ASSERT_EQUAL(memcmp(t.dim, shape.dim, sizeof t.dim), 0);
    CHECK_CASE(memcmp(t.data, values, (size_t)n * sizeof *values) == 0, "%s", name);
    RAY_REAL *first = t.data;
    CU_ASSERT_EQUAL(ray_weights_take(w, index, &t, &error), 0);
    CU_ASSERT_PTR_EQUAL(t.data, first);
}

static void check_take_refused(ray_weights *w, const char *name, const char *message)
{
    char expected[1000];
    ray_tensor t;
    int index = ray_weights_find(w, name);
    CU_ASSERT_FATAL(index >= 0);
    snprintf(expected, sizeof expected, "%s: tensor \"%s\": "
      "%s", ray_weights_path(w), name, message);
    for (int i = 0; i < 2; i++) {
        ray_error error = { "" };
        CU_ASSERT_EQUAL(ray_weights_take(w, index, &t, &error), -1);
        check_text(name, error.text, expected);
    }
}

static const char mixed_header[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
    "\"f\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
    "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[16,16]},"
    "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
    "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]},"
    "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[28,30]},"
    "\"e\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[30,31]},"
    "\"t\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[31,32]},"
    "\"nan\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[32,56]},"
    "\"inf\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[56,64]}}";
static const char mixed_data[] =
    "\0\0\0\0\0\0\xf8\x3f" "\0\0\x80\x3f\0\0\0\xc0" "\x01\0\0\0\0\0\0\0" "\x00\x3c\x00\xc0"
    "\x40\x40" "\x38" "\x01" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc0\x7f\0\0\0\0"
    "\0\0\0\0\0\0\xf0\xff";

static void check_mixed(const char *header)
{
    const char *path = weight_path("mixed.safetensors");
    const char *types = "numbers of type %s cannot be weights; only F32, F16, BF16 and F64";
    char message[200];
    ray_weights *w;
    ray_error error = { "" };
    bytes b = safetensors_bytes(header, mixed_data, sizeof mixed_data - 1);
    bytes_write(&b, path);
    CU_ASSERT_EQUAL_FATAL(ray_weights_open(&w, path, &error), 0);
    CU_ASSERT_EQUAL(ray_weights_count(w), 10);
    CU_ASSERT_STRING_EQUAL(ray_weights_path(w), path);
    CU_ASSERT_EQUAL(ray_weights_find(w, "absent"), -1);
    CU_ASSERT_EQUAL(ray_weights_find(w, "__metadata__"), -1);
    check_tensor(w, "f", 2, (const float[]){ 1, -2 }, 2);
    check_tensor(w, "d", 1, (const float[]){ 1.5f }, 1);
    check_tensor(w, "h", 1, (const float[]){ 1, -2 }, 2);
    check_tensor(w, "b", 0, (const float[]){ 3 }, 1);
    check_tensor(w, "empty", 2, (const float[]){ 0 }, 0);
    snprintf(message, sizeof message, types, "I64");
    check_take_refused(w, "n", message);
    snprintf(message, sizeof message, types, "BOOL");
    check_take_refused(w, "t", message);
    snprintf(message, sizeof message, types, "F8_E4M3");
    check_take_refused(w, "e", message);
    check_take_refused(w, "nan", "element [1, 1] is NaN");
    check_take_refused(w, "inf", "element [] is infinite");
    ray_weights_close(w);
}

/* Blanks after the header move the numbers to places that are aligned and to ones that are not. */
static void test_safetensors_values(void)
{
    char header[sizeof mixed_header + 8];
    strcpy(header, mixed_header);
    for (int i = 0; i < 8; i++) {
        check_mixed(header);
        strcat(header, " ");
    }
}

/* ---- .npz ---- */

#define FLOATS "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
static const unsigned char two_floats[] = { 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0 };

static void test_npz_values(void)
{
    static const char *const names[] = { "b.weight.npy", "a/bias.npy", "n.npy", "nan.npy" };
    static const int methods[] = { ZIP_CM_STORE, ZIP_CM_DEFLATE };
    const char *path = weight_path("a.npz");
    for (int i = 0; i < COUNT(methods); i++) {
        ray_weights *w;
        const bytes entries[] = {
            npy_bytes(FLOATS, two_floats, 8),
            npy_bytes("{'descr': '>f8', 'fortran_order': False, 'shape': (1, 1), }",
                      "\x3f\xf8\0\0\0\0\0\0", 8),
            npy_bytes("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", NULL, 8),
            npy_bytes(FLOATS, "\0\0\x80\x3f\0\0\xc0\x7f", 8)
        };
        zip_write(path, names, entries, COUNT(names), methods[i]);
        CU_ASSERT_EQUAL_FATAL(ray_weights_open(&w, path, NULL), 0);
        CU_ASSERT_EQUAL(ray_weights_count(w), 4);
        check_tensor(w, "b.weight", 1, (const float[]){ 1, -2 }, 2);
        check_tensor(w, "a/bias", 2, (const float[]){ 1.5f }, 1);
        check_take_refused(w, "n", "numbers of type I64 cannot be weights; only F32, F16, BF16 and "
                           "F64");
        check_take_refused(w, "nan", "element [1] is NaN");
        ray_weights_close(w);
    }
}

static const struct {
    const char *name, *header;
    size_t      n_data;
    const char *message;
} bad_entries[] = {
    { "readme.txt", FLOATS, 8, "readme.txt: the name does not end in .npy" },
    { ".npy", FLOATS, 8, ".npy: the name does not end in .npy" },
    { "a.npy", FLOATS, 7, "a.npy: truncated: the header and its shape make 75 bytes, there are "
      "74" },
    { "a.npy", FLOATS, 9, "a.npy: too long: the header and its shape make 75 bytes, there are 76" },
    { "a.npy", "{}", 8, "a.npy: .npy header: \"descr\" is missing" },
    { "a.npy", TYPE("'|O'"), 8, OBJECTS },
    { "a.npy", SHAPE("(281474976710656,)"), 8, "a.npy: truncated: the header and its shape make "
      "1125899906842705 bytes, there are 89" },
};

static void test_npz_refused(void)
{
    const char *path = weight_path("a.npz");
    for (int i = 0; i < COUNT(bad_entries); i++) {
        bytes entry = npy_bytes(bad_entries[i].header, NULL, bad_entries[i].n_data);
        zip_write(path, &bad_entries[i].name, &entry, 1, ZIP_CM_STORE);
        check_refused(path, bad_entries[i].message, bad_entries[i].message);
    }
}

static const struct { const char *data; size_t n; const char *message; } bad_inside[] = {
    { RAW(""), "a.npy: not an .npy file" },
    { RAW("not an array at all"), "a.npy: not an .npy file" },
    { RAW("\x93NUMPY\x01\x00\xff\xff{}"), "a.npy: the .npy header does not fit" },
    { RAW("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), "a.npy: a header of 4294967295 bytes is too "
      "long" },
};

static void test_npz_inside(void)
{
    static const char *const name = "a.npy";
    const char *path = weight_path("a.npz");
    for (int i = 0; i < COUNT(bad_inside); i++) {
        bytes entry = { .n = 0 };
        bytes_put(&entry, bad_inside[i].data, bad_inside[i].n);
        zip_write(path, &name, &entry, 1, ZIP_CM_DEFLATE);
        check_refused(path, bad_inside[i].message, bad_inside[i].message);
    }
}

static const unsigned char central[] = { 'P', 'K', 1, 2 };
enum { AT_METHOD = 10, AT_SIZE = 24, AT_NAME = 46 };     /* in an entry of the central directory */

/* A good archive of a.npy and b.npy, to be broken. */
static bytes good_archive(const char *path, int method)
{
    static const char *const names[] = { "a.npy", "b.npy" };
    const bytes entries[] = { npy_bytes(FLOATS, two_floats, 8), npy_bytes(FLOATS, two_floats, 8) };
    zip_write(path, names, entries, 2, method);
    return bytes_read(path);
}

static void test_npz_broken_directory(void)
{
    const char *path = weight_path("a.npz");
    bytes b = good_archive(path, ZIP_CM_STORE);
    size_t at = bytes_find(&b, (const char *)central, sizeof central);
    memset(b.data + at + AT_SIZE, 0x7f, 4);
    bytes_write(&b, path);
    check_refused(path, "size", "a.npy: 2139062143 bytes cannot come from 75 compressed ones");

    b = good_archive(path, ZIP_CM_STORE);
    b.data[at + AT_METHOD] = 12;
    bytes_write(&b, path);
    check_refused(path, "method", "a.npy: compression method 12 is not read; only stored and "
      "deflated");

    b = good_archive(path, ZIP_CM_STORE);
    b.data[at + AT_NAME] = 'b';
    bytes_write(&b, path);
    check_refused(path, "names", "two tensors are named \"b\"");

    b = good_archive(path, ZIP_CM_STORE);
    b.n -= 30;
    bytes_write(&b, path);
    check_refused(path, "truncated", "the archive cannot be read: Not a zip archive");

    b.n = 0;
    bytes_write(&b, path);
    check_refused(path, "empty", "the file is empty");
}

/* A wrong byte among the numbers is found by the checksum, when they are taken. */
static void test_npz_checksum(void)
{
    const char *path = weight_path("a.npz");
    char expected[400];
    ray_weights *w;
    ray_tensor t;
    ray_error error = { "" };
    bytes b = good_archive(path, ZIP_CM_STORE);
    b.data[bytes_find(&b, (const char *)two_floats, 8) + 2] ^= 1;
    bytes_write(&b, path);
    CU_ASSERT_EQUAL_FATAL(ray_weights_open(&w, path, &error), 0);
    CU_ASSERT_EQUAL(ray_weights_take(w, ray_weights_find(w, "a"), &t, &error), -1);
    snprintf(expected, sizeof expected, "%s: a.npy: CRC error", path);
    check_text("checksum", error.text, expected);
    check_tensor(w, "b", 1, (const float[]){ 1, -2 }, 2);
    ray_weights_close(w);
}

/* ---- A folder of .npy ---- */

static void write_array(const char *name, const char *header, const void *data, size_t n_data)
{
    bytes b = npy_bytes(header, data, n_data);
    bytes_write(&b, weight_path(name));
}

static void test_folder_values(void)
{
    ray_weights *w;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(mkdir(weight_path("arrays"), 0700), 0);
    write_array("arrays/fc.weight.npy", FLOATS, two_floats, 8);
    write_array("arrays/conv.weight.npy", "{'descr': '|i1', 'fortran_order': False, 'shape': (), }",
                "\x05", 1);
    write_array("arrays/.hidden.npy", "broken", NULL, 0);
    write_array("arrays/notes.txt", "broken", NULL, 0);
    CU_ASSERT_EQUAL_FATAL(ray_weights_open(&w, weight_path("arrays"), &error), 0);
    CU_ASSERT_EQUAL_FATAL(ray_weights_count(w), 2);
    CU_ASSERT_STRING_EQUAL(ray_weights_name(w, 0), "conv.weight");
    check_tensor(w, "fc.weight", 1, (const float[]){ 1, -2 }, 2);
    check_take_refused(w, "conv.weight", "numbers of type I8 cannot be weights; only F32, F16, "
      "BF16 and F64");
    ray_weights_close(w);
}

static void test_folder_refused(void)
{
    CU_ASSERT_EQUAL_FATAL(mkdir(weight_path("none"), 0700), 0);
    check_refused(weight_path("none"), "none", "a folder without .npy files");
    CU_ASSERT_EQUAL_FATAL(mkdir(weight_path("bad"), 0700), 0);
    write_array("bad/a.npy", FLOATS, NULL, 5);
    ray_weights *w;
    char expected[400];
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_weights_open(&w, weight_path("bad"), &error), -1);
    snprintf(expected, sizeof expected, "%s: truncated: the header and its shape make 75 bytes, "
      "there are 72", weight_path("bad/a.npy"));
    check_text("truncated", error.text, expected);
}

/* What was a small array when the folder was opened is another one when it is taken. */
static void test_folder_changed(void)
{
    char expected[400];
    ray_weights *w;
    ray_tensor t;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(mkdir(weight_path("changing"), 0700), 0);
    write_array("changing/a.npy", FLOATS, two_floats, 8);
    CU_ASSERT_EQUAL_FATAL(ray_weights_open(&w, weight_path("changing"), &error), 0);
    write_array("changing/a.npy", SHAPE("(3,)"), NULL, 12);
    CU_ASSERT_EQUAL(ray_weights_take(w, 0, &t, &error), -1);
    snprintf(expected, sizeof expected, "%s: the file has changed since it was opened",
             weight_path("changing/a.npy"));
    check_text("changed", error.text, expected);
    ray_weights_close(w);
}

/* ---- Paths, and files that other programs wrote ---- */

static void test_paths(void)
{
    const char *unknown = "not a format of weights that is known; .safetensors, .npz or a folder "
      "of .npy files";
    const bytes nothing = { .n = 0 };
    ray_weights *w;
    ray_error error = { "" };
    CU_ASSERT_EQUAL(ray_weights_open(&w, "/nonexistent/w.npz", &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "cannot read /nonexistent/w.npz: No such file or directory");
    bytes_write(&nothing, weight_path("w.pth"));
    check_refused(weight_path("w.pth"), "pth", unknown);
    bytes_write(&nothing, weight_path("w.npy"));
    check_refused(weight_path("w.npy"), "npy", unknown);
    ray_weights_close(NULL);
}

static const struct {
    const char *path;
    int         n;
    const char *name;
    int32_t     rank;
    int64_t     dim[4];
} made[] = {
    { "tests/fixtures/layers/conv2d_npz/weights.npz", 2, "layer.weight", 4, { 6, 4, 3, 3 } },
    { "tests/fixtures/layers/linear_npz_compressed/weights.npz", 2, "layer.weight", 2, { 7, 11 } },
    { "tests/fixtures/layers/conv2d_npy/weights", 2, "layer.bias", 1, { 6 } },
};

static void test_made_elsewhere(void)
{
    for (int i = 0; i < COUNT(made); i++) {
        ray_weights *w;
        ray_tensor t;
        ray_error error = { "" };
        int failed = ray_weights_open(&w, source_path(made[i].path), &error);
        check_text(made[i].path, error.text, "");
        CU_ASSERT_EQUAL_FATAL(failed, 0);
        CU_ASSERT_EQUAL(ray_weights_count(w), made[i].n);
        int index = ray_weights_find(w, made[i].name);
        CU_ASSERT_EQUAL_FATAL(ray_weights_take(w, index, &t, &error), 0);
        CU_ASSERT_EQUAL(t.rank, made[i].rank);
        CU_ASSERT_EQUAL(memcmp(t.dim, made[i].dim, (size_t)t.rank * sizeof *t.dim), 0);
        ray_weights_close(w);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "values of .npy", test_npy_values },
        { ".npy that is not finite", test_npy_not_finite },
        { ".npy that is refused", test_npy_refused },
        { "beginnings of .npy", test_npy_starts },
        { "versions of .npy", test_npy_versions },
        { ".npy files", test_npy_file },
        { "values of .safetensors", test_safetensors_values },
        { ".safetensors that are refused", test_safetensors_refused },
        { "lengths of .safetensors headers", test_safetensors_lengths },
        { "a very long header", test_safetensors_long_header },
        { "values of .npz", test_npz_values },
        { ".npz with bad arrays", test_npz_refused },
        { ".npz with no arrays", test_npz_inside },
        { ".npz with a broken directory", test_npz_broken_directory },
        { ".npz with a wrong byte", test_npz_checksum },
        { "values of a folder", test_folder_values },
        { "folders that are refused", test_folder_refused },
        { "a folder that changes", test_folder_changed },
        { "paths", test_paths },
        { "files made by other programs", test_made_elsewhere },
        { NULL, NULL }
    };
    weight_folder_make();
    int status = run_tests("weights", tests);
    weight_folder_remove(weight_folder);
    return status;
}
