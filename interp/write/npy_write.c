/* SPDX-License-Identifier: MIT */
/* npy_write.c - NumPy's array format, version 1.0: byte for byte what numpy.save writes. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum {
    LEAD = 10,              /* magic, version, length of the header */
    ALIGNMENT = 64,
    GROWTH = 21,            /* digits that NumPy leaves room for in the first dimension */
    CHUNK = 4096            /* values converted at a time */
};

/* The header, lead included, in out (512 bytes); returns its size. */
static size_t make_header(const ray_tensor *tensor, char *out)
{
    char shape[RAY_MAX_RANK * 24] = "", first[24] = "";
    int n = 0;
    for (int32_t d = 0; d < tensor->rank; d++)
        n += snprintf(shape + n, sizeof shape - (size_t)n, "%s%lld", d == 0 ? "" : ", ",
                      (long long)tensor->dim[d]);
    int room = 0;
    if (tensor->rank > 0)
        room = GROWTH - snprintf(first, sizeof first, "%lld", (long long)tensor->dim[0]);
    int used = LEAD + snprintf(out + LEAD, 512 - LEAD,
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (%s%s), }%*s",
                               shape, tensor->rank == 1 ? "," : "", room, "");
    int size = ((used + 1) / ALIGNMENT + 1) * ALIGNMENT;    /* filled up even where it would fit */
    memset(out + used, ' ', (size_t)(size - used));
    out[size - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)((size - LEAD) & 255);
    out[9] = (char)((size - LEAD) >> 8);
    return (size_t)size;
}

/* Little-endian 32-bit floats, whatever this machine's order. */
static void pack(const RAY_REAL *in, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++, out += 4) {
        float value = (float)in[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (int b = 0; b < 4; b++)
            out[b] = (unsigned char)(bits >> (8 * b));
    }
}

static void write_values(FILE *stream, const RAY_REAL *values, size_t n)
{
    unsigned char bytes[4 * CHUNK];
    while (n > 0) {
        size_t now = n < CHUNK ? n : CHUNK;
        pack(values, now, bytes);
        if (fwrite(bytes, 4, now, stream) != now)
            return;                         /* ray_output_commit says so */
        values += now;
        n -= now;
    }
}

int ray_npy_write(const char *path, const ray_tensor *tensor, ray_error *error)
{
    ray_output output;
    char header[512];
    size_t n = 1;
    for (int32_t d = 0; d < tensor->rank; d++)
        n *= (size_t)tensor->dim[d];
    if (ray_output_open(&output, path, error))
        return -1;
    fwrite(header, 1, make_header(tensor, header), output.stream);
    write_values(output.stream, tensor->data, n);
    return ray_output_commit(&output, error);
}
