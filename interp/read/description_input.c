/* SPDX-License-Identifier: MIT */
#include "description_input.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "description_node.h"

/* Pictures larger than this are not read either. */
#define LONGEST_SIDE 65536.0

#define FIELD(f) offsetof(ray_input_description, f)
static const ray_option table[] = {
    { .name = "name", .help = "what `from` calls the input", .type = RAY_STRING,
      .offset = FIELD(name.text), .words = "input" },
    { .name = "shape", .help = "shape of one item, as [channels, height, width] or [features]",
      .type = RAY_INTS, .flags = RAY_REQUIRED, .offset = FIELD(shape), .def = NAN, .min = 1,
      .max = INFINITY, .count = RAY_MAX_RANK - 1 },
    { .name = "resize", .help = "pictures: the shorter side is brought to this", .type = RAY_INT,
      .offset = FIELD(resize), .min = 1, .max = LONGEST_SIDE },
    { .name = "crop", .help = "pictures: what is cut from the centre, a side or [height, width]",
      .type = RAY_INTS, .offset = FIELD(crop), .def = NAN, .min = 1, .max = LONGEST_SIDE,
      .count = 2 },
    { .name = "mean", .help = "pictures: taken from each channel", .type = RAY_NUMBERS,
      .offset = FIELD(mean), .def = NAN },
    { .name = "std", .help = "pictures: each channel is divided by it", .type = RAY_NUMBERS,
      .offset = FIELD(std), .def = NAN, .min = 1e-30, .max = INFINITY },
    { 0 }
};

typedef struct reader {
    const ray_description *d;
    const ray_node        *mapping;
    ray_input_description *input;
    ray_error             *error;
} reader;

static int check_name(const reader *r)
{
    const ray_node *node = ray_node_find(r->mapping, "name");
    return node ? ray_name_read(r->d, node, "name", &r->input->name, r->error) : 0;
}

static int check_shape(const reader *r)
{
    const ray_ints *shape = &r->input->shape;
    r->input->shape_mark = ray_node_find(r->mapping, "shape")->mark;
    int64_t size = 1;
    for (int32_t i = 0; i < shape->n; i++)
        if (!ray_multiply_checked(size, shape->v[i], &size))
            return ray_fail_at(r->error, r->d->yaml.path, r->input->shape_mark,
                               "shape: one item would have more numbers than any memory holds");
    return 0;
}

/* Keys that are about pictures need an input that is one. */
static int check_picture(const reader *r)
{
    static const char *const keys[] = { "resize", "crop", "mean", "std" };
    const ray_ints *shape = &r->input->shape;
    if (shape->n == 3 && (shape->v[0] == 1 || shape->v[0] == 3))
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const ray_node *node = ray_node_find(r->mapping, keys[i]);
        if (node)
            return ray_fail_at(r->error, r->d->yaml.path, node->mark, "%s: the input is not a "
                               "picture; its shape would be [1 or 3, height, width]", keys[i]);
    }
    return 0;
}

static int check_crop(const reader *r)
{
    const ray_ints *crop = &r->input->crop, *shape = &r->input->shape;
    int64_t height = crop->v[0], width = crop->v[crop->n - 1 > 0];
    if (crop->n == 0 || (height == shape->v[1] && width == shape->v[2]))
        return 0;
    return ray_fail_at(r->error, r->d->yaml.path, ray_node_find(r->mapping, "crop")->mark,
                       "crop: %lld x %lld (height x width) is not the shape's %lld x %lld",
                       (long long)height, (long long)width, (long long)shape->v[1],
                       (long long)shape->v[2]);
}

static int check_count(const reader *r, const char *key, int32_t n)
{
    int32_t channels = (int32_t)r->input->shape.v[0];
    if (n == 0 || n == 1 || n == channels)
        return 0;
    return ray_fail_at(r->error, r->d->yaml.path, ray_node_find(r->mapping, key)->mark,
                       "%s: %d numbers for %d channel%s; one for each, or one for all", key, n,
                       channels, channels == 1 ? "" : "s");
}

int ray_input_read_description(ray_description *d, const ray_node *node, ray_error *error)
{
    reader r = { d, node, &d->input, error };
    if (ray_node_expect(d, node, "input", RAY_MAPPING, error)
        || ray_options_read(table, &d->input, node, NULL, d->yaml.path, error))
        return -1;
    if (check_name(&r) || check_shape(&r) || check_picture(&r) || check_crop(&r))
        return -1;
    return check_count(&r, "mean", d->input.mean.n)
           || check_count(&r, "std", d->input.std.n) ? -1 : 0;
}
