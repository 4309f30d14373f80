/* SPDX-License-Identifier: MIT */
/* onnx_reading.h - what is said of ONNX files that a test makes. */
#ifndef ONNX_READING_H
#define ONNX_READING_H

#include "check_text.h"
#include "onnx/model.h"
#include "onnx_bytes.h"
#include "scratch.h"

/* The message, with the scratch folder called TMP; "" when the model is read. */
static const char *read_message(const char *path)
{
    static ray_error error;
    ray_onnx_model model;
    error.text[0] = '\0';
    int failed = ray_onnx_model_read(&model, path, &error);
    CHECK_CASE((failed != 0) == (error.text[0] != '\0'), "%s: %s", path, error.text);
    CHECK_CASE(!strchr(error.text, '\n'), "%s", error.text);
    if (!failed)
        ray_onnx_model_free(&model);
    for (char *at; (at = strstr(error.text, scratch_folder)) != NULL;) {
        memcpy(at, "TMP", 3);
        memmove(at + 3, at + strlen(scratch_folder), strlen(at + strlen(scratch_folder)) + 1);
    }
    return error.text;
}

#endif
