/* SPDX-License-Identifier: MIT */
/* numbers.h - RAY_ONNX_FLOAT and its fellows. */
#ifndef RAY_ONNX_NUMBERS_H
#define RAY_ONNX_NUMBERS_H

#include "read/numbers.h"

/* How numbers of a type lie in memory; NULL: they are not read. */
const ray_number_type *ray_onnx_number_type(int32_t type);
/* "FLOAT"; "type 99" in buffer for what is not known. */
const char *ray_onnx_type_name(int32_t type, char buffer[32]);

#endif
