/* SPDX-License-Identifier: MIT */
/* checkpoint.c - a file is: magic, fingerprint, how many entries, then each entry and its blocks,
 * and at last a hash (XXH3, 64 bits) of all before it. */
#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

static const char magic[16] = "rayinterp check1";

static const double least_interval = 1;         /* seconds between saves, and at least so many */
static const double least_patience = 20;        /* times what the last one took */

typedef struct head { char magic[sizeof magic]; ray_fingerprint of; uint64_t n; } head;

static uint64_t size_of(const ray_entry *entry)
{
    uint64_t size = 0;
    for (int32_t i = 0; i < entry->n_blocks; i++)
        size += entry->size[i];
    return size;
}

/* ---- Entries in memory ---- */

static bool is_of(const ray_entry *entry, const char *method, int64_t part)
{
    return entry->part == part && !strncmp(entry->method, method, RAY_METHOD_NAME);
}

const ray_entry *ray_checkpoint_find(const ray_checkpoint *checkpoint, const char *method,
                                     int64_t part)
{
    for (int32_t i = 0; i < checkpoint->n; i++)
        if (is_of(&checkpoint->entries[i], method, part))
            return &checkpoint->entries[i];
    return NULL;
}

/* An entry in place of the one of the same part, or a new one; NULL without memory. */
static unsigned char *make_room(ray_checkpoint *checkpoint, const ray_entry *entry)
{
    const ray_entry *old = ray_checkpoint_find(checkpoint, entry->method, entry->part);
    int32_t at = old ? (int32_t)(old - checkpoint->entries) : checkpoint->n;
    size_t n = (size_t)checkpoint->n + 1;
    ray_entry *entries = ray_grow(checkpoint->entries, n, sizeof *entries);
    checkpoint->entries = entries ? entries : checkpoint->entries;
    unsigned char **data = ray_grow(checkpoint->data, n, sizeof *data);
    checkpoint->data = data ? data : checkpoint->data;
    unsigned char *room = entries && data ? ray_alloc(size_of(entry) + 1, 1) : NULL;
    if (!room)
        return NULL;
    if (old)
        free(data[at]);
    entries[at] = *entry;
    data[at] = room;
    checkpoint->n += !old;
    return room;
}

int ray_checkpoint_remember(ray_checkpoint *checkpoint, const ray_entry *entry,
                            const ray_block *blocks, ray_error *error)
{
    unsigned char *to = make_room(checkpoint, entry);
    if (!to)
        return ray_fail_memory(error);
    for (int32_t i = 0; i < entry->n_blocks; to += entry->size[i], i++)
        memcpy(to, blocks[i].data, entry->size[i]);
    return 0;
}

bool ray_checkpoint_restore(const ray_checkpoint *checkpoint, const ray_entry *entry,
                            const ray_block *blocks, int32_t n)
{
    const unsigned char *from = checkpoint->data[entry - checkpoint->entries];
    bool fits = entry->n_blocks == n;
    for (int32_t i = 0; fits && i < n; i++)
        fits = entry->size[i] == blocks[i].size;
    for (int32_t i = 0; fits && i < n; from += entry->size[i], i++)
        memcpy(blocks[i].data, from, entry->size[i]);
    return fits;
}

/* ---- Reading ---- */

typedef struct reader { const unsigned char *at, *end; } reader;

static bool take(reader *r, void *to, uint64_t size)
{
    if ((uint64_t)(r->end - r->at) < size)
        return false;
    memcpy(to, r->at, size);
    r->at += size;
    return true;
}

static bool entry_is_sound(const ray_entry *entry, uint64_t left)
{
    if (!memchr(entry->method, '\0', RAY_METHOD_NAME) || entry->n_blocks < 0
        || entry->n_blocks > RAY_MOST_BLOCKS || entry->done < 0 || entry->total < entry->done
        || entry->batch < 1 || entry->random.next < 0)
        return false;
    for (int32_t i = 0; i < entry->n_blocks; left -= entry->size[i], i++)
        if (entry->size[i] > left)
            return false;
    return true;
}

static int read_entries(ray_checkpoint *checkpoint, reader *r, uint64_t n, ray_error *error)
{
    ray_entry entry;
    for (uint64_t i = 0; i < n; i++) {
        if (!take(r, &entry, sizeof entry) || !entry_is_sound(&entry, (uint64_t)(r->end - r->at)))
            return ray_fail(error, "it is damaged; remove it to start anew");
        unsigned char *data = make_room(checkpoint, &entry);
        if (!data)
            return ray_fail_memory(error);
        take(r, data, size_of(&entry));
    }
    return 0;
}

