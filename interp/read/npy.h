/* SPDX-License-Identifier: MIT */
/* npy.h - NumPy's array format, versions 1 to 3, C order (Fortran order is transposed on reading).
 * Reading takes little- and big-endian f2, f4, f8, and integers and bools of any width into
 * RAY_REAL. */
#ifndef RAY_READ_NPY_H
#define RAY_READ_NPY_H

#include "base/error.h"

/* Parses an array in memory; tensor->data is allocated (ray_tensor_free).  name: for messages. */
int ray_npy_parse(const char *name, const unsigned char *bytes, size_t size, ray_tensor *tensor,
                  ray_error *error);

#endif
