/* SPDX-License-Identifier: MIT */
#include "preprocess.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"

static int check_input(const ray_input_description *input, const char *path, ray_error *error)
{
    const ray_ints *shape = &input->shape;
    if (shape->n == 3 && (shape->v[0] == 1 || shape->v[0] == 3))
        return 0;
    return ray_fail(error, "%s: a picture is 1 or 3 x height x width; this network's input is not: "
                    "give a .npy", path);
}

/* The size must be the network's; says what would make it so. */
static int check_size(const ray_input_description *input, const ray_picture *picture,
                      const char *path, ray_error *error)
{
    int64_t height = input->shape.v[1], width = input->shape.v[2];
    if (picture->height == height && picture->width == width)
        return 0;
    const char *made = input->resize > 0 ? " after resize" : "";
    made = input->crop.n > 0 ? " after resize and crop" : made;
    int64_t shorter = height < width ? height : width;
    char crop[64];
    if (height == width)
        snprintf(crop, sizeof crop, "%lld", (long long)height);
    else
        snprintf(crop, sizeof crop, "[%lld, %lld]", (long long)height, (long long)width);
    return ray_fail(error,
                    "%s: %lld x %lld pixels%s; the network takes %lld x %lld: `resize: %lld` and "
                    "`crop: %s` under input would fit",
                    path, (long long)picture->width, (long long)picture->height, made,
                    (long long)width, (long long)height,
                    (long long)(input->resize >= shorter ? input->resize : shorter), crop);
}

/* Decoded, resized and cropped. */
static int read_picture(const ray_input_description *input, const char *path, ray_picture *picture,
                        ray_error *error)
{
    if (ray_picture_read(picture, path, (int32_t)input->shape.v[0], error))
        return -1;
    if ((input->resize > 0 && ray_picture_resize(picture, input->resize, error))
        || (input->crop.n > 0
            && ray_picture_crop(picture, input->shape.v[1], input->shape.v[2], error))) {
        ray_fail_prefix(error, "%s: ", path);
        ray_picture_free(picture);
        return -1;
    }
    if (check_size(input, picture, path, error)) {
        ray_picture_free(picture);
        return -1;
    }
    return 0;
}

/* Entry of a list that may be empty, single or one per channel. */
static float number_at(const ray_numbers *list, int64_t channel, float without)
{
    if (list->n == 0)
        return without;
    return (float)list->v[list->n == 1 ? 0 : channel];
}

static void fill_channel(const ray_input_description *input, const ray_picture *picture,
                         int64_t channel, RAY_REAL *out)
{
    float mean = number_at(&input->mean, channel, 0), std = number_at(&input->std, channel, 1);
    RAY_REAL value[256];
    for (int i = 0; i < 256; i++)
        value[i] = (RAY_REAL)(((float)i / 255.0f - mean) / std);
    int64_t n = picture->width * picture->height;
    for (int64_t i = 0; i < n; i++)
        out[i] = value[picture->pixels[i * picture->channels + channel]];
}

int ray_preprocess(const ray_input_description *input, const char *path, ray_tensor *tensor,
                   ray_error *error)
{
    *tensor = (ray_tensor){ .data = NULL };
    ray_picture picture;
    if (check_input(input, path, error) || read_picture(input, path, &picture, error))
        return -1;
    int64_t plane = picture.width * picture.height, channels = picture.channels;
    *tensor = (ray_tensor){ ray_alloc_aligned((size_t)(plane * channels) * sizeof(RAY_REAL)),
                            { 1, channels, picture.height, picture.width }, 4 };
    for (int64_t c = 0; tensor->data && c < channels; c++)
        fill_channel(input, &picture, c, tensor->data + c * plane);
    ray_picture_free(&picture);
    if (!tensor->data)
        return ray_fail_memory(error);
    return 0;
}

/* NaN becomes 0. */
static unsigned char to_byte(float value)
{
    return value >= 255 ? 255 : value > 0 ? (unsigned char)lrintf(value) : 0;
}

int ray_preprocess_undo(const ray_input_description *input, const ray_tensor *batch, int64_t item,
                        ray_picture *picture, ray_error *error)
{
    *picture = (ray_picture){ NULL, 0, 0, 0 };
    int64_t channels = batch->rank == 4 ? batch->dim[1] : 0;
    if (channels != 1 && channels != 3)
        return ray_fail(error, "the input is not a picture");
    int64_t height = batch->dim[2], width = batch->dim[3], plane = height * width;
    *picture = (ray_picture){ ray_alloc((size_t)plane, (size_t)channels), width, height,
                              (int32_t)channels };
    if (!picture->pixels)
        return ray_fail_memory(error);
    for (int64_t c = 0; c < channels; c++) {
        const RAY_REAL *in = batch->data + (item * channels + c) * plane;
        float mean = number_at(&input->mean, c, 0), std = number_at(&input->std, c, 1);
        for (int64_t i = 0; i < plane; i++)
            picture->pixels[i * channels + c] = to_byte(((float)in[i] * std + mean) * 255.0f);
    }
    return 0;
}