static int read_file(ray_checkpoint *checkpoint, const ray_mapping *file, ray_error *error)
{
    reader r = { file->data, file->data + file->size };
    uint64_t sum;
    head h;
    if (file->size < sizeof h || memcmp(file->data, magic, sizeof magic))
        return ray_fail(error, "it is there, and no checkpoint of this version; name another file");
    r.end -= sizeof sum;
    memcpy(&sum, r.end, sizeof sum);
    if (!take(&r, &h, sizeof h) || XXH3_64bits(file->data, file->size - sizeof sum) != sum)
        return ray_fail(error, "it is damaged; remove it to start anew");
    if (h.of.low != checkpoint->fingerprint.low || h.of.high != checkpoint->fingerprint.high)
        return ray_fail(error, "it is of another run: network, input, target, methods and their "
                        "parameters must be the same; remove it or name another file");
    return read_entries(checkpoint, &r, h.n, error);
}

int ray_checkpoint_open(ray_checkpoint *checkpoint, const char *path, ray_fingerprint fingerprint,
                        ray_error *error)
{
    ray_mapping file;
    *checkpoint = (ray_checkpoint){ .path = path, .fingerprint = fingerprint };
    if (access(path, F_OK))
        return 0;
    int failed = ray_mapping_open(&file, path, error);
    if (!failed) {
        failed = read_file(checkpoint, &file, error);
        ray_mapping_close(&file);
        if (failed)
            ray_fail_prefix(error, "%s: ", path);
    }
    if (failed) {
        ray_fail_prefix(error, "--checkpoint: ");
        ray_checkpoint_close(checkpoint);
    }
    checkpoint->used = !failed;
    return failed;
}

void ray_checkpoint_close(ray_checkpoint *checkpoint)
{
    for (int32_t i = 0; i < checkpoint->n; i++)
        free(checkpoint->data[i]);
    free(checkpoint->data);
    free(checkpoint->entries);
    *checkpoint = (ray_checkpoint){ 0 };
}

/* ---- Writing ---- */

typedef struct writer { FILE *stream; XXH3_state_t *hash; } writer;

static void put(const writer *w, const void *from, uint64_t size)
{
    fwrite(from, 1, size, w->stream);       /* a failure shows when the file is committed */
    XXH3_64bits_update(w->hash, from, size);
}

static void write_all(const ray_checkpoint *checkpoint, const writer *w, const ray_entry *entry,
                      const ray_block *blocks)
{
    head h = { .of = checkpoint->fingerprint,
               .n = (uint64_t)checkpoint->n
                    + !ray_checkpoint_find(checkpoint, entry->method, entry->part) };
    memcpy(h.magic, magic, sizeof magic);
    put(w, &h, sizeof h);
    for (int32_t i = 0; i < checkpoint->n; i++) {
        const ray_entry *other = &checkpoint->entries[i];
        if (is_of(other, entry->method, entry->part))
            continue;
        put(w, other, sizeof *other);
        put(w, checkpoint->data[i], size_of(other));
    }
    put(w, entry, sizeof *entry);
    for (int32_t i = 0; i < entry->n_blocks; i++)
        put(w, blocks[i].data, blocks[i].size);
    uint64_t sum = XXH3_64bits_digest(w->hash);
    fwrite(&sum, 1, sizeof sum, w->stream);
}

bool ray_checkpoint_is_due(const ray_checkpoint *checkpoint)
{
    return ray_clock() >= checkpoint->next;
}

static int write_file(const ray_checkpoint *checkpoint, const ray_entry *entry,
                      const ray_block *blocks, ray_error *error)
{
    ray_output output;
    if (ray_output_open(&output, checkpoint->path, error))
        return -1;
    writer w = { output.stream, XXH3_createState() };
    if (!w.hash) {
        ray_output_discard(&output);
        return ray_fail_memory(error);
    }
    XXH3_64bits_reset(w.hash);
    write_all(checkpoint, &w, entry, blocks);
    XXH3_freeState(w.hash);
    return ray_output_commit(&output, error);
}

int ray_checkpoint_save(ray_checkpoint *checkpoint, ray_entry *entry, const ray_block *blocks,
                        int32_t n, ray_error *error)
{
    double start = ray_clock();
    entry->n_blocks = n;
    for (int32_t i = 0; i < n; i++)
        entry->size[i] = blocks[i].size;
    if (write_file(checkpoint, entry, blocks, error))
        return ray_fail_prefix(error, "--checkpoint: ");
    double end = ray_clock(), patience = least_patience * (end - start);
    checkpoint->next = end + (patience > least_interval ? patience : least_interval);
    checkpoint->saved = checkpoint->used = true;
    return 0;
}
