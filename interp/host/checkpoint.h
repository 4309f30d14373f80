/* SPDX-License-Identifier: MIT */
/* checkpoint.h - the file that long work is saved to, so that it can go on after a kill.
 *
 * A checkpoint belongs to one request: its file begins with a fingerprint of everything that has a
 * say in the maps.  It holds an entry for each part of the work that has been begun: a method and
 * the number of a call of its explain().  The file is for the machine that wrote it: numbers are as
 * they lie in memory. */
#ifndef RAY_HOST_CHECKPOINT_H
#define RAY_HOST_CHECKPOINT_H

#include "base/error.h"
#include "base/random.h"
#include "ray_plugin.h"

enum { RAY_MOST_BLOCKS = 16, RAY_METHOD_NAME = 64 };

typedef struct ray_fingerprint { uint64_t low, high; } ray_fingerprint;

/* What is known of a part; written to the file as it is. */
typedef struct ray_entry {
    char       method[RAY_METHOD_NAME];
    int64_t    part, done, total, batch;
    uint64_t   files;               /* hash of the files that the method read */
    ray_random random;
    int32_t    n_blocks;
    uint64_t   size[RAY_MOST_BLOCKS];   /* bytes */
} ray_entry;

typedef struct ray_checkpoint {
    const char      *path;          /* the request's */
    ray_fingerprint  fingerprint;
    ray_entry       *entries;
    unsigned char  **data;          /* by entry: its blocks one after the other */
    int32_t          n;
    double           next;          /* when to save again, seconds of the monotonic clock */
    bool             saved, used;   /* by this run; the file was written or read */
} ray_checkpoint;

/* Reads the file when it is there.  One that is no checkpoint, damaged, or another request's is an
 * error. */
int  ray_checkpoint_open(ray_checkpoint *checkpoint, const char *path, ray_fingerprint fingerprint,
                         ray_error *error);
void ray_checkpoint_close(ray_checkpoint *checkpoint);

/* The entry of a part, NULL: not begun. */
const ray_entry *ray_checkpoint_find(const ray_checkpoint *checkpoint, const char *method,
                                     int64_t part);
/* Copies an entry's blocks back; false when they are of other sizes. */
bool ray_checkpoint_restore(const ray_checkpoint *checkpoint, const ray_entry *entry,
                            const ray_block *blocks, int32_t n);

/* It is time to save. */
bool ray_checkpoint_is_due(const ray_checkpoint *checkpoint);

/* Writes the file: what is known of other parts, and this one with its blocks (n_blocks and size
 * are filled in). */
int ray_checkpoint_save(ray_checkpoint *checkpoint, ray_entry *entry, const ray_block *blocks,
                        int32_t n, ray_error *error);

/* Remembers a part that is complete, for files written later. */
int ray_checkpoint_remember(ray_checkpoint *checkpoint, const ray_entry *entry,
                            const ray_block *blocks, ray_error *error);

#endif
