/* SPDX-License-Identifier: MIT */
/* test_cli_refusals.c - the program says in one line what is wrong, and ends with 1, or with 2
 * after wrong usage. */
#include <sys/stat.h>

#include "check_text.h"
#include "program.h"

#define LABELLED "$R $S/tests/graphs/labelled.yaml "
#define EXPLAIN LABELLED "--format npy "
#define GRAPH "SRC/tests/graphs/labelled.yaml"
#define PLAIN "$R $S/tests/fixtures/plain/graph.yaml --format npy "
#define PLAIN_INPUT "--input $S/tests/fixtures/plain/input.npy "
#define BATCH "$R $S/tests/fixtures/batch3/graph.yaml --format npy " \
    "--input $S/tests/fixtures/batch3/input.npy "

/* ---- Wrong usage: one line, and where help is ---- */

#define USAGE(text) "rayinterp: " text \
    "\nTry `rayinterp --help' or `rayinterp --usage' for more information."
#define USAGE_OF(command, text) "rayinterp " command ": " text \
    "\nTry `rayinterp " command " --help' or `rayinterp " command " --usage' for more**information."

#define MEMORY(size) USAGE("--memory " size ": a number of bytes is expected, or one followed by K, M, G or T, powers " \
    "of 1024: 512M")

static void wrong_usage_is_told(void)
{
    static const program_case cases[] = {
        { "$R", 2, NULL, USAGE("which graph? give the path of a YAML file") },
        { LABELLED, 2, NULL, USAGE("which method? give --rule NAME (`rayinterp rules` lists them)") },
        { "$R --rule ebp", 2, NULL, USAGE("which graph? give the path of a YAML file") },
        { LABELLED "other.yaml --rule ebp", 2, NULL,
          USAGE("one graph at a time: \"other.yaml\" is one too many") },
        { "$R --frobnicate", 2, NULL, USAGE("unrecognized option '--frobnicate'") },
        { LABELLED "--rule", 2, NULL, USAGE("option '--rule' requires an argument") },
        { LABELLED "--re 3 --rule ebp", 2, NULL, USAGE("option '--re' is ambiguous; *") },
        { EXPLAIN "--rule ebp --threads 0", 2, NULL, USAGE("--threads 0: an integer from 1 to 1024 is expected") },
        { EXPLAIN "--rule ebp --threads two", 2, NULL, USAGE("--threads two: an integer from 1 to 1024 is expected") },
        { EXPLAIN "--rule ebp --threads ''", 2, NULL, USAGE("--threads : an integer from 1 to 1024 is expected") },
        { EXPLAIN "--rule ebp --batch 0", 2, NULL, USAGE("--batch 0: an integer from 1 to 4096 is expected") },
        { EXPLAIN "--rule ebp --batch 4097", 2, NULL, USAGE("--batch 4097: an integer from 1 to 4096 is expected") },
        { EXPLAIN "--rule ebp --batch 8x", 2, NULL, USAGE("--batch 8x: an integer from 1 to 4096 is expected") },
        { EXPLAIN "--rule ebp --memory 0", 2, NULL, MEMORY("0") },
        { EXPLAIN "--rule ebp --memory ''", 2, NULL, MEMORY("") },
        { EXPLAIN "--rule ebp --memory -1", 2, NULL, MEMORY("-1") },
        { EXPLAIN "--rule ebp --memory M", 2, NULL, MEMORY("M") },
        { EXPLAIN "--rule ebp --memory 1.5G", 2, NULL, MEMORY("1.5G") },
        { EXPLAIN "--rule ebp --memory 64MB", 2, NULL, MEMORY("64MB") },
        { EXPLAIN "--rule ebp --memory 64Mib", 2, NULL, MEMORY("64Mib") },
        { EXPLAIN "--rule ebp --memory 64i", 2, NULL, MEMORY("64i") },
        { EXPLAIN "--rule ebp --memory '64 M'", 2, NULL, MEMORY("64 M") },
        { EXPLAIN "--rule ebp --memory 64P", 2, NULL, MEMORY("64P") },
        { EXPLAIN "--rule ebp --memory 8388608T", 2, NULL, MEMORY("8388608T") },
        { EXPLAIN "--rule ebp --memory 9223372036854775808", 2, NULL, MEMORY("9223372036854775808") },
        { EXPLAIN "--rule ebp --checkpoint ''", 2, NULL, USAGE("--checkpoint: the name of a file is expected") },
        { EXPLAIN "--rule ebp --checkpoint ebp.npy", 2, NULL,
          USAGE("--checkpoint ebp.npy: results end like this; give it another ending") },
        { EXPLAIN "--rule ebp --checkpoint $S/graphs/shapes/star_circle.png", 2, NULL,
          USAGE("--checkpoint SRC/graphs/shapes/star_circle.png: results end like this; give it another ending") },
        { EXPLAIN "--rule ebp --sheet all.jpg", 2, NULL, USAGE("--sheet all.jpg: a .png file is expected") },
        { EXPLAIN "--rule ebp --sheet .png", 2, NULL, USAGE("--sheet .png: a .png file is expected") },
        { EXPLAIN "--rule ebp --seed -1", 2, NULL,
          USAGE("--seed -1: an integer from 0 to 9223372036854775807 is expected") },
        { EXPLAIN "--rule ebp --seed 99999999999999999999", 2, NULL,
          USAGE("--seed 99999999999999999999: an integer from 0 to 9223372036854775807 is expected") },
        { EXPLAIN "--rule ebp --kernels fast", 1, NULL, "rayinterp: kernels \"fast\": this machine has plain, *baseline" },
        { EXPLAIN "--rule ebp --random-weights x", 2, NULL,
          USAGE("--random-weights x: an integer from 0 to 9223372036854775807 is expected") },
        { EXPLAIN "--rule ebp --resize=12", 2, NULL, USAGE("--resize=12: WxH is expected, each from 1 to 65536") },
        { EXPLAIN "--rule ebp --resize=12x0", 2, NULL, USAGE("--resize=12x0: WxH is expected, each from 1 to 65536") },
        { EXPLAIN "--rule ebp --resize=12x12x12", 2, NULL,
          USAGE("--resize=12x12x12: WxH is expected, each from 1 to 65536") },
        { EXPLAIN "--rule ebp --resize=70000x2", 2, NULL,
          USAGE("--resize=70000x2: WxH is expected, each from 1 to 65536") },
        { EXPLAIN "--rule ebp --resize-mode cubic", 2, NULL,
          USAGE("--resize-mode cubic: bilinear or nearest is expected") },
        { EXPLAIN "--rule ebp --smooth 1.5", 2, NULL, USAGE("--smooth 1.5: a number from 0 to 1 is expected") },
        { EXPLAIN "--rule ebp --smooth nan", 2, NULL, USAGE("--smooth nan: a number from 0 to 1 is expected") },
        { EXPLAIN "--rule ebp --smooth -0.1", 2, NULL, USAGE("--smooth -0.1: a number from 0 to 1 is expected") },
        { LABELLED "--rule ebp --format npy,gif", 2, NULL, USAGE("--format gif: npy, png or both are expected") },
        { LABELLED "--rule ebp --format ''", 2, NULL, USAGE("--format : npy, png or both are expected") },
        { "$R forward", 2, NULL, USAGE_OF("forward", "which graph? give the path of a YAML file") },
        { "$R forward a.yaml b.yaml", 2, NULL, USAGE_OF("forward", "Too many arguments") },
        { "$R forward a.yaml --top 17", 2, NULL, USAGE_OF("forward", "--top 17: an integer from 1 to 16 is expected") },
        { "$R show", 2, NULL, USAGE_OF("show", "which graph? give the path of a YAML file") },
        { "$R show a.yaml --svg", 2, NULL, USAGE_OF("show", "unrecognized option '--svg'") },
        { "$R check", 2, NULL, USAGE_OF("check", "which graph? give the path of a YAML file") },
        { "$R forward a.yaml --weights w.npz --random-weights 1", 2, NULL,
          USAGE_OF("forward", "--weights and --random-weights: one of them") },
        { "$R layers relu conv2d", 2, NULL, USAGE_OF("layers", "Too many arguments") },
        { "$R rules ebp gradient", 2, NULL, USAGE_OF("rules", "Too many arguments") },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- Names that are not there ---- */

static void unknown_names_are_told(void)
{
    static const program_case cases[] = {
        { EXPLAIN "--rule gradeint", 1, NULL, "rayinterp: rule \"gradeint\": no plugin brings such a method; did you "
          "mean \"gradient\"?; `rayinterp rules` lists them" },
        { EXPLAIN "--rule lrp", 1, NULL, "rayinterp: rule \"lrp\": no plugin brings such a method; `rayinterp rules` "
          "lists them" },
        { EXPLAIN "--rule ../ebp", 1, NULL, "rayinterp: rule \"../ebp\": no plugin brings such a method; *" },
        { EXPLAIN "--rule ebp,", 1, NULL, "rayinterp: rule \"\": no plugin brings such a method; *" },
        { EXPLAIN "--rule ebp,gradient,ebp", 1, NULL, "rayinterp: rule \"ebp\" is named twice" },
        { "$R rules gradeint", 1, NULL, "rayinterp: rule \"gradeint\": no plugin brings such a method*; `rayinterp "
          "rules` lists them" },
        { "$R layers conv2", 1, NULL, "rayinterp: there is no layer type \"conv2\"*; `rayinterp layers` lists them" },
        { EXPLAIN "--rule gradient --layer pol1", 1, NULL,
          "rayinterp: --layer: " GRAPH ": there is no layer \"pol1\"; did you mean \"pool1\"?" },
        { EXPLAIN "--rule gradient --layer features.3", 1, NULL,
          "rayinterp: --layer: " GRAPH ": there is no layer \"features.3\"" },
        { EXPLAIN "--rule gradient --probe relu4", 1, NULL,
          "rayinterp: --probe: " GRAPH ": there is no layer \"relu4\"; did you mean \"relu1\"?" },
        { EXPLAIN "--rule gradient --target bech", 1, NULL,
          "rayinterp: target \"bech\": no such class in the labels; did you mean \"beech\"?" },
        { EXPLAIN "--rule gradient --target fir", 1, NULL, "rayinterp: target \"fir\": no such class in the labels" },
        { EXPLAIN "--rule gradient --target oak,", 1, NULL, "rayinterp: target \"\": no such class in the labels" },
        { PLAIN PLAIN_INPUT "--rule gradient --target oak", 1, NULL,
          "rayinterp: target \"oak\": no such class; this network has no labels, give an index" },
        { EXPLAIN "--rule ebp --set clamp_inptu=true", 1, NULL,
          "rayinterp: --set: method \"ebp\": unknown parameter \"clamp_inptu\"; did you mean \"clamp_input\"?" },
        { EXPLAIN "--rule gradient --set clamp_input=true", 1, NULL,
          "rayinterp: --set: method \"gradient\": unknown parameter \"clamp_input\"; there are none" },
        { EXPLAIN "--rule gradient,deconvnet --set clamp_input=true", 1, NULL, "rayinterp: --set clamp_input=true: no "
          "method of this command has such a parameter; `rayinterp rules NAME` lists them" },
        { EXPLAIN "--rule ebp --set lrp.clamp_input=true", 1, NULL, "rayinterp: --set lrp.clamp_input=true: no "
          "method of this command has such a parameter; `rayinterp rules NAME` lists them" },
        { EXPLAIN "--rule contrastive_ebp --set contrast_layer=pool9", 1, NULL,
          "rayinterp: contrastive_ebp: " GRAPH ": there is no layer \"pool9\"; did you mean \"pool1\"?" },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- Values that do not fit ---- */

static void values_that_do_not_fit_are_told(void)
{
    static const program_case cases[] = {
        { EXPLAIN "--rule gradient --target 5", 1, NULL,
          "rayinterp: target 5 is out of range; the output has 5 classes, 0 to 4" },
        { EXPLAIN "--rule gradient --target -1", 1, NULL,
          "rayinterp: target -1 is out of range; the output has 5 classes, 0 to 4" },
        { BATCH "--rule gradient --target 1,2", 1, NULL,
          "rayinterp: target: 2 targets for 3 items; give one for all or one for each" },
        { EXPLAIN "--rule ebp --set clamp_input=1", 1, NULL,
          "rayinterp: --set: method \"ebp\": clamp_input: 1 is neither true nor false; true or false" },
        { EXPLAIN "--rule ebp --set clamp_input", 1, NULL, "rayinterp: --set clamp_input: KEY=VALUE is expected" },
        { PLAIN PLAIN_INPUT "--rule grad_cam", 1, NULL, "rayinterp: method \"grad_cam\" needs a saliency layer: give "
          "--layer NAME (`rayinterp show SRC/tests/fixtures/plain/graph.yaml` lists them) or `defaults:` in the "
          "graph" },
        { PLAIN PLAIN_INPUT "--rule contrastive_ebp --layer relu1", 1, NULL, "rayinterp: method \"contrastive_ebp\" "
          "needs --set contrast_layer=...: layer at whose output the two signals are subtracted" },
        { EXPLAIN "--rule contrastive_ebp --layer relu3", 1, NULL, "rayinterp: contrastive_ebp: contrast_layer "
          "\"pool2\" must lie between the saliency layer \"relu3\" and the output" },
        { EXPLAIN "--rule contrastive_ebp --set contrast_layer=fc2", 1, NULL, "rayinterp: contrastive_ebp: "
          "classifier_layer \"fc2\" must come after contrast_layer \"fc2\"" },
        { EXPLAIN "--rule contrastive_ebp --set classifier_layer=relu3", 1, NULL, "rayinterp: contrastive_ebp: "
          "classifier_layer \"relu3\" is not a convolution or fully connected layer of this network" },
        { EXPLAIN "--rule ebp --strict", 1, NULL, "rayinterp: ebp: meets negative inputs at these layers, *: conv2d "
          "\"conv1\" (an error because of --strict)" },
        { LABELLED "--rule gradient --layer flatten --format npy --resize --output sizes", 0, "**", NULL },
        { "$R $S/tests/fixtures/volumes/graph.yaml --input $S/tests/fixtures/volumes/input.npy --rule gradient --layer "
          "relu1 --format npy --smooth 0.1", 1, NULL, "rayinterp: gradient: its map at \"relu1\" is not a picture, so "
          "it cannot be resized or smoothed" },
        { "$R $S/tests/fixtures/vector/graph.yaml --input $S/tests/fixtures/vector/input.npy --rule gradient --format "
          "npy --resize", 1, NULL, "rayinterp: resize: the input is not a picture; give a size, WxH" },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- Inputs and signals ---- */

static void inputs_that_do_not_fit_are_told(void)
{
    static const program_case cases[] = {
        { "$R $S/tests/fixtures/plain/graph.yaml --rule gradient", 1, NULL,
          "rayinterp: SRC/tests/fixtures/plain/graph.yaml: it names no example; give --input FILE" },
        { "$R forward $S/tests/fixtures/plain/graph.yaml", 1, NULL,
          "rayinterp: SRC/tests/fixtures/plain/graph.yaml: it names no example; give --input FILE" },
        { EXPLAIN "--rule gradient --input missing.png", 1, NULL,
          "rayinterp: cannot read missing.png: No such file or directory" },
        { EXPLAIN "--rule gradient --input picture.bmp", 1, NULL,
          "rayinterp: picture.bmp: the input must be a .png, .jpg, .jpeg or .npy file" },
        { "echo text >text.png; " EXPLAIN "--rule gradient --input text.png", 1, NULL, "rayinterp: text.png: *" },
        { "echo text >text.npy; " EXPLAIN "--rule gradient --input text.npy", 1, NULL,
          "rayinterp: text.npy: not an .npy file" },
        { EXPLAIN "--rule gradient --input $S/tests/fixtures/vector/input.npy", 1, NULL,
          "rayinterp: SRC/tests/fixtures/vector/input.npy: an item of the input has shape 10; the network takes "
          "3x16x16" },
        { EXPLAIN "--rule gradient --input $S/tests/fixtures/resize_smooth/input.npy", 1, NULL,
          "rayinterp: SRC/tests/fixtures/resize_smooth/input.npy: an item of the input has shape 3x20x28; the network "
          "takes 3x16x16" },
        { "head -c 200 $S/tests/fixtures/plain/input.npy >cut.npy; " EXPLAIN "--rule gradient --input cut.npy", 1, NULL,
          "rayinterp: cut.npy: truncated: the header and its shape make 3200 bytes, there are 200" },
        { EXPLAIN "--rule gradient --signal missing.npy", 1, NULL,
          "rayinterp: cannot read missing.npy: No such file or directory" },
        { EXPLAIN "--rule gradient --signal pointng", 2, NULL,
          "rayinterp: --signal pointng: onehot, pointing or a .npy file is expected\n*" },
        { EXPLAIN "--rule gradient --weights w.npz --random-weights 1", 2, NULL,
          "rayinterp: --weights and --random-weights: one of them\n*" },
        { EXPLAIN "--rule gradient --signal $S/tests/fixtures/batch3/seed.npy", 1, NULL,
          "rayinterp: signal: its shape must be that of the output, 1x5" },
    };
    CHECK_PROGRAMS(cases);
}

/* ---- Where results cannot go ---- */

static void unwritable_output_is_told(void)
{
    static const program_case cases[] = {
        { EXPLAIN "--rule gradient --output missing/folder", 1, NULL,
          "rayinterp: --output missing/folder: the folder cannot be made: No such file or directory" },
        { "touch file; " EXPLAIN "--rule gradient --output file", 1, NULL,
          "rayinterp: --output file: cannot write there: Not a directory" },
        /* a folder that nothing comes to lie in is not left behind */
        { EXPLAIN "--rule gradient --target 99 --output new; ls -d new 2>nowhere", 2, NULL,
          "rayinterp: target 99 is out of range; the output has 5 classes, 0 to 4" },
        { "mkdir kept; " EXPLAIN "--rule gradient --target 99 --output kept; ls -d kept", 0, "kept",
          "rayinterp: target 99 is out of range; the output has 5 classes, 0 to 4" },
        { EXPLAIN "--rule gradient --sheet missing/all.png", 1, NULL,
          "rayinterp: --sheet missing/all.png: cannot write there: No such file or directory" },
        { "mkdir -p taken/gradient.npy && " EXPLAIN "--rule gradient --output taken", 1, NULL,
          "rayinterp: cannot write taken/gradient.npy: it is a folder" },
        { "ls -A taken", 0, "gradient.npy", NULL },
        { "$R forward $S/tests/graphs/labelled.yaml --output missing/out.npy", 1, NULL,
          "rayinterp: cannot write missing/out.npy: No such file or directory" },
        /* a map that cannot be drawn: nothing is written at all */
        { "$R $S/tests/fixtures/volumes/graph.yaml --input $S/tests/fixtures/volumes/input.npy --rule gradient --layer "
          "relu1 --output volumes", 1, NULL, "rayinterp: gradient: its map at \"relu1\" is not a picture and cannot be "
          "drawn; leave png out of --format" },
        { "ls volumes 2>nowhere", 2, NULL, NULL },
        { "$R $S/tests/graphs/probes.yaml --random-weights 1 --input $S/tests/fixtures/plain/input.npy --format npy "
          "--rule gradient --probe a/b --probe a_b", 1, NULL, "rayinterp: ./gradient.a_b.activation.npy: the probe "
          "\"a/b\" and the probe \"a_b\" would both be written to this file; ask for one of them at a time" },
        { "ls gradient.npy 2>nowhere", 2, NULL, NULL },
        { LABELLED "--rule gradient --sheet ./gradient.png", 1, NULL, "rayinterp: ./gradient.png: the figure "
          "\"gradient\" and the sheet \"./gradient.png\" would both be written to this file; ask for one of them at a "
          "time" },
        /* an older file stays as it was when the new one does not come about */
        { "mkdir old && echo old >old/gradient.npy && chmod 555 old && " EXPLAIN "--rule gradient --target oak,99 "
          "--output old; cat old/gradient.npy; chmod 755 old; ls -A old", 0, "old\ngradient.npy",
          "rayinterp: target 99 is out of range; the output has 5 classes, 0 to 4" },
    };
    CHECK_PROGRAMS(cases);
}

/* A file that may grow to one block only: what was begun is taken away. */
static void a_full_disk_leaves_nothing_half_written(void)
{
    static const program_case cases[] = {
        { "mkdir full && cd full && (trap '' XFSZ; ulimit -f 1; " LABELLED "--rule gradient --resize=64x64); echo $?; "
          "ls -A", 0, "1", "rayinterp: cannot write ./gradient.npy: File too large" },
        { "cd full && (trap '' XFSZ; ulimit -f 8; " LABELLED "--rule gradient --format png); echo $?; ls -A", 0, "1",
          "rayinterp: *cannot write ./gradient.png: File too large" },
    };
    CHECK_PROGRAMS(cases);
}

static void a_full_standard_output_is_a_failure(void)
{
    static const char *const commands[] = {
        "$R --help", "$R --version", "$R rules", "$R rules ebp", "$R layers", "$R layers relu", "$R forward --help",
        "$R show $S/tests/graphs/labelled.yaml", "$R show --dot $S/tests/graphs/labelled.yaml",
        "$R check $S/tests/graphs/labelled.yaml", "$R forward $S/tests/graphs/labelled.yaml",
        EXPLAIN "--rule gradient", EXPLAIN "--rule gradient --json",
    };
    for (int i = 0; i < COUNT(commands); i++) {
        char command[512];
        snprintf(command, sizeof command, "%s >/dev/full", commands[i]);
        check_program(&(program_case){ command, 1, NULL,
                                       "rayinterp: cannot write to standard output" });
    }
}

int main(void)
{
    static const named_test tests[] = {
        { "wrong usage is told", wrong_usage_is_told },
        { "unknown names are told", unknown_names_are_told },
        { "values that do not fit are told", values_that_do_not_fit_are_told },
        { "inputs that do not fit are told", inputs_that_do_not_fit_are_told },
        { "unwritable output is told", unwritable_output_is_told },
        { "a full disk leaves nothing half written", a_full_disk_leaves_nothing_half_written },
        { "a full standard output is a failure", a_full_standard_output_is_a_failure },
        { 0 }
    };
    program_prepare();
    return run_tests("cli_refusals", tests);
}
