/* SPDX-License-Identifier: MIT */
/* write_weights.c - a draft's tensors as .safetensors, float32, through small buffers. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "read/numbers.h"
#include "reorder.h"

enum { ALIGNMENT = 64 };            /* of the numbers in the file */

/* ---- The header ---- */

static json_t *shape_list(const ray_shape *shape)
{
    json_t *list = json_array();
    for (int32_t k = 0; k < shape->rank; k++)
        json_array_append_new(list, json_integer(shape->dim[k]));
    return list;
}

static int add_tensor(json_t *header, const ray_draft_tensor *tensor, int64_t *end,
                      ray_error *error)
{
    int64_t begin = *end;
    if (json_object_get(header, tensor->name))
        return ray_fail(error, "two tensors are named \"%s\"", tensor->name);
    *end += tensor->from->n * (int64_t)sizeof(float);
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape",
                              shape_list(&tensor->shape), "data_offsets", (json_int_t)begin,
                              (json_int_t)*end);
    if (json_object_set_new(header, tensor->name, entry))
        return ray_fail(error, "tensor \"%s\": its name is not UTF-8, or memory is short",
                        tensor->name);
    return 0;
}

/* The JSON text, padded so that the numbers behind it are aligned; free(). */
static char *header_text(const ray_draft *draft, ray_error *error)
{
    json_t *header = json_object();
    int64_t end = 0;
    int failed = 0;
    for (int32_t i = 0; !failed && i < draft->n_tensors; i++)
        failed = add_tensor(header, &draft->tensors[i], &end, error);
    char *text = failed ? NULL : json_dumps(header, JSON_COMPACT), *padded = NULL;
    json_decref(header);
    if (text) {
        size_t n = strlen(text), size = (n + 8 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - 8;
        padded = ray_grow(text, size + 1, 1);
        if (padded) {
            memset(padded + n, ' ', size - n);
            padded[size] = '\0';
        } else {
            free(text);
        }
    }
    if (!padded)
        ray_fail_memory(error);
    return padded;
}

/* ---- The file ---- */

typedef struct target { FILE *stream; const char *tensor; ray_error *error; } target;

/* Numbers that are not finite would be refused by whoever reads the file. */
static int write_piece(void *context, const float *numbers, size_t n)
{
    const target *to = context;
    int64_t bad = ray_numbers_find_bad(numbers, (int64_t)n);
    if (bad >= 0)
        return ray_fail(to->error, "tensor \"%s\" holds %s", to->tensor,
                        isnan(numbers[bad]) ? "NaN" : "infinity");
    return fwrite(numbers, sizeof *numbers, n, to->stream) == n ? 0 : -1;
}

static int write_tensors(const ray_draft *draft, FILE *stream, ray_error *error)
{
    for (int32_t i = 0; i < draft->n_tensors; i++) {
        const ray_draft_tensor *tensor = &draft->tensors[i];
        target to = { stream, tensor->name, error };
        ray_reorder r = ray_reorder_make(tensor, draft->model);
        if (ray_reorder_each(&r, write_piece, &to, error))
            return -1;
    }
    return 0;
}

static int write_header(const ray_draft *draft, FILE *stream, ray_error *error)
{
    char *text = header_text(draft, error);
    if (!text)
        return -1;
    uint64_t length = strlen(text);
    fwrite(&length, sizeof length, 1, stream);
    fwrite(text, 1, length, stream);
    free(text);
    return 0;
}

/* A write that fails is reported by the commit, which knows why. */
int ray_draft_save_weights(const ray_draft *draft, const char *path, ray_error *error)
{
    ray_output output;
    ray_error own = { "" };
    if (ray_output_open(&output, path, error))
        return -1;
    int failed = write_header(draft, output.stream, &own)
                 || write_tensors(draft, output.stream, &own);
    if (own.text[0])
        ray_fail(error, "%s: %s", draft->model ? draft->model->path : path, own.text);
    if (failed && own.text[0]) {
        ray_output_discard(&output);
        return -1;
    }
    return ray_output_commit(&output, error);
}
