/* SPDX-License-Identifier: MIT */
/* memory.h - checked allocation.  ray_arena: many small things that live and die together.
 * Every function returns NULL when memory is short or a size overflows; nothing aborts. */
#ifndef RAY_BASE_MEMORY_H
#define RAY_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAY_MOST_BYTES ((size_t)1 << 40)                    /* of one allocation */

void *ray_alloc(size_t count, size_t size);                 /* zeroed; free() */
void *ray_grow(void *old, size_t count, size_t size);       /* realloc with the product checked */
double ray_memory_available(void);          /* bytes that could be had without swapping, those of
                                             * kept blocks among them */
char *ray_string_copy(const char *text);                    /* free() */

/* Memory for numbers: on 64 bytes, from 2 MiB on on as many, in huge pages where the system has
 * them.  NOT zeroed: it may hold what the last owner left.
 * Blocks from 2 MiB on that go back through ray_free_aligned are kept for the next one of about the
 * same size, whichever thread asks, so that its pages need not be fetched again.  Kept and used
 * blocks together never exceed what was used at once at some time since ray_memory_trim, which gives
 * all kept blocks back to the system; so is a block that 64 others were preferred to.  Builds with
 * AddressSanitizer keep none. */
void  *ray_alloc_aligned(size_t bytes);
void   ray_free_aligned(void *memory);      /* never free(); takes what free() takes, too, and NULL */
void   ray_memory_trim(void);
size_t ray_memory_kept(void);               /* bytes */

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
