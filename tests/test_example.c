/* SPDX-License-Identifier: MIT */
/* test_example.c - what is installed is enough: the plugin of docs/writing-a-plugin.md, and a
 * program that uses the library, are compiled against it and run. */
#include "check_text.h"
#include "explaining.h"
#include "program.h"

/* Words of flags are split again, as $(pkg-config ...) needs it. */
#define FLAGS "unset IFS; " \
    "export PKG_CONFIG_SYSROOT_DIR=$PWD/stage PKG_CONFIG_PATH=$(dirname $(find stage -name rayinterp.pc)); "
/* The sanitizers of the library, if it was built with some, are needed by what links it. */
#define SANITIZERS "case $(ldd $(find stage -name 'librayinterp.so' | head -n 1)) in " \
    "*libasan*) more=-fsanitize=address,undefined;; esac; "

static void it_is_installed(void)
{
    static const program_case cases[] = {
        { "${MESON:-meson} install -C $B --no-rebuild --destdir $PWD/stage >install.log", 0, NULL, NULL },
        { "find stage -name 'ray*.h' | sed 's,.*/,,' | sort", 0, "ray_plugin.h\nray_types.h\nrayinterp.h", NULL },
        { "find stage -name '*.so' | grep /plugins/ | wc -l", 0, "12", NULL },
        { FLAGS "$(find stage -name rayinterp -type f -perm -100) --version | "
          "grep -c $(pkg-config --modversion rayinterp)", 0, "1", NULL },
        { FLAGS "test $(pkg-config --variable=plugindir rayinterp | sed s,^$PWD/stage,,) = "
          "$(find stage -name gradient.so | sed 's,^stage,,;s,/gradient.so,,')", 0, NULL, NULL },
        { FLAGS "RAYINTERP_PLUGIN_PATH=$PWD/$(dirname $(find stage -name gradient.so)) "
          "$(find stage -name rayinterp -type f -perm -100) rules gradient", 0,
          "gradient - **plugin: TMP/stage/*/gradient.so", NULL },
    };
    CHECK_PROGRAMS(cases);
}

static void each_header_stands_alone(void)
{
    static const program_case cases[] = {
        { FLAGS "for h in ray_plugin ray_types rayinterp; do echo \"#include <$h.h>\" >one.c; "
          "cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $(pkg-config --cflags rayinterp) one.c "
          "|| exit 1; done", 0, NULL, NULL },
        { FLAGS "command -v c++ >where || exit 0; for h in ray_plugin ray_types rayinterp; do "
          "echo \"#include <$h.h>\" >one.cc; c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only "
          "$(pkg-config --cflags rayinterp) one.cc || exit 1; done", 0, NULL, NULL },
    };
    CHECK_PROGRAMS(cases);
}

/* The page shows the file as it is. */
static void the_page_shows_the_example(void)
{
    size_t n, m;
    char *page = (char *)file_content(source_path("docs/writing-a-plugin.md"), &n);
    char *example = (char *)file_content(source_path("docs/example/epsilon_lrp.c"), &m);
    page[n] = example[m] = '\0';
    CHECK_CASE(strstr(page, example) != NULL,
               "docs/writing-a-plugin.md does not hold docs/example/epsilon_lrp.c");
    free(page);
    free(example);
}

static void compare_maps(const char *found, const char *expected, double tolerance)
{
    ray_tensor a, b;
    ray_error error = { "" };
    int failed = ray_npy_read(scratch_path(found), &a, &error)
                 || ray_npy_read(scratch_path(expected), &b, &error);
    CHECK_CASE(!failed, "%s", error.text);
    CU_ASSERT_FATAL(!failed);
    double off = tensor_difference(&a, &b, 1);
    CHECK_CASE(off < tolerance, "%s and %s differ by %g", found, expected, off);
    CU_ASSERT(tensor_sum(&a) != 0);
    ray_tensor_free(&a);
    ray_tensor_free(&b);
}

/* On a network of ReLUs and max pooling the epsilon rule is, for a small epsilon, input times
 * gradient. */
static void the_example_computes_what_it_says(void)
{
    static const program_case cases[] = {
        { FLAGS "cc -std=c11 -Wall -Wextra -Werror -shared -fPIC $(pkg-config --cflags rayinterp) "
          "-o epsilon_lrp.so $S/docs/example/epsilon_lrp.c", 0, NULL, NULL },
        { "$R rules epsilon_lrp --plugin ./epsilon_lrp.so", 0,
          "epsilon_lrp - **plugin: TMP/epsilon_lrp.so\nparameters (--set KEY=VALUE):\n  epsilon **", NULL },
        { "$R $S/tests/fixtures/plain/graph.yaml --input $S/tests/fixtures/plain/input.npy --target 2 --format npy "
          "--plugin ./epsilon_lrp.so --rule epsilon_lrp,linear_approx --layer input --set epsilon=1e-20 --output lrp",
          0, "**", NULL },
        { "$R $S/tests/fixtures/batch3/graph.yaml --input $S/tests/fixtures/batch3/input.npy --target 5,0,3 "
          "--format npy --plugin ./epsilon_lrp.so --rule epsilon_lrp --layer relu1 --output batch --quiet",
          0, NULL, NULL },
        { "$R $S/tests/graphs/labelled.yaml --plugin ./epsilon_lrp.so --rule epsilon_lrp --set epsilon=2", 1, NULL,
          "rayinterp: --set: method \"epsilon_lrp\": epsilon: 2 is out of range; a number from 1e-30 to 1" },
    };
    CHECK_PROGRAMS(cases);
    compare_maps("lrp/epsilon_lrp.npy", "lrp/linear_approx.npy", 1e-4);
}

static const char user_program[] =
    "#include <rayinterp.h>\n"
    "#include <stdio.h>\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    ray_network *network;\n"
    "    ray_tensor in, out;\n"
    "    ray_error error;\n"
    "    if (argc < 3 || ray_network_open(&network, argv[1], NULL, &error)\n"
    "        || ray_input_read(network, argv[2], &in, &error) || ray_forward(network, &in, 1, &out, &error))\n"
    "        return 1;\n"
    "    printf(\"%d classes\\n\", (int)out.dim[1]);\n"
    "    ray_tensor_free(&in);\n"
    "    ray_tensor_free(&out);\n"
    "    ray_network_close(network);\n"
    "    return 0;\n"
    "}\n";

static void a_program_can_use_the_library(void)
{
    static const program_case cases[] = {
        { FLAGS SANITIZERS "cc -std=c11 -Wall -Wextra -Werror $more -o user user.c "
          "$(pkg-config --cflags --libs rayinterp)", 0, NULL, NULL },
        { "LD_LIBRARY_PATH=$(dirname $(find stage -name librayinterp.so)) ./user "
          "$S/tests/fixtures/plain/graph.yaml $S/tests/fixtures/plain/input.npy", 0, "5 classes", NULL },
    };
    scratch_write("user.c", user_program, sizeof user_program - 1);
    CHECK_PROGRAMS(cases);
}

int main(void)
{
    static const named_test tests[] = {
        { "it is installed", it_is_installed },
        { "each header stands alone", each_header_stands_alone },
        { "the example computes what it says", the_example_computes_what_it_says },
        { "a program can use the library", a_program_can_use_the_library },
        { "the page shows the example", the_page_shows_the_example },
        { 0 }
    };
    program_prepare();
    return run_tests("example", tests);
}
