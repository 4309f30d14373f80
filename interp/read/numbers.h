/* SPDX-License-Identifier: MIT */
/* numbers.h - types of the numbers in weight and array files, and their way into RAY_REAL. */
#ifndef RAY_READ_NUMBERS_H
#define RAY_READ_NUMBERS_H

#include <stdbool.h>

#include "base/error.h"

typedef struct ray_number_type {
    const char *name;           /* in safetensors: "F32" */
    const char *code;           /* in NumPy: "f4"; NULL: NumPy has none */
    int32_t     width;          /* bytes */
    bool        floating;
    /* n little-endian numbers, aligned or not; NULL: numbers of this type are not read */
    void      (*convert)(const unsigned char *from, size_t n, RAY_REAL *to);
} ray_number_type;

/* NULL when unknown. */
const ray_number_type *ray_number_type_named(const char *name);
const ray_number_type *ray_number_type_coded(const char *code);

/* n numbers into to.  swapped: they are big-endian.  The type has convert. */
void ray_numbers_convert(const ray_number_type *type, bool swapped, const unsigned char *from,
                         int64_t n, RAY_REAL *to);

/* The first position that holds infinity or NaN; -1: none. */
int64_t ray_numbers_find_bad(const RAY_REAL *data, int64_t n);

/* Numbers of a shape; false when there are more than 2^48. */
bool ray_dims_count(const ray_tensor *shape, int64_t *count);

/* "64x3x7x7", "scalar" for rank 0. */
const char *ray_dims_text(const ray_tensor *shape, char buffer[192]);

#endif
