/* SPDX-License-Identifier: MIT */
/* wire.h - the fields of a protobuf message, one after another, never beyond its end. */
#ifndef RAY_ONNX_WIRE_H
#define RAY_ONNX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ray_wire { const unsigned char *at, *end; } ray_wire;    /* what is left to read */

enum { RAY_WIRE_VARINT = 0, RAY_WIRE_FIXED64 = 1, RAY_WIRE_BYTES = 2, RAY_WIRE_FIXED32 = 5 };

typedef struct ray_wire_field {
    uint32_t             number;
    int                  type;          /* RAY_WIRE_* */
    const unsigned char *begin;         /* of the whole field, with its tag */
    const unsigned char *data;          /* behind the tag and, of RAY_WIRE_BYTES, the length */
    size_t               size;          /* of data */
} ray_wire_field;

/* 1: a field, and wire->at lies behind it; 0: there is none left; -1: what lies at wire->at is
 * none. */
int ray_wire_next(ray_wire *wire, ray_wire_field *field);

#endif
