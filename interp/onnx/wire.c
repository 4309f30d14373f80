/* SPDX-License-Identifier: MIT */
#include "wire.h"

enum { LONGEST_VARINT = 10 };       /* bytes */

static bool read_varint(ray_wire *wire, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < LONGEST_VARINT && wire->at < wire->end; i++) {
        unsigned char byte = *wire->at++;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* The size of what lies behind the tag; false when that is none or not all there. */
static bool find_size(ray_wire *wire, int type, uint64_t *size)
{
    ray_wire after = *wire;
    uint64_t value;
    switch (type) {
    case RAY_WIRE_VARINT:
        if (!read_varint(&after, &value))
            return false;
        *size = (uint64_t)(after.at - wire->at);
        break;
    case RAY_WIRE_BYTES:
        if (!read_varint(wire, size))
            return false;
        break;
    case RAY_WIRE_FIXED64: *size = 8; break;
    case RAY_WIRE_FIXED32: *size = 4; break;
    default: return false;
    }
    return *size <= (uint64_t)(wire->end - wire->at);
}

int ray_wire_next(ray_wire *wire, ray_wire_field *field)
{
    uint64_t tag, size = 0;
    if (wire->at == wire->end)
        return 0;
    ray_wire rest = *wire;
    if (!read_varint(&rest, &tag) || tag >> 3 == 0 || tag >> 3 >= 1u << 29)
        return -1;
    *field = (ray_wire_field){ .number = (uint32_t)(tag >> 3), .type = (int)(tag & 7),
                               .begin = wire->at };
    if (!find_size(&rest, field->type, &size))
        return -1;
    field->data = rest.at;
    field->size = (size_t)size;
    wire->at = rest.at + size;
    return 1;
}
