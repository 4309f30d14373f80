/* SPDX-License-Identifier: MIT */
/* test_memory.c - large blocks that are kept and handed out again, and a process that makes maps
 * all day.  Limits and alignment of single allocations: test_base.c. */
#include <pthread.h>
#include <unistd.h>

#include "base/memory.h"
#include "explaining.h"

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS false
#endif
#endif
#ifndef KEEPS
#define KEEPS true          /* builds with AddressSanitizer keep no blocks */
#endif

static const size_t megabyte = (size_t)1 << 20;

/* ---- Blocks ---- */

static void test_reuse(void)
{
    ray_memory_trim();
    char *first = ray_alloc_aligned(8 * megabyte), *small = ray_alloc_aligned(megabyte);
    CU_ASSERT(first && small);
    ray_free_aligned(small);
    CU_ASSERT_EQUAL(ray_memory_kept(), 0);      /* too small to be kept */
    ray_free_aligned(first);
    if (!KEEPS)
        return;
    CU_ASSERT_EQUAL(ray_memory_kept(), 8 * megabyte);
    char *other = ray_alloc_aligned(4 * megabyte);          /* twice as large is too large */
    CU_ASSERT_PTR_NOT_EQUAL(other, first);
    ray_free_aligned(other);
    first = ray_alloc_aligned(8 * megabyte);
    char *again = ray_alloc_aligned(7 * megabyte);
    ray_free_aligned(first);
    char *reused = ray_alloc_aligned(7 * megabyte);         /* nearly as large will do */
    CU_ASSERT_PTR_EQUAL(reused, first);
    ray_free_aligned(reused);
    ray_free_aligned(again);
    ray_memory_trim();
    CU_ASSERT_EQUAL(ray_memory_kept(), 0);
}

/* What malloc gave goes back to it. */
static void test_other_memory(void)
{
    void *plain = malloc(8 * megabyte), *aligned = aligned_alloc(2 * megabyte, 8 * megabyte);
    CU_ASSERT(plain && aligned);
    ray_memory_trim();
    ray_free_aligned(NULL);
    ray_free_aligned(plain);
    ray_free_aligned(aligned);
    CU_ASSERT_EQUAL(ray_memory_kept(), 0);
}

