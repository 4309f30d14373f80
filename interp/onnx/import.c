/* SPDX-License-Identifier: MIT */
#include "import.h"

#include <stdlib.h>

#include "draft_weights.h"
#include "files.h"

int ray_onnx_import_open(ray_onnx_import **out, const char *path, const ray_draft_wishes *wishes,
                         ray_error *error)
{
    ray_onnx_import *import = ray_alloc(1, sizeof *import);
    *out = NULL;
    if (!import)
        return ray_fail_memory(error);
    if (ray_onnx_model_read(&import->model, path, error)) {
        free(import);
        return -1;
    }
    if (ray_onnx_translate(&import->model, wishes, &import->draft, error)) {
        ray_onnx_model_free(&import->model);
        free(import);
        return -1;
    }
    import->draft.model = &import->model;
    *out = import;
    return 0;
}

void ray_onnx_import_close(ray_onnx_import *import)
{
    if (!import)
        return;
    ray_draft_free(&import->draft);
    ray_onnx_model_free(&import->model);
    free(import);
}

bool ray_onnx_import_reads(const ray_onnx_import *import, const char *path)
{
    return ray_onnx_files_has(&import->model, path);
}

int ray_onnx_import_weights(ray_weights **out, const ray_onnx_import *import, ray_error *error)
{
    return ray_draft_open_weights(out, &import->draft, import->model.path, error);
}
