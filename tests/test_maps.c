/* SPDX-License-Identifier: MIT */
/* test_maps.c - resizing and smoothing of maps, against torch and NumPy (tests/fixtures/maps). */
#include <omp.h>

#include "base/memory.h"
#include "check_text.h"
#include "map/map.h"
#include "read/yaml.h"

static const char *const folder = "tests/fixtures/maps/";

static void read_array(const char *name, ray_tensor *tensor)
{
    ray_error error = { "" };
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    if (ray_npy_read(source_path(path), tensor, &error) != 0)
        CHECK_CASE(false, "%s", error.text);
}

static const char *text_of(const ray_node *test, const char *key)
{
    const ray_node *node = ray_node_find(test, key);
    return node == NULL ? "" : node->text;
}

static int64_t size_of(const ray_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t d = 0; d < tensor->rank; d++)
        n *= tensor->dim[d];
    return n;
}

/* The largest difference, as a fraction of the largest expected magnitude. */
static double difference(const ray_tensor *found, const ray_tensor *expected)
{
    double worst = 0, largest = 0;
    if (found->rank != expected->rank ||
        memcmp(found->dim, expected->dim, (size_t)found->rank * sizeof *found->dim) != 0)
        return INFINITY;
    for (int64_t i = 0; i < size_of(expected); i++) {
        worst = fmax(worst, fabs((double)found->data[i] - (double)expected->data[i]));
        largest = fmax(largest, fabs((double)expected->data[i]));
    }
    return worst / largest;
}

/* What the case says, done to the map. */
static int apply(const ray_node *test, ray_tensor *map, ray_error *error)
{
    const ray_node *size = ray_node_find(test, "resize");
    if (size == NULL)
        return ray_map_blur(map, atof(text_of(test, "sigma")),
                            strcmp(text_of(test, "border"), "zero") == 0 ? RAY_BORDER_ZERO
                                                                         : RAY_BORDER_REPLICATE,
                            error);
    ray_tensor resized;
    int failed = ray_map_resize(map, atoi(size->values[0]->text), atoi(size->values[1]->text),
                                strcmp(text_of(test, "mode"), "nearest") == 0 ? RAY_RESIZE_NEAREST
                                                                              : RAY_RESIZE_BILINEAR,
                                &resized, error);
    ray_tensor_free(map);
    *map = resized;
    return failed;
}

static void check_expected(const ray_node *test)
{
    ray_tensor map = { 0 }, expected = { 0 };
    ray_error error = { "" };
    double tolerance = atof(text_of(test, "tolerance"));
    read_array(text_of(test, "map"), &map);
    read_array(text_of(test, "file"), &expected);
    int failed = apply(test, &map, &error);
    double d = failed == 0 ? difference(&map, &expected) : INFINITY;
    CHECK_CASE(d <= tolerance, "%s: differs by %g (%g is allowed) %s", text_of(test, "file"), d,
               tolerance, error.text);
    ray_tensor_free(&map);
    ray_tensor_free(&expected);
}

static void test_expected(void)
{
    ray_yaml yaml;
    ray_error error = { "" };
    if (ray_yaml_read(&yaml, source_path("tests/fixtures/maps/expect.yaml"), &error) != 0) {
        CHECK_CASE(false, "%s", error.text);
        return;
    }
    const ray_node *cases = ray_node_find(yaml.root, "cases");
    CU_ASSERT(cases->n >= 27);
    for (int32_t i = 0; i < cases->n; i++)
        check_expected(cases->values[i]);
    ray_yaml_free(&yaml);
}

/* A map of the given shape with values from -1 to 1; data NULL: no memory. */
static ray_tensor make_map(int64_t planes, int64_t height, int64_t width)
{
    ray_tensor map = { ray_alloc((size_t)(planes * height * width), sizeof(RAY_REAL)),
                       { 1, planes, height, width }, 4 };
    for (int64_t i = 0; map.data != NULL && i < planes * height * width; i++)
        map.data[i] = (RAY_REAL)(i * 2654435761u % 1000 / 500.0 - 1);
    return map;
}

