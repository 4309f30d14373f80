/* SPDX-License-Identifier: MIT */
/* blocks.c - memory for numbers.  Small blocks come from malloc.  The pages of a large one cost as
 * much to get from the system as a pass over them, and a program that makes one map makes the next
 * with the same sizes: so large blocks are kept when they are freed, and handed out again. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "memory.h"

enum {
    CACHE_LINE = 64,
    HUGE_PAGE = 2 << 20,
    MOST_BLOCKS = 256,      /* used and kept; more come from malloc */
    MOST_PASSES = 64        /* a kept block that so many others were preferred to is given back */
};

/* Under these tools every block is malloc's, so that they see where each begins, ends and dies. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define KEEPS false
#endif
#endif
#ifndef KEEPS
#define KEEPS true
#endif

typedef struct block { void *memory; size_t bytes; bool used; int passes; } block;

/* kept + used never exceeds most, the most that was ever used at once. */
static struct {
    pthread_mutex_t lock;
    block  blocks[MOST_BLOCKS];         /* in the order in which they became used, or kept */
    int    n;
    size_t kept, used, most;            /* bytes */
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t round_up(size_t bytes, size_t step)
{
    return (bytes + step - 1) / step * step;
}

static block remove_block(int i)
{
    const block b = pool.blocks[i];
    *(b.used ? &pool.used : &pool.kept) -= b.bytes;
    pool.n--;
    for (; i < pool.n; i++)
        pool.blocks[i] = pool.blocks[i + 1];
    return b;
}

static void add_block(void *memory, size_t bytes, bool used)
{
    pool.blocks[pool.n++] = (block){ memory, bytes, used, 0 };
    *(used ? &pool.used : &pool.kept) += bytes;
    if (pool.used > pool.most)
        pool.most = pool.used;
}

static void give_back(int i)
{
    const block b = remove_block(i);
    munmap(b.memory, b.bytes);
}

/* The kept block that has waited longest; -1: none. */
static int find_oldest(void)
{
    for (int i = 0; i < pool.n; i++)
        if (!pool.blocks[i].used)
            return i;
    return -1;
}

/* Gives kept blocks back until so many bytes more would be no more than `most`, or none is left. */
static void make_room(size_t bytes)
{
    for (int i; pool.used + pool.kept + bytes > pool.most && (i = find_oldest()) >= 0;)
        give_back(i);
}

/* The smallest kept block that holds so many bytes and wastes no more than a quarter; -1: none. */
static int find_kept(size_t bytes)
{
    int best = -1;
    for (int i = 0; i < pool.n; i++) {
        const block *b = &pool.blocks[i];
        if (!b->used && b->bytes >= bytes && b->bytes - bytes <= bytes / 4
            && (best < 0 || b->bytes < pool.blocks[best].bytes))
            best = i;
    }
    return best;
}

static void count_passes(void)
{
    for (int i = pool.n - 1; i >= 0; i--)
        if (!pool.blocks[i].used && ++pool.blocks[i].passes > MOST_PASSES)
            give_back(i);
}

/* Fresh pages, with what lies before and after the aligned ones cut off; NULL: no memory. */
static void *map_pages(size_t bytes)
{
    char *all = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    const size_t before = round_up((uintptr_t)all, HUGE_PAGE) - (uintptr_t)all;
    if (before > 0)
        munmap(all, before);
    munmap(all + before + bytes, HUGE_PAGE - before);
    madvise(all + before, bytes, MADV_HUGEPAGE);    /* a wish: it may be refused */
    return all + before;
}

static void *take_block(size_t bytes)
{
    const int kept = find_kept(bytes);
    if (kept >= 0) {
        const block b = remove_block(kept);
        count_passes();
        add_block(b.memory, b.bytes, true);
        return b.memory;
    }
    count_passes();
    make_room(bytes);
    if (pool.n == MOST_BLOCKS)
        return aligned_alloc(HUGE_PAGE, bytes);
    void *memory = map_pages(bytes);
    for (int i; !memory && (i = find_oldest()) >= 0; memory = map_pages(bytes))
        give_back(i);
    if (memory)
        add_block(memory, bytes, true);
    return memory;
}

void *ray_alloc_aligned(size_t bytes)
{
    if (bytes > RAY_MOST_BYTES)
        return NULL;
    if (bytes < HUGE_PAGE)
        return aligned_alloc(CACHE_LINE, round_up(bytes == 0 ? 1 : bytes, CACHE_LINE));
    if (!KEEPS)
        return aligned_alloc(HUGE_PAGE, round_up(bytes, HUGE_PAGE));
    pthread_mutex_lock(&pool.lock);
    void *memory = take_block(round_up(bytes, HUGE_PAGE));
    pthread_mutex_unlock(&pool.lock);
    return memory;
}

/* False: it is none of ours. */
static bool keep(const void *memory)
{
    for (int i = 0; i < pool.n; i++) {
        if (pool.blocks[i].memory != memory || !pool.blocks[i].used)
            continue;
        const block b = remove_block(i);
        make_room(b.bytes);
        add_block(b.memory, b.bytes, false);
        return true;
    }
    return false;
}

void ray_free_aligned(void *memory)
{
    bool kept = false;
    if (KEEPS && memory && (uintptr_t)memory % HUGE_PAGE == 0) {
        pthread_mutex_lock(&pool.lock);
        kept = keep(memory);
        pthread_mutex_unlock(&pool.lock);
    }
    if (!kept)
        free(memory);
}

void ray_memory_trim(void)
{
    pthread_mutex_lock(&pool.lock);
    for (int i; (i = find_oldest()) >= 0;)
        give_back(i);
    pool.most = pool.used;
    pthread_mutex_unlock(&pool.lock);
}

size_t ray_memory_kept(void)
{
    pthread_mutex_lock(&pool.lock);
    const size_t kept = pool.kept;
    pthread_mutex_unlock(&pool.lock);
    return kept;
}
