/* SPDX-License-Identifier: MIT */
/* drawing.h - pictures and results made by hand, for tests that draw. */
#ifndef RAY_TESTS_DRAWING_H
#define RAY_TESTS_DRAWING_H

#include "read/picture.h"
#include "scratch.h"

static inline bool same_files(const char *a, const char *b)
{
    size_t n, m;
    unsigned char *one = file_content(a, &n), *other = file_content(b, &m);
    bool same = n == m && memcmp(one, other, n) == 0;
    free(one);
    free(other);
    return same;
}

static inline ray_picture make_picture(int64_t width, int64_t height, int32_t channels)
{
    ray_picture picture;
    CU_ASSERT_FATAL(ray_picture_alloc(&picture, width, height, channels, NULL) == 0);
    for (int64_t i = 0; i < width * height * channels; i++)
        picture.pixels[i] = (unsigned char)(i * 37 + i / 11);
    return picture;
}

/* A picture of the scratch folder; ray_picture_free(). */
static inline ray_picture read_drawing(const char *name)
{
    ray_picture drawing = { NULL, 0, 0, 0 };
    ray_error   error = { "" };
    int failed = ray_picture_read(&drawing, scratch_path(name), 3, &error);
    CHECK_CASE(failed == 0, "%s: %s", name, error.text);
    CU_ASSERT_FATAL(failed == 0);
    return drawing;
}

/* Of the network graphs/shapes.yaml: item i of the input is grey of lightness 40 + 40 i; maps are
 * 2 x 3 and rise from left to right. */
enum { DRAWN_SIDE = 80, DRAWN_PIXELS = 3 * DRAWN_SIDE * DRAWN_SIDE, DRAWN_CLASSES = 10,
       DRAWN_MOST = 40 };

typedef struct drawn {
    ray_network *network;
    ray_request  request;
    ray_result   result;
    float        input[2 * DRAWN_PIXELS], output[2 * DRAWN_CLASSES];
    int64_t      targets[DRAWN_MOST];
    float        values[DRAWN_MOST * 6];
    ray_map      maps[16];
} drawn;

/* So many targets of one item, or one of each of two items; class t for target t, whose score is
 * t + 0.5 for the first item, t + 0.25 for the second.  Maps are the caller's to add. */
static inline void drawn_open(drawn *d, int64_t n_targets, int64_t n_items)
{
    ray_open_options options = { .weights_from = RAY_WEIGHTS_NONE };
    ray_error error = { "" };
    *d = (drawn){ .network = NULL };
    int failed = ray_network_open(&d->network, source_path("graphs/shapes.yaml"), &options, &error);
    CHECK_CASE(failed == 0, "%s", error.text);
    CU_ASSERT_FATAL(failed == 0);
    for (int i = 0; i < 2 * DRAWN_PIXELS; i++)
        d->input[i] = ((float)(40 + i / DRAWN_PIXELS * 40) / 255.f - 0.5f) / 0.25f;
    for (int i = 0; i < 2 * DRAWN_CLASSES; i++)
        d->output[i] = (float)(i % DRAWN_CLASSES) + (i < DRAWN_CLASSES ? 0.5f : 0.25f);
    for (int i = 0; i < DRAWN_MOST; i++)
        d->targets[i] = i % DRAWN_CLASSES;
    for (int i = 0; i < DRAWN_MOST * 6; i++)
        d->values[i] = (float)(i % 3) * (float)(1 + i / 6);
    d->request.input = (ray_tensor){ d->input, { n_items, 3, DRAWN_SIDE, DRAWN_SIDE }, 4 };
    d->result = (ray_result){ .output = { d->output, { n_items, DRAWN_CLASSES }, 2 },
                              .targets = d->targets, .n_targets = n_targets, .maps = d->maps };
}

static inline ray_map *drawn_add(drawn *d, const char *method, const char *layer)
{
    ray_map *map = &d->maps[d->result.n_maps++];
    *map = (ray_map){ .method = method, .layer = layer,
                      .map = { d->values, { d->result.n_targets, 1, 2, 3 }, 4 } };
    return map;
}

/* The picture that item i stands for; ray_picture_free(). */
static inline ray_picture drawn_item(int item)
{
    ray_picture picture = make_picture(DRAWN_SIDE, DRAWN_SIDE, 3);
    memset(picture.pixels, 40 + 40 * item, DRAWN_PIXELS);
    return picture;
}

static inline void drawn_close(drawn *d)
{
    ray_network_close(d->network);
}

#endif