/* The same bits with one thread as with many. */
static void test_threads(void)
{
    int before = omp_get_max_threads();
    ray_tensor blurred[2], resized[2];
    for (int i = 0; i < 2; i++) {
        omp_set_num_threads(i == 0 ? 1 : 5);
        blurred[i] = make_map(3, 37, 29);
        CU_ASSERT(ray_map_blur(&blurred[i], 2.2, RAY_BORDER_REPLICATE, NULL) == 0);
        CU_ASSERT(ray_map_resize(&blurred[i], 61, 83, RAY_RESIZE_BILINEAR, &resized[i], NULL) == 0);
    }
    omp_set_num_threads(before);
    CU_ASSERT(memcmp(blurred[0].data, blurred[1].data, 3 * 37 * 29 * sizeof(RAY_REAL)) == 0);
    CU_ASSERT(memcmp(resized[0].data, resized[1].data, 3 * 61 * 83 * sizeof(RAY_REAL)) == 0);
    for (int i = 0; i < 2; i++) {
        ray_tensor_free(&blurred[i]);
        ray_tensor_free(&resized[i]);
    }
}

/* A constant stays what it is where the border is replicated, however wide the filter. */
static void test_constant(void)
{
    static const double sigmas[] = { 0, 1e-9, 0.3, 5, 1000, 1e5 };
    for (int s = 0; s < COUNT(sigmas); s++) {
        ray_tensor map = make_map(1, 6, 9);
        for (int i = 0; i < 54; i++)
            map.data[i] = 3;
        CU_ASSERT(ray_map_blur(&map, sigmas[s], RAY_BORDER_REPLICATE, NULL) == 0);
        for (int i = 0; i < 54; i++)
            CHECK_CASE(fabs((double)map.data[i] - 3) < 1e-6, "sigma %g: %g in place of 3",
                       sigmas[s], (double)map.data[i]);
        ray_tensor_free(&map);
    }
}

/* sigma = 0 leaves every bit. */
static void test_identity(void)
{
    ray_tensor map = make_map(2, 5, 8), copy = make_map(2, 5, 8);
    CU_ASSERT(ray_map_blur(&map, 0, RAY_BORDER_ZERO, NULL) == 0);
    CU_ASSERT(memcmp(map.data, copy.data, 80 * sizeof(RAY_REAL)) == 0);
    ray_tensor_free(&map);
    ray_tensor_free(&copy);
}

/* An infinite value spreads to where it is looked at, and does not become NaN at its own place. */
static void test_infinite(void)
{
    ray_tensor map = make_map(1, 1, 3), out;
    map.data[1] = INFINITY;
    CU_ASSERT(ray_map_resize(&map, 1, 3, RAY_RESIZE_BILINEAR, &out, NULL) == 0);
    CU_ASSERT(out.data[0] == map.data[0] && isinf(out.data[1]) && out.data[2] == map.data[2]);
    ray_tensor_free(&out);
    ray_tensor_free(&map);
}

static void test_refused_sizes(void)
{
    static const struct { int32_t rank; int64_t height, width; const char *message; } rows[] = {
        { 4, 0, 5, "a map cannot be resized to 5 x 0" },
        { 4, 5, -1, "a map cannot be resized to -1 x 5" },
        { 4, INT64_C(1) << 40, 5, "a map cannot be resized to 5 x 1099511627776" },
        { 4, 2000000000, 2000000000, "a map cannot be resized to 2000000000 x 2000000000" },
        { 3, 5, 5, "only a map with height and width can be resized" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_tensor map = make_map(1, 4, 4), out;
        ray_error error = { "" };
        map.rank = rows[i].rank;
        CU_ASSERT(ray_map_resize(&map, rows[i].height, rows[i].width, RAY_RESIZE_NEAREST, &out,
                                 &error) != 0);
        check_text("size", error.text, rows[i].message);
        CU_ASSERT(out.data == NULL);
        ray_tensor_free(&map);
    }
}

static void test_refused_sigmas(void)
{
    static const struct { int32_t rank; double sigma; const char *message; } rows[] = {
        { 4, -1, "a standard deviation of -1 pixels is out of range; 0 to 100000" },
        { 4, 1e6, "a standard deviation of 1e+06 pixels is out of range; 0 to 100000" },
        { 4, NAN, "a standard deviation of nan pixels is out of range; 0 to 100000" },
        { 3, 1, "only a map with height and width can be smoothed" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        ray_tensor map = make_map(1, 4, 4);
        ray_error error = { "" };
        map.rank = rows[i].rank;
        CU_ASSERT(ray_map_blur(&map, rows[i].sigma, RAY_BORDER_ZERO, &error) != 0);
        check_text("sigma", error.text, rows[i].message);
        ray_tensor_free(&map);
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "expected", test_expected },         { "threads", test_threads },
        { "constant", test_constant },         { "identity", test_identity },
        { "infinite", test_infinite },         { "refused sizes", test_refused_sizes },
        { "refused sigmas", test_refused_sigmas }, { NULL, NULL },
    };
    return run_tests("maps", tests);
}
