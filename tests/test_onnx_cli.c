/* SPDX-License-Identifier: MIT */
/* test_onnx_cli.c - rayinterp import, and ONNX models in place of graph files. */
#include "program.h"

#define MODELS "$S/tests/fixtures/onnx/"
#define IMPORT "$R import " MODELS

/* ---- What is written ---- */

static void a_model_is_imported(void)
{
    static const program_case cases[] = {
        { IMPORT "small.onnx -o made", 0, "small: 4 layers, 271 parameters; x 2x4x4 to fc 3\nwrote made/small.yaml, "
          "made/small.safetensors", NULL },
        { "ls -A made", 0, "small.safetensors\nsmall.yaml", NULL },
        { "cat made/small.yaml", 0, "# Imported from small.onnx (ONNX, opset 13, by onnx_files 1).\nrayinterp: 1\nname: "
          "small\nweights: small.safetensors\ninput:\n  name: x\n  shape: [2, 4, 4]\nlayers:\n  - {name: conv, type: "
          "conv2d, out_channels: 4, kernel_size: 3, padding: 1}\n  - {name: relu, type: relu}\n  - {name: flatten, "
          "type: flatten}\n  - {name: fc, type: linear, out_features: 3}\noutput: fc", NULL },
        { "$R check made/small.yaml", 0, "made/small.yaml: no fault found", NULL },
        { IMPORT "small.onnx --name other --quiet; ls other.*", 0, "other.safetensors\nother.yaml", NULL },
        { IMPORT "small.onnx --name json --json --quiet", 0, "{\"graph\":\"json.yaml\",\"weights\":\"json.safetensors\","
          "\"name\":\"json\",\"layers\":4,\"parameters\":271,\"input\":[2,4,4],\"output\":[3],\"notes\":[]}", NULL },
        { IMPORT "external.onnx", 0, "external: 1 layers, 8 parameters; x 3 to fc 2\n*", NULL },
        { "$R check external.yaml", 0, "external.yaml: no fault found", NULL },
    };
    CHECK_PROGRAMS(cases);
}

