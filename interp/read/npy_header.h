/* SPDX-License-Identifier: MIT */
/* npy_header.h - what stands before the numbers of an .npy file. */
#ifndef RAY_READ_NPY_HEADER_H
#define RAY_READ_NPY_HEADER_H

#include "numbers.h"

enum { RAY_NPY_PREFIX = 12 };   /* bytes that tell how long the header is */

typedef struct ray_npy_header {
    const ray_number_type *type;
    bool       swapped, fortran;    /* big-endian; first dimension fastest */
    ray_tensor shape;               /* data is NULL */
    int64_t    count;               /* numbers */
    size_t     begin, end;          /* of the numbers, in bytes from the start of the file */
} ray_npy_header;

/* Bytes up to the numbers, from the first RAY_NPY_PREFIX bytes of a file. */
int ray_npy_header_size(const char *name, const unsigned char *prefix, size_t size,
                        size_t *header_size, ray_error *error);

/* bytes: at least the whole header of a file; numbers need not follow. */
int ray_npy_header_parse(const char *name, const unsigned char *bytes, size_t size,
                         ray_npy_header *header, ray_error *error);

/* The file's size is what the header makes it. */
int ray_npy_header_check(const char *name, const ray_npy_header *header, size_t file_size,
                         ray_error *error);

#endif
