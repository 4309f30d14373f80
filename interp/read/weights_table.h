/* SPDX-License-Identifier: MIT */
/* weights_table.h - the inside of ray_weights, for the readers of its formats.
 *
 * A format's open() adds an entry for each tensor after checking everything that can be checked
 * without reading the numbers; load() brings the numbers of one entry. */
#ifndef RAY_READ_WEIGHTS_TABLE_H
#define RAY_READ_WEIGHTS_TABLE_H

#include "base/file.h"
#include "numbers.h"
#include "weights.h"

typedef struct ray_entry {
    const char            *name;    /* in the arena */
    const ray_number_type *type;
    ray_tensor             shape;   /* data: the numbers once they were taken, NULL before */
    int64_t                count;
    bool                   owned;   /* data is freed with the table */
    const unsigned char   *bytes;   /* .safetensors: the numbers in the mapped file */
    int64_t                index;   /* .npz: position in the archive */
} ray_entry;

typedef struct ray_format {
    const char *ending;             /* of the path; NULL: it is a folder */
    int       (*open)(ray_weights *weights, ray_error *error);
    int       (*load)(const ray_weights *weights, ray_entry *entry, ray_error *error);
    void      (*close)(ray_weights *weights);       /* may be NULL; what open left half done too */
} ray_format;

struct ray_weights {
    const ray_format *format;
    char             *path;
    ray_arena         arena;
    ray_entry        *entries;      /* by name */
    int               n, capacity;
    ray_mapping       mapping;      /* of the file, for formats that are one */
    void             *archive;      /* .npz, or what ray_weights_create was given */
};

extern const ray_format ray_format_safetensors, ray_format_npz, ray_format_npy_folder;

/* Opens weights that are no file of their own: `source` is for the format, as weights->archive; path
 * is what messages call them. */
int ray_weights_create(ray_weights **out, const ray_format *format, const char *path, void *source,
                       ray_error *error);

/* A new entry, zero but for a copy of the name; NULL: no memory. */
ray_entry *ray_weights_add(ray_weights *weights, const char *name);

/* load() of formats whose numbers come as an .npy: the shape must still be that of the entry. */
int ray_entry_load_npy(const char *name, const unsigned char *bytes, size_t size, ray_entry *entry,
                       ray_error *error);

#endif