/* The model as it is, and what was imported of it, are the same network. */
static void a_model_is_used_as_it_is(void)
{
    static const program_case cases[] = {
        { IMPORT "transposed.onnx --quiet", 0, NULL, NULL },
        { "$R show " MODELS "transposed.onnx >a; $R show transposed.yaml >b; cmp a b", 0, NULL, NULL },
        { "$R check " MODELS "transposed.onnx", 0, "SRC/tests/fixtures/onnx/transposed.onnx: no fault found", NULL },
        { "$R forward " MODELS "transposed.onnx --input " MODELS "transposed_input.npy --quiet --output a.npy && $R "
          "forward transposed.yaml --input " MODELS "transposed_input.npy --quiet --output b.npy && cmp a.npy b.npy && "
          "cmp a.npy " MODELS "transposed_output.npy", 0, NULL, NULL },
        { "$R " MODELS "transposed.onnx --rule gradient --input " MODELS "transposed_input.npy --format npy --quiet && "
          "mv gradient.npy direct.npy && $R transposed.yaml --rule gradient --input " MODELS "transposed_input.npy "
          "--format npy --quiet && cmp direct.npy gradient.npy", 0, NULL, NULL },
        { "$R forward " MODELS "small.onnx --weights made/small.safetensors --input " MODELS "small_input.npy --quiet "
          "--output a.npy && $R forward " MODELS "small.onnx --input " MODELS "small_input.npy --quiet --output b.npy "
          "&& cmp a.npy b.npy", 0, NULL, NULL },
        { "$R bench " MODELS "small.onnx --runs 1", 0, "**", "**" },
        { "$R forward " MODELS "small.onnx", 1, NULL, "rayinterp: SRC/tests/fixtures/onnx/small.onnx: it names no "
          "example; give --input FILE" },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- What is refused ---- */

#define USAGE(text) "rayinterp import: " text \
    "\nTry `rayinterp import --help' or `rayinterp import --usage' for more**information."
#define SHAPE(text) USAGE("--input-shape " text ": sizes of one item, without the batch, are expected: 3x224x224")

static void wrong_usage_is_told(void)
{
    static const program_case cases[] = {
        { "$R import", 2, NULL, USAGE("which model? give the path of an .onnx file") },
        { "$R import a.onnx b.onnx", 2, NULL, USAGE("one model at a time: \"b.onnx\" is one too many") },
        { "$R import a.onnx --input-shape 3x", 2, NULL, SHAPE("3x") },
        { "$R import a.onnx --input-shape 3x0", 2, NULL, SHAPE("3x0") },
        { "$R import a.onnx --input-shape -3", 2, NULL, SHAPE("-3") },
        { "$R import a.onnx --input-shape 3,4", 2, NULL, SHAPE("3,4") },
        { "$R import a.onnx --input-shape 1x1x1x1x1x1x1x1", 2, NULL, SHAPE("1x1x1x1x1x1x1x1") },
    };
    CHECK_PROGRAMS(cases);
}

static void bad_models_are_refused(void)
{
    static const program_case cases[] = {
        { "$R import none.onnx", 1, NULL, "rayinterp: cannot read none.onnx: No such file or directory" },
        { "echo text >text.onnx; $R import text.onnx", 1, NULL, "rayinterp: text.onnx: byte * is no part of an ONNX "
          "model (in the model): the file is damaged, cut short or something else" },
        { "$R show text.onnx", 1, NULL, "rayinterp: text.onnx: byte *" },
        { "$R text.onnx --rule gradient", 1, NULL, "rayinterp: text.onnx: byte *" },
        { "head -c 700 " MODELS "small.onnx >cut.onnx; $R check cut.onnx", 1, NULL, "rayinterp: cut.onnx: byte *" },
        { "cp " MODELS "external.onnx alone.onnx; $R import alone.onnx", 1, NULL, "rayinterp: alone.onnx: tensor "
          "\"fc.weight\": its external data cannot be read: ./data/numbers.bin: No such file or directory" },
        { IMPORT "small.onnx --input-shape 3x4x4 --name shape", 1, NULL, "rayinterp: SRC/tests/fixtures/onnx/small.onnx: "
          "*" },
        { IMPORT "small.onnx --input-name z --name shape", 1, NULL, "rayinterp: SRC/tests/fixtures/onnx/small.onnx: it has "
          "no input \"z\"; it has \"x\"" },
        { IMPORT "small.onnx --output-name z --name shape", 1, NULL, "rayinterp: SRC/tests/fixtures/onnx/small.onnx: it "
          "has no output \"z\"; it has \"y\"" },
        { IMPORT "small.onnx --input-shape 2x99999999x99999999 --name shape", 1, NULL, "rayinterp: "
          "SRC/tests/fixtures/onnx/small.onnx: input \"x\": a tensor of more numbers than any memory" },
        { "LC_ALL=C sed 's/\\x00\\x00\\x80\\xbf/\\x00\\x00\\xc0\\x7f/' " MODELS "small.onnx >shape.nan; $R import "
          "shape.nan", 1, NULL, "rayinterp: shape.nan: tensor \"conv.weight\" holds NaN" },
        { "rm shape.nan", 0, NULL, NULL },
        { "ls shape.* 2>nowhere", 2, NULL, NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void files_are_kept(void)
{
    static const program_case cases[] = {
        { "echo mine >kept.yaml; " IMPORT "small.onnx --name kept; cat kept.yaml; ls kept.*", 0, "mine\nkept.yaml",
          "rayinterp: kept.yaml is there already; it is replaced with --force only" },
        { IMPORT "small.onnx --name kept --force --quiet && head -n 2 kept.yaml", 0, "# Imported from *\nrayinterp: 1",
          NULL },
        { "rm kept.yaml; " IMPORT "small.onnx --name kept", 1, NULL, "rayinterp: kept.safetensors is there already; it "
          "is replaced with --force only" },
        { "ln -s nowhere link.yaml; " IMPORT "small.onnx --name link", 1, NULL, "rayinterp: link.yaml is there already; "
          "it is replaced with --force only" },
        { IMPORT "small.onnx --name link --force --quiet && test ! -L link.yaml", 0, NULL, NULL },
        { "cp " MODELS "small.onnx self.yaml; $R import self.yaml --force; cmp self.yaml " MODELS "small.onnx", 0, NULL,
          "rayinterp: self.yaml is a file of the model itself, which is not replaced; another name or folder is needed" },
        { "mkdir ab; cp " MODELS "data/numbers.bin ab/n.safetensors; LC_ALL=C sed "
          "s,data/numbers.bin,ab/n.safetensors,g " MODELS "external.onnx >n.onnx; $R import n.onnx -o ab --force; "
          "cmp ab/n.safetensors " MODELS "data/numbers.bin; ls -A ab", 0, "n.safetensors", "rayinterp: ab/n.safetensors "
          "is a file of the model itself, which is not replaced; another name or folder is needed" },
        { IMPORT "small.onnx --name a/b", 1, NULL, "rayinterp: the network's name \"a/b\" is none for a file; another "
          "one is needed" },
        { IMPORT "small.onnx -o missing/folder", 1, NULL, "rayinterp: --output missing/folder: the folder cannot be "
          "made: No such file or directory" },
        { "$R import none.onnx -o new; ls -d new 2>nowhere", 2, NULL, "rayinterp: cannot read none.onnx: No such file or "
          "directory" },
        { "mkdir full && cd full && (trap '' XFSZ; ulimit -f 1; " IMPORT "small.onnx); echo $?; ls -A", 0, "1",
          "rayinterp: cannot write small.safetensors: File too large" },
    };
    CHECK_PROGRAMS(cases);
}

int main(void)
{
    static const named_test tests[] = {
        { "a model is imported", a_model_is_imported },
        { "a model is used as it is", a_model_is_used_as_it_is },
        { "wrong usage is told", wrong_usage_is_told },
        { "bad models are refused", bad_models_are_refused },
        { "files are kept", files_are_kept },
        { 0 }
    };
    program_prepare();
    return run_tests("onnx_cli", tests);
}
