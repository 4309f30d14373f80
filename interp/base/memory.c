/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t largest_count = (int64_t)1 << 48;
enum { ARENA_ALIGN = 16, ARENA_BLOCK = 16 << 10 };

/* count * size in *bytes, at least 1; false when that is more than may be allocated. */
static bool bytes_of(size_t count, size_t size, size_t *bytes)
{
    if (size != 0 && count > RAY_MOST_BYTES / size)
        return false;
    *bytes = count * size;
    if (*bytes == 0)
        *bytes = 1;
    return true;
}

void *ray_alloc(size_t count, size_t size)
{
    size_t bytes;
    return bytes_of(count, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *ray_grow(void *old, size_t count, size_t size)
{
    size_t bytes;
    return bytes_of(count, size, &bytes) ? realloc(old, bytes) : NULL;
}

double ray_memory_available(void)
{
    double kilobytes = -1;
    char line[128];
    FILE *info = fopen("/proc/meminfo", "r");
    while (info && kilobytes < 0 && fgets(line, sizeof line, info))
        if (sscanf(line, "MemAvailable: %lf kB", &kilobytes) != 1)
            kilobytes = -1;
    if (info)
        fclose(info);
    if (kilobytes >= 0)
        return kilobytes * 1024 + (double)ray_memory_kept();
    return (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

char *ray_string_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = ray_alloc(size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

struct ray_arena_block {
    struct ray_arena_block *previous;
    size_t used, size;              /* bytes of data */
    _Alignas(16) char data[];
};

static struct ray_arena_block *block_create(size_t least)
{
    size_t size = least > ARENA_BLOCK ? least : ARENA_BLOCK;
    struct ray_arena_block *block = ray_alloc(sizeof *block + size, 1);
    if (block)
        block->size = size;
    return block;
}

void *ray_arena_alloc(ray_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!bytes_of(count, size, &bytes))
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!arena->last || arena->last->size - arena->last->used < bytes) {
        struct ray_arena_block *block = block_create(bytes);
        if (!block)
            return NULL;
        block->previous = arena->last;
        arena->last = block;
    }
    void *memory = arena->last->data + arena->last->used;
    arena->last->used += bytes;
    return memory;
}

char *ray_arena_copy(ray_arena *arena, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = ray_arena_alloc(arena, size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

char *ray_arena_format(ray_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    char *text = n < 0 ? NULL : ray_arena_alloc(arena, (size_t)n + 1, 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void ray_arena_free(ray_arena *arena)
{
    while (arena->last) {
        struct ray_arena_block *block = arena->last;
        arena->last = block->previous;
        free(block);
    }
}

bool ray_multiply_checked(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product) && *product >= 0 && *product <= largest_count;
}

bool ray_add_checked(int64_t a, int64_t b, int64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum) && *sum >= 0 && *sum <= largest_count;
}
