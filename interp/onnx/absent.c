/* SPDX-License-Identifier: MIT */
/* absent.c - in place of all others in a build without ONNX. */
#include "import.h"

static int fail_absent(const char *path, ray_error *error)
{
    return ray_fail(error, "%s: built without ONNX (meson setup -Donnx=enabled)", path);
}

int ray_onnx_import_open(ray_onnx_import **out, const char *path, const ray_draft_wishes *wishes,
                         ray_error *error)
{
    (void)wishes;
    *out = NULL;
    return fail_absent(path, error);
}

void ray_onnx_import_close(ray_onnx_import *import)
{
    (void)import;
}

bool ray_onnx_import_reads(const ray_onnx_import *import, const char *path)
{
    (void)import;
    (void)path;
    return false;
}

int ray_onnx_import_weights(ray_weights **out, const ray_onnx_import *import, ray_error *error)
{
    (void)import;
    *out = NULL;
    return fail_absent("model", error);
}

char *ray_draft_yaml(const ray_draft *draft, const char *weights)
{
    (void)draft;
    (void)weights;
    return NULL;
}

int ray_draft_save_weights(const ray_draft *draft, const char *path, ray_error *error)
{
    (void)draft;
    return fail_absent(path, error);
}
