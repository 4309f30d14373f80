/* SPDX-License-Identifier: MIT */
/* memory.h - checked allocation.  ray_arena: many small things that live and die together.
 * Every function returns NULL when memory is short or a size overflows; nothing aborts. */
#ifndef RAY_BASE_MEMORY_H
#define RAY_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *ray_alloc(size_t count, size_t size);                 /* zeroed; free() */
void *ray_grow(void *old, size_t count, size_t size);       /* realloc with the product checked */
void *ray_alloc_aligned(size_t bytes);      /* on 64 bytes, large ones on 2 MiB; not zeroed */
double ray_memory_available(void);          /* bytes that could be had without swapping */
char *ray_string_copy(const char *text);                    /* free() */

typedef struct ray_arena { struct ray_arena_block *last; } ray_arena;   /* { 0 }: an empty one */
void *ray_arena_alloc(ray_arena *arena, size_t count, size_t size); /* zeroed, on 16 bytes */
char *ray_arena_copy(ray_arena *arena, const char *text);           /* text may be NULL: NULL */
char *ray_arena_format(ray_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void  ray_arena_free(ray_arena *arena);                             /* and it is empty again */

/* a * b and a + b of counts that a file may state: false when the result leaves 0 ... 2^48. */
bool ray_multiply_checked(int64_t a, int64_t b, int64_t *product);
bool ray_add_checked(int64_t a, int64_t b, int64_t *sum);

#endif
