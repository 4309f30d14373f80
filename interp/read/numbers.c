/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the readers of numbers are written for little-endian machines"
#endif

enum { BLOCK = 1 << 16, SWAP_BLOCK = 512 };     /* numbers in one piece of work */

/* ---- One function for each type ---- */

#define CONVERT(name, type)                                                             \
    static void name(const unsigned char *from, size_t n, RAY_REAL *to)                 \
    {                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                \
            type number;                                                                \
            memcpy(&number, from + i * sizeof number, sizeof number);                   \
            to[i] = (RAY_REAL)number;                                                   \
        }                                                                               \
    }

CONVERT(from_f32, float)
CONVERT(from_f64, double)
CONVERT(from_i8, int8_t)
CONVERT(from_i16, int16_t)
CONVERT(from_i32, int32_t)
CONVERT(from_i64, int64_t)
CONVERT(from_u8, uint8_t)
CONVERT(from_u16, uint16_t)
CONVERT(from_u32, uint32_t)
CONVERT(from_u64, uint64_t)

static float float_of_bits(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void from_bf16(const unsigned char *from, size_t n, RAY_REAL *to)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t upper = (uint32_t)from[2 * i] | (uint32_t)from[2 * i + 1] << 8;
        to[i] = (RAY_REAL)float_of_bits(upper << 16);
    }
}

/* The ten bits of fraction and five of exponent move to their places in a float, which is then
 * 2^112 too small; the product is exact, for subnormal numbers too. */
static void from_f16(const unsigned char *from, size_t n, RAY_REAL *to)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t half = (uint32_t)from[2 * i] | (uint32_t)from[2 * i + 1] << 8;
        uint32_t magnitude = half & 0x7fff, sign = half >> 15;
        float number = float_of_bits(magnitude << 13) * 0x1p112f;
        float special = float_of_bits(0x7f800000 | magnitude << 13);
        number = magnitude >= 0x7c00 ? special : number;
        to[i] = (RAY_REAL)(sign != 0 ? -number : number);
    }
}

static void from_bool(const unsigned char *from, size_t n, RAY_REAL *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] != 0;
}

static const ray_number_type types[] = {
    { "F32",     "f4", 4, true,  from_f32 },
    { "F64",     "f8", 8, true,  from_f64 },
    { "F16",     "f2", 2, true,  from_f16 },
    { "BF16",    NULL, 2, true,  from_bf16 },
    { "I8",      "i1", 1, false, from_i8 },
    { "I16",     "i2", 2, false, from_i16 },
    { "I32",     "i4", 4, false, from_i32 },
    { "I64",     "i8", 8, false, from_i64 },
    { "U8",      "u1", 1, false, from_u8 },
    { "U16",     "u2", 2, false, from_u16 },
    { "U32",     "u4", 4, false, from_u32 },
    { "U64",     "u8", 8, false, from_u64 },
    { "BOOL",    "b1", 1, false, from_bool },
    { "F8_E4M3", NULL, 1, false, NULL },
    { "F8_E5M2", NULL, 1, false, NULL },
};
enum { N_TYPES = sizeof types / sizeof *types };

const ray_number_type *ray_number_type_named(const char *name)
{
    for (int i = 0; i < N_TYPES; i++)
        if (!strcmp(types[i].name, name))
            return &types[i];
    return NULL;
}

const ray_number_type *ray_number_type_coded(const char *code)
{
    for (int i = 0; i < N_TYPES; i++)
        if (types[i].code && !strcmp(types[i].code, code))
            return &types[i];
    return NULL;
}

/* ---- Many numbers ---- */

static void convert_swapped(const ray_number_type *type, const unsigned char *from, size_t n,
                            RAY_REAL *to)
{
    unsigned char buffer[SWAP_BLOCK * 8];
    size_t width = (size_t)type->width;
    for (size_t done = 0; done < n; done += SWAP_BLOCK) {
        size_t some = n - done < SWAP_BLOCK ? n - done : SWAP_BLOCK;
        const unsigned char *source = from + done * width;
        for (size_t i = 0; i < some * width; i += width)
            for (size_t k = 0; k < width; k++)
                buffer[i + k] = source[i + width - 1 - k];
        type->convert(buffer, some, to + done);
    }
}

void ray_numbers_convert(const ray_number_type *type, bool swapped, const unsigned char *from,
                         int64_t n, RAY_REAL *to)
{
    int64_t blocks = (n + BLOCK - 1) / BLOCK;
    #pragma omp parallel for if (blocks > 4)
    for (int64_t b = 0; b < blocks; b++) {
        int64_t first = b * BLOCK, some = n - first < BLOCK ? n - first : BLOCK;
        const unsigned char *source = from + first * type->width;
        if (swapped && type->width > 1)
            convert_swapped(type, source, (size_t)some, to + first);
        else
            type->convert(source, (size_t)some, to + first);
    }
}

/* x - x is 0 for finite numbers only. */
static bool block_is_bad(const RAY_REAL *data, int64_t n)
{
    unsigned bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= data[i] - data[i] != 0;
    return bad != 0;
}

int64_t ray_numbers_find_bad(const RAY_REAL *data, int64_t n)
{
    int64_t blocks = (n + BLOCK - 1) / BLOCK, found = blocks;
    #pragma omp parallel for reduction(min : found) if (blocks > 4)
    for (int64_t b = 0; b < blocks; b++) {
        int64_t first = b * BLOCK, some = n - first < BLOCK ? n - first : BLOCK;
        if (b < found && block_is_bad(data + first, some))
            found = b;
    }
    if (found == blocks)
        return -1;
    int64_t i = found * BLOCK;
    while (data[i] - data[i] == 0)
        i++;
    return i;
}

bool ray_dims_count(const ray_tensor *shape, int64_t *count)
{
    *count = 1;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 0 || !ray_multiply_checked(*count, shape->dim[i], count))
            return false;
    return true;
}

const char *ray_dims_text(const ray_tensor *shape, char buffer[192])
{
    size_t used = 0;
    snprintf(buffer, 192, "scalar");
    for (int32_t i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(buffer + used, 192 - used, "%s%lld", i == 0 ? "" : "x",
                                 (long long)shape->dim[i]);
    return buffer;
}