/* Whatever the sizes, no more is kept than was in use at once. */
static void test_bound(void)
{
    enum { LIVE = 4 };
    void *live[LIVE] = { NULL };
    size_t size[LIVE] = { 0 }, used = 0, most = 0;
    uint32_t state = 7;
    ray_memory_trim();
    for (int i = 0; i < 2000; i++) {
        int k = i % LIVE;
        ray_free_aligned(live[k]);
        used -= size[k];
        state = state * 1664525u + 1013904223u;
        size[k] = (2 + (state >> 8) % 30) * megabyte;
        live[k] = ray_alloc_aligned(size[k]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(live[k]);
        CU_ASSERT_EQUAL_FATAL((uintptr_t)live[k] % (2 * megabyte), 0);
        used += size[k];
        most = used > most ? used : most;
        /* A block may be a quarter larger than what it is used for, and rounded up. */
        CU_ASSERT_FATAL(ray_memory_kept() <= most + most / 4 + LIVE * 4 * megabyte - used);
    }
    for (int k = 0; k < LIVE; k++)
        ray_free_aligned(live[k]);
    ray_memory_trim();
    CU_ASSERT_EQUAL(ray_memory_kept(), 0);
}

/* A block that nobody wants any more goes back to the system. */
static void test_forgotten(void)
{
    ray_memory_trim();
    ray_free_aligned(ray_alloc_aligned(64 * megabyte));
    for (int i = 0; i < 200; i++)
        ray_free_aligned(ray_alloc_aligned(4 * megabyte));
    CU_ASSERT(ray_memory_kept() < 8 * megabyte);
    ray_memory_trim();
}

/* Each thread finds in its blocks what it wrote. */
static void *use_blocks(void *context)
{
    size_t *wrong = context;
    for (size_t i = 0; i < 300; i++) {
        size_t bytes = (2 + i % 7) * megabyte;
        size_t *block = ray_alloc_aligned(bytes), *last = block + bytes / sizeof *block - 1;
        if (!block) {
            ++*wrong;
            continue;
        }
        *block = *last = (uintptr_t)context + i;
        usleep(i % 8 ? 0 : 10);
        *wrong += *block != (uintptr_t)context + i || *last != *block;
        ray_free_aligned(block);
    }
    return NULL;
}

static void test_threads(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    size_t wrong[THREADS] = { 0 };
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, use_blocks, &wrong[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(wrong[i], 0);
    }
    ray_memory_trim();
}

/* ---- A thousand maps ---- */

/* The first rows make ten maps, the largest batch among them. */
typedef struct order { const char *method, *setting; int64_t items; } order;
static const order orders[] = {
    { "gradient", NULL, 4 },        { "ebp", NULL, 4 },
    { "extremal_perturbation", "max_iter=2", 1 },
    { "rise", "num_masks=4", 1 },   { "guided_backprop", NULL, 2 },
    { "gradient", NULL, 1 },        { "contrastive_ebp", NULL, 3 },
    { "grad_cam", NULL, 4 },        { "linear_approx", NULL, 1 },
    { "ebp", NULL, 1 },             { "smooth_grad", "samples=2", 1 },
    { "deconvnet", NULL, 3 },       { "gradient", NULL, 4 },
    { "grad_cam", NULL, 2 },
};

static double resident_megabytes(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int n = file ? fscanf(file, "%ld %ld", &size, &resident) : 0;
    if (file)
        fclose(file);
    return n == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) / (double)megabyte : 0;
}

static void repeat_input(ray_tensor *input, size_t times)
{
    size_t bytes = (size_t)ray_tensor_size(input) * sizeof *input->data;
    char *data = realloc(input->data, times * bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    for (size_t i = 1; i < times; i++)
        memcpy(data + i * bytes, data, bytes);
    input->data = (RAY_REAL *)(void *)data;
}

static int64_t make_maps(explaining *e, const order *o)
{
    e->request.input.dim[0] = o->items;
    e->request.settings = &o->setting;
    e->request.n_settings = o->setting != NULL;
    explaining_map(e, o->method);
    return o->items;
}

/* Both before and after there are kept blocks, and malloc's own: it may hold on to a little. */
static void test_thousand_maps(void)
{
    const double allowed = 2;       /* megabytes */
    explaining e = { 0 };
    int64_t maps = 0;
    double early = 0;
    if (!KEEPS)
        return;     /* AddressSanitizer holds freed memory back to find its users */
    explaining_load(&e, getenv("RAY_BUILD_PLUGINS"));
    explaining_open(&e, source_path("graphs/shapes.yaml"), RAY_WEIGHTS_FILE, NULL);
    repeat_input(&e.request.input, 4);
    for (size_t i = 0; maps < 1000; i++) {
        maps += make_maps(&e, &orders[i % (sizeof orders / sizeof *orders)]);
        if (maps <= 10)
            early = resident_megabytes();
    }
    double grown = resident_megabytes() - early;
    CHECK_CASE(early > 0 && grown <= allowed, "%.2f MB after ten maps, %.2f more after a thousand",
               early, grown);
    explaining_close(&e);
    CU_ASSERT_EQUAL(ray_memory_kept(), 0);
}

int main(void)
{
    static const named_test tests[] = {
        { "a large block is handed out again", test_reuse },
        { "memory of other makes", test_other_memory },
        { "what is kept is bounded", test_bound },
        { "what is not wanted goes back", test_forgotten },
        { "threads", test_threads },
        { "a thousand maps in one process", test_thousand_maps },
        { NULL, NULL },
    };
    return run_tests("memory", tests);
}
