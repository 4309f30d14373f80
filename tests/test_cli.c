/* SPDX-License-Identifier: MIT */
/* test_cli.c - the program does what its commands and options say.  What it refuses:
 * test_cli_refusals.c. */
#include <jansson.h>
#include <sys/stat.h>

#include "check_text.h"
#include "explaining.h"
#include "program.h"

#define LABELLED "$R $S/tests/graphs/labelled.yaml "
#define PLAIN "$R $S/tests/fixtures/plain/graph.yaml --input $S/tests/fixtures/plain/input.npy "
#define BATCH "$R $S/tests/fixtures/batch3/graph.yaml --input $S/tests/fixtures/batch3/input.npy "
#define WIDE "$R $S/tests/fixtures/resize_smooth/graph.yaml " \
    "--input $S/tests/fixtures/resize_smooth/input.npy "
#define MAPS "$R $S/tests/fixtures/fully_convolutional/graph.yaml " \
    "--input $S/tests/fixtures/fully_convolutional/input.npy "

/* ---- Commands that look ---- */

static void help_and_version_are_given(void)
{
    static const program_case cases[] = {
        { "$R --version", 0, "rayinterp 0.1.0", NULL },
        { "$R -V", 0, "rayinterp 0.1.0", NULL },
        { "$R --usage", 0, "Usage: rayinterp **", NULL },
        { "$R --help", 0, "Usage: rayinterp [OPTION...] GRAPH --rule NAME[,NAME...]\n**"
          "Exit status: 0 done, 1 failed**, 130**", NULL },
        { "for o in batch checkpoint format input json kernels layer memory output plugin probe quiet random-weights resize "
          "resize-mode rule seed set sheet signal smooth strict target threads version weights; do $R -? | "
          "grep -qE -- \"--$o([=[ ]|$)\" || echo $o; done", 0, NULL, NULL },
        { "$R forward --help", 0, "Usage: rayinterp forward [OPTION...] GRAPH\n**--input=**--output=**", NULL },
        { "$R show --help", 0, "Usage: rayinterp show [OPTION...] GRAPH\n**--dot**", NULL },
        { "$R check --help", 0, "Usage: rayinterp check [OPTION...] GRAPH\n**--weights=**", NULL },
        { "$R rules --help", 0, "Usage: rayinterp rules [OPTION...] [NAME]\n**--plugin=**", NULL },
        { "$R bench --help", 0, "Usage: rayinterp bench [OPTION...] GRAPH\n**", NULL },
        { "$R layers --help", 0, "Usage: rayinterp layers [OPTION...] [TYPE]\n**", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void methods_and_layer_types_are_listed(void)
{
    static const program_case cases[] = {
        { "$R rules | cut -d ' ' -f 1", 0,
          "contrastive_ebp\ndeconvnet\nebp\nextremal_perturbation\ngrad_cam\ngradient\nguided_backprop\n"
          "integrated_gradients\nlinear_approx\nocclusion\nrise\nsmooth_grad", NULL },
        { "$R rules ebp", 0, "ebp - *\nalso called excitation_backprop\nreference: Zhang*\nplugin: "
          "BUILD/plugins/ebp.so\nparameters (--set KEY=VALUE):\n  clamp_input *\n *true or false; default false\n"
          "  bias *\n *one of drop, keep; default drop\n  skip *\n *one of split, ignore; default split\n"
          "  norm *\n *one of pass, fold; default pass", NULL },
        { "$R rules excitation_backprop", 0, "ebp - **", NULL },
        { "$R rules grad_cam", 0, "grad_cam - **needs a saliency layer: --layer NAME", NULL },
        { "$R rules contrastive_ebp", 0, "contrastive_ebp - **  contrast_layer *\n *text; required\n**", NULL },
        { "$R layers | wc -l", 0, "9*", NULL },
        { "$R layers leaky_relu", 0, "leaky_relu - *\ntraits: activation, ReLU-like\nattributes:\n**"
          "negative_slope *\n *number >= 0; default 0.01**", NULL },
        { "$R layers conv2d", 0, "conv2d - *\ntraits: linear\nparameters: weight, bias\nattributes:\n  out_channels *\n"
          " *integer >= 1; required\n**", NULL },
        { "$R layers identity", 0, "identity - *\ntraits: shape", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void a_graph_is_shown(void)
{
    static const program_case cases[] = {
        { "$R show $S/tests/graphs/labelled.yaml", 0,
          "name  *type  *output  *parameters  *multiply-adds  reads\n"
          "picture  *(input)  *3x16x16*\n"
          "conv1  *conv2d  *8x16x16  *224  *55296  picture\n"
          "relu1  *relu  *8x16x16  *0  *0  conv1\n"
          "pool1 *\nconv2 *\nrelu2 *\npool2 *\nflatten *\n"
          "fc1  *linear  *16  *3088  *3072  flatten\n"
          "relu3 *\n"
          "fc2  *linear  *5  *85  *80  relu3\n"
          "labelled: 10 layers, 4273 parameters, 113744 multiply-adds, output \"fc2\"", NULL },
        /* weights are not needed for it, and the layers may come in any order */
        { "$R show $S/tests/graphs/overflow.yaml", 0, "**overflow: 6 layers, 104 parameters, 224 multiply-adds, "
          "output \"flat\"", NULL },
        { "$R show $S/tests/graphs/unknown_to_ebp.yaml", 0, "**\nsum  *add  *2x2x2  *scale, shift\n**", NULL },
        { "$R check $S/tests/graphs/labelled.yaml", 0, "SRC/tests/graphs/labelled.yaml: no fault found", NULL },
        { "cd $S/graphs && $R check shapes.yaml", 0, "shapes.yaml: no fault found", NULL },
        { "$R check $S/tests/graphs/labelled.yaml --weights $S/tests/fixtures/plain/weights.safetensors", 0,
          "*: no fault found", NULL },
    };
    CHECK_PROGRAMS(cases);
}

/* Every line but the first few and the last is a node, or an edge between an activation and a
 * layer. */
static void dot_has_both_kinds_of_nodes(void)
{
    outcome o = program_run("$R show --dot $S/tests/graphs/unknown_to_ebp.yaml");
    int layers = 0, activations = 0, in = 0, out = 0, other = 0;
    CU_ASSERT_EQUAL(o.status, 0);
    CHECK_CASE(text_matches(o.out, "digraph \"unknown_to_ebp\" {\n**\n}"), "%s", o.out);
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n")) {
        bool layer = text_matches(line, "  \"layer *\" [shape=box, label=\"*\"*];");
        bool activation = text_matches(line, "  \"activation *\" [shape=ellipse,* label=\"*\"];");
        bool from = text_matches(line, "  \"activation *\" -> \"layer *\";");
        bool to = text_matches(line, "  \"layer *\" -> \"activation *\";");
        layers += layer;
        activations += activation;
        in += from;
        out += to;
        other += !layer && !activation && !from && !to;
    }
    CU_ASSERT_EQUAL(layers, 6);
    CU_ASSERT_EQUAL(activations, 7);
    CU_ASSERT_EQUAL(in, 8);
    CU_ASSERT_EQUAL(out, 6);
    CU_ASSERT_EQUAL(other, 4);
    outcome_free(&o);
}

static void a_network_is_evaluated(void)
{
    static const program_case cases[] = {
        { "$R forward $S/tests/graphs/labelled.yaml", 0, "classes    oak 1.*, elm 1.*, birch 0.*, beech -1.*, fir, "
          "silver -1.*", NULL },
        { "$R forward $S/tests/graphs/labelled.yaml --top 1", 0, "classes    oak 1.*", NULL },
        { "$R forward $S/tests/graphs/labelled.yaml --top 1 --kernels plain", 0, "classes    oak 1.*", NULL },
        { "$R $S/tests/graphs/labelled.yaml --rule gradient --json --kernels plain | grep -c '\"kernels\": \"plain\"'", 0,
          "1", NULL },
        { "$R forward $S/tests/graphs/labelled.yaml --input $S/tests/fixtures/pictures/grey.jpg", 0,
          "classes    *, *, *, *, *", NULL },
        { "$R forward $S/tests/fixtures/batch3/graph.yaml -i $S/tests/fixtures/batch3/input.npy -k 2", 0,
          "item 0     class 4 6.*, class 2 3.*\nitem 1     class *\nitem 2     class *", NULL },
        { "$R forward $S/tests/fixtures/plain/graph.yaml --input $S/tests/fixtures/plain/input.npy --output out.npy "
          "--quiet --threads 2", 0, NULL, NULL },
        { "$R forward $S/tests/fixtures/plain/graph.yaml --input $S/tests/fixtures/plain/input.npy -o two.npy "
          "--random-weights 1 && cmp -s out.npy two.npy", 1, "classes *", NULL },
    };
    CHECK_PROGRAMS(cases);
    ray_tensor found, expected;
    ray_error error;
    CU_ASSERT_EQUAL_FATAL(ray_npy_read(scratch_path("out.npy"), &found, &error), 0);
    const char *path = source_path("tests/fixtures/plain/forward.npy");
    CU_ASSERT_EQUAL_FATAL(ray_npy_read(path, &expected, &error), 0);
    CU_ASSERT(tensor_difference(&found, &expected, 1) < 1e-5);
    ray_tensor_free(&found);
    ray_tensor_free(&expected);
}

/* ---- Explaining ---- */

static void what_was_done_is_said(void)
{
    static const program_case cases[] = {
        { LABELLED "--rule gradient,grad_cam --output said", 0,
          "network    labelled: 3x16x16 to 5, 10 layers, 4273 parameters\n"
          "input      *tests/graphs/../fixtures/pictures/rgb.png\n"
          "classes    oak *, elm *, birch *, beech *, fir, silver *\n"
          "method     gradient: largest absolute gradient over the channels\n"
          "           at the input, for fir, silver, *.* ms\n"
          "wrote      said/gradient.npy\nwrote      said/gradient.png\n"
          "method     grad_cam: *\n           at relu2, for fir, silver, *.* ms\n"
          "wrote      said/grad_cam.npy\nwrote      said/grad_cam.png\n"
          "time       *.* ms: forward *.* ms, *", NULL },
        { "ls said", 0, "grad_cam.npy\ngrad_cam.png\ngradient.npy\ngradient.png", NULL },
        /* of another input than the example the top class is explained */
        { LABELLED "--rule gradient --input $S/tests/fixtures/pictures/grey.png --format npy --output said | "
          "grep -E '^(classes| +at)'", 0, "classes    oak *\n           at the input, for oak, * ms", NULL },
        { LABELLED "--rule ebp --format npy --output said --quiet", 0, NULL, "rayinterp: warning: ebp: meets "
          "negative inputs at these layers, *: conv2d \"conv1\"" },
        { LABELLED "--rule ebp --set clamp_input=true --format npy --output said -q", 0, NULL, NULL },
        { "for s in 1 65536 64K 64Ki 64KiB 2G 1T 8388607T; do " LABELLED "--rule gradient --format npy --output said -q "
          "--memory $s || echo $s; done", 0, NULL, NULL },
        { "cd said && " LABELLED "--rule deconvnet --format png -q && ls *deconv*", 0, "deconvnet.png", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void files_are_where_they_were_asked_for(void)
{
    static const program_case cases[] = {
        { LABELLED "--rule gradient --format npy -o f1 -q && ls f1", 0, "gradient.npy", NULL },
        { LABELLED "--rule gradient --format png -o f2 -q && ls f2", 0, "gradient.png", NULL },
        { LABELLED "--rule gradient --format png,npy -o f3/ -q && ls f3", 0, "gradient.npy\ngradient.png", NULL },
        { LABELLED "--rule excitation_backprop --format npy -o f4 --layer relu1 -q && ls f4", 0,
          "excitation_backprop.npy", NULL },
        { LABELLED "--rule gradient --format npy --probe relu1 --probe fc1 -o f5 -q && ls f5", 0,
          "gradient.fc1.activation.npy\ngradient.fc1.signal.npy\ngradient.npy\ngradient.relu1.activation.npy\n"
          "gradient.relu1.signal.npy", NULL },
        { LABELLED "--rule gradient --format npy --probe all -o f6 -q && ls f6 | wc -l", 0, "23", NULL },
        { "head -c 9 f2/gradient.png | od -An -tx1 | tr -d ' '", 0, "89504e470d0a1a0a00", NULL },
        { LABELLED "--rule gradient --format npy -o f1 -q && ls -a f1", 0, ".\n..\ngradient.npy", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void check_shape(const char *path, const char *expected)
{
    ray_tensor tensor = { 0 };
    ray_error error = { "" };
    char shape[128] = "";
    int failed = ray_npy_read(scratch_path(path), &tensor, &error);
    CHECK_CASE(!failed, "%s", error.text);
    for (int i = 0; i < tensor.rank; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%d", i ? "x" : "",
                 (int)tensor.dim[i]);
    check_text(path, shape, expected);
    ray_tensor_free(&tensor);
}

static void maps_have_the_size_that_was_asked_for(void)
{
    static const struct { const char *command, *shape; } cases[] = {
        { PLAIN "--rule gradient", "1x1x16x16" },
        { PLAIN "--rule gradient --layer relu2", "1x1x8x8" },
        { PLAIN "--rule gradient --target 1,0,4", "3x1x16x16" },
        { PLAIN "--rule gradient --layer relu2 --resize", "1x1x16x16" },
        { PLAIN "--rule gradient --layer relu2 --resize=5x3", "1x1x3x5" },
        { WIDE "--rule gradient --layer relu2 --resize --target 1", "2x1x20x28" },
        { WIDE "--rule gradient --layer relu2 --resize=30x12 --resize-mode nearest --smooth 0.1", "2x1x12x30" },
        { BATCH "--rule gradient --target 5,0,3", "3x1x16x16" },
        { BATCH "--rule gradient --layer fc", "3x1x1x1" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char command[1024];
        snprintf(command, sizeof command, "%s --format npy --output sizes -q", cases[i].command);
        check_program(&(program_case){ command, 0, NULL, NULL });
        check_shape("sizes/gradient.npy", cases[i].shape);
    }
}

/* Options lead to the maps of tests/fixtures. */
static void maps_are_those_of_the_options(void)
{
    static const struct { const char *command, *map, *expected; } cases[] = {
        { PLAIN "--rule ebp --set clamp_input=true --target 3", "ebp", "plain/ebp_input_clamped" },
        { PLAIN "--rule contrastive_ebp,ebp --layer relu1 --target 3 --set contrast_layer=pool2", "contrastive_ebp",
          "plain/contrastive_ebp_relu1" },
        { MAPS "--rule gradient --signal pointing --target 2", "gradient", "fully_convolutional/gradient_pointing" },
        { MAPS "--rule gradient --signal onehot --target 2", "gradient", "fully_convolutional/gradient_onehot" },
        { MAPS "--rule gradient --signal $S/tests/fixtures/fully_convolutional/signal.npy", "gradient",
          "fully_convolutional/gradient_tensor" },
        { BATCH "--rule gradient --target 5,0,3 --layer relu1", "gradient", "batch3/gradient_relu1" },
        { BATCH "--rule gradient --target 5", "gradient", "batch3/gradient_one_target" },
    };
    for (int i = 0; i < COUNT(cases); i++) {
        char command[1024], path[128];
        ray_tensor found = { 0 }, expected = { 0 };
        ray_error error = { "" };
        snprintf(command, sizeof command, "%s --format npy --output maps -q 2>notes",
                 cases[i].command);
        check_program(&(program_case){ command, 0, NULL, NULL });
        snprintf(path, sizeof path, "maps/%s.npy", cases[i].map);
        int failed = ray_npy_read(scratch_path(path), &found, &error);
        snprintf(path, sizeof path, "tests/fixtures/%s.npy", cases[i].expected);
        failed = failed || ray_npy_read(source_path(path), &expected, &error);
        CHECK_CASE(!failed, "%s", error.text);
        double off = failed ? INFINITY : tensor_difference(&found, &expected, 1);
        CHECK_CASE(off < 1e-4, "%s: off by %g", cases[i].command, off);
        ray_tensor_free(&found);
        ray_tensor_free(&expected);
    }
}

/* ---- The same bytes ---- */

#define SEVEN "--rule gradient,deconvnet,guided_backprop,grad_cam,linear_approx,ebp,contrastive_ebp " \
    "--layer relu1 --set contrast_layer=relu2 --probe pool1 -q "

static void equal_runs_give_equal_files(void)
{
    static const program_case cases[] = {
        { LABELLED SEVEN "--threads 1 --output t1 && " LABELLED SEVEN "--threads 2 --output t2 && diff -r t1 t2", 0,
          NULL, NULL },
        { "cd $S/graphs && for n in 1 2; do $R shapes.yaml --rule gradient,ebp,contrastive_ebp --threads $n --format "
          "npy --output $OLDPWD/shapes$n -q; done; diff -r $OLDPWD/shapes1 $OLDPWD/shapes2", 0, NULL, NULL },
        { "for r in gradient deconvnet guided_backprop grad_cam linear_approx ebp; do " LABELLED "--rule $r --layer "
          "relu1 --probe pool1 --threads 1 --output one -q || exit 1; done; " LABELLED "--rule contrastive_ebp "
          "--layer relu1 --set contrast_layer=relu2 --probe pool1 --threads 1 --output one -q && diff -r t1 one", 0,
          NULL, NULL },
        { PLAIN "--rule gradient --random-weights 7 --format npy -o r1 -q && "
          PLAIN "--rule gradient --random-weights 7 --format npy -o r2 -q && diff -r r1 r2", 0, NULL, NULL },
        { PLAIN "--rule gradient --random-weights 8 --format npy -o r3 -q && cmp -s r1/gradient.npy r3/gradient.npy",
          1, NULL, NULL },
        { PLAIN "--rule gradient --format npy -o w1 -q && $R $S/tests/graphs/labelled.yaml --input "
          "$S/tests/fixtures/plain/input.npy --rule gradient --weights $S/tests/fixtures/plain/weights.safetensors "
          "--format npy -o w2 -q && diff -r w1 w2", 0, NULL, NULL },
        { "P=\"--plugin $B/tests/plugins_good/services.so --rule draws --format npy -q\"; unset IFS; "
          PLAIN "$P --seed 5 -o s1 && " PLAIN "$P --seed 5 -o s2 && " PLAIN "$P -o s3 && "
          PLAIN "$P --seed 0 -o s4 && "
          "diff -r s1 s2 && diff -r s3 s4 && ! cmp -s s1/draws.npy s3/draws.npy", 0, NULL, NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void targets_have_names_and_numbers(void)
{
    static const program_case cases[] = {
        { LABELLED "--rule gradient --format npy -o l1 -q --target birch && "
          LABELLED "--rule gradient --format npy -o l2 -q --target 3 && diff -r l1 l2", 0, NULL, NULL },
        { LABELLED "--rule gradient --format npy -o l3 -q --target 'fir, silver' && "
          LABELLED "--rule gradient --format npy -o l4 -q --target 2 && diff -r l3 l4", 0, NULL, NULL },
        { LABELLED "--rule gradient --format npy -o l5 --target elm,0,birch | grep ' for '", 0,
          "           at the input, for elm, oak, birch, * ms", NULL },
        { LABELLED "--rule gradient --format npy -o l4 --signal pointing | grep ' for '", 0,
          "           at the input, for fir, silver, * ms", NULL },
    };
    CHECK_PROGRAMS(cases);
    check_shape("l5/gradient.npy", "3x1x16x16");
}

/* ---- JSON ---- */

static const json_t *member(const json_t *object, const char *key, json_type type)
{
    const json_t *found = json_object_get(object, key);
    bool right = found && (json_typeof(found) == type
                           || (type == JSON_REAL && json_is_number(found)));
    CHECK_CASE(right, "\"%s\" is missing or of another type", key);
    return found;
}

static void check_json_map(const json_t *map)
{
    static const struct { const char *key; json_type type; } keys[] = {
        { "method", JSON_STRING }, { "layer", JSON_STRING }, { "shape", JSON_ARRAY }, { "targets", JSON_ARRAY },
        { "min", JSON_REAL }, { "max", JSON_REAL }, { "sum", JSON_REAL }, { "values", JSON_OBJECT },
        { "ms", JSON_REAL }, { "partial", JSON_FALSE }, { "files", JSON_ARRAY },
    };
    for (int i = 0; i < COUNT(keys); i++)
        member(map, keys[i].key, keys[i].type);
    CU_ASSERT_EQUAL(json_object_size(map), (size_t)COUNT(keys));
    const json_t *shape = json_object_get(map, "shape"), *targets = json_object_get(map, "targets");
    CU_ASSERT_EQUAL(json_array_size(shape), 4);
    CU_ASSERT_EQUAL(json_array_size(targets), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(targets, 1), "class")), 4);
    check_text("label", json_string_value(json_object_get(json_array_get(targets, 1), "label")),
               "elm");
    const json_t *files = json_object_get(map, "files");
    CU_ASSERT_EQUAL(json_array_size(files), 3);
    for (size_t i = 0; i < json_array_size(files); i++)
        CU_ASSERT_EQUAL(access(scratch_path(json_string_value(json_array_get(files, i))), R_OK), 0);
}

static void json_holds_what_is_documented(void)
{
    outcome o = program_run(LABELLED "--rule gradient,ebp --target oak,elm --format npy "
                            "--probe relu1 --json -o j");
    json_error_t problem;
    json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, &problem);
    CU_ASSERT_EQUAL(o.status, 0);
    CHECK_CASE(root != NULL, "%s\n%s", problem.text, o.out);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    check_text("network", json_string_value(member(root, "network", JSON_STRING)), "labelled");
    member(root, "input", JSON_STRING);
    member(root, "kernels", JSON_STRING);
    member(root, "forward_ms", JSON_REAL);
    member(root, "ms", JSON_REAL);
    const json_t *items = member(root, "items", JSON_ARRAY);
    const json_t *maps = member(root, "maps", JSON_ARRAY);
    const json_t *top = json_object_get(json_array_get(items, 0), "top");
    CU_ASSERT_EQUAL(json_array_size(items), 1);
    CU_ASSERT_EQUAL(json_array_size(top), 5);
    CU_ASSERT_EQUAL(json_integer_value(member(json_array_get(top, 0), "class", JSON_INTEGER)), 0);
    member(json_array_get(top, 0), "score", JSON_REAL);
    CU_ASSERT_EQUAL_FATAL(json_array_size(maps), 2);
    check_json_map(json_array_get(maps, 0));
    check_json_map(json_array_get(maps, 1));
    const json_t *warnings = member(root, "warnings", JSON_ARRAY);
    CU_ASSERT_EQUAL(json_array_size(warnings), 1);
    CHECK_CASE(text_matches(json_string_value(json_array_get(warnings, 0)),
                            "ebp: meets negative inputs *"),
               "%s", o.out);
    CHECK_CASE(text_matches(o.err, "rayinterp: warning: ebp: *"), "%s", o.err);
    json_decref(root);
    outcome_free(&o);
}

/* JSON is UTF-8; a file's name need not be. */
static void json_that_cannot_be_written_is_a_failure(void)
{
    static const program_case cases[] = {
        { "name=$(printf 'a\\377b.npy') && cp $S/tests/fixtures/plain/input.npy $name && $R "
          "$S/tests/fixtures/plain/graph.yaml --rule gradient --format npy --json --input $name", 1, NULL,
          "rayinterp: --json: a name that is not UTF-8 cannot be written as JSON" },
    };
    CHECK_PROGRAMS(cases);
}

static void json_has_null_for_a_class_without_a_label(void)
{
    outcome o = program_run(PLAIN "--rule gradient --format npy --json -o j");
    json_t *root = json_loads(o.out, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    const json_t *map = json_array_get(json_object_get(root, "maps"), 0);
    const json_t *target = json_array_get(json_object_get(map, "targets"), 0);
    CU_ASSERT(json_is_null(json_object_get(target, "label")));
    json_decref(root);
    outcome_free(&o);
}

int main(void)
{
    static const named_test tests[] = {
        { "help and version are given", help_and_version_are_given },
        { "methods and layer types are listed", methods_and_layer_types_are_listed },
        { "a graph is shown", a_graph_is_shown },
        { "dot has both kinds of nodes", dot_has_both_kinds_of_nodes },
        { "a network is evaluated", a_network_is_evaluated },
        { "what was done is said", what_was_done_is_said },
        { "files are where they were asked for", files_are_where_they_were_asked_for },
        { "maps have the size that was asked for", maps_have_the_size_that_was_asked_for },
        { "maps are those of the options", maps_are_those_of_the_options },
        { "equal runs give equal files", equal_runs_give_equal_files },
        { "targets have names and numbers", targets_have_names_and_numbers },
        { "json holds what is documented", json_holds_what_is_documented },
        { "json that cannot be written is a failure", json_that_cannot_be_written_is_a_failure },
        { "json has null for a class without a label", json_has_null_for_a_class_without_a_label },
        { 0 }
    };
    program_prepare();
    return run_tests("cli", tests);
}
