/* SPDX-License-Identifier: MIT */
/* write_yaml.c - a draft as a graph file that a person would go on editing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "draft.h"

/* ---- Words ---- */

/* Would be read as it is, within a flow mapping: a plain name that is no number and no keyword. */
static bool is_plain(const char *word)
{
    static const char *const keywords[] = {
        "true", "false", "yes", "no", "on", "off", "null", "y", "n"
    };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    if (!*word || strspn(word, letters) == 0)
        return false;
    if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")])
        return false;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (!strcasecmp(word, keywords[i]))
            return false;
    return true;
}

static void put_word(FILE *out, const char *word)
{
    if (is_plain(word)) {
        fputs(word, out);
        return;
    }
    bool utf8 = ray_text_is_plain(word);
    fputc('"', out);
    for (; *word; word++) {
        unsigned char c = (unsigned char)*word;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_dims(FILE *out, const ray_shape *shape)
{
    for (int32_t k = 0; k < shape->rank; k++)
        fprintf(out, "%s%lld", k ? ", " : "[", (long long)shape->dim[k]);
    fputs(shape->rank ? "]" : "[]", out);
}

/* ---- Blocks ---- */

enum { NEAR = 8 };                  /* layers between those of one node, at most */

static bool is_number(const char *part, size_t n)
{
    return n && strspn(part, "0123456789") >= n;
}

/* How much of a layer's name says which block it is of: up to the first part with a digit in it and
 * the numbers behind that, without the last part.  "layer1.0.conv2": "layer1.0", "fc": "". */
static size_t block_length(const char *name)
{
    size_t length = 0;
    bool numbered = false;
    for (const char *part = name, *dot; (dot = strchr(part, '.')); part = dot + 1) {
        size_t n = (size_t)(dot - part);
        if (numbered && !is_number(part, n))
            break;
        numbered = numbered || strcspn(part, "0123456789") < n;
        length = (size_t)(dot - name);
    }
    return length;
}

/* What says which block a layer is of: its name, or that of a layer beside it of which it is a
 * part, "add" of "add.constant". */
static const char *head_name(const ray_draft *draft, int32_t i)
{
    const char *name = draft->layers[i].name, *dot = strrchr(name, '.');
    const int32_t last = i + NEAR < draft->n_layers ? i + NEAR : draft->n_layers - 1;
    for (int32_t k = i > NEAR ? i - NEAR : 0; dot && k <= last; k++) {
        const char *other = draft->layers[k].name;
        if (!strncmp(other, name, (size_t)(dot - name)) && !other[dot - name])
            return other;
    }
    return name;
}

static bool is_same_block(const char *a, const char *b)
{
    size_t n = block_length(a);
    return n == block_length(b) && !strncmp(a, b, n);
}

/* ---- Layers ---- */

static void put_from(FILE *out, const ray_draft_layer *layer, const char *above)
{
    if (layer->n_from == 0 || (layer->n_from == 1 && !strcmp(layer->from[0], above)))
        return;
    fputs(", from: ", out);
    if (layer->n_from != 1)
        fputc('[', out);
    for (int32_t i = 0; i < layer->n_from; i++) {
        fputs(i ? ", " : "", out);
        put_word(out, layer->from[i]);
    }
    if (layer->n_from != 1)
        fputc(']', out);
}

static void put_params(FILE *out, const ray_draft_layer *layer)
{
    for (int32_t i = 0; i < layer->n_params; i++) {
        fputs(i ? ", " : ", params: {", out);
        fprintf(out, "%s: ", layer->params[i].param);
        put_word(out, layer->params[i].tensor);
    }
    if (layer->n_params)
        fputc('}', out);
}

static void put_layer(FILE *out, const ray_draft_layer *layer, const char *above)
{
    fputs("  - {name: ", out);
    put_word(out, layer->name);
    fprintf(out, ", type: %s", layer->type);
    put_from(out, layer, above);
    if (layer->attributes && *layer->attributes)
        fprintf(out, ", %s", layer->attributes);
    put_params(out, layer);
    fputs("}\n", out);
}

static void put_layers(FILE *out, const ray_draft *draft)
{
    const char *above = draft->input;
    fputs("layers:\n", out);
    for (int32_t i = 0; i < draft->n_layers; i++) {
        const ray_draft_layer *layer = &draft->layers[i];
        if (i && !is_same_block(head_name(draft, i - 1), head_name(draft, i)))
            fputc('\n', out);
        put_layer(out, layer, above);
        above = layer->name;
    }
}

/* ---- The head ---- */

/* Each line as a comment. */
static void put_comment(FILE *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        fputs("# ", out);
        for (size_t i = 0; i < n; i++)
            fputc(text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?', out);      /* ASCII only */
        fputc('\n', out);
        text += n + (text[n] == '\n');
    }
}

static void put_origin(FILE *out, const ray_onnx_model *model)
{
    char line[512];
    const char *file = strrchr(model->path, '/');
    snprintf(line, sizeof line, "Imported from %.200s (ONNX, opset %lld%s%.200s).",
             file ? file + 1 : model->path, (long long)model->opset,
             *model->producer ? ", by " : "", model->producer);
    put_comment(out, line);
}

static bool is_picture(const ray_shape *shape)
{
    return shape->rank == 3 && (shape->dim[0] == 1 || shape->dim[0] == 3);
}

static void put_head(FILE *out, const ray_draft *draft, const char *weights)
{
    if (draft->model)
        put_origin(out, draft->model);
    if (draft->notes)
        put_comment(out, draft->notes);
    if (is_picture(&draft->shape))
        put_comment(out, "A model does not say how pictures become its input: resize, crop, mean "
                    "and std of `input` are for you to add.");
    fputs("rayinterp: 1\nname: ", out);
    put_word(out, draft->name);
    if (weights) {
        fputs("\nweights: ", out);
        put_word(out, weights);
    }
    fputs("\ninput:\n  name: ", out);
    put_word(out, draft->input);
    fputs("\n  shape: ", out);
    put_dims(out, &draft->shape);
    fputc('\n', out);
}

char *ray_draft_yaml(const ray_draft *draft, const char *weights)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    put_head(out, draft, weights);
    put_layers(out, draft);
    fputs("output: ", out);
    put_word(out, draft->output);
    fputc('\n', out);
    bool failed = ferror(out);
    if (!fclose(out) && !failed)
        return text;
    free(text);
    return NULL;
}
